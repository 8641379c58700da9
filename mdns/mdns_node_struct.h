/*
 * mdns/mdns_node_struct.h - what a node of multicast DNS consists of. Public for its size only:
 * every field is private. The functions that keep them are in mdns/mdns_node_internal.h.
 */
#ifndef FLOE_MDNS_MDNS_NODE_STRUCT_H
#define FLOE_MDNS_MDNS_NODE_STRUCT_H

#include "base/floe_config.h"
#include "mdns/mdns_node.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets of interfaces: bit i stands for interface[i]. */
typedef uint32_t floe_mdns_set;

/* A name of somebody else that is asked for. */
typedef struct floe_mdns_query {
    floe_mdns_name name;
    uint32_t request; /* 0: a free slot */
    uint8_t rounds;   /* in which it was asked, or is to be now */
    bool is_done;     /* `addr` is the result, and the event waits */
    bool is_ambiguous;
    floe_mdns_set owed_a, owed_aaaa; /* where this round is still to be sent, for either family */
    floe_time due;                   /* of the next round, or of giving up */
    floe_addr addr;                  /* as answered */
} floe_mdns_query;

/* A name of ours. */
typedef struct floe_mdns_own {
    floe_mdns_name name;
    floe_addr addr; /* family 0: a free slot */
    uint32_t link;
    uint16_t uses;         /* 0: taken back; free once that was said on `owed` */
    uint8_t announcements; /* left to make */
    floe_mdns_set owed;    /* where the record is to be multicast */
    floe_mdns_set asked;   /* those of them where it was asked for */
    floe_time announce_at; /* the next one */
    floe_time next_at[FLOE_MDNS_INTERFACE_MAX]; /* not to be multicast there before */
} floe_mdns_own;

/* An answer for one asker alone. */
typedef struct floe_mdns_reply {
    floe_addr to; /* family 0: a free slot */
    uint16_t id;
    uint16_t type; /* as asked */
    uint8_t interface, own;
    bool is_legacy; /* to a resolver that knows nothing of multicast DNS */
} floe_mdns_reply;

struct floe_mdns_node {
    floe_time now;
    floe_rand rand;
    uint32_t last_request;
    bool is_closed;
    floe_mdns_interface interface[FLOE_MDNS_INTERFACE_MAX]; /* local.family 0: a free slot */
    floe_mdns_query query[FLOE_MDNS_QUERY_MAX];
    floe_mdns_own own[FLOE_MDNS_NAME_MAX];
    floe_mdns_reply reply[FLOE_MDNS_REPLY_MAX];
    uint32_t reply_room; /* unicast answers that may be given up to: */
    floe_time reply_until;
    floe_mdns_stats stats;
};

#ifdef __cplusplus
}
#endif
#endif
