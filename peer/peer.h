/*
 * peer/peer.h - the facade: a peer connection with data channels, in the browser's words, sans-I/O.
 *
 * Composes ICE, DTLS, SCTP and data channels and speaks offer and answer (RFC 8829/9429). States
 * have the W3C's names and transitions. What the W3C has not is here too: receiving is pulled,
 * sending says AGAIN, a failure says why. It is driven like every floe object:
 *     1. change it once:  floe_peer_input(), floe_peer_advance(), or any other call
 *     2. drain packets:   while (floe_peer_poll_transmit(...)) send the run
 *     3. drain events:    while (floe_peer_poll_event(...)) act
 *     4. sleep until packets, a call, or floe_peer_deadline()
 * io/ does all four for a program that has no loop of its own (io/io_peer.h).
 * One thread at a time per peer; peers share nothing but an identity. Reading guide: step 12.
 */
#ifndef FLOE_PEER_PEER_H
#define FLOE_PEER_PEER_H

#include "base/floe.h"
#include "datachannel/dc.h"
#include "dtls/dtls_conn.h"
#include "ice/ice_agent.h"
#include "ice/ice_relays.h"
#include "ice/ice_tcp.h"
#include "peer/peer_options.h"
#include "sctp/sctp_assoc.h"
#include "sdp/sdp_webrtc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_peer floe_peer; /* complete in peer/peer_struct.h, below */

typedef enum floe_peer_sdp_type {
    FLOE_PEER_OFFER,
    FLOE_PEER_ANSWER,
    FLOE_PEER_ROLLBACK
} floe_peer_sdp_type;

typedef enum floe_peer_signaling { /* RTCSignalingState; no provisional answers */
                                   FLOE_PEER_STABLE,
                                   FLOE_PEER_HAVE_LOCAL_OFFER,
                                   FLOE_PEER_HAVE_REMOTE_OFFER,
                                   FLOE_PEER_SIGNALING_CLOSED
} floe_peer_signaling;

typedef enum floe_peer_state { /* RTCPeerConnectionState */
                               FLOE_PEER_NEW,
                               FLOE_PEER_CONNECTING,
                               FLOE_PEER_CONNECTED,
                               FLOE_PEER_DISCONNECTED,
                               FLOE_PEER_FAILED,
                               FLOE_PEER_CLOSED
} floe_peer_state;

/* Which layer ended the connection; floe_peer_get_reason() says it in a sentence. */
typedef enum floe_peer_fault {
    FLOE_PEER_FAULT_NONE,
    FLOE_PEER_FAULT_ICE,
    FLOE_PEER_FAULT_DTLS,
    FLOE_PEER_FAULT_SCTP,
    FLOE_PEER_FAULT_CLOSED_BY_PEER /* the peer closed in an orderly way */
} floe_peer_fault;

typedef struct floe_peer_config {
    floe_rand rand;                     /* required */
    const floe_dtls_identity *identity; /* required; outlives the peer */
    floe_trace trace;
    floe_span send_buffer, recv_buffer; /* required: SCTP's, see floe_sctp_config */
    floe_sctp_tx *tx_ring;              /* required: power of two entries */
    uint32_t tx_ring_len;
    floe_sctp_cc_algorithm congestion; /* these six: see floe_sctp_config and sctp/README.md */
    floe_sctp_bbr *rate;               /* lent; required for FLOE_SCTP_CC_RATE */
    floe_sctp_scheduler scheduler;
    struct floe_sctp_interleaving *interleaving; /* lent (sctp/sctp_lane.h): messages of channels
                                                    are interleaved, where the peer can, too */
    uint32_t slow_start_packets;
    bool keeps_window;
    floe_span description; /* required: keeps the peer's last description, for renegotiation; 4 KB
                            * serves for data channels, 64 KB for any browser's */
    floe_peer_glare glare;
    floe_peer_snap snap;
    uint16_t mtu; /* of our links: IP packets may grow up to it, uncut (RFC 8899); 0: they do not */
    uint32_t message_max; /* our max-message-size: default 262144; at most what recv_buffer holds,
                           * headers of chunks with it: about 7/8 of its bytes */
    uint32_t parts_from;  /* longer messages are read by parts (peer/peer_parts.h), and message_max
                             may be anything, UINT32_MAX: no limit. 0: all are read whole */
    floe_ice_config ice;  /* timing and policy: role, credentials, rand and trace are the peer's */
    floe_ice_relay *relays; /* lent: TURN allocations, one for each address of each turn: URL */
    uint32_t relay_max;     /* 0: turn: URLs are refused */
    floe_ice_tcp_link *tcp_links; /* lent: connections to the peer, half of them from it */
    uint32_t tcp_link_max;        /* 0: no TCP but to servers */
} floe_peer_config;

