/* ice/ice_hidden.c - see ice/ice_hidden.h. */
#include "ice/ice_hidden.h"

#include "ice/ice_agent_internal.h"

void floe_ice_agent_hide_local(floe_ice_agent *agent, const floe_addr *addr)
{
    uint8_t index = floe_ice_table_find_base(agent, addr, FLOE_UDP);
    if (index != FLOE_ICE_NONE) {
        agent->local[index].is_hidden = true;
    }
}
