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
    uint32_t sent_us;    /* when it was last sent: the lower bits of the clock */
    uint16_t len;        /* payload bytes */
    uint16_t sends;      /* transmissions so far, saturating */
    uint16_t prev, next; /* in the list of what the peer has not acknowledged */
    uint16_t chain_prev; /* in the list of what is in flight, or of what waits to be sent again */
    uint16_t chain_next;
    uint8_t state; /* acknowledged, lost, abandoned, ... */
    uint16_t mark; /* of the delivery rate, when it was last sent: sctp/sctp_rate.h */
} floe_sctp_tx;

#endif
