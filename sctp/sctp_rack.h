/*
 * sctp/sctp_rack.h - RACK: what has not arrived although something that was sent later has, is lost
 * when it is overdue (RFC 8985 section 6, adapted to TSNs). Times and the reordering window; the
 * chunks themselves are in sctp_outstanding.h, which asks.
 *
 * Times of transmission are given as the lower 32 bits of the clock.
 */
#ifndef FLOE_SCTP_SCTP_RACK_H
#define FLOE_SCTP_SCTP_RACK_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_rack {
    floe_time min_since;  /* when min_us was begun */
    floe_time sent_at;    /* when the newest of the chunks that have arrived was sent */
    uint32_t min_us;      /* least round trip since then; UINT32_MAX: none */
    uint32_t last_min_us; /* and in the period before */
    uint32_t tsn;         /* its TSN: decides between chunks sent at the same time */
    uint32_t rtt_us;      /* its round trip; 0: nothing has arrived yet */
    uint32_t highest;     /* TSN that has arrived */
    uint32_t round_end;   /* duplicates count once until this TSN is acknowledged */
    uint8_t multiplier;   /* of a quarter of the least round trip: the reordering window */
    uint8_t persist;      /* recoveries until it is 1 again */
    bool has_reordering;  /* chunks have arrived out of order, without having been lost */
    bool is_blind;        /* the last SACK may not have said all: of what lies beyond `highest` and
                             was sent once, nothing is known */
} floe_sctp_rack;

void floe_sctp_rack_init(floe_sctp_rack *rack, uint32_t initial_tsn);
/* Another path: what was measured is void. */
void floe_sctp_rack_reset(floe_sctp_rack *rack);

/* A round trip that was measured elsewhere: in the handshake, so that the very first answer, which
 * may be a late one, is not the least there is. */
void floe_sctp_rack_measure(floe_sctp_rack *rack, floe_time now, uint32_t rtt_us);
/* A chunk has arrived, sent at `sent_us` for the n-th time. False: too early to be an answer to
 * that transmission, so it was an earlier one that arrived. */
bool floe_sctp_rack_on_other_arrival(floe_sctp_rack *rack, floe_time now, uint32_t sent_us,
                                     uint32_t tsn, uint32_t sends);
static inline bool floe_sctp_rack_on_arrival(floe_sctp_rack *rack, floe_time now, uint32_t sent_us,
                                             uint32_t tsn, uint32_t sends)
{
    uint32_t age = (uint32_t)now - sent_us;
    /* Sent, and arrived, together with the one before it: nothing is to be learned but its number.
     */
    if (sends == 1 && rack->tsn == tsn - 1 && rack->highest == tsn - 1 &&
        rack->sent_at == now - age && rack->rtt_us == (age > 0 ? age : 1)) {
        rack->tsn = rack->highest = tsn;
        return true;
    }
    return floe_sctp_rack_on_other_arrival(rack, now, sent_us, tsn, sends);
}
/* The peer reports duplicates of what was sent again: the window was too small (RFC 8985 section
 * 6.2 step 4). */
void floe_sctp_rack_on_duplicate(floe_sctp_rack *rack, uint32_t cum, uint32_t highest);
/* A recovery is over. */
void floe_sctp_rack_on_recovered(floe_sctp_rack *rack);

/* How much later than its successor a chunk may be. `is_sure`: enough has arrived after it that
 * without any sign of reordering there is no need to wait. */
uint32_t floe_sctp_rack_window(const floe_sctp_rack *rack, uint32_t srtt_us, bool is_sure);
/* Microseconds until a chunk is overdue, 0 if it is; UINT32_MAX: nothing that was sent later has
 * arrived. */
uint32_t floe_sctp_rack_remaining(const floe_sctp_rack *rack, floe_time now, uint32_t sent_us,
                                  uint32_t tsn, uint32_t window_us);
/* The least round trip of late; 0: none was measured. */
uint32_t floe_sctp_rack_min_us(const floe_sctp_rack *rack);

#ifdef __cplusplus
}
#endif
#endif
