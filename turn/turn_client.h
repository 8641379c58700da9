/*
 * turn/turn_client.h - one allocation at one TURN server, sans-I/O (RFC 8656; RFC 6062 TCP
 * allocations, RFC 8016 mobility).
 *
 * It asks for a relayed address, keeps it alive, holds permissions and channels for the peers that
 * it is told of, and puts data for them into the server's framing and takes it out again. Never
 * reads a clock, opens a socket, allocates or calls back. It is driven, as every object of floe:
 *     1. change it once:  _input(), _advance() or a setter
 *     2. drain packets:   while (floe_turn_client_poll_transmit(...)) send to out->path
 *     3. drain events:    while (floe_turn_client_poll_event(...)) act
 *     4. sleep until a packet, a call, or floe_turn_client_deadline()
 * Time enters only by init, input and advance, and must not go backwards (asserted); setters use
 * the last one. May be copied by assignment. Holds a password: wipe it when done.
 *
 * The connection to the server is the caller's: a UDP socket, or a TCP, TLS or DTLS connection that
 * stands. This object makes the messages and reads them; over TCP and TLS cut the stream by
 * stun/stun_stream.h. When it wants another connection it says PATH_WANTED, and the caller answers
 * with floe_turn_client_set_path(). A connection that broke: floe_turn_client_lose_path().
 *
 * Data waits for its permission:
 *     floe_turn_client_add_peer(peer)   asks for it; EV_PEER is_ready when it is there
 *     floe_turn_client_get_head(peer)   bytes that go in front of a packet; 0: not yet
 *     floe_turn_client_wrap(peer, ...)  writes them, in place; loop over the packets of a run
 *     floe_turn_client_bind(peer)       a channel for the path in use: 4 bytes instead of 36 or 48
 *
 * What answers do (every answer is authenticated first; what is not is dropped, and a request goes
 * out again until it times out). Peer = add_peer and bind.
 *     code          Allocate                      Refresh              peer                Connect
 *     300           by policy: PATH_WANTED        later again          refused             failed
 *     400           FAILED                        LOST                 refused; Refresh    failed
 *     401 first     again, with credentials       -                    -                   -
 *     401           FAILED                        doubted (1)          doubted (1)         doubted
 *     403           FAILED                        later again          refused             failed
 *     405           FAILED                        LOST (2)             refused             failed
 *     420           without DONT-FRAGMENT, or     later again          refused             failed
 *                   FAILED
 *     437           PATH_WANTED, twice; FAILED    LOST                 LOST                LOST
 *     438           again with the new nonce, on any method, at most 4 times in a row
 *     440           FAILED                        later again          refused             failed
 *     441           FAILED                        LOST                 LOST                LOST
 *     442           FAILED                        later again          refused             failed
 *     443           FAILED                        later again          refused             failed
 *     446, 447      FAILED                        later again          refused             failed
 *     486           FAILED, 60 s                  later again          refused, 60 s       failed
 *     487, others   FAILED                        later again          refused             failed
 *     500           3 times more; FAILED, 60 s    later again          refused, 5 s        failed
 *     508           without EVEN-PORT and token;  later again          refused, 60 s       failed
 *                   FAILED, 60 s
 *     no answer     FAILED, 60 s                  later again          refused; Refresh    failed
 * later again: every 5 s until the allocation expires, then LOST. LOST: announced, and a new one is
 * made, at once, or after a while if the last one was short-lived; peers and channels are asked for
 * again. refused: concerns this one peer, nothing else; "n s": and is asked again after that.
 * Refresh: finds out whether the allocation is still there. FAILED, n s: retry_us in the event; a
 * client that has had an allocation tries again by itself then; else set_path() tries again.
 * (1) Where the server has taken the credentials before, an unauthenticated 401 could be anybody's:
 * it is remembered, and believed when no other answer comes. (2) Likewise any refusal to move.
 * Read next: turn/README.md. Reading guide: step 7.
 */
#ifndef FLOE_TURN_TURN_CLIENT_H
#define FLOE_TURN_TURN_CLIENT_H

