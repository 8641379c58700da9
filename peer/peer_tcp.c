/* peer/peer_tcp.c - candidates of TCP, and the connections to the peer (ice/ice_tcp.h). */
#include "peer/peer_internal.h"

floe_err floe_peer_add_local_tcp(floe_peer *peer, const floe_addr *addr, uint16_t preference,
                                 bool is_passive)
{
    if (peer->tcp.count == 0) {
        return FLOE_OK;
    }
    floe_err err = floe_ice_tcp_add_local(&peer->ice, addr, preference, is_passive);
    floe_peer_pump(peer);
    return err;
}

floe_err floe_peer_accepted(floe_peer *peer, const floe_path *path, uint32_t *request)
{
    if (peer->is_closed) {
        return FLOE_E_FULL;
    }
    uint32_t link = 0;
    floe_err err = floe_ice_tcp_accepted(&peer->tcp, path, &link);
    *request = FLOE_PEER_TCP_REQUEST + link;
    floe_peer_pump(peer);
    return err;
}

bool floe_peer_poll_tcp(floe_peer *peer, floe_peer_event *event)
{
    floe_ice_tcp_event tcp;
    if (!floe_ice_tcp_poll_event(&peer->tcp, &tcp)) {
        return false;
    }
    event->type = tcp.is_connect ? FLOE_PEER_EV_CONNECT : FLOE_PEER_EV_DISCONNECT;
    event->request = FLOE_PEER_TCP_REQUEST + tcp.link;
    event->path = tcp.path;
    return true;
}
