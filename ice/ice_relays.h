/*
 * ice/ice_relays.h - relayed candidates: TURN allocations made for an ICE agent, sans-I/O (RFC 8445
 * section 5.1.1.2, RFC 8656).
 *
 * The go-between of turn/ and the agent, which know nothing of each other. It allocates at every
 * server at once, hands each relayed address to the agent as a candidate that is its own base, asks
 * for a permission for each remote candidate before the agent checks it, binds a channel for the
 * pair in use, and gives allocations back. To the agent, and to whoever sends, a relay is a socket:
 * a packet with path.local of a relayed address is framed here and goes to the server instead.
 * A server that is dead, refuses, or can not be reached costs nothing but itself.
 *
 * Driven by the owner of the agent, as every object of floe:
 *     1. change it once:  _input(), _advance(), a setter, or any change of the agent
 *     2. _sync() with the agent, which carries news both ways
 *     3. drain packets:   while (floe_ice_relays_poll_transmit(...)) send; then the agent's
 *     4. drain events:    while (floe_ice_relays_poll_event(...)) act
 *     5. sleep until a packet, a call, or floe_ice_relays_deadline()
 * Memory: one floe_ice_relay for each allocation, in the caller's memory; none: no relays, and
 * this file is not linked. Texts (names, passwords, hosts) are borrowed for as long as it is used.
 * Read next: turn/turn_client.h. Reading guide: step 7.
 */
#ifndef FLOE_ICE_ICE_RELAYS_H
#define FLOE_ICE_ICE_RELAYS_H

#include "ice/ice_agent.h"
#include "turn/turn_client.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_RELAY_HEAD FLOE_TURN_HEAD_MAX /* room in front of a packet that may be relayed */
#define FLOE_ICE_RELAY_TAIL FLOE_TURN_TAIL     /* and behind it */

typedef struct floe_ice_relay_server { /* a turn: or turns: URI, with its credentials */
    floe_addr addr;                    /* family 0: `host` is a name to be resolved */
    floe_bytes host;                   /* over TLS and DTLS the certificate must be for it */
    floe_bytes username, password;
    uint8_t transport; /* floe_transport */
} floe_ice_relay_server;

/* One allocation, or the wish for one: a server at one of its addresses (IPv4, IPv6). */
typedef struct floe_ice_relay floe_ice_relay;   /* complete in ice/ice_relays_struct.h, below */
typedef struct floe_ice_relays floe_ice_relays; /* likewise */

typedef enum floe_ice_relays_event_type {
    FLOE_ICE_RELAYS_EV_CONNECT,   /* .relay, .path (remote, transport; local is free), .host: open a
                                   * connection, then _connected() or _disconnected() */
    FLOE_ICE_RELAYS_EV_DISCONNECT /* .relay: its connection is not needed any more */
} floe_ice_relays_event_type;

typedef struct floe_ice_relays_event {
    floe_ice_relays_event_type type;
    uint32_t relay;
    floe_path path;
    floe_bytes host;
} floe_ice_relays_event;

/* How a relay fares; for statistics, and to explain a failure. */
typedef struct floe_ice_relay_stats {
    floe_turn_state state;
    floe_turn_cause cause; /* of the last failure or loss */
    uint16_t code;         /* STUN error code of that, or 0 */
    bool is_connected;     /* TCP, TLS, DTLS: the connection stands */
    floe_bytes host;
    floe_path path; /* to the server */
    floe_addr relay[2];
    floe_turn_stats turn;
} floe_ice_relay_stats;

/* `memory` is lent until the relays are no more used; `count` may be 0. ARG: no rand. */
FLOE_MUST_USE floe_err floe_ice_relays_init(floe_ice_relays *relays, floe_ice_relay *memory,
                                            uint32_t count, floe_rand rand, floe_trace trace,
                                            floe_time now);
/* Allocation begins with the next _sync() of an agent that gathers. One address of a server is one
 * allocation; a name is one for each family that it resolves to. *index names the server for
 * _set_server_addr. FULL: no memory left. ARG: as floe_turn_client_init. */
FLOE_MUST_USE floe_err floe_ice_relays_add_server(floe_ice_relays *relays,
                                                  const floe_ice_relay_server *server,
                                                  uint32_t *index);
/* As floe_ice_agent_set_server_addr: once for each address, then once with family 0. An address
 * for which there is no memory left is not asked. ARG: no such server. */
FLOE_MUST_USE floe_err floe_ice_relays_set_server_addr(floe_ice_relays *relays, uint32_t index,
                                                       const floe_addr *addr);

/* Carry news between the relays and their agent; after every change of either. */
void floe_ice_relays_sync(floe_ice_relays *relays, floe_ice_agent *agent);

/* Is this the way to one of the servers? Only then is what comes there for _input(). */
bool floe_ice_relays_is_server(const floe_ice_relays *relays, const floe_path *path);
/* A datagram, or a message cut from a stream, that came from a server. OK and data->len > 0: data
 * that a peer sent to `*from`.local, a relayed address, from `*from`.remote; it lies inside
 * `packet`. OK and 0: taken. UNKNOWN: not for a relay (a STUN server may have the same address);
 * MALFORMED, AUTH: dropped, and counted. */
FLOE_MUST_USE floe_err floe_ice_relays_input(floe_ice_relays *relays, floe_time now,
                                             const floe_path *path, floe_bytes packet,
                                             floe_path *from, floe_bytes *data);
void floe_ice_relays_advance(floe_ice_relays *relays, floe_time now);
floe_time floe_ice_relays_deadline(const floe_ice_relays *relays);
/* Requests to servers. out->cap of FLOE_DATAGRAM_MAX or more; a run of one. */
bool floe_ice_relays_poll_transmit(floe_ice_relays *relays, floe_transmit *out);
bool floe_ice_relays_poll_event(floe_ice_relays *relays, floe_ice_relays_event *event);

/* Answers to EV_CONNECT: the connection stands, and is bound to `local`; or it could not be opened,
 * or broke later. A relay whose connection broke asks for another one after a while that doubles
 * from 1 to 60 s. Unknown numbers and late answers do nothing. */
void floe_ice_relays_connected(floe_ice_relays *relays, uint32_t relay, const floe_addr *local);
void floe_ice_relays_disconnected(floe_ice_relays *relays, uint32_t relay);

/* Where a packet for `path` goes. True: *via is `path` itself and *head 0, or path->local is a
 * relayed address, *via the way to its server, and *head what floe_ice_relays_wrap() writes in
 * front. False: it can't be sent now (no permission yet); drop it, as a network might. */
bool floe_ice_relays_route(const floe_ice_relays *relays, const floe_path *path, floe_path *via,
                           size_t *head);
/* Frame a packet in place for a relayed path; as floe_turn_client_wrap(). */
FLOE_MUST_USE floe_err floe_ice_relays_wrap(floe_ice_relays *relays, const floe_path *path,
                                            uint8_t *buf, size_t cap, size_t payload_len,
                                            size_t *len);

/* Give all allocations back; drain once more. Nothing is allocated any more. */
void floe_ice_relays_close(floe_ice_relays *relays);
/* False: no such relay. Relays are numbered from 0. */
bool floe_ice_relays_get_stats(const floe_ice_relays *relays, uint32_t relay,
                               floe_ice_relay_stats *stats);
void floe_ice_relays_check_invariants(const floe_ice_relays *relays);

#ifdef __cplusplus
}
#endif

#include "ice/ice_relays_struct.h" /* for its size only: every field is private */
#endif
