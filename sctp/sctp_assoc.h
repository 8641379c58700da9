/*
 * sctp/sctp_assoc.h - one SCTP association over DTLS, sans-I/O (RFC 9260, 3758, 6525, 8261, 8831).
 *
 * Messages in, packets out, and back. It knows nothing of DTLS, sockets, or what a message means.
 * It is driven:
 *     1. change it once:   _input() for each packet of a batch and then _input_end(), _advance(),
 * or a setter
 *     2. drain packets:    while (floe_sctp_assoc_poll_transmit(...)) seal and send
 *     3. drain what came:  _poll_event(), _peek() ... _release()
 *     4. sleep until a packet, a call, or floe_sctp_assoc_deadline()
 * Setters have no time of their own: they use that of the last input or advance.
 *
 * All memory is the caller's. What grows with policy comes as spans in the configuration: send
 * buffer, receive buffer, transmit ring. Messages are copied into the send buffer once; a packet is
 * written from there each time it is (re)transmitted. A received message stays in the receive
 * buffer until it is released, and counts against the advertised window until then: a slow reader
 * slows the sender.
 *
 * Read next: sctp/README.md (state diagram, files in reading order). Reading guide: step 10.
 */
#ifndef FLOE_SCTP_SCTP_ASSOC_H
#define FLOE_SCTP_SCTP_ASSOC_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "base/trace.h"
#include "sctp/sctp_cc.h"
#include "sctp/sctp_fate.h"
#include "sctp/sctp_scheduler.h"
#include "sctp/sctp_tx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_assoc floe_sctp_assoc; /* complete in sctp/sctp_assoc_struct.h, below */

/* RFC 9260 section 4. */
typedef enum floe_sctp_state {
    FLOE_SCTP_CLOSED,
    FLOE_SCTP_COOKIE_WAIT,
    FLOE_SCTP_COOKIE_ECHOED,
    FLOE_SCTP_ESTABLISHED,
    FLOE_SCTP_SHUTDOWN_PENDING,
    FLOE_SCTP_SHUTDOWN_SENT,
    FLOE_SCTP_SHUTDOWN_RECEIVED,
    FLOE_SCTP_SHUTDOWN_ACK_SENT
} floe_sctp_state;

/* Why it closed. */
typedef enum floe_sctp_cause {
    FLOE_SCTP_CAUSE_NONE,
    FLOE_SCTP_CAUSE_SHUTDOWN, /* gracefully, by either side */
    FLOE_SCTP_CAUSE_ABORTED,  /* the peer sent ABORT; event.value has its first error cause, or 0 */
    FLOE_SCTP_CAUSE_LOCAL,    /* floe_sctp_assoc_abort() */
    FLOE_SCTP_CAUSE_TIMEOUT,  /* INIT, COOKIE ECHO, SHUTDOWN or data unanswered too often */
    FLOE_SCTP_CAUSE_PROTOCOL  /* the peer broke the protocol in a way that ends it; event.value has
                                 the error cause that we sent */
} floe_sctp_cause;

#define FLOE_SCTP_PACKET_MIN 600u /* each control chunk fits into a packet of this size */

