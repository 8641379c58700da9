/*
 * io/ip_handling.h - the modes of RFC 8828 section 5.2: which addresses of this machine a peer may
 * learn of.
 *
 * Pure. Does not know: the system (io/interfaces.h asks it, and finds the default route anew when
 * the network changes), sockets.
 */
#ifndef FLOE_IO_IP_HANDLING_H
#define FLOE_IO_IP_HANDLING_H

#include "ice/ice_agent.h"
#include "io/interfaces.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_ip_handling {
    FLOE_IP_ALL,     /* mode 1: every interface. For programs that their user has started */
    FLOE_IP_PRIVATE, /* mode 2: the default route only; its address is told, private or not */
    FLOE_IP_PUBLIC,  /* mode 3: likewise, but no private address is told, only what STUN and TURN
                      * servers see. Peers in one network meet through their NAT, or not at all */
    FLOE_IP_RELAY    /* as mode 4, with a relay where a browser has a proxy: nothing else is told */
} floe_ip_handling;

/* Keep the interfaces that the mode knows. Returns how many there are. */
size_t floe_ip_handling_choose(floe_ip_handling mode, floe_interface *list, size_t count,
                               bool use_loopback);
/* Set what the mode wants of ICE. ARG: PUBLIC is a filter, and there are
 * others, or none in this build. */
FLOE_MUST_USE floe_err floe_ip_handling_apply(floe_ip_handling mode, floe_ice_config *config);

#ifdef __cplusplus
}
#endif
#endif
