/*
 * ice/ice_lite_internal.h - what the parts of the agent ask of ice_lite.c; nothing of it without
 * FLOE_ICE_LITE. Private to ice/.
 */
#ifndef FLOE_ICE_ICE_LITE_INTERNAL_H
#define FLOE_ICE_ICE_LITE_INTERNAL_H

#include "base/floe_config.h"
#include "ice/ice_agent.h"

#if FLOE_ICE_LITE
/* A check of the peer came on this pair, and is answered. */
void floe_ice_lite_follow(floe_ice_agent *agent, uint8_t index, bool use_candidate, uint32_t move);
/* Two candidates that a full agent would pair. */
void floe_ice_lite_pair(floe_ice_agent *agent, uint8_t local, uint8_t remote);
/* Between two lite agents: 8 for a pair on which the peer was heard, which counts most. */
unsigned floe_ice_lite_merit(const floe_ice_agent *agent, uint8_t index);
/* Between two lite agents: does data go where nothing was heard? */
bool floe_ice_lite_is_blind(const floe_ice_agent *agent);
#else
static inline void floe_ice_lite_follow(floe_ice_agent *agent, uint8_t index, bool use_candidate,
                                        uint32_t move)
{
    (void)agent, (void)index, (void)use_candidate, (void)move;
}

static inline void floe_ice_lite_pair(floe_ice_agent *agent, uint8_t local, uint8_t remote)
{
    (void)agent, (void)local, (void)remote;
}

static inline unsigned floe_ice_lite_merit(const floe_ice_agent *agent, uint8_t index)
{
    (void)agent, (void)index;
    return 0;
}

static inline bool floe_ice_lite_is_blind(const floe_ice_agent *agent)
{
    (void)agent;
    return false;
}
#endif

#endif