typedef enum floe_peer_event_type {
    FLOE_PEER_EV_SIGNALING,    /* .signaling */
    FLOE_PEER_EV_GATHERING,    /* .gathering */
    FLOE_PEER_EV_ICE,          /* .ice */
    FLOE_PEER_EV_STATE,        /* .state */
    FLOE_PEER_EV_NEGOTIATION,  /* negotiationneeded: make an offer */
    FLOE_PEER_EV_CANDIDATE,    /* .cand: tell the peer, as floe_peer_put_candidate() writes it */
    FLOE_PEER_EV_PAIR,         /* the selected pair changed: floe_peer_get_stats() */
    FLOE_PEER_EV_RESOLVE,      /* .request, .host: look the name up, then floe_peer_resolved(). One
                                * in .local is a candidate of the peer, for multicast DNS */
    FLOE_PEER_EV_CONNECT,      /* .request, .path (remote, transport), .host: open a connection to
                                * this TURN server; floe_peer_connected() or _disconnected().
                                * From FLOE_PEER_TCP_REQUEST on to the peer: see there */
    FLOE_PEER_EV_DISCONNECT,   /* .request: close that connection */
    FLOE_PEER_EV_CHANNEL,      /* .channel: a channel that the peer opened */
    FLOE_PEER_EV_CHANNEL_OPEN, /* .channel */
    FLOE_PEER_EV_CHANNEL_CLOSING, /* .channel */
    FLOE_PEER_EV_CHANNEL_CLOSED,  /* .channel */
    FLOE_PEER_EV_BUFFERED_LOW,    /* .channel */
    FLOE_PEER_EV_MESSAGE,         /* a message waits: floe_peer_peek() until it says false */
    FLOE_PEER_EV_FATE,    /* .fate, .channel: of a message of floe_peer_send_with() that asked */
    FLOE_PEER_EV_WRITABLE /* a send that got AGAIN may be tried again */
} floe_peer_event_type;

typedef struct floe_peer_event {
    floe_peer_event_type type;
    floe_peer_signaling signaling;
    floe_ice_gathering gathering;
    floe_ice_state ice;
    floe_peer_state state;
    floe_dc_id channel;
    uint32_t request;
    floe_bytes host; /* view: until the next event is read */
    floe_path path;
    floe_ice_cand cand;
    floe_dc_fate fate;
} floe_peer_event;

typedef struct floe_peer_stats {
    floe_ice_stats ice;
    floe_dtls_stats dtls;
    floe_sctp_stats sctp;
    uint64_t datagrams_received, datagrams_sent, runs_sent;
    uint64_t bytes_received, bytes_sent; /* of these datagrams */
    uint32_t pair_changes;               /* selections of a pair, the first included */
    uint64_t dropped_unknown;            /* datagrams of no protocol that belongs here */
    uint64_t dropped_unvalidated;        /* DTLS from an address that ICE has not validated */
    uint64_t dropped_unrelayed;          /* for a relay that has no permission (any more) */
    uint64_t candidates_ignored; /* remote candidates that this side can not use: TCP where it has
                                    none, names that nobody knows, component 2 */
} floe_peer_stats;

#define FLOE_PEER_TCP_REQUEST 1024u /* the first request that is a connection to the peer */

#define FLOE_PEER_CANDIDATE_MAX 192u /* the longest candidate line that floe writes, with NUL */

/* The least buffer for floe_peer_poll_transmit(): a datagram, and a relay's framing around it. */
#define FLOE_PEER_RUN_MIN (FLOE_DATAGRAM_MAX + FLOE_ICE_RELAY_HEAD + FLOE_ICE_RELAY_TAIL)

/* Start a peer in the caller's memory. ARG: something required is missing or too small. */
FLOE_MUST_USE floe_err floe_peer_init(floe_peer *peer, const floe_peer_config *config,
                                      floe_time now);
/* Release what OpenSSL holds. Nothing is sent: floe_peer_close() first, and drain, for that. A
 * zeroed one is fine. */
void floe_peer_free(floe_peer *peer);

/* One URL of an RTCIceServer entry. The texts are borrowed for the life of the peer. A turn: entry
 * needs username and credential. MALFORMED, UNSUPPORTED, FULL (FLOE_ICE_SERVER_MAX,
 * config.relay_max), TOO_BIG (the credentials): *why (may be NULL) says what is wrong with it. */
FLOE_MUST_USE floe_err floe_peer_add_server(floe_peer *peer, floe_bytes url, floe_bytes username,
                                            floe_bytes credential, const char **why);
/* Answer to EV_RESOLVE: once for each address to use, then once with family 0 (alone, if the name
 * has none), without another call in between: of a name in .local the first answer counts, and its
 * number may come again for another. */