#include "base/floe.h"
#include "base/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_turn_client floe_turn_client; /* complete in turn/turn_client_struct.h, below */

#define FLOE_TURN_HEAD     4u  /* ChannelData */
#define FLOE_TURN_HEAD_MAX 52u /* Send indication to an IPv6 peer, with DONT-FRAGMENT */
#define FLOE_TURN_TAIL     3u  /* padding behind */

typedef enum floe_turn_state {
    FLOE_TURN_WAITING,    /* for a path: set_path() */
    FLOE_TURN_ALLOCATING, /* asking, or about to ask again */
    FLOE_TURN_ALLOCATED,
    FLOE_TURN_FAILED,  /* no allocation; see the event for why and what then */
    FLOE_TURN_CLOSING, /* the server is told */
    FLOE_TURN_CLOSED
} floe_turn_state;

typedef enum floe_turn_cause {
    FLOE_TURN_CAUSE_NONE,
    FLOE_TURN_CAUSE_TIMEOUT,   /* no answer at all */
    FLOE_TURN_CAUSE_INTEGRITY, /* answers, but none authentic; .code of the last, if an error */
    FLOE_TURN_CAUSE_REFUSED,   /* the server's error: .code */
    FLOE_TURN_CAUSE_PROTOCOL,  /* an authentic answer that lacks what it must have, or has other
                                  things in it that must be understood */
    FLOE_TURN_CAUSE_FAMILY,    /* a relay of an address family that was not asked for; CLOSED
                                  follows */
    FLOE_TURN_CAUSE_REDIRECT,  /* 300 against the policy, in a circle, or too often */
    FLOE_TURN_CAUSE_EXPIRED,   /* the allocation could not be refreshed in time */
    FLOE_TURN_CAUSE_MOVED      /* another path, and the server has no ticket for it */
} floe_turn_cause;

typedef enum floe_turn_relay {
    FLOE_TURN_RELAY_ANY,  /* nothing is asked for: servers give IPv4 */
    FLOE_TURN_RELAY_IPV4, /* REQUESTED-ADDRESS-FAMILY */
    FLOE_TURN_RELAY_IPV6,
    FLOE_TURN_RELAY_BOTH /* ADDITIONAL-ADDRESS-FAMILY; one of the two is enough */
} floe_turn_relay;

typedef enum floe_turn_port {
    FLOE_TURN_PORT_ANY,
    FLOE_TURN_PORT_EVEN,
    FLOE_TURN_PORT_EVEN_RESERVE /* and the next one for later: .reservation_token in the event */
} floe_turn_port;

typedef struct floe_turn_config {  /* copied by init; zero means the default */
    floe_path path;                /* to the server; remote.family 0: comes by set_path() */
    floe_bytes username, password; /* long-term. No name: none, and every answer is believed */
    floe_rand rand;                /* required; cryptographically strong */
    floe_trace trace;
    floe_turn_relay relay;
    floe_turn_port port;
    uint64_t reservation_token; /* the port that another allocation has reserved; 0: none */
    uint32_t lifetime_s;        /* asked for: default none, servers give 600 */
    uint8_t redirects_max;      /* authenticated 300 that are followed, 0 to 3: default none */
    bool is_tcp;                /* relay TCP (RFC 6062); the path is TCP or TLS */
    bool dont_fragment;         /* in Send indications; dropped where the server can't */
    bool wants_mobility;        /* ask for a ticket (RFC 8016) */
    uint16_t id;                /* of its records in the trace */
} floe_turn_config;

