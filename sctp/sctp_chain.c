/* sctp/sctp_chain.c - see sctp/sctp_chain.h. */
#include "sctp/sctp_chain.h"

void floe_sctp_chain_link(floe_sctp_chain *chain, floe_sctp_tx *ring, uint16_t before, uint16_t at)
{
    floe_sctp_tx *tx = &ring[at];
    tx->chain_prev = before;
    tx->chain_next = before == FLOE_SCTP_NONE ? chain->head : ring[before].chain_next;
    *(before == FLOE_SCTP_NONE ? &chain->head : &ring[before].chain_next) = at;
    *(tx->chain_next == FLOE_SCTP_NONE ? &chain->tail : &ring[tx->chain_next].chain_prev) = at;
}

void floe_sctp_chain_unlink(floe_sctp_chain *chain, floe_sctp_tx *ring, const floe_sctp_tx *tx)
{
    *(tx->chain_prev == FLOE_SCTP_NONE ? &chain->head : &ring[tx->chain_prev].chain_next) =
        tx->chain_next;
    *(tx->chain_next == FLOE_SCTP_NONE ? &chain->tail : &ring[tx->chain_next].chain_prev) =
        tx->chain_prev;
}
