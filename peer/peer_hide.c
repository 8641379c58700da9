/*
 * peer/peer_hide.c - addresses of ours that are told as names
 * (draft-ietf-mmusic-mdns-ice-candidates sections 3.1 and 3.3).
 *
 * The agent knows the addresses; everything that leaves for the peer or for statistics goes through
 * floe_peer_hide_cand().
 */
#include <string.h>

#include "base/addr.h"
#include "peer/peer_internal.h"

static floe_peer_hidden *find(const floe_peer *peer, const floe_addr *addr)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if (peer->hidden[i].addr.family != 0 && floe_addr_ip_equal(&peer->hidden[i].addr, addr)) {
            return (floe_peer_hidden *)&peer->hidden[i];
        }
    }
    return NULL;
}

/* NULL: all are in use. */
static floe_peer_hidden *find_free(floe_peer *peer)
{
    floe_peer_hidden *gone = NULL;
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if (peer->hidden[i].addr.family == 0) {
            return &peer->hidden[i];
        }
        gone = peer->hidden[i].is_gone ? &peer->hidden[i] : gone;
    }
    return gone;
}

floe_err floe_peer_hide_local(floe_peer *peer, const floe_addr *addr, floe_bytes name)
{
    floe_peer_hidden fresh = {.addr = *addr};
    if (floe_mdns_name_parse(&fresh.name, name) != FLOE_OK) {
        return FLOE_E_MALFORMED;
    }
    floe_peer_hidden *slot = find(peer, addr);
    slot = slot != NULL ? slot : find_free(peer);
    if (slot == NULL) {
        return FLOE_E_FULL;
    }
    *slot = fresh;
    peer->is_hiding = true;
    return FLOE_OK;
}

bool floe_peer_show_local(floe_peer *peer, const floe_addr *addr)
{
    floe_peer_hidden *slot = find(peer, addr);
    if (slot == NULL || slot->is_gone) {
        return false;
    }
    slot->is_gone = true;
    return true;
}

void floe_peer_forget_hidden(floe_peer *peer, const floe_addr *addr)
{
    floe_peer_hidden *slot = find(peer, addr);
    if (slot != NULL && slot->is_gone) {
        *slot = (floe_peer_hidden){.is_gone = false};
    }
}

bool floe_peer_next_hidden(const floe_peer *peer, size_t *cursor, floe_addr *addr)
{
    while (*cursor < FLOE_MDNS_NAME_MAX) {
        const floe_peer_hidden *slot = &peer->hidden[(*cursor)++];
        if (slot->addr.family != 0 && !slot->is_gone) {
            *addr = slot->addr;
            return true;
        }
    }
    return false;
}

const floe_mdns_name *floe_peer_hide_cand(const floe_peer *peer, floe_ice_cand *cand)
{
    if (!peer->is_hiding) {
        return NULL;
    }
    /* Draft §3.1.2.2: an address that a server sees is public, also where it is that of the socket;
     * what a check reveals is known to the peer, but not to who reads statistics. */
    const floe_peer_hidden *slot = cand->type == FLOE_ICE_SRFLX ? NULL : find(peer, &cand->addr);
    memset(&cand->base, 0, sizeof cand->base);
    if (slot == NULL) {
        return NULL;
    }
    memset(cand->addr.ip, 0, sizeof cand->addr.ip);
    return &slot->name;
}