void floe_peer_resolved(floe_peer *peer, uint32_t request, const floe_addr *addr);
/* Answers to EV_CONNECT: the connection stands, bound to `local`; what comes on it goes to
 * floe_peer_input(), a message at a time, with path.local = local; what poll_transmit says for that
 * path goes out on it. Or it could not be opened, or broke: the peer asks again after a while. */
void floe_peer_connected(floe_peer *peer, uint32_t request, const floe_addr *local);
void floe_peer_disconnected(floe_peer *peer, uint32_t request);

/* TCP to the peer (ice/ice_tcp.h), where config.tcp_links has memory for it. A candidate on this
 * address: passive, a socket listens there; active, it has no port. Errors as floe_peer_add_local()
 * has them. */
FLOE_MUST_USE floe_err floe_peer_add_local_tcp(floe_peer *peer, const floe_addr *addr,
                                               uint16_t preference, bool is_passive);
/* A listening socket has accepted: path.local is its address. *request names the connection, as
 * EV_CONNECT does for one that is to be opened from path.local's IP to path.remote. Either is known
 * by the path of the event, or of this call: packets that come on it go to floe_peer_input() with
 * it, one at a time, without the lengths in front of them (stun/stun_stream.h); what poll_transmit
 * says for it goes out as it is, lengths included. floe_peer_connected() (`local` is of no
 * interest), floe_peer_disconnected() and EV_DISCONNECT as for servers. FULL: close it. */
FLOE_MUST_USE floe_err floe_peer_accepted(floe_peer *peer, const floe_path *path,
                                          uint32_t *request);
/* The sockets, as floe_ice_agent_add_local() and _end_local() have it. Before or after the offer.
 */
FLOE_MUST_USE floe_err floe_peer_add_local(floe_peer *peer, const floe_addr *addr,
                                           uint16_t preference);
void floe_peer_end_local(floe_peer *peer);
/* Hide addresses (draft-ietf-mmusic-mdns-ice-candidates): before floe_peer_add_local() of one. The
 * peer is told the name, for which the caller answers in multicast DNS, wherever it would be told
 * the IP of this socket; related addresses are told nobody from then on, and statistics have
 * neither (the address is 0.0.0.0 or ::). Again: the newest name. MALFORMED: not a UUID in .local.
 * FULL: FLOE_MDNS_NAME_MAX; do not add it. */
FLOE_MUST_USE floe_err floe_peer_hide_local(floe_peer *peer, const floe_addr *addr,
                                            floe_bytes name);
/* After floe_peer_remove_local(): the name is out of use, and told only of candidates of before.
 * False: it has none. */
bool floe_peer_show_local(floe_peer *peer, const floe_addr *addr);
/* Step through those that are hidden, from *cursor = 0. */
bool floe_peer_next_hidden(const floe_peer *peer, size_t *cursor, floe_addr *addr);
/* A socket is closed, or its address is gone, and those of TCP on that IP with it; another path is
 * used at once, if there is one. */
void floe_peer_remove_local(floe_peer *peer, const floe_addr *addr);

/* Make an offer or an answer and set it as the local description, in one step. ROLLBACK takes an
 * offer back. STATE: not the moment (an offer: STABLE or HAVE_LOCAL_OFFER; an answer:
 * HAVE_REMOTE_OFFER). CLOSED. */
FLOE_MUST_USE floe_err floe_peer_set_local(floe_peer *peer, floe_peer_sdp_type type);
/* The peer's description. MALFORMED: *fault says line, column and rule (fault may be NULL).
 * UNSUPPORTED: no data channel in it, or it asks for what floe can't do. TOO_BIG:
 * config.description. STATE: not the moment; of an offer that meets one of ours: the program
 * decides, with ROLLBACK of either. UNKNOWN: such an offer, and config.glare is IMPOLITE: throw it
 * away, and no answer is due. CLOSED. Nothing has changed after an error. ROLLBACK takes no text.
 */
FLOE_MUST_USE floe_err floe_peer_set_remote(floe_peer *peer, floe_peer_sdp_type type,
                                            floe_bytes sdp, floe_sdp_fault *fault);
/* Write the local description as it is now, candidates so far included (pending before current).
 * STATE: none yet. TOO_BIG: cap. */
FLOE_MUST_USE floe_err floe_peer_get_local(const floe_peer *peer, floe_peer_sdp_type *type,
                                           uint8_t *buf, size_t cap, size_t *len);
/* A trickled candidate; empty text is end-of-candidates. What this side can't use is OK, counted
 * and ignored. MALFORMED: not a candidate. STATE: no remote description yet. UNKNOWN: of an earlier
 * or later generation, or of another section. CLOSED. */
