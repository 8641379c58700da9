/* mdns/mdns_node_internal.h - how the parts of a node share it. */
#ifndef FLOE_MDNS_MDNS_NODE_INTERNAL_H
#define FLOE_MDNS_MDNS_NODE_INTERNAL_H

#include "base/assert.h"
#include "mdns/mdns_msg.h"
#include "mdns/mdns_node.h"

/* mdns_node.c */
bool floe_mdns_node_has_interface(const floe_mdns_node *node, size_t i);
floe_mdns_set floe_mdns_node_set_of_link(const floe_mdns_node *node, uint32_t link);
/* The packet in w is done: fill in `out`, to this address from this interface. */
void floe_mdns_node_finish(const floe_mdns_node *node, floe_mdns_writer *w, floe_transmit *out,
                           size_t interface, const floe_addr *to);
/* The group of the interface's family. */
floe_addr floe_mdns_node_group(const floe_mdns_node *node, size_t interface);
floe_mdns_labels floe_mdns_labels_of(const floe_mdns_name *name);

/* mdns_query.c: names of others */
void floe_mdns_query_input(floe_mdns_node *node, const floe_mdns_msg *msg);
void floe_mdns_query_settle(floe_mdns_node *node);
floe_time floe_mdns_query_deadline(const floe_mdns_node *node);
bool floe_mdns_query_poll_transmit(floe_mdns_node *node, floe_transmit *out);

/* mdns_own.c: names of ours */
floe_mdns_own *floe_mdns_own_find(floe_mdns_node *node, const floe_mdns_name *name);
void floe_mdns_own_input(floe_mdns_node *node, const floe_mdns_msg *msg, size_t interface,
                         const floe_addr *from);
/* An answer of somebody else, which may be about a name of ours. */
void floe_mdns_own_defend(floe_mdns_node *node, const floe_mdns_msg *msg, size_t interface);
void floe_mdns_own_settle(floe_mdns_node *node);
floe_time floe_mdns_own_deadline(const floe_mdns_node *node);
bool floe_mdns_own_poll_transmit(floe_mdns_node *node, floe_transmit *out);
void floe_mdns_own_add_interface(floe_mdns_node *node, size_t interface);
void floe_mdns_own_remove_interface(floe_mdns_node *node, size_t interface);
void floe_mdns_own_remove_all(floe_mdns_node *node);

#endif
