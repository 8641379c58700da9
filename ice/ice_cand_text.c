/*
 * ice/ice_cand_text.c - candidates from and to text, see ice/ice_cand.h: for who signals them as
 * text.
 */
#include "ice/ice_cand.h"

#include <string.h>

#include "base/assert.h"

/* The two enumerations are one. */
_Static_assert((int)FLOE_SDP_CAND_HOST == FLOE_ICE_HOST &&
                   (int)FLOE_SDP_CAND_SRFLX == FLOE_ICE_SRFLX &&
                   (int)FLOE_SDP_CAND_PRFLX == FLOE_ICE_PRFLX &&
                   (int)FLOE_SDP_CAND_RELAY == FLOE_ICE_RELAY,
               "types are copied between them");

floe_err floe_ice_cand_from_sdp(floe_ice_cand *cand, const floe_sdp_candidate *sdp)
{
    memset(cand, 0, sizeof *cand);
    floe_addr addr = sdp->addr;
    addr.port = sdp->port;
    /* RFC 6544 §4.5: port 9 stands for none; nobody listens there for us. */
    bool is_nowhere = sdp->tcptype == FLOE_SDP_TCP_PASSIVE && sdp->port == FLOE_ICE_TCP_NO_PORT;
    if (sdp->tcptype == FLOE_SDP_TCP_SO || is_nowhere || sdp->component != 1 ||
        sdp->type > FLOE_SDP_CAND_RELAY || !floe_ice_addr_is_usable(&addr)) {
        return FLOE_E_UNSUPPORTED;
    }
    cand->addr = addr;
    cand->base = sdp->related;
    cand->priority = sdp->priority;
    cand->foundation = floe_ice_hash(sdp->foundation);
    cand->type = sdp->type;
    cand->transport = sdp->is_tcp ? FLOE_TCP : FLOE_UDP;
    cand->tcptype = sdp->tcptype;
    return FLOE_OK;
}

void floe_ice_cand_put(floe_writer *w, const floe_ice_cand *cand, uint16_t cost, floe_bytes ufrag,
                       floe_bytes name)
{
    uint8_t digits[10];
    floe_writer foundation = floe_writer_begin(digits, sizeof digits);
    floe_writer_put_decimal(&foundation, cand->foundation);
    FLOE_ASSERT(cand->type <= FLOE_ICE_RELAY);
    floe_sdp_candidate sdp = {
        .foundation = floe_writer_view(&foundation),
        .component = 1,
        .is_tcp = cand->transport == FLOE_TCP,
        .tcptype = cand->tcptype,
        .priority = cand->priority,
        .host = name,
        .type = cand->type,
        .port = cand->addr.port,
        .ufrag = ufrag,
        .network_cost = cost,
    };
    if (name.len == 0) {
        sdp.addr = cand->addr;
    }
    if (cand->type != FLOE_ICE_HOST) {
        sdp.related = cand->base;
    }
    floe_sdp_candidate_put(w, &sdp);
}

const char *floe_ice_type_name(floe_ice_type type)
{
    static const char *const names[] = {[FLOE_ICE_HOST] = "host",
                                        [FLOE_ICE_SRFLX] = "srflx",
                                        [FLOE_ICE_PRFLX] = "prflx",
                                        [FLOE_ICE_RELAY] = "relay"};
    return type <= FLOE_ICE_RELAY ? names[type] : "?";
}
