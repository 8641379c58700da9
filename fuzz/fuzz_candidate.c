/*
 * fuzz/fuzz_candidate.c - any bytes as an ICE candidate.
 *
 * Oracle: what parse accepts, written down, is accepted and means the same; written once more, it
 * is the same text.
 */
#include <string.h>

#include "base/addr.h"
#include "fuzz/harness.h"
#include "sdp/sdp_candidate.h"

static void check_limits(const floe_sdp_candidate *cand)
{
    require(cand->foundation.len >= 1 && cand->foundation.len <= 64);
    require(cand->component >= 1 && cand->component <= 256);
    require(cand->port != 0 && cand->host.len >= 1 && cand->host.len <= 253);
    require(cand->addr.family == 0 || cand->addr.port == cand->port);
    require(cand->type <= FLOE_SDP_CAND_RELAY && cand->tcptype <= FLOE_SDP_TCP_SO);
    require(cand->is_tcp == (cand->tcptype != FLOE_SDP_TCP_NONE));
    require(cand->related.family != 0 || cand->related.port == 0);
}

static void check_same(const floe_sdp_candidate *a, const floe_sdp_candidate *b)
{
    require(floe_bytes_equal(a->foundation, b->foundation) && a->component == b->component);
    require(a->is_tcp == b->is_tcp && a->priority == b->priority && a->port == b->port);
    require(floe_addr_equal(&a->addr, &b->addr) && a->type == b->type);
    require(a->addr.family != 0 || floe_bytes_equal(a->host, b->host));
    require(a->tcptype == b->tcptype && floe_bytes_equal(a->ufrag, b->ufrag));
    require(a->related.family == 0 || floe_addr_equal(&a->related, &b->related));
}

static floe_bytes write_again(const floe_sdp_candidate *cand, uint8_t *buf, size_t cap)
{
    floe_writer w = floe_writer_begin(buf, cap);
    floe_sdp_candidate_put(&w, cand);
    require(floe_writer_is_ok(&w));
    return floe_writer_view(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const floe_sdp_candidate zero;
    static uint8_t first[4096], second[4096];
    floe_sdp_candidate cand, again;
    floe_err err = floe_sdp_candidate_parse(&cand, (floe_bytes){data, size});
    if (err != FLOE_OK) {
        require(err == FLOE_E_MALFORMED || err == FLOE_E_UNSUPPORTED);
        require(memcmp(&cand, &zero, sizeof zero) == 0);
        return 0;
    }
    check_limits(&cand);
    (void)floe_sdp_candidate_is_mdns(&cand);
    floe_bytes text = write_again(&cand, first, sizeof first);
    require(floe_sdp_candidate_parse(&again, text) == FLOE_OK);
    check_same(&cand, &again);
    require(floe_bytes_equal(write_again(&again, second, sizeof second), text));
    return 0;
}
