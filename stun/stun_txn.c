/* stun/stun_txn.c - see stun/stun_txn.h. */
#include "stun/stun_txn.h"

#include <string.h>

#include "base/assert.h"

_Static_assert(FLOE_STUN_RC < 8, "three bits");

/* RFC 8489 §6.2.2: how long to wait over TCP or TLS; the same as all the sends over UDP take. */
#define TI_US UINT32_C(39500000)

static void begin(floe_stun_txn *txn, const floe_rand *rand, uint32_t rto_us, uint8_t sends_max,
                  floe_time now)
{
    uint32_t rto = rto_us < FLOE_STUN_TXN_RTO_MAX_US ? rto_us : FLOE_STUN_TXN_RTO_MAX_US;
    *txn = (floe_stun_txn){
        .next_at = now, .rto_us = rto & FLOE_STUN_TXN_RTO_MAX_US, .sends_max = sends_max & 7u};
    /* RFC 8489 §5: uniform over 96 bits, and cryptographically random. */
    rand->fill(rand->ctx, txn->tid, sizeof txn->tid);
}

void floe_stun_txn_begin(floe_stun_txn *txn, const floe_rand *rand, uint32_t rto_us, floe_time now)
{
    begin(txn, rand, rto_us != 0 ? rto_us : FLOE_STUN_RTO_US, FLOE_STUN_RC, now);
}

void floe_stun_txn_begin_reliable(floe_stun_txn *txn, const floe_rand *rand, floe_time now)
{
    /* One send, then Rm times this. */
    begin(txn, rand, TI_US / FLOE_STUN_RM, 1, now);
}

floe_stun_txn_verdict floe_stun_txn_check(const floe_stun_txn *txn, floe_time now)
{
    if (now < txn->next_at) {
        return FLOE_STUN_TXN_WAIT;
    }
    return txn->sends < txn->sends_max ? FLOE_STUN_TXN_SEND : FLOE_STUN_TXN_TIMEOUT;
}

void floe_stun_txn_sent(floe_stun_txn *txn, floe_time now)
{
    FLOE_ASSERT(txn->sends < txn->sends_max);
    if (txn->sends == 0) {
        txn->sent_at = now;
    }
    txn->sends = (txn->sends + 1u) & 7u;
    /* RFC 8489 §6.2.1: wait one RTO, then twice as long each time; after the last send, Rm RTOs. */
    uint64_t wait = txn->sends < txn->sends_max ? (uint64_t)txn->rto_us << (txn->sends - 1)
                                                : (uint64_t)txn->rto_us * FLOE_STUN_RM;
    txn->next_at = floe_time_after(now, wait);
}

floe_time floe_stun_txn_deadline(const floe_stun_txn *txn)
{
    return txn->next_at;
}

bool floe_stun_txn_is_match(const floe_stun_txn *txn, const floe_stun_msg *msg)
{
    FLOE_ASSERT(msg->tid != NULL);
    return memcmp(txn->tid, msg->tid, sizeof txn->tid) == 0;
}

uint32_t floe_stun_txn_rtt_us(const floe_stun_txn *txn, floe_time now)
{
    /* RFC 8489 §6.2.1 (Karn): an answer after a second send could belong to either. */
    if (txn->sends != 1) {
        return 0;
    }
    FLOE_ASSERT(now >= txn->sent_at);
    uint64_t rtt = now - txn->sent_at;
    return rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;
}
