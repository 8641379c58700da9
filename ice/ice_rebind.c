/*
 * ice/ice_rebind.c - a NAT that forgets a mapping in mid-session, or gives another one: it was
 * restarted, its table is full, its line has a new address.
 *
 * Then data comes to the peer from an address that it does not know, and is dropped there; what the
 * peer sends to the old one ends at the NAT. Only a check repairs that, since it shows the new
 * address with our signature on it, and the next consent check may be six seconds away. So who had
 * data and suddenly hears nothing asks at once; and who sees the peer come by another port, while
 * the old one does not answer, follows it there. RFC 7675 section 5.1 is about checks that keep
 * consent alive: this one comes besides, one for each time that data stops.
 */
#include "base/addr.h"
#include "ice/ice_agent_internal.h"

#if FLOE_ICE_REBIND

#define PAUSE_US FLOE_SECOND /* less is common between two messages */

bool floe_ice_rebind_is_suspected(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    return floe_ice_pair_is(pair, FLOE_ICE_PAIR_BUSY) && agent->now - pair->heard_at >= PAUSE_US;
}

static bool is_unanswered(const floe_ice_pair *pair)
{
    return floe_ice_pair_is(pair, FLOE_ICE_PAIR_PENDING) && pair->heard_at < pair->txn.sent_at;
}

static bool has_moved(const floe_ice_agent *agent, uint8_t from, uint8_t to)
{
    const floe_ice_pair *old = &agent->list.pair[from];
    const floe_ice_pair *pair = &agent->list.pair[to];
    return is_unanswered(old) && agent->now - old->txn.sent_at >= agent->rto_us &&
           pair->heard_at > old->heard_at &&
           floe_addr_ip_equal(&agent->remote[old->remote].addr, &agent->remote[pair->remote].addr);
}

int floe_ice_rebind_compare(const floe_ice_agent *agent, uint8_t a, uint8_t b)
{
    return has_moved(agent, b, a) - has_moved(agent, a, b);
}

floe_time floe_ice_rebind_deadline(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    if (floe_ice_pair_is(pair, FLOE_ICE_PAIR_BUSY)) {
        return floe_time_after(pair->heard_at, PAUSE_US);
    }
    floe_time at = floe_time_after(pair->txn.sent_at, agent->rto_us);
    return is_unanswered(pair) && at > agent->now ? at : FLOE_TIME_NEVER;
}

#endif
