/*
 * sctp/sctp_pmtu.h - how large a packet the path carries: RFC 8899's search, as a state machine
 * that sends nothing and knows no clock.
 *
 *     DISABLED --begin--> BASE --answered--> SEARCHING --nothing more to try--> COMPLETE
 *                        |  ^ ^                  |  ^                            |  |
 *              unanswered|  | +------------------+  +---------- raise -----------+  |
 *                        v  |       black hole                                      |
 *                       ERROR (base is asked for again)  <-- BASE <-- black hole ---+
 *
 * A probe is a packet of the size in question that carries nothing of the user's; three that are
 * not answered say that it does not get through. Sizes are those of SCTP packets, multiples of
 * four. Who drives it: sctp_pmtu_assoc.c.
 */
#ifndef FLOE_SCTP_SCTP_PMTU_H
#define FLOE_SCTP_SCTP_PMTU_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_PMTU_TRIES    3u                /* RFC 8899 section 5.1.2: MAX_PROBES */
#define FLOE_SCTP_PMTU_STEP     16u               /* a gain of less is not looked for */
#define FLOE_SCTP_PMTU_DOUBTS   8u                /* messages that are given up */
#define FLOE_SCTP_PMTU_PROBE_US (1 * FLOE_SECOND) /* an answer that takes longer is none */
#define FLOE_SCTP_PMTU_ERROR_US (30 * FLOE_SECOND)
#define FLOE_SCTP_PMTU_RAISE_US (600 * FLOE_SECOND)

typedef enum floe_sctp_pmtu_state {
    FLOE_SCTP_PMTU_DISABLED,
    FLOE_SCTP_PMTU_BASE,
    FLOE_SCTP_PMTU_SEARCHING,
    FLOE_SCTP_PMTU_COMPLETE,
    FLOE_SCTP_PMTU_ERROR
} floe_sctp_pmtu_state;

typedef struct floe_sctp_pmtu {
    uint16_t base;    /* nearly every path carries it: never less than this */
    uint16_t usual;   /* what Ethernet leaves: tried first */
    uint16_t limit;   /* what this side's link leaves: tried at most */
    uint16_t size;    /* a packet may be so large */
    uint16_t ceiling; /* of this search */
    uint16_t probe;   /* the size that is being asked for; 0: none */
    uint8_t state, tries;
    uint8_t doubts;
    bool is_whole;    /* no size has failed yet in this search */
    bool is_due;      /* a probe is to be sent */
    bool is_out;      /* one was, and is not answered */
    bool is_answered; /* the peer has answered one, ever */
} floe_sctp_pmtu;

void floe_sctp_pmtu_init(floe_sctp_pmtu *p, uint16_t base);
/* A path: everything starts anew, with the base size. limit of base or less: no search. */
void floe_sctp_pmtu_begin(floe_sctp_pmtu *p, uint16_t usual, uint16_t limit);
/* The probe that was due is sent. */
void floe_sctp_pmtu_on_sent(floe_sctp_pmtu *p);
/* It has been answered. */
void floe_sctp_pmtu_on_answer(floe_sctp_pmtu *p);
/* A message was lost and is not sent again, so no packet is known to vanish twice: after some of
 * these the size is asked for anew. True: now. */
bool floe_sctp_pmtu_on_doubt(floe_sctp_pmtu *p);
/* Full packets vanish. */
void floe_sctp_pmtu_on_black_hole(floe_sctp_pmtu *p);
/* The time is over that was asked for by floe_sctp_pmtu_wait(), when something last happened; 0:
 * there is nothing to wait for. */
void floe_sctp_pmtu_on_timeout(floe_sctp_pmtu *p);
uint64_t floe_sctp_pmtu_wait(const floe_sctp_pmtu *p, uint64_t rto_us);

#ifdef __cplusplus
}
#endif
#endif