/* Copied by init; zero means the default. */
typedef struct floe_sctp_config {
    floe_rand rand; /* required */
    floe_trace trace;
    floe_span send_buffer; /* required, from FLOE_SCTP_SEND_MIN bytes: for each message its payload
                              and 32 bytes, 56 with wants_fate; up to 31 more may be lost at its
                              end */
    floe_span recv_buffer; /* required, from FLOE_SCTP_RECV_MIN bytes: cut into blocks of 64; a DATA
                              chunk takes its payload and 32 bytes, rounded up */
    floe_sctp_tx *tx_ring; /* required: chunks in flight */
    uint32_t tx_ring_len;  /* power of two, 16 to 32768 */
    uint16_t local_port;   /* default 5000 (RFC 8841) */
    uint16_t remote_port;  /* default 5000 */
    uint16_t packet_max;   /* bytes of an SCTP packet: default FLOE_SCTP_PACKET_MAX */
    uint16_t packet_usual, packet_limit; /* see floe_sctp_assoc_set_packet_limit(); 0: no search */
    uint32_t message_max; /* largest message that is received: default 262144, at most about 7/8
                             of recv_buffer; a longer one ends the association */
    uint32_t parts_from; /* a message that becomes so long is shown part by part, as it arrives, and
                            may be longer than recv_buffer: message_max then limits it as a whole,
                            UINT32_MAX: not at all. At most half of recv_buffer; 0: none is */
    uint32_t remote_message_max; /* the peer's limit: default 65536; UINT32_MAX: none */
    uint32_t rto_initial_ms;     /* 500 */
    uint32_t rto_min_ms;         /* 200 */
    uint32_t rto_max_ms;         /* 10000 */
    uint32_t sack_delay_ms;      /* 20, at most 500 */
    uint32_t heartbeat_ms;       /* 30000 when idle; UINT32_MAX: never */
    uint32_t init_retries;       /* of INIT, COOKIE ECHO, SHUTDOWN, each: 10 */
    uint32_t data_retries;       /* timeouts in a row before giving up: 0, which is never: ICE
                                    decides */
    bool is_over_dtls; /* what carries the packets proves that they are whole: checksums are left
                          out and not asked for, each direction as its receiver wants it (RFC 9653)
                        */
    floe_sctp_cc_algorithm congestion; /* FLOE_SCTP_CC_CUBIC; see sctp/README.md for the choice */
    floe_sctp_bbr *rate;               /* lent: required for FLOE_SCTP_CC_RATE, else not used */
    floe_sctp_scheduler scheduler;     /* FLOE_SCTP_SCHEDULER_WFQ */
    struct floe_sctp_interleaving *interleaving; /* lent: asks for messages that are interleaved,
                                                    sctp/sctp_interleave.h; NULL: no such wish */
    uint32_t slow_start_packets; /* one SACK opens the window by so many at most in slow start (L of
                                    RFC 3465, which has 2): default 8, without limit where paced */
    bool keeps_window; /* a pause does not make the window smaller (RFC 9260 section 7.2.1) */
    bool is_unpaced;   /* a window goes out at once, not spread over the round trip; where that is
                          only a few milliseconds, it always does. Not for RATE */
} floe_sctp_config;

/* What a DTLS record leaves of a datagram. */
#define FLOE_SCTP_PACKET_MAX ((FLOE_DATAGRAM_MAX - 37) / 4 * 4)
#define FLOE_SCTP_SEND_MIN   4096u
#define FLOE_SCTP_RECV_MIN   8192u

/* A message to send. */
typedef struct floe_sctp_send {
    uint16_t stream;
    uint32_t ppid;
    uint16_t priority; /* of the stream, from here on, where several streams have messages to be
                          sent: floe_sctp_scheduler says what it means; 0: 256 */
    bool is_unordered;
    bool has_max_retransmits; /* RFC 7496: abandon after so many retransmissions */
    bool has_lifetime;        /* abandon so many milliseconds after this call, 0 being 1 */
    uint32_t max_retransmits;
    uint32_t lifetime_ms;
    floe_bytes data;   /* copied; 1 byte or more */
    bool is_uncounted; /* floe_sctp_assoc_get_buffered() leaves it out */
    bool wants_fate;   /* floe_sctp_assoc_poll_fate() tells what became of it, with this cookie */
    uint64_t cookie;   /* the caller's */
} floe_sctp_send;

/* A complete received message, at the head of the receive queue. */
typedef struct floe_sctp_recv {
    uint16_t stream;
    uint32_t ppid;
    bool is_unordered;
    size_t len;
    /* With config.parts_from: */
    uint64_t offset; /* of these bytes in the message */
    bool has_more;   /* the message goes on */
    bool is_cut;     /* it does not, and is not whole: the peer has given it up */
} floe_sctp_recv;

typedef enum floe_sctp_event_type {
    FLOE_SCTP_EV_ESTABLISHED, /* data may be sent; also after RESTARTED */
    FLOE_SCTP_EV_RESTARTED,   /* the peer began anew (RFC 9260 section 5.2.4.1): all streams start
                                 over, what was queued or not yet read is gone */
    FLOE_SCTP_EV_CLOSED,      /* .cause, .value; the object has ended, messages can still be read */
    FLOE_SCTP_EV_STREAM_RESET, /* .stream: the peer has reset its side; what it sent before was
                                  read; what it sends after is shown once this was polled */
    FLOE_SCTP_EV_RESET_DONE,   /* .stream: our side is reset; the id may be used again */
    FLOE_SCTP_EV_RESET_FAILED, /* .stream: the peer refused, or cannot */
    FLOE_SCTP_EV_BUFFERED_LOW, /* .stream: its buffered bytes fell to its threshold or below */
    FLOE_SCTP_EV_WRITABLE      /* the send that got AGAIN finds room now */
} floe_sctp_event_type;

