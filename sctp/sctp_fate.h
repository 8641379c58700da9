/*
 * sctp/sctp_fate.h - what became of a message whose sender asked. Each is told exactly once:
 * floe_sctp_assoc_poll_fate().
 */
#ifndef FLOE_SCTP_SCTP_FATE_H
#define FLOE_SCTP_SCTP_FATE_H

#include "base/floe.h"

typedef enum floe_sctp_outcome {
    FLOE_SCTP_OUTCOME_ACKED,     /* the peer's SCTP has all of it, for good */
    FLOE_SCTP_OUTCOME_ABANDONED, /* its limit was reached; it may have arrived all the same */
    FLOE_SCTP_OUTCOME_UNKNOWN    /* the association ended or began anew before that was known */
} floe_sctp_outcome;

typedef struct floe_sctp_fate {
    floe_sctp_outcome outcome;
    uint64_t cookie;   /* of the call that sent it */
    floe_time sent_at; /* its first byte, for the first time; NEVER: it was not sent at all */
} floe_sctp_fate;

#endif