typedef enum floe_turn_event_type {
    FLOE_TURN_EV_ALLOCATED,   /* .relay, .mapped, .family_code, .reservation_token, .lifetime_s */
    FLOE_TURN_EV_LOST,        /* .cause, .code: the relays are gone; ALLOCATED or FAILED follows */
    FLOE_TURN_EV_FAILED,      /* .cause, .code, .retry_us */
    FLOE_TURN_EV_PATH_WANTED, /* .server (where to), .code: 437 another local address, 300 another
                                 server, 0 the path is lost */
    FLOE_TURN_EV_MOVED,       /* the allocation lives on, on the new path */
    FLOE_TURN_EV_PEER,        /* .peer (port 0: all of this IP), .is_ready, .code */
    FLOE_TURN_EV_CHANNEL,     /* .peer, .is_ready, .code */
    FLOE_TURN_EV_ICMP,       /* .peer, .icmp_type, .icmp_code, .icmp_data: came back for a packet */
    FLOE_TURN_EV_CONNECTION, /* .peer, .connection, .is_incoming: open a TCP connection to the
                                server and bind it; .connection 0: connect() failed, .code */
    FLOE_TURN_EV_CLOSED
} floe_turn_event_type;

typedef struct floe_turn_event {
    floe_turn_event_type type;
    floe_turn_cause cause;
    uint16_t code;        /* STUN error code; 0: none came */
    uint16_t family_code; /* BOTH, one missing: why; 440: never, 508: maybe in a minute */
    bool is_ready, is_incoming;
    uint8_t icmp_type, icmp_code;
    uint32_t icmp_data;
    uint32_t connection;
    uint32_t lifetime_s;
    uint32_t retry_us; /* 0: not before something changes */
    uint64_t reservation_token;
    floe_addr relay[2]; /* IPv4, IPv6; family 0: none */
    floe_addr mapped;   /* our address as the server sees it */
    floe_addr peer;
    floe_addr server;
} floe_turn_event;

/* What input found. peer.family 0: nothing for the caller. Data may be empty. */
typedef struct floe_turn_data {
    floe_addr peer;
    floe_bytes payload; /* inside the packet */
} floe_turn_data;

typedef struct floe_turn_stats {
    uint32_t requests_sent, requests_repeated, nonces; /* nonces: challenges taken */
    uint32_t allocations;                              /* made; all but the first were lost once */
    uint32_t dropped_malformed, dropped_auth, dropped_unknown;
    uint32_t rtt_us; /* smoothed; 0 before the first sample */
} floe_turn_stats;

/* Start in the caller's memory; with a path, the first request goes out. ARG: no rand, a name over
 * 508 bytes, or options that exclude each other: a token with port or relay; RESERVE with BOTH;
 * TCP with any of these three or a path over UDP. TOO_BIG: FLOE_STUN_AUTH_TEXT_MAX. */
FLOE_MUST_USE floe_err floe_turn_client_init(floe_turn_client *client,
                                             const floe_turn_config *config, floe_time now);

/* There is a (new) way to the server; path->local tells ways apart, and the caller's sockets.
 * With an allocation and a ticket it moves there, else it is LOST and made anew; after FAILED it is
 * tried again. Nothing if closed. ARG: no remote address, or UDP for a TCP allocation. */
FLOE_MUST_USE floe_err floe_turn_client_set_path(floe_turn_client *client, const floe_path *path);
/* The connection broke: nothing is sent; PATH_WANTED. */
void floe_turn_client_lose_path(floe_turn_client *client);
/* Find out now whether the allocation is still there: for a caller who hears nothing any more. */
void floe_turn_client_refresh(floe_turn_client *client);

/* A message from the server (UDP, DTLS: one datagram; TCP, TLS: one of floe_stun_stream_next), or
 * anything that came from there. path->remote and transport must be those of the path.
 * OK: read data->peer. MALFORMED, AUTH, UNKNOWN: dropped and counted. Nothing is kept of it. */
FLOE_MUST_USE floe_err floe_turn_client_input(floe_turn_client *client, floe_time now,
                                              const floe_path *path, floe_bytes packet,
                                              floe_turn_data *data);
void floe_turn_client_advance(floe_turn_client *client, floe_time now);
floe_time floe_turn_client_deadline(const floe_turn_client *client);
/* Build the next packet into out->buf, cap >= FLOE_DATAGRAM_MAX. False: none. A run of one. */
bool floe_turn_client_poll_transmit(floe_turn_client *client, floe_transmit *out);
bool floe_turn_client_poll_event(floe_turn_client *client, floe_turn_event *event);

