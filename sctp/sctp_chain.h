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
static inline void floe_sctp_chain_link(floe_sctp_chain *chain, floe_sctp_tx *ring, uint16_t before,
                                        uint16_t at)
{
    floe_sctp_tx *tx = &ring[at];
    tx->chain_prev = before;
    tx->chain_next = before == FLOE_SCTP_NONE ? chain->head : ring[before].chain_next;
    *(before == FLOE_SCTP_NONE ? &chain->head : &ring[before].chain_next) = at;
    *(tx->chain_next == FLOE_SCTP_NONE ? &chain->tail : &ring[tx->chain_next].chain_prev) = at;
}

static inline void floe_sctp_chain_unlink(floe_sctp_chain *chain, floe_sctp_tx *ring,
                                          const floe_sctp_tx *tx)
{
    *(tx->chain_prev == FLOE_SCTP_NONE ? &chain->head : &ring[tx->chain_prev].chain_next) =
        tx->chain_next;
    *(tx->chain_next == FLOE_SCTP_NONE ? &chain->tail : &ring[tx->chain_next].chain_prev) =
        tx->chain_prev;
}

#ifdef __cplusplus
}
#endif
#endif