typedef struct floe_sctp_event {
    floe_sctp_event_type type;
    floe_sctp_cause cause;
    uint16_t stream;
    uint16_t value;
} floe_sctp_event;

typedef struct floe_sctp_stats {
    uint64_t packets_sent, packets_received, bytes_sent, bytes_received; /* SCTP packets */
    uint64_t data_sent, data_received; /* DATA chunks, retransmissions included */
    uint64_t messages_sent, messages_received, messages_abandoned;
    uint64_t retransmits, fast_retransmits, timeouts, duplicates;
    uint64_t probes;              /* chunks sent again to find out whether a tail was lost */
    uint64_t needless_recoveries; /* nothing had been lost: the window is as it was before */
    uint64_t dropped_malformed, dropped_tag, dropped_checksum, dropped_unknown, dropped_full;
    uint64_t pmtu_probes;
    uint32_t packet_size; /* what the path is known to carry: a packet is at most so large */
    uint32_t cwnd, ssthresh, flight, rwnd_remote, rwnd_local;
    uint32_t srtt_us, rto_us;
    uint32_t buffered; /* bytes in the send buffer, unacknowledged or not yet sent */
} floe_sctp_stats;

/* Start an association object in the caller's memory, CLOSED: it answers an INIT from the peer, and
 * sends one after floe_sctp_assoc_connect(). ARG: a span too small, a ring that is no power of two,
 * no rand. */
FLOE_MUST_USE floe_err floe_sctp_assoc_init(floe_sctp_assoc *assoc, const floe_sctp_config *config,
                                            floe_time now);
/* Both ends of a data channel transport call this: a collision of INITs is the normal case. STATE:
 * not CLOSED. */
FLOE_MUST_USE floe_err floe_sctp_assoc_connect(floe_sctp_assoc *assoc);
/* The largest message that is received: the configured limit, or what the receive buffer holds. It
 * is what our description may promise as max-message-size. */
uint32_t floe_sctp_assoc_get_message_max(const floe_sctp_assoc *assoc);
/* The peer's max-message-size, once its description is known. */
void floe_sctp_assoc_set_remote_message_max(floe_sctp_assoc *assoc, uint32_t bytes);
/* Likewise, before there is an association: its a=sctp-port. */
void floe_sctp_assoc_set_remote_port(floe_sctp_assoc *assoc, uint16_t port);

/* Queue a message; all of it or none. May be called before ESTABLISHED (it waits).
 * ARG: empty data, or a stream that does not exist (see floe_sctp_assoc_get_streams). AGAIN: no
 * room in the send buffer now, WRITABLE follows. TOO_BIG: over the peer's limit, or over the whole
 * buffer. FULL: FLOE_SCTP_STREAM_MAX streams are in use. STATE: the stream is being reset, or
 * SHUTDOWN has begun. CLOSED. */
FLOE_MUST_USE floe_err floe_sctp_assoc_send(floe_sctp_assoc *assoc, const floe_sctp_send *message);
/* Bytes of the stream's messages that count, that the peer has not acknowledged (cumulatively: for
 * good) and that are not abandoned. */
size_t floe_sctp_assoc_get_buffered(const floe_sctp_assoc *assoc, uint16_t stream);
/* Default 0. FULL: FLOE_SCTP_STREAM_MAX. */
FLOE_MUST_USE floe_err floe_sctp_assoc_set_low_threshold(floe_sctp_assoc *assoc, uint16_t stream,
                                                         size_t bytes);

/* Reset our outgoing side of a stream, after what was queued on it has been acknowledged or
 * abandoned (RFC 6525, RFC 8831 section 6.7). RESET_DONE or RESET_FAILED follows. Repeating it is
 * OK. STATE: not established. ARG: no such stream. FULL: FLOE_SCTP_STREAM_MAX. */
FLOE_MUST_USE floe_err floe_sctp_assoc_reset_stream(floe_sctp_assoc *assoc, uint16_t stream);

/* One SCTP packet (a decrypted DTLS record). MALFORMED, AUTH (wrong tag or checksum), UNKNOWN:
 * dropped and counted. `packet` is not kept. */
FLOE_MUST_USE floe_err floe_sctp_assoc_input(floe_sctp_assoc *assoc, floe_time now,
                                             floe_bytes packet);