/* Ask for a permission for the peer's IP, and keep it; before the allocation too. Again: OK; one
 * that was refused is asked again. FULL: FLOE_TURN_PERMISSION_MAX. ARG: family 0. */
FLOE_MUST_USE floe_err floe_turn_client_add_peer(floe_turn_client *client, const floe_addr *peer);
/* No longer: it runs out, within 5 minutes; what still comes from there is dropped at once. */
void floe_turn_client_remove_peer(floe_turn_client *client, const floe_addr *peer);
/* Bind a channel to this peer (adds it, if need be), and keep it. Send indications are used until
 * it is there, and where it is refused. FULL: FLOE_TURN_CHANNEL_MAX, where a channel counts until
 * 15 minutes after its last refresh (RFC 8656 section 12), or FLOE_TURN_PERMISSION_MAX. */
FLOE_MUST_USE floe_err floe_turn_client_bind(floe_turn_client *client, const floe_addr *peer);
void floe_turn_client_unbind(floe_turn_client *client, const floe_addr *peer); /* runs out */

/* Bytes in front of a packet to this peer: 4 by a channel, 36 to 52 by a Send indication; 0: no
 * permission, yet or any more. Valid until the next call of input, advance or a setter. */
size_t floe_turn_client_get_head(const floe_turn_client *client, const floe_addr *peer);
/* Frame in place: the payload of `payload_len` bytes stands at buf + get_head(peer); *len is the
 * packet's size, from buf, with up to FLOE_TURN_TAIL bytes of padding behind. AGAIN: the permission
 * is asked for. UNKNOWN: nobody asked, or it was refused. TOO_BIG: cap, or a length over 65507. */
FLOE_MUST_USE floe_err floe_turn_client_wrap(floe_turn_client *client, const floe_addr *peer,
                                             uint8_t *buf, size_t cap, size_t payload_len,
                                             size_t *len);

/* TCP allocations (RFC 6062). Ask the server to connect to this peer; EV_CONNECTION follows. To be
 * connected by peers: add_peer(). LOST ends what is not open yet, without an event. STATE: no TCP
 * allocation now. FULL: FLOE_TURN_CONNECTION_MAX. */
FLOE_MUST_USE floe_err floe_turn_client_connect(floe_turn_client *client, const floe_addr *peer);
/* Write the ConnectionBind request that has to come first on the new connection to the server,
 * within 30 s of the event; send it there, once. UNKNOWN: no such connection (any more). TOO_BIG:
 * buf, which needs no more than FLOE_DATAGRAM_MAX. */
FLOE_MUST_USE floe_err floe_turn_client_open(floe_turn_client *client, uint32_t connection,
                                             floe_span buf, size_t *len);
/* The first message on that connection. OK: from here on every byte is the peer's, and the client
 * knows nothing of it any more. AGAIN: _open() once more, on the same connection. CLOSED: refused.
 * MALFORMED, AUTH, UNKNOWN: close it; as RFC 8489 has it over TCP, there is no other answer. */
FLOE_MUST_USE floe_err floe_turn_client_input_open(floe_turn_client *client, floe_time now,
                                                   uint32_t connection, floe_bytes packet);

/* Give the allocation back: CLOSING until the server has said so or does not answer, then CLOSED. A
 * caller in a hurry drains once and stops. */
void floe_turn_client_close(floe_turn_client *client);

floe_turn_state floe_turn_client_get_state(const floe_turn_client *client);
/* The relayed address of this family (4, 6); family 0 if there is none. */
floe_addr floe_turn_client_get_relay(const floe_turn_client *client, uint8_t family);
void floe_turn_client_get_stats(const floe_turn_client *client, floe_turn_stats *stats);
/* For tests and fuzzing, after every public call: stops the program where an invariant is broken.
 */
void floe_turn_client_check_invariants(const floe_turn_client *client);
const char *floe_turn_cause_text(floe_turn_cause cause); /* a sentence for a person */

#ifdef __cplusplus
}
#endif

#include "turn/turn_client_struct.h" /* for its size only: every field is private */
#endif
