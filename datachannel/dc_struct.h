/* datachannel/dc_struct.h - the channel table, public for its size only: every field is private. */
#ifndef FLOE_DATACHANNEL_DC_STRUCT_H
#define FLOE_DATACHANNEL_DC_STRUCT_H

#include "datachannel/dc.h"
#include "datachannel/dcep.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The names of a channel are kept as the OPEN that carries them, ready to be sent or parsed. */
#define FLOE_DC_POOL_SIZE (FLOE_DC_NAMES_MAX + FLOE_DC_CHANNEL_MAX * FLOE_DCEP_OPEN_SIZE)

typedef struct floe_dc_channel {
    uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
    uint32_t low_threshold;
    uint32_t reliability; /* retransmissions or milliseconds */
    uint32_t closed_at;   /* here, in milliseconds: how long the reset has waited for the ACK */
    uint16_t priority;    /* RFC 8831 section 6.4 */
    uint16_t stream;      /* still shown after the stream itself is given back */
    uint16_t generation;  /* of this slot; part of the channel's id */
    uint16_t open_at;     /* in floe_dc.pool: the OPEN message */
    uint16_t open_len;
    uint16_t next;    /* in the list of channels with events */
    uint8_t state;    /* floe_dc_state */
    uint8_t events;   /* bit 1 << floe_dc_event_type: to be reported, in that order */
    uint8_t debts;    /* what the association is still to be told: dc_internal.h */
    bool is_used;     /* the slot */
    bool is_hidden;   /* never shown: keeps a stream busy until both sides have reset it */
    bool is_incoming; /* the peer opened it */
    bool is_negotiated, is_unordered, has_max_retransmits, has_lifetime;
    bool is_acked;     /* the peer knows of the channel: unordered sending may begin */
    bool is_deaf;      /* closed here: what still comes is dropped */
    bool is_filling;   /* something was sent since BUFFERED_LOW */
    bool is_in_reset;  /* the peer has reset its side, or never will */
    bool is_out_reset; /* our side is reset, or never was in use */
#if FLOE_SCTP_PARTS
    uint8_t writing; /* a message by parts: dc_internal.h */
#endif
} floe_dc_channel;

struct floe_dc {
    /* This and the end of the channels are not touched before they are used, and what is used of
     * both lies together: of a table in fresh pages most takes no memory. */
    uint8_t pool[FLOE_DC_POOL_SIZE];
    floe_dc_stats stats;
    uint16_t streams[FLOE_DC_CHANNEL_MAX]; /* of each slot; FLOE_STREAM_NONE: none. Apart from the
                                              channels, because each message looks here */
    uint32_t stream_floor; /* streams that we choose are not below: the peer refused a reset */
    uint16_t add_cursor;   /* slots are given out in turn, so that ids come back late */
    uint16_t owing;        /* channels with debts */
    uint16_t event_head, event_tail; /* channels with events, oldest first */
    uint16_t retiring;     /* its CLOSED was read: goes when the next event is asked for */
    floe_dc_message shown; /* the first message, as floe_dc_peek() described it */
    floe_dc_id told;       /* channel of the MESSAGE event */
    uint8_t phase;         /* of the association: dc_internal.h */
    bool has_role, is_dtls_client;
    bool is_draining;    /* the association has ended, and there are messages to be read */
    bool is_shown;       /* .shown is valid: until floe_dc_release() */
    bool is_head_told;   /* the first message was looked at, or MESSAGE was noted for it */
    bool has_message;    /* MESSAGE is to be reported, of .told */
    bool wants_writable; /* a send got AGAIN */
    bool has_writable;
    uint16_t slot_end; /* slots from here on were never used, and hold anything */
    floe_dc_channel channels[FLOE_DC_CHANNEL_MAX];
};

#ifdef __cplusplus
}
#endif
#endif