FLOE_MUST_USE floe_err floe_peer_add_candidate(floe_peer *peer, floe_bytes candidate,
                                               floe_bytes mid);
/* "candidate:..." as text of the W3C's RTCIceCandidate.candidate; NUL-terminated. Of a hidden
 * address this is what the peer may know, and the event's .cand is not. */
void floe_peer_put_candidate(const floe_peer *peer, const floe_ice_cand *cand,
                             char out[FLOE_PEER_CANDIDATE_MAX]);
floe_bytes floe_peer_get_mid(const floe_peer *peer); /* sdpMid of our candidates */
/* The next offer has new ICE credentials; NEGOTIATION follows. */
void floe_peer_restart_ice(floe_peer *peer);

/* Channels. See datachannel/dc.h for options, errors and states; they can be opened at any time. */
FLOE_MUST_USE floe_err floe_peer_open_channel(floe_peer *peer, const floe_dc_options *options,
                                              floe_dc_id *channel);
FLOE_MUST_USE floe_err floe_peer_send(floe_peer *peer, floe_dc_id channel, bool is_text,
                                      floe_bytes data);
FLOE_MUST_USE floe_err floe_peer_send_with(floe_peer *peer, floe_dc_id channel,
                                           const floe_dc_send_options *options, floe_bytes data);
FLOE_MUST_USE floe_err floe_peer_set_low_threshold(floe_peer *peer, floe_dc_id channel,
                                                   size_t bytes);
FLOE_MUST_USE floe_err floe_peer_close_channel(floe_peer *peer, floe_dc_id channel);
FLOE_MUST_USE floe_err floe_peer_get_channel(const floe_peer *peer, floe_dc_id channel,
                                             floe_dc_info *info);
bool floe_peer_next_channel(const floe_peer *peer, size_t *cursor, floe_dc_id *channel);

/* Receiving: look at the first message, view it in pieces or copy it, release it. */
bool floe_peer_peek(floe_peer *peer, floe_dc_message *message);
floe_bytes floe_peer_view(const floe_peer *peer, size_t offset);
size_t floe_peer_copy(const floe_peer *peer, uint8_t *buf, size_t cap);
void floe_peer_release(floe_peer *peer);

/* A run of datagrams that came on one path: `segment` bytes each, the last one shorter (segment ==
 * len: one). The bytes may be overwritten. Errors are of single datagrams, are counted, and end
 * nothing; so it returns nothing. */
void floe_peer_input(floe_peer *peer, floe_time now, const floe_path *path, uint8_t *run,
                     size_t len, size_t segment);
void floe_peer_advance(floe_peer *peer, floe_time now);
floe_time floe_peer_deadline(const floe_peer *peer);
/* Fill out->buf (cap of FLOE_PEER_RUN_MIN and config.mtu or more; up to 64 KB makes longer runs).
 */
bool floe_peer_poll_transmit(floe_peer *peer, floe_transmit *out);
bool floe_peer_poll_event(floe_peer *peer, floe_peer_event *event);

/* Orderly: channels and association are ended, the DTLS peer is told; drain poll_transmit once
 * more. Idempotent. */
void floe_peer_close(floe_peer *peer, floe_time now);

floe_peer_signaling floe_peer_get_signaling(const floe_peer *peer);
floe_peer_state floe_peer_get_state(const floe_peer *peer);
floe_ice_state floe_peer_get_ice_state(const floe_peer *peer);
floe_dtls_state floe_peer_get_dtls_state(const floe_peer *peer);
floe_ice_gathering floe_peer_get_gathering(const floe_peer *peer);
/* Why the connection failed or closed: which layer, and a sentence for a person ("" if all is
 * well). */
floe_peer_fault floe_peer_get_reason(const floe_peer *peer, const char **sentence);
/* The largest message that the peer takes; 65536 until its description says otherwise. */
size_t floe_peer_get_message_max(const floe_peer *peer);
void floe_peer_get_stats(const floe_peer *peer, floe_peer_stats *stats);
/* How the TURN servers fare, numbered from 0 in the order of their addresses. False: no more. */
bool floe_peer_get_relay(const floe_peer *peer, uint32_t relay, floe_ice_relay_stats *stats);
void floe_peer_check_invariants(const floe_peer *peer);
const char *floe_peer_state_name(floe_peer_state state);             /* "connected" */
const char *floe_peer_signaling_name(floe_peer_signaling signaling); /* "have-local-offer" */
const char *floe_peer_sdp_type_name(floe_peer_sdp_type type);        /* "offer" */

#ifdef __cplusplus
}
#endif

#include "peer/peer_struct.h" /* for its size only: every field is private */
#endif
