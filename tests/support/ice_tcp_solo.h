/*
 * support/ice_tcp_solo.h - the agent of support/ice_solo.h with ICE-TCP, and the test in the place
 * of its sockets and of the peer.
 *
 * One address, 192.0.2.1, with an active candidate and a passive one at port 7000. The peer listens
 * at 192.0.2.200:8000.
 */
#ifndef FLOE_SUPPORT_ICE_TCP_SOLO_H
#define FLOE_SUPPORT_ICE_TCP_SOLO_H

#include "ice/ice_tcp.h"
#include "support/ice_solo.h"

#define ICE_TCP_LINKS 8u

typedef struct ice_tcp_solo {
    ice_solo solo;
    floe_ice_tcp tcp;
    floe_ice_tcp_link memory[ICE_TCP_LINKS];
    floe_ice_tcp_event event; /* the last one */
} ice_tcp_solo;

/* With the peer's credentials, and none of its candidates. */
void ice_tcp_solo_init(ice_tcp_solo *t, floe_ice_role role);
/* The peer listens there, or at another port. */
floe_path ice_tcp_solo_add_remote(ice_tcp_solo *t, uint16_t port);
/* _sync(), and what holds after it. */
void ice_tcp_solo_sync(ice_tcp_solo *t);
void ice_tcp_solo_advance(ice_tcp_solo *t, floe_time delta);
/* _sync() and the next event; false: none. */
bool ice_tcp_solo_poll(ice_tcp_solo *t);
/* The time passes that UDP has before; the next event is EV_CONNECT; and it stands. */
floe_path ice_tcp_solo_connect(ice_tcp_solo *t, uint16_t port);
/* Somebody connects to the passive candidate from this port. */
floe_path ice_tcp_solo_accept(ice_tcp_solo *t, uint16_t port, uint32_t *link);
/* The next packet is a check on this path, and answered. */
void ice_tcp_solo_answer(ice_tcp_solo *t, const floe_path *path);

#endif
