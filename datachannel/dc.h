/*
 * datachannel/dc.h - the data channels of one SCTP association (RFC 8831, RFC 8832).
 *
 * Opens, announces and closes channels over an association that the caller owns and drives; turns
 * messages with PPIDs into text and binary and back. Call floe_dc_advance() after every change of
 * the association: it takes the association's events and messages and makes channel events of them.
 * Does not know: DTLS, ICE, session descriptions. Reading guide: step 11.
 */
#ifndef FLOE_DATACHANNEL_DC_H
#define FLOE_DATACHANNEL_DC_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "sctp/sctp_assoc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint16_t
    floe_dc_id; /* names a channel of this table: index and generation; never reused soon */
#define FLOE_DC_NONE     UINT16_MAX
#define FLOE_STREAM_NONE UINT16_MAX /* 65535 is no usable stream id (RFC 8831 section 6.4) */

typedef enum floe_dc_state { /* the W3C's RTCDataChannelState */
                             FLOE_DC_CONNECTING,
                             FLOE_DC_OPEN,
                             FLOE_DC_CLOSING,
                             FLOE_DC_CLOSED
} floe_dc_state;

typedef struct floe_dc_options { /* zero: reliable, ordered, announced by DCEP, any stream */
    bool is_unordered;
    bool has_max_retransmits;
    bool has_lifetime; /* not both: ARG */
    uint16_t max_retransmits;
    uint16_t lifetime_ms;
    uint16_t priority;          /* RFC 8831 section 6.4: 128, 256 (default for 0), 512, 1024 */
    bool is_negotiated;         /* the same stream id is agreed elsewhere; no DCEP */
    uint16_t stream;            /* with is_negotiated: 0 to 65534 */
    floe_bytes label, protocol; /* UTF-8, copied */
} floe_dc_options;

typedef struct floe_dc_info {
    floe_dc_state state;
    floe_dc_options
        options; /* label and protocol: views into the table, valid until the channel is closed */
    uint16_t stream;  /* FLOE_STREAM_NONE until the DTLS role is known */
    bool is_incoming; /* the peer opened it */
    size_t buffered;  /* bufferedAmount */
    uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
} floe_dc_info;

typedef enum floe_dc_event_type {
    FLOE_DC_EV_INCOMING, /* the peer opened a channel; OPEN follows */
    FLOE_DC_EV_OPEN,
    FLOE_DC_EV_MESSAGE, /* a message waits: floe_dc_peek() */
    FLOE_DC_EV_BUFFERED_LOW,
    FLOE_DC_EV_CLOSING, /* the peer began to close it, or we did */
    FLOE_DC_EV_CLOSED,  /* its id is void after this event was read and the next one is */
    FLOE_DC_EV_WRITABLE /* after AGAIN; of every channel: .channel is FLOE_DC_NONE */
} floe_dc_event_type;

typedef struct floe_dc_event {
    floe_dc_event_type type;
    floe_dc_id channel;
} floe_dc_event;

typedef struct floe_dc_message {
    floe_dc_id channel;
    bool is_text;
    size_t len; /* 0 for the empty message */
    /* Where the association has parts_from, of a longer message: */
    uint64_t offset; /* of these bytes in it */
    bool has_more;   /* it goes on: its next part is shown when it has come */
    bool is_cut;     /* it ends here and is not whole: the peer has given it up */
} floe_dc_message;

/* Counters since init; hidden work included. */
typedef struct floe_dc_stats {
    uint64_t opened, closed; /* channels that reached OPEN, and those that left it again */
    uint64_t refused;        /* an OPEN, or data without one, answered with a stream reset */
    uint64_t dropped; /* messages of an unknown PPID, or for a channel that was closed here */
} floe_dc_stats;

typedef struct floe_dc_send_options { /* of one message; zero: binary, and nobody asks */
    bool is_text;
    bool wants_fate; /* floe_dc_poll_fate() tells what became of it, with this cookie */
    uint32_t cookie; /* the caller's */
} floe_dc_send_options;

/* What became of a message whose sender asked; floe_sctp_fate. */
typedef struct floe_dc_fate {
    floe_sctp_outcome outcome;
    floe_dc_id channel; /* that it was sent on; it may be closed by now */
    uint32_t cookie;
    floe_time sent_at;
} floe_dc_fate;