/* The batch of packets is over: now a SACK is decided once for all of them. */
void floe_sctp_assoc_input_end(floe_sctp_assoc *assoc);
void floe_sctp_assoc_advance(floe_sctp_assoc *assoc, floe_time now);
floe_time floe_sctp_assoc_deadline(const floe_sctp_assoc *assoc);

/* Packets may grow beyond config.packet_max, with FLOE_SCTP_PMTUD: the path carries perhaps `limit`
 * bytes and most likely `usual`, and probes find out (RFC 8899; the network must not cut them up).
 * Anew for each path, before floe_sctp_assoc_path_changed(); 0: no search. */
void floe_sctp_assoc_set_packet_limit(floe_sctp_assoc *assoc, uint16_t usual, uint16_t limit);
/* The size of the next packet at most: that of a probe, if one is due. */
size_t floe_sctp_assoc_get_packet_max(const floe_sctp_assoc *assoc);

/* Write the next packet into buf[0..cap), at most floe_sctp_assoc_get_packet_max() bytes. False:
 * nothing to send. A caller that builds a run of equal packets asks with cap of that for the first
 * and with its size for the others (FLOE_SCTP_PACKET_MIN or more): the run ends after the first
 * that is shorter, and at false, which then says that nothing is to be sent that is so short. */
bool floe_sctp_assoc_poll_transmit(floe_sctp_assoc *assoc, uint8_t *buf, size_t cap, size_t *len);
bool floe_sctp_assoc_poll_event(floe_sctp_assoc *assoc, floe_sctp_event *event);
/* The next fate, in the order in which they became known; drain it when events are drained. A
 * message whose fate is not read keeps its room in the send buffer. */
bool floe_sctp_assoc_poll_fate(floe_sctp_assoc *assoc, floe_sctp_fate *fate);

/* Receiving is pulled. Look at the first complete message, view its bytes piece by piece (each
 * piece contiguous, valid until release), and release it. A message at its turn in its stream;
 * unordered ones as they complete. */
bool floe_sctp_assoc_peek(const floe_sctp_assoc *assoc, floe_sctp_recv *message);
/* The piece of the first message that starts at `offset`; empty at its end. */
floe_bytes floe_sctp_assoc_view(const floe_sctp_assoc *assoc, size_t offset);
/* Copy the first message: buf holds message.len or more. Returns the bytes copied. */
size_t floe_sctp_assoc_copy(const floe_sctp_assoc *assoc, uint8_t *buf, size_t cap);
void floe_sctp_assoc_release(floe_sctp_assoc *assoc);
#if FLOE_SCTP_PARTS
/* Where peek() said has_more: release the `len` bytes that it said. More may have come since. */
void floe_sctp_assoc_release_part(floe_sctp_assoc *assoc, size_t len);
#endif

/* Graceful end: what is queued is sent first. CLOSED follows. STATE: not established. */
FLOE_MUST_USE floe_err floe_sctp_assoc_shutdown(floe_sctp_assoc *assoc);
/* At once: an ABORT is the last packet, cause User-Initiated Abort (12). */
void floe_sctp_assoc_abort(floe_sctp_assoc *assoc);

/* The path has changed or come back: forget the congestion state and the RTO's backoff, and try at
 * once. */
void floe_sctp_assoc_path_changed(floe_sctp_assoc *assoc, floe_time now);

floe_sctp_state floe_sctp_assoc_get_state(const floe_sctp_assoc *assoc);
void floe_sctp_assoc_get_stats(const floe_sctp_assoc *assoc, floe_sctp_stats *stats);
/* Streams that both sides agreed on: the smaller of our outgoing and the peer's incoming; 0 before
 * ESTABLISHED. */
uint16_t floe_sctp_assoc_get_streams(const floe_sctp_assoc *assoc);
floe_time floe_sctp_assoc_get_now(const floe_sctp_assoc *assoc); /* as it was told last */
#if FLOE_SCTP_IDATA
/* Whether both sides have agreed that messages are interleaved (RFC 8260). */
bool floe_sctp_assoc_is_interleaved(const floe_sctp_assoc *assoc);
#endif
void floe_sctp_assoc_check_invariants(const floe_sctp_assoc *assoc);
const char *floe_sctp_state_name(floe_sctp_state state);
const char *floe_sctp_cause_text(floe_sctp_cause cause); /* a sentence for a person */

#ifdef __cplusplus
}
#endif

#include "sctp/sctp_assoc_struct.h" /* for its size only: every field is private */
#endif
