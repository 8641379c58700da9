/*
 * sctp/sctp_assoc_struct.h - the association's memory: public for its size only, every field is
 * private. Included by sctp/sctp_assoc.h.
 */
#ifndef FLOE_SCTP_SCTP_ASSOC_STRUCT_H
#define FLOE_SCTP_SCTP_ASSOC_STRUCT_H

#include "sctp/sctp_assoc.h"
#include "sctp/sctp_cc.h"
#include "sctp/sctp_cookie.h"
#include "sctp/sctp_outstanding.h"
#include "sctp/sctp_pmtu.h"
#include "sctp/sctp_reassembly.h"
#include "sctp/sctp_rto.h"
#include "sctp/sctp_sendq.h"
#include "sctp/sctp_stream.h"
#include "sctp/sctp_timer.h"
#include "sctp/sctp_tracker.h"

/* What an INIT of the peer said: an INIT ACK is owed. */
typedef struct floe_sctp_init_reply {
    uint32_t tag, tsn, rwnd;
    uint16_t out_streams, in_streams;
    bool has_forward_tsn, has_reconfig, has_zero_checksum;
    uint8_t interleaving; /* floe_sctp_init_params */
    uint8_t report_len;
    uint8_t report[64]; /* parameters that we do not know, as they came */
} floe_sctp_init_reply;

/* An association that both descriptions have agreed on (sctp_snap.c): what ours says. */
typedef struct floe_sctp_snap {
    uint32_t tag, tsn;
    bool is_agreed; /* what the peer's says is in init_reply until it begins */
} floe_sctp_snap;

/* An answer to a packet that belongs to no association (RFC 9260 section 8.4). */
typedef struct floe_sctp_stray {
    uint32_t tag;
    uint16_t cause; /* of an ABORT; 0: none */
    uint8_t type;   /* of the chunk */
    uint8_t flags;
    bool is_owed;
} floe_sctp_stray;

typedef struct floe_sctp_response {
    uint32_t seq, result;
} floe_sctp_response;

/* Stream resets in both directions (RFC 6525). */
typedef struct floe_sctp_reset {
    uint32_t next_seq;               /* of our next request */
    uint32_t request_seq;            /* of the one under way */
    uint32_t request_tsn;            /* our last TSN when it was made */
    uint32_t peer_seq;               /* of the peer's next request */
    uint32_t peer_result;            /* of its last one: what a repetition is answered */
    uint32_t defer_tsn;              /* the deferred one waits for this TSN */
    floe_sctp_response responses[2]; /* owed */
    uint8_t response_count;
    uint8_t tries;          /* retransmissions of our request */
    bool is_under_way;      /* our request is not answered */
    bool is_due;            /* send it (again) */
    bool is_deferred;       /* the peer's last request waits: see the streams' flags */
    bool is_deferred_all;   /* it is for all streams */
    uint16_t wanted;        /* streams with RESET_WANTED */
    uint16_t request_count; /* streams with RESET_SENT */
} floe_sctp_reset;

#if FLOE_SCTP_PARTS
/* The message by parts, the last one that was begun: sctp_parts.h. */
typedef struct floe_sctp_parts {
    uint64_t len; /* bytes handed over */
    floe_time expires;
    uint32_t ppid, max_retransmits;
    uint32_t wanted; /* bytes that a refused part needs; 0: none was refused */
    uint16_t stream, serial;
    uint8_t held; /* the last byte handed over, if has_held */
    bool has_held;
    bool is_unordered;
    bool is_open;    /* neither ended nor abandoned */
    bool is_queued;  /* a part was */
    bool has_begun;  /* a part was sent */
    bool is_awaited; /* interleaved: somebody was refused because of it */
} floe_sctp_parts;
#endif

struct floe_sctp_assoc {
    floe_sctp_config config; /* defaults filled in */
    floe_time now;
    uint8_t state;  /* floe_sctp_state */
    bool is_over;   /* CLOSED for good */
    uint8_t events; /* EV_ flags of sctp_internal.h, not yet reported */
    uint8_t cause;  /* floe_sctp_cause */
    uint16_t cause_value;
    uint16_t pending; /* SEND_ flags of sctp_internal.h: what is to be sent */

    uint32_t local_tag, peer_tag;      /* peer_tag 0: not known yet */
    uint32_t local_tsn;                /* initial */
    uint32_t peer_tsn, peer_init_rwnd; /* initial */
    uint32_t local_tie, peer_tie;      /* what a restart has to prove to know */
    uint16_t streams_out, streams_in;
    bool has_forward_tsn, has_reconfig; /* the peer supports them */
    bool has_zero_checksum;             /* it accepts packets without checksum */
    uint8_t header_more;                /* what I-DATA takes beyond DATA, where it was agreed on */
    uint8_t secret[FLOE_SCTP_COOKIE_SECRET];
    uint16_t cookie_len; /* of the peer's, kept in the receive buffer until it is echoed */
    uint16_t tries;      /* of INIT, COOKIE ECHO or SHUTDOWN: retransmissions so far */
    uint16_t stale;      /* times that the peer found its own cookie too old */
    floe_time tried_at;  /* when the first was sent; NEVER: no round trip to be measured */
    floe_sctp_init_reply init_reply;
    floe_sctp_stray stray;
    floe_sctp_snap snap;

    floe_sctp_timers timers;
    floe_sctp_rto rto;
    floe_sctp_cc cc;
    floe_sctp_sendq sendq;
    floe_sctp_outstanding outstanding;
    floe_sctp_tracker tracker;
    floe_sctp_reassembly reassembly;
    floe_sctp_reset reset;
#if FLOE_SCTP_PARTS
    floe_sctp_parts parts;
#endif

    uint32_t wanted;       /* bytes that a refused send needs; 0: none was refused */
    uint32_t peer_rwnd;    /* as the peer last announced it */
    uint32_t error_count;  /* timeouts in a row */
    floe_time data_at;     /* when DATA was last sent for the first time */
    floe_time forward_at;  /* when FORWARD TSN was last sent */
    floe_time heard_at;    /* when a packet of the peer came last */
    floe_time pace_at;     /* when the next burst may begin */
    uint32_t burst;        /* bytes that are left of this one */
    bool is_after_timeout; /* the last reduction of the window was by a timeout */
    bool is_fast_due;      /* one packet of lost chunks goes out whatever cwnd says */
    bool is_probe_due;     /* one chunk goes out whatever the peer's window says */
    bool is_probing;       /* that chunk is under way */

    uint32_t local_rwnd;  /* as last announced */
    uint16_t ack_packets; /* packets with DATA since the last SACK */
    bool is_ack_due;      /* acknowledge without delay */
    bool has_data;        /* the packet being read has a DATA or FORWARD TSN chunk */
    bool is_first_data;   /* none has arrived yet */

    bool is_heartbeat_out; /* not answered yet */
    floe_time heartbeat_at;
    uint8_t nonce[8]; /* of the last HEARTBEAT */
    floe_sctp_pmtu pmtu;
    uint8_t pmtu_nonce[8]; /* of the last probe */
    uint16_t reply_len;
    uint8_t replies[FLOE_SCTP_REPLY_MAX]; /* chunks, ready to be sent */

    floe_sctp_stats stats;
    floe_sctp_streams streams; /* last, and not cleared with the rest */
};

#endif
