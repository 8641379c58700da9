/*
 * ice/ice_hidden.h - host candidates that the peer is told as names
 * (draft-ietf-mmusic-mdns-ice-candidates section 3.1.2.2).
 */
#ifndef FLOE_ICE_ICE_HIDDEN_H
#define FLOE_ICE_ICE_HIDDEN_H

#include "ice/ice_agent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The host candidate of this socket is hidden: a server-reflexive one with the same address, which
 * is public then, is not redundant with it, and is told. After floe_ice_agent_add_local(). */
void floe_ice_agent_hide_local(floe_ice_agent *agent, const floe_addr *addr);

#ifdef __cplusplus
}
#endif
#endif
