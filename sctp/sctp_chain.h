/*
 * sctp/sctp_chain.h - a list through the transmit ring, by index: each chunk that is not
 * acknowledged is in exactly one of two of them, that of what is in flight or that of what is lost.
 */
#ifndef FLOE_SCTP_SCTP_CHAIN_H
#define FLOE_SCTP_SCTP_CHAIN_H

#include "base/floe.h"
#include "sctp/sctp_arena.h"
#include "sctp/sctp_tx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_sctp_chain {
    uint16_t head, tail; /* FLOE_SCTP_NONE: it is empty */
} floe_sctp_chain;

/* Insert the entry at `at` behind `before`; NONE: at the front. */
void floe_sctp_chain_link(floe_sctp_chain *chain, floe_sctp_tx *ring, uint16_t before, uint16_t at);
void floe_sctp_chain_unlink(floe_sctp_chain *chain, floe_sctp_tx *ring, const floe_sctp_tx *tx);

#ifdef __cplusplus
}
#endif
#endif
