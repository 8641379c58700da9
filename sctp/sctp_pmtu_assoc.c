/*
 * sctp/sctp_pmtu_assoc.c - the search for the path's packet size, in an association: probes of
 * HEARTBEAT and PAD, their answers, black holes (RFC 8899 section 6.2; RFC 4820).
 *
 * A larger packet has more DATA chunks, not larger ones: a chunk with a TSN can't be cut again
 * (RFC 9260 section 6.9), so none is ever larger than the base size carries. When a path turns out
 * to carry less, all that was sent fits into the smaller packets, and nothing depends on fragments
 * of IP getting through.
 */
#include "sctp/sctp_internal.h"

#if FLOE_SCTP_PMTUD

#include <string.h>

#define NONCE_SIZE sizeof(((floe_sctp_assoc *)0)->pmtu_nonce)

/* Something has happened to the search. */
static void follow(floe_sctp_assoc *a)
{
    uint64_t wait = floe_sctp_pmtu_wait(&a->pmtu, a->rto.rto_us);
    a->cc.mtu = a->pmtu.size - FLOE_SCTP_HEADER_SIZE;
    floe_sctp_timers_stop(&a->timers, FLOE_SCTP_TIMER_PMTU);
    if (wait > 0) {
        floe_sctp_set_timer(a, FLOE_SCTP_TIMER_PMTU, wait);
    }
}

void floe_sctp_pmtu_start(floe_sctp_assoc *a)
{
    floe_sctp_pmtu_begin(&a->pmtu, a->config.packet_usual, a->config.packet_limit);
    follow(a);
}

void floe_sctp_assoc_set_packet_limit(floe_sctp_assoc *a, uint16_t usual, uint16_t limit)
{
    bool is_other = usual != a->config.packet_usual || limit != a->config.packet_limit;
    a->config.packet_usual = usual;
    a->config.packet_limit = limit;
    if (is_other && floe_sctp_is_open(a)) {
        floe_sctp_pmtu_start(a);
    }
}

size_t floe_sctp_assoc_get_packet_max(const floe_sctp_assoc *a)
{
    bool is_due = a->pmtu.is_due && a->state == FLOE_SCTP_ESTABLISHED;
    return is_due && a->pmtu.probe > a->pmtu.size ? a->pmtu.probe : a->pmtu.size;
}

void floe_sctp_pmtu_timeout(floe_sctp_assoc *a)
{
    floe_sctp_pmtu_on_timeout(&a->pmtu);
    follow(a);
}

/* RFC 8899 §4.3: a chunk that was lost twice, at the head of what is lost, was in full packets that
 * nobody got, as far as one can tell. */
void floe_sctp_pmtu_look_for_hole(floe_sctp_assoc *a)
{
    uint32_t tsn;
    if (a->pmtu.size <= a->pmtu.base) {
        return;
    }
    const floe_sctp_tx *tx = floe_sctp_outstanding_lost(&a->outstanding, &tsn);
    if (tx != NULL && tx->sends >= 2) {
        floe_sctp_pmtu_on_black_hole(&a->pmtu);
        follow(a);
    }
}

/* RFC 8899 §4.3: who sends nothing twice has to ask. */
void floe_sctp_pmtu_doubt(floe_sctp_assoc *a)
{
    if (floe_sctp_pmtu_on_doubt(&a->pmtu)) {
        follow(a);
    }
}

/* RFC 8899 §6.2.1.2: HEARTBEAT, to be answered, and PAD to fill it up. Its loss says nothing about
 * congestion: it has no TSN. */
bool floe_sctp_pmtu_put(floe_sctp_assoc *a, floe_writer *w, size_t cap)
{
    uint8_t info[NONCE_SIZE + 4];
    if (a->state != FLOE_SCTP_ESTABLISHED || cap < a->pmtu.probe) {
        return false;
    }
    w->cap = cap;
    a->config.rand.fill(a->config.rand.ctx, a->pmtu_nonce, NONCE_SIZE);
    memcpy(info, a->pmtu_nonce, NONCE_SIZE);
    floe_store_u32(info + NONCE_SIZE, a->pmtu.probe);
    floe_sctp_packet_begin(w, a->config.local_port, a->config.remote_port, a->peer_tag);
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_HEARTBEAT, 0);
    floe_sctp_param_put(w, FLOE_SCTP_PARAM_HEARTBEAT_INFO, (floe_bytes){info, sizeof info});
    floe_sctp_chunk_end(w, begin);
    begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_PAD, 0);
    floe_writer_put_zeros(w, a->pmtu.probe - w->len);
    floe_sctp_chunk_end(w, begin);
    floe_sctp_pmtu_on_sent(&a->pmtu);
    follow(a);
    a->stats.pmtu_probes++;
    return true;
}

bool floe_sctp_pmtu_take_answer(floe_sctp_assoc *a, floe_bytes info)
{
    if (info.len != NONCE_SIZE + 4) {
        return false; /* of a HEARTBEAT of another kind */
    }
    if (a->pmtu.is_out && memcmp(info.ptr, a->pmtu_nonce, NONCE_SIZE) == 0) {
        floe_sctp_pmtu_on_answer(&a->pmtu);
        follow(a);
    }
    return true;
}

#else

void floe_sctp_assoc_set_packet_limit(floe_sctp_assoc *a, uint16_t usual, uint16_t limit)
{
    (void)a;
    (void)usual;
    (void)limit;
}

size_t floe_sctp_assoc_get_packet_max(const floe_sctp_assoc *a)
{
    return a->config.packet_max;
}

#endif
