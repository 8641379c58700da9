/*
 * peer/peer_server.c - STUN and TURN servers: their names, and the connections to them, which the
 * program looks up and opens on request.
 */
#include "base/addr.h"
#include "peer/peer_internal.h"
#include "stun/stun_uri.h"

static floe_err refuse(const char **why, const char *text, floe_err err)
{
    if (why != NULL) {
        *why = text;
    }
    return err;
}

static floe_err add_turn(floe_peer *peer, const floe_ice_relay_server *server, uint32_t *index,
                         const char **why)
{
    if (peer->relays.max == 0) {
        return refuse(why, "no memory for relays was given", FLOE_E_UNSUPPORTED);
    }
    if (server->username.len == 0 || server->password.len == 0) {
        return refuse(why, "a turn server needs username and credential", FLOE_E_MALFORMED);
    }
    floe_err err = floe_ice_relays_add_server(&peer->relays, server, index);
    if (err == FLOE_E_FULL) {
        return refuse(why, "more addresses of turn servers than there is memory for", err);
    }
    return err == FLOE_OK ? err : refuse(why, "username or credential is too long", FLOE_E_TOO_BIG);
}

static floe_err add_stun(floe_peer *peer, const floe_stun_uri *uri, const floe_addr *addr,
                         uint32_t *index, const char **why)
{
    if (uri->transport != FLOE_UDP) {
        return refuse(why, "stuns: gives no candidate; use stun:, or turns: for a relay",
                      FLOE_E_UNSUPPORTED);
    }
    return floe_ice_agent_add_server(&peer->ice, addr, index);
}

floe_err floe_peer_add_server(floe_peer *peer, floe_bytes url, floe_bytes username,
                              floe_bytes credential, const char **why)
{
    floe_stun_uri uri;
    const char *fault = "";
    if (floe_stun_uri_parse(&uri, url, &fault) != FLOE_OK) {
        return refuse(why, fault, FLOE_E_MALFORMED);
    }
    if (peer->is_lite) {
        return refuse(why, "a lite agent has no candidates of servers", FLOE_E_UNSUPPORTED);
    }
    if (uri.is_turn && peer->is_unrelayed) {
        return FLOE_OK; /* a filter leaves relays out: nobody is asked */
    }
    if (peer->server_count >= FLOE_ICE_SERVER_MAX) {
        return refuse(why, "more servers than FLOE_ICE_SERVER_MAX", FLOE_E_FULL);
    }
    floe_ice_relay_server turn = {{{0}, 0, 0, 0}, uri.host, username, credential, uri.transport};
    bool is_literal = floe_addr_parse(&turn.addr, uri.host, uri.port) == FLOE_OK;
    uint32_t index;
    floe_err err = uri.is_turn ? add_turn(peer, &turn, &index, why)
                               : add_stun(peer, &uri, &turn.addr, &index, why);
    if (err == FLOE_OK) {
        peer->servers[peer->server_count++] = (floe_peer_server){
            .host = uri.host,
            .index = index,
            .port = uri.port,
            .is_turn = uri.is_turn,
            .is_asked = is_literal,
        };
    }
    return err;
}

void floe_peer_resolved(floe_peer *peer, uint32_t request, const floe_addr *addr)
{
    if (request >= FLOE_ICE_SERVER_MAX) {
        floe_peer_name_resolved(peer, request - FLOE_ICE_SERVER_MAX, addr);
        floe_peer_pump(peer);
        return;
    }
    if (request >= peer->server_count) {
        return;
    }
    const floe_peer_server *server = &peer->servers[request];
    floe_addr full = *addr;
    full.port = server->port;
    /* ARG: an address that nobody can be asked at; the others may do. */
    if (server->is_turn) {
        (void)!floe_ice_relays_set_server_addr(&peer->relays, server->index, &full);
    } else {
        (void)!floe_ice_agent_set_server_addr(&peer->ice, server->index, &full);
    }
    floe_peer_pump(peer);
}

void floe_peer_connected(floe_peer *peer, uint32_t request, const floe_addr *local)
{
    if (request >= FLOE_PEER_TCP_REQUEST) {
        floe_ice_tcp_connected(&peer->tcp, request - FLOE_PEER_TCP_REQUEST);
    } else {
        floe_ice_relays_connected(&peer->relays, request, local);
    }
    floe_peer_pump(peer);
}

void floe_peer_disconnected(floe_peer *peer, uint32_t request)
{
    if (request >= FLOE_PEER_TCP_REQUEST) {
        floe_ice_tcp_disconnected(&peer->tcp, request - FLOE_PEER_TCP_REQUEST);
    } else {
        floe_ice_relays_disconnected(&peer->relays, request);
    }
    floe_peer_pump(peer);
}

static bool poll_connection(floe_peer *peer, floe_peer_event *event)
{
    floe_ice_relays_event relay;
    if (!floe_ice_relays_poll_event(&peer->relays, &relay)) {
        return false;
    }
    event->type =
        relay.type == FLOE_ICE_RELAYS_EV_CONNECT ? FLOE_PEER_EV_CONNECT : FLOE_PEER_EV_DISCONNECT;
    event->request = relay.relay;
    event->path = relay.path;
    event->host = relay.host;
    return true;
}

bool floe_peer_poll_server(floe_peer *peer, floe_peer_event *event)
{
    for (uint32_t i = 0; i < peer->server_count; i++) {
        floe_peer_server *server = &peer->servers[i];
        if (!server->is_asked) {
            server->is_asked = true;
            event->type = FLOE_PEER_EV_RESOLVE;
            event->request = i;
            event->host = server->host;
            return true;
        }
    }
    return poll_connection(peer, event) || floe_peer_poll_tcp(peer, event) ||
           floe_peer_poll_name(peer, event);
}

bool floe_peer_get_relay(const floe_peer *peer, uint32_t relay, floe_ice_relay_stats *stats)
{
    return floe_ice_relays_get_stats(&peer->relays, relay, stats);
}
