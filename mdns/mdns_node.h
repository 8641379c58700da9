/*
 * mdns/mdns_node.h - multicast DNS as far as ICE candidates need it, sans-I/O: names of others are
 * resolved, addresses of ours are hidden behind names, and questions for those are answered (RFC
 * 6762; draft-ietf-mmusic-mdns-ice-candidates).
 *
 * Never reads a clock, opens a socket, allocates or calls back. It is driven, as every object of
 * floe:
 *     1. change it once:  _input(), _advance() or a setter
 *     2. drain packets:   while (floe_mdns_node_poll_transmit(...)) send to out->path
 *     3. drain events:    while (floe_mdns_node_poll_event(...)) act
 *     4. sleep until a packet, a call, or floe_mdns_node_deadline()
 * Time enters only by init, input and advance, and must not go backwards (asserted); setters use
 * the last one. May be copied by assignment. One node serves any number of peers.
 *
 * The sockets are the caller's: UDP, port 5353, in the groups 224.0.0.251 and ff02::fb, each
 * interface told by its address of that family. out->path.local says which interface to send from,
 * and input's path->local which one a packet came in on, whether to the group or to the address
 * itself. io/mdns_socket.h does all that.
 *
 * Multicast DNS authenticates nobody: everyone on the link can answer, and everyone can ask. So a
 * resolved address is a hint to send connectivity checks to, no more. What is checked:
 *     - packets are believed only from an address of the link (RFC 6762 section 11), which is one
 *       with the prefix of an interface's address, or a link-local one. The hop limit is not
 *       looked at: senders need not set it;
 *     - answers count only from port 5353, for names that are being asked for;
 *     - addresses that no candidate of a peer can have are not taken from answers: loopback,
 *       link-local, multicast and unspecified ones;
 *     - names that are not a UUID are not asked for, so that nobody is made to send checks to the
 *       printer (draft section 3.2.2).
 * Nothing is cached. Conflicts are not looked for, since a UUID has none (draft section 3.1.1); who
 * claims a name of ours with another address, which only a liar does, is contradicted, at most once
 * a second.
 * Read next: mdns/README.md.
 */
#ifndef FLOE_MDNS_MDNS_NODE_H
#define FLOE_MDNS_MDNS_NODE_H

#include "base/floe.h"
#include "mdns/mdns_name.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_mdns_node floe_mdns_node; /* complete in mdns/mdns_node_struct.h, below */

/* How long others are asked for a name: at 0, 1, 3 and 7 s, and that they have until then. */
#define FLOE_MDNS_PATIENCE (10 * FLOE_SECOND)

/* Unicast answers a second, for all askers together: addresses of askers can be forged. */
#define FLOE_MDNS_REPLY_RATE 20u

/* An address of this machine to speak multicast DNS from; one of each family and link serves. */
typedef struct floe_mdns_interface {
    floe_addr local;    /* the port does not matter */
    uint8_t prefix_len; /* bits of the address that all on this link share */
    uint32_t link;      /* the same number for both families of an interface: its index */
} floe_mdns_interface;

/* A name that was asked for is resolved, or can't be. */
typedef struct floe_mdns_event {
    uint32_t request;
    floe_addr addr; /* port 0. Family 0: nobody answered, or answers with several addresses, which
                       can't be of a candidate (draft section 3.2.2) */
} floe_mdns_event;

typedef struct floe_mdns_stats {
    uint32_t queries_sent, answers_sent; /* packets */
    uint32_t resolved, unresolved;
    uint32_t dropped_malformed, dropped_foreign; /* foreign: from elsewhere than the link */
    uint32_t dropped_questions;                  /* for answers to one asker: too many, too fast */
    uint32_t conflicts; /* somebody said something else of a name of ours */
} floe_mdns_stats;

/* Start in the caller's memory. `rand` is required; cryptographically strong. */
void floe_mdns_node_init(floe_mdns_node *node, floe_rand rand, floe_time now);

/* Speak on this interface too; names of its link are announced there. Again: OK. FULL:
 * FLOE_MDNS_INTERFACE_MAX. ARG: no unicast address, or no prefix. */
FLOE_MUST_USE floe_err floe_mdns_node_add_interface(floe_mdns_node *node,
                                                    const floe_mdns_interface *interface);
void floe_mdns_node_remove_interface(floe_mdns_node *node, const floe_addr *local);
/* Ask for a name; one event follows, within FLOE_MDNS_PATIENCE. FULL: FLOE_MDNS_QUERY_MAX.
 * UNSUPPORTED: not a UUID in .local. CLOSED. */
FLOE_MUST_USE floe_err floe_mdns_node_resolve(floe_mdns_node *node, floe_bytes host,
                                              uint32_t *request);
void floe_mdns_node_cancel(floe_mdns_node *node, uint32_t request); /* no event */

/* Hide this address, of an interface of that link, behind a name, and write the name. It may be
 * used at once, interface or not (draft section 3.1.1). Again: the same name, counted. FULL:
 * FLOE_MDNS_NAME_MAX. ARG: no unicast address. CLOSED. */
FLOE_MUST_USE floe_err floe_mdns_node_register(floe_mdns_node *node, const floe_addr *addr,
                                               uint32_t link, char name[FLOE_MDNS_NAME_TEXT_MAX]);
/* Once for each time that it was registered; with the last the name is taken back. */
void floe_mdns_node_unregister(floe_mdns_node *node, const floe_addr *addr);
/* All names are taken back, nothing is asked for any more. Drain packets once more. */
void floe_mdns_node_close(floe_mdns_node *node);

/* A packet from port 5353's sockets. OK, also where it concerns nobody here. MALFORMED,
 * UNSUPPORTED, UNKNOWN (not of the link, or an answer from another port): dropped, counted. CLOSED.
 * Nothing is kept of it. */
FLOE_MUST_USE floe_err floe_mdns_node_input(floe_mdns_node *node, floe_time now,
                                            const floe_path *path, floe_bytes packet);
void floe_mdns_node_advance(floe_mdns_node *node, floe_time now);
floe_time floe_mdns_node_deadline(const floe_mdns_node *node);
/* Build the next packet into out->buf, cap >= FLOE_DATAGRAM_MAX. False: none. A run of one. */
bool floe_mdns_node_poll_transmit(floe_mdns_node *node, floe_transmit *out);
bool floe_mdns_node_poll_event(floe_mdns_node *node, floe_mdns_event *event);
bool floe_mdns_node_has_event(const floe_mdns_node *node);

void floe_mdns_node_get_stats(const floe_mdns_node *node, floe_mdns_stats *stats);
/* For tests: asserts what must always hold. */
void floe_mdns_node_check_invariants(const floe_mdns_node *node);

#ifdef __cplusplus
}
#endif

#include "mdns/mdns_node_struct.h"

#endif
