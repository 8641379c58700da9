/*
 * ice/ice_backup.c - which valid pairs are kept warm beside the one in use.
 *
 * What takes one path away often takes others with it: all that leave from one interface, all that
 * go to one address of the peer, all of one family. So each backup is the pair that has the least
 * in common with those chosen before it; priority decides only among equals.
 */
#include "ice/ice_agent_internal.h"

#if FLOE_ICE_BACKUP_MAX > 0

static bool is_relayed(const floe_ice_agent *agent, const floe_ice_pair *pair)
{
    return agent->local[pair->local].type == FLOE_ICE_RELAY ||
           agent->remote[pair->remote].type == FLOE_ICE_RELAY;
}

/* How little two pairs have in common: the interface counts for more than the peer's address, and
 * that for more than the family, or a relay on the way. */
static unsigned distance(const floe_ice_agent *agent, const floe_ice_pair *a,
                         const floe_ice_pair *b)
{
    bool is_of_other_kind =
        agent->local[a->local].addr.family != agent->local[b->local].addr.family ||
        is_relayed(agent, a) != is_relayed(agent, b);
    return 4u * (a->local != b->local) +
           2u *
               !floe_addr_ip_equal(&agent->remote[a->remote].addr, &agent->remote[b->remote].addr) +
           is_of_other_kind;
}

/* To the nearest of those chosen; 0 where it is one of them. */
static unsigned distance_to_all(const floe_ice_agent *agent, uint8_t index, const uint8_t *chosen,
                                size_t count)
{
    unsigned least = 8;
    for (size_t i = 0; i < count; i++) {
        unsigned d = chosen[i] == index ? 0
                                        : 1 + distance(agent, &agent->list.pair[chosen[i]],
                                                       &agent->list.pair[index]);
        least = d < least ? d : least;
    }
    return least;
}

/* The valid pairs that do not carry data. Most slots are free: what is asked for every packet walks
 * over them once. */
static size_t find_valid(const floe_ice_agent *agent, uint8_t valid[FLOE_ICE_PAIR_MAX])
{
    size_t count = 0;
    for (uint8_t i = 0; agent->path != FLOE_ICE_NONE && i < FLOE_ICE_PAIR_MAX; i++) {
        if (floe_ice_pair_is_valid(&agent->list.pair[i]) && i != agent->path) {
            valid[count++] = i;
        }
    }
    return count;
}

void floe_ice_backup_choose(const floe_ice_agent *agent, uint8_t chosen[FLOE_ICE_BACKUP_MAX + 1])
{
    uint8_t valid[FLOE_ICE_PAIR_MAX];
    size_t count = find_valid(agent, valid);
    chosen[0] = agent->path;
    for (size_t n = 1; n <= FLOE_ICE_BACKUP_MAX; n++) {
        unsigned farthest = 0;
        chosen[n] = chosen[0]; /* none */
        for (size_t i = 0; i < count; i++) {
            unsigned d = distance_to_all(agent, valid[i], chosen, n);
            uint64_t priority = agent->list.pair[valid[i]].priority;
            if (d > farthest ||
                (d > 0 && d == farthest && priority > agent->list.pair[chosen[n]].priority)) {
                farthest = d;
                chosen[n] = valid[i];
            }
        }
    }
}

void floe_ice_backup_asked(floe_ice_agent *agent, uint8_t index)
{
    floe_ice_pair *pair = &agent->list.pair[index];
    bool is_backup = index != agent->path && index != FLOE_ICE_OLD;
    bool is_fresh = agent->now - pair->consent_at < agent->consent_timeout_us / 2;
    floe_time next = floe_ice_agent_after(agent, (uint64_t)agent->consent_us * 6 / 5);
    if (is_backup && is_fresh && pair->keep_at < next) {
        pair->keep_at = next;
    }
}

#endif
