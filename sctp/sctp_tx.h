/*
 * sctp/sctp_tx.h - one DATA chunk that has a TSN and is not yet acknowledged: an entry of the
 * transmit ring, whose memory the caller provides. Every field is private to sctp_outstanding.c.
 */
#ifndef FLOE_SCTP_SCTP_TX_H
#define FLOE_SCTP_SCTP_TX_H

#include <stdint.h>

typedef struct floe_sctp_tx {
    uint32_t
        message;     /* where its message lies in the send buffer; once abandoned: stream and SSN */
    uint32_t offset; /* of its payload in the message */
    uint16_t len;    /* payload bytes */
    uint16_t sends;  /* transmissions so far, saturating */
    uint16_t prev, next;           /* in the list of what the peer has not acknowledged */
    uint16_t lost_prev, lost_next; /* in the list of what waits to be sent again */
    uint8_t state;                 /* acknowledged, lost, abandoned, ... */
    uint8_t misses;                /* times it was reported missing since it was last sent */
} floe_sctp_tx;

#endif
