/*
 * sctp/sctp_rate.h - how fast data arrives: samples of the delivery rate, for a controller that
 * sends at a rate (draft-ietf-ccwg-bbr section 4.1, after draft-cheng-iccrg-delivery-rate-
 * estimation). It knows no window and decides nothing. Read next: sctp/sctp_bbr.h.
 *
 * The rate of a sample is what arrived between two moments: when the chunk that was acknowledged
 * now was sent, and now. What was so at the first moment is kept in a mark: not one for each chunk,
 * but one for what is sent within a twelfth of a round trip, for between any two moments the rate
 * is right. A chunk knows the number of its mark. Times are the lower 32 bits of the clock.
 */
#ifndef FLOE_SCTP_SCTP_RATE_H
#define FLOE_SCTP_SCTP_RATE_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_RATE_MARKS 32u /* more than two round trips of them */

typedef struct floe_sctp_rate_mark {
    uint32_t delivered;    /* bytes that had arrived by then ... */
    uint32_t delivered_us; /* ... the last of them at this time */
    uint32_t first_us;     /* when the newest of these had been sent */
    uint32_t lost;         /* bytes that had been found lost */
    uint32_t flight;       /* bytes in flight, with the last chunk that has this mark */
    bool is_app_limited;   /* the sender had too little to send */
} floe_sctp_rate_mark;

typedef struct floe_sctp_rate {
    floe_sctp_rate_mark marks[FLOE_SCTP_RATE_MARKS];
    uint32_t delivered, lost;   /* bytes so far */
    uint32_t delivered_us;      /* when the last of them arrived */
    uint32_t first_us;          /* when the newest that has arrived was sent */
    uint32_t marked_us;         /* when the newest mark was made */
    uint32_t rtt_us;            /* from sending to arrival, of the last sample */
    uint32_t limit_end;         /* samples tell too little until so much is delivered */
    uint32_t taken, taken_lost; /* delivered and lost at the last sample */
    uint32_t newest_us;         /* when the newest chunk that has arrived since was sent ... */
    uint16_t newest;            /* ... and its mark */
    uint16_t mark;              /* the newest one */
    uint16_t worst;             /* mark of the chunk lost since, before which most was lost */
    bool has_newest, has_worst, is_app_limited;
} floe_sctp_rate;

typedef struct floe_sctp_rate_sample {
    uint32_t rate;        /* bytes a second; 0: this SACK says nothing of it */
    uint32_t delivered;   /* bytes between the two moments; 0: of no chunk is that known */
    uint32_t acked;       /* bytes that have arrived since the last sample */
    uint32_t newly_lost;  /* bytes that were found lost since then */
    uint32_t lost;        /* of the chunk to which most was lost: bytes found lost since it was
                             sent ... */
    uint32_t flight;      /* ... and those in flight then */
    uint32_t total;       /* bytes that have arrived in all, wrapping around */
    uint32_t prior_total; /* and when the chunk was sent: tells rounds apart */
    bool is_app_limited;
} floe_sctp_rate_sample;

void floe_sctp_rate_init(floe_sctp_rate *rate);
/* What chunks go through; for a NULL, nothing happens. So many bytes go out; `flight` bytes were in
 * flight before. Returns the chunk's mark. */
uint16_t floe_sctp_rate_on_send(floe_sctp_rate *rate, floe_time now, uint32_t bytes,
                                uint32_t flight);
/* A chunk has arrived; is_answer: to the transmission at `sent_us`. */
void floe_sctp_rate_on_arrival(floe_sctp_rate *rate, floe_time now, uint32_t bytes, uint16_t mark,
                               uint32_t sent_us, bool is_answer);
void floe_sctp_rate_on_loss(floe_sctp_rate *rate, uint32_t bytes, uint16_t mark);
/* There is nothing to send, although it could be. */
void floe_sctp_rate_on_want(floe_sctp_rate *rate, uint32_t flight);
/* The SACK is worked through: what it says. Less than the least round trip tells nothing. */
floe_sctp_rate_sample floe_sctp_rate_take(floe_sctp_rate *rate, uint32_t min_rtt_us);

#ifdef __cplusplus
}
#endif
#endif