typedef struct floe_dc floe_dc; /* complete in datachannel/dc_struct.h, below */

void floe_dc_init(floe_dc *dc);
/* The DTLS role is known: the client uses even streams, the server odd ones (RFC 8832 section 6).
 * Channels that were opened before get their stream now. */
void floe_dc_set_role(floe_dc *dc, bool is_dtls_client);

/* Open a channel; before the association is established too. ARG: both limits, a stream over 65534,
 * text that is not UTF-8. FULL: FLOE_DC_CHANNEL_MAX or FLOE_DC_NAMES_MAX, or no free stream. STATE:
 * the stream is in use. CLOSED. */
FLOE_MUST_USE floe_err floe_dc_open(floe_dc *dc, floe_sctp_assoc *assoc,
                                    const floe_dc_options *options, floe_dc_id *channel);
/* ARG: no such channel, or text that is not UTF-8. STATE: not open. AGAIN (WRITABLE follows),
 * TOO_BIG, FULL, CLOSED: as floe_sctp_assoc_send(). */
FLOE_MUST_USE floe_err floe_dc_send(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel,
                                    bool is_text, floe_bytes data);
FLOE_MUST_USE floe_err floe_dc_send_with(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel,
                                         const floe_dc_send_options *options, floe_bytes data);
/* The next fate of a message that was sent with wants_fate: exactly one for each. Drain it when
 * events are drained: until then the message keeps its room in the send buffer. */
bool floe_dc_poll_fate(floe_sctp_assoc *assoc, floe_dc_fate *fate);
/* BUFFERED_LOW comes when what was sent and not acknowledged falls to this: default 0. ARG: no such
 * channel. FULL: as floe_sctp_assoc_set_low_threshold(). */
FLOE_MUST_USE floe_err floe_dc_set_low_threshold(floe_dc *dc, floe_sctp_assoc *assoc,
                                                 floe_dc_id channel, size_t bytes);
/* Close: what was sent is delivered first, then the stream is reset, and the peer answers in kind.
 * CLOSED follows. Repeating it is OK. ARG: no such channel. */
FLOE_MUST_USE floe_err floe_dc_close(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_id channel);
/* The association has ended: every channel is CLOSED. */
void floe_dc_close_all(floe_dc *dc);

/* Take the association's events and announcements; then drain floe_dc_poll_event(). An event of the
 * association that is not of a channel (ESTABLISHED, RESTARTED, CLOSED) is acted on here and handed
 * on in *out: true, and call again. */
bool floe_dc_advance(floe_dc *dc, floe_sctp_assoc *assoc, floe_sctp_event *out);
bool floe_dc_poll_event(floe_dc *dc, floe_dc_event *event);

/* The first received message of any channel (DCEP is taken out before); read it with the next two,
 * then release. */
bool floe_dc_peek(floe_dc *dc, floe_sctp_assoc *assoc, floe_dc_message *message);
/* As floe_sctp_assoc_view() and _copy() of the message that floe_dc_peek() showed, save that an
 * empty message is empty: on the wire it has one byte. */
floe_bytes floe_dc_view(const floe_dc *dc, const floe_sctp_assoc *assoc, size_t offset);
size_t floe_dc_copy(const floe_dc *dc, const floe_sctp_assoc *assoc, uint8_t *buf, size_t cap);
void floe_dc_release(floe_dc *dc, floe_sctp_assoc *assoc);

FLOE_MUST_USE floe_err floe_dc_get_info(const floe_dc *dc, const floe_sctp_assoc *assoc,
                                        floe_dc_id channel,
                                        floe_dc_info *info); /* ARG: no such channel */
/* Step through the channels that are not closed, from *cursor = 0. */
bool floe_dc_next(const floe_dc *dc, size_t *cursor, floe_dc_id *channel);
void floe_dc_get_stats(const floe_dc *dc, floe_dc_stats *stats);
void floe_dc_check_invariants(const floe_dc *dc);
const char *floe_dc_state_name(floe_dc_state state);

#ifdef __cplusplus
}
#endif

#include "datachannel/dc_struct.h" /* for its size only: every field is private */
#endif
