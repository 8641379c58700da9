/*
 * peer/peer_name.c - candidates of the peer that are names in .local: kept until the program has
 * looked them up (draft-ietf-mmusic-mdns-ice-candidates).
 *
 * Browsers hide their host addresses so. Without an answer nothing is lost: the peer's own checks
 * reach us, and it becomes a peer-reflexive candidate.
 */
#include "base/addr.h"
#include "ice/ice_trace.h"
#include "peer/peer_internal.h"

static bool is_same(const floe_peer_name *a, const floe_peer_name *b)
{
    return a->ufrag_hash == b->ufrag_hash && a->cand.addr.port == b->cand.addr.port &&
           floe_mdns_name_equal(&a->name, &b->name);
}

bool floe_peer_keep_name(floe_peer *peer, const floe_sdp_candidate *sdp, floe_bytes ufrag)
{
    floe_peer_name fresh = {.ufrag_hash = floe_ice_hash(ufrag), .is_used = true};
    floe_sdp_candidate as_if = *sdp;
    as_if.addr = floe_addr_from_ipv4(192, 0, 2, 1, sdp->port); /* any: only the rest is read */
    if (peer->is_relayed_only || floe_mdns_name_parse(&fresh.name, sdp->host) != FLOE_OK ||
        floe_ice_cand_from_sdp(&fresh.cand, &as_if) != FLOE_OK) {
        return false;
    }
    floe_peer_name *slot = NULL;
    for (uint32_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
        floe_peer_name *kept = &peer->names[i];
        if (kept->is_used && is_same(kept, &fresh)) {
            return true;
        }
        slot = slot == NULL && !kept->is_used ? kept : slot;
    }
    if (slot == NULL) {
        return false;
    }
    *slot = fresh;
    floe_peer_trace(peer, FLOE_ICE_TRACE_REMOTE, (unsigned)(slot - peer->names), fresh.cand.type,
                    0);
    return true;
}

bool floe_peer_poll_name(floe_peer *peer, floe_peer_event *event)
{
    for (uint32_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
        floe_peer_name *kept = &peer->names[i];
        if (kept->is_used && !kept->is_asked) {
            kept->is_asked = true;
            event->type = FLOE_PEER_EV_RESOLVE;
            event->request = FLOE_ICE_SERVER_MAX + i;
            event->host = floe_bytes_of(floe_mdns_name_text(&kept->name, peer->name_text));
            return true;
        }
    }
    return false;
}

/* Does a name of this generation wait to be resolved? */
static bool is_waiting(const floe_peer *peer, uint32_t current)
{
    for (uint32_t i = 0; i < FLOE_PEER_NAME_MAX; i++) {
        if (peer->names[i].is_used && peer->names[i].ufrag_hash == current) {
            return true;
        }
    }
    return false;
}

void floe_peer_end_remote(floe_peer *peer, floe_bytes ufrag)
{
    peer->is_end_held = is_waiting(peer, floe_ice_hash(ufrag));
    if (!peer->is_end_held) {
        floe_ice_agent_end_remote(&peer->ice);
    }
}

void floe_peer_name_resolved(floe_peer *peer, uint32_t index, const floe_addr *addr)
{
    floe_sdp_webrtc desc;
    if (index >= FLOE_PEER_NAME_MAX || !peer->names[index].is_used) {
        return;
    }
    floe_peer_name *kept = &peer->names[index];
    floe_ice_cand cand = kept->cand;
    bool is_current = peer->has_remote_ice && floe_peer_read_mirror(peer, &desc) &&
                      floe_ice_hash(desc.ufrag) == kept->ufrag_hash;
    kept->is_used = false;
    cand.addr = *addr;
    cand.addr.port = kept->cand.addr.port;
    cand.is_hidden = true;
    bool is_added =
        is_current && addr->family != 0 && floe_ice_agent_add_remote(&peer->ice, &cand) == FLOE_OK;
    peer->stats.candidates_ignored += !is_added;
    floe_peer_trace(peer, FLOE_ICE_TRACE_REMOTE, index, -1,
                    addr->family == 0 ? FLOE_ICE_WHY_NAME : FLOE_ICE_WHY_NONE);
    if (is_current && peer->is_end_held) {
        floe_peer_end_remote(peer, desc.ufrag);
    }
}
