/* ice/ice_checklist.c - see ice/ice_checklist.h. */
#include "ice/ice_checklist.h"

#include "base/assert.h"
#include "ice/ice_trace_internal.h"

_Static_assert(FLOE_ICE_PAIR_MAX >= 1 && FLOE_ICE_PAIR_MAX < FLOE_ICE_NONE, "uint8_t indices");

uint8_t floe_ice_checklist_find(const floe_ice_checklist *list, uint8_t local, uint8_t remote)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &list->pair[i];
        if (pair->state != FLOE_ICE_PAIR_FREE && pair->local == local && pair->remote == remote) {
            return i;
        }
    }
    return FLOE_ICE_NONE;
}

/* Pairs that carry data, are being checked, or that the peer uses, are never thrown out. */
static bool is_replaceable(const floe_ice_pair *pair, uint64_t priority)
{
    if (floe_ice_pair_is(pair,
                         FLOE_ICE_PAIR_ANSWERED | FLOE_ICE_PAIR_TRIGGERED | FLOE_ICE_PAIR_DEAD)) {
        return false;
    }
    bool is_idle = pair->state == FLOE_ICE_PAIR_FROZEN || pair->state == FLOE_ICE_PAIR_WAITING;
    return pair->state == FLOE_ICE_PAIR_FAILED || (is_idle && pair->priority < priority);
}

/* RFC 8445 §6.1.2.5, RFC 8838 §12: failed pairs go first, then those of lowest priority. */
static uint8_t find_room(const floe_ice_checklist *list, uint64_t priority)
{
    uint8_t best = FLOE_ICE_NONE;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &list->pair[i];
        if (pair->state == FLOE_ICE_PAIR_FREE) {
            return i;
        }
        if (!is_replaceable(pair, priority)) {
            continue;
        }
        bool is_failed = pair->state == FLOE_ICE_PAIR_FAILED;
        bool best_failed = best != FLOE_ICE_NONE && list->pair[best].state == FLOE_ICE_PAIR_FAILED;
        if (best == FLOE_ICE_NONE || (is_failed && !best_failed) ||
            (is_failed == best_failed && pair->priority < list->pair[best].priority)) {
            best = i;
        }
    }
    return best;
}

uint8_t floe_ice_checklist_add(floe_ice_checklist *list, const floe_ice_pair *pair)
{
    FLOE_ASSERT(floe_ice_checklist_find(list, pair->local, pair->remote) == FLOE_ICE_NONE);
    uint8_t index = find_room(list, pair->priority);
    if (index != FLOE_ICE_NONE) {
        list->pair[index] = *pair;
        list->pair[index].state = FLOE_ICE_PAIR_FROZEN;
        floe_ice_pair_because(&list->pair[index], FLOE_ICE_WHY_FOUNDATION);
    }
    return index;
}

void floe_ice_checklist_trickle(floe_ice_checklist *list, uint8_t index)
{
    floe_ice_pair *fresh = &list->pair[index];
    bool is_top = true;
    bool has_success = false;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &list->pair[i];
        if (i == index || pair->state == FLOE_ICE_PAIR_FREE ||
            pair->foundation != fresh->foundation) {
            continue;
        }
        is_top = is_top && pair->priority < fresh->priority;
        has_success = has_success || pair->state == FLOE_ICE_PAIR_SUCCEEDED;
    }
    /* RFC 8838 §12: the best of its foundation, and one whose foundation has succeeded, wait for
     * their check; any other is frozen. */
    if (is_top || has_success) {
        fresh->state = FLOE_ICE_PAIR_WAITING;
        floe_ice_pair_because(fresh, FLOE_ICE_WHY_FIRST);
    }
}

/* Does another pair of the foundation go first, or is one being checked? */
static bool is_blocked(const floe_ice_checklist *list, uint8_t index)
{
    const floe_ice_pair *frozen = &list->pair[index];
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &list->pair[i];
        if (i == index || pair->foundation != frozen->foundation) {
            continue;
        }
        if (pair->state == FLOE_ICE_PAIR_WAITING || pair->state == FLOE_ICE_PAIR_IN_PROGRESS) {
            return true;
        }
        if (pair->state == FLOE_ICE_PAIR_FROZEN &&
            (pair->priority > frozen->priority ||
             (pair->priority == frozen->priority && i < index))) {
            return true;
        }
    }
    return false;
}

/* The next pair to unfreeze, or FLOE_ICE_NONE. */
static uint8_t find_thawing(const floe_ice_checklist *list)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        if (list->pair[i].state == FLOE_ICE_PAIR_FROZEN && !is_blocked(list, i)) {
            return i;
        }
    }
    return FLOE_ICE_NONE;
}

bool floe_ice_checklist_is_thawed(const floe_ice_checklist *list)
{
    return floe_ice_checklist_next(list) != FLOE_ICE_NONE || find_thawing(list) == FLOE_ICE_NONE;
}

void floe_ice_checklist_thaw(floe_ice_checklist *list)
{
    if (floe_ice_checklist_is_thawed(list)) {
        return;
    }
    for (uint8_t i = find_thawing(list); i != FLOE_ICE_NONE; i = find_thawing(list)) {
        list->pair[i].state = FLOE_ICE_PAIR_WAITING;
        floe_ice_pair_because(&list->pair[i], FLOE_ICE_WHY_THAWED);
    }
}

void floe_ice_checklist_release(floe_ice_checklist *list, uint32_t foundation)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        floe_ice_pair *pair = &list->pair[i];
        if (pair->state == FLOE_ICE_PAIR_FROZEN && pair->foundation == foundation) {
            pair->state = FLOE_ICE_PAIR_WAITING;
            floe_ice_pair_because(pair, FLOE_ICE_WHY_RELEASED);
        }
    }
}

/* Of the pairs that are triggered, or else of those that wait. */
static uint8_t find_first(const floe_ice_checklist *list, bool is_triggered)
{
    uint8_t best = FLOE_ICE_NONE;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        const floe_ice_pair *pair = &list->pair[i];
        if ((is_triggered ? floe_ice_pair_is(pair, FLOE_ICE_PAIR_TRIGGERED)
                          : pair->state == FLOE_ICE_PAIR_WAITING) &&
            (best == FLOE_ICE_NONE || pair->priority > list->pair[best].priority)) {
            best = i;
        }
    }
    return best;
}

uint8_t floe_ice_checklist_next(const floe_ice_checklist *list)
{
    return find_first(list, false);
}

uint8_t floe_ice_checklist_next_triggered(const floe_ice_checklist *list)
{
    return find_first(list, true);
}

bool floe_ice_checklist_has_hope(const floe_ice_checklist *list, uint64_t above)
{
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        if (list->pair[i].priority > above && floe_ice_pair_has_hope(&list->pair[i])) {
            return true;
        }
    }
    return false;
}

size_t floe_ice_checklist_count(const floe_ice_checklist *list)
{
    size_t count = 0;
    for (uint8_t i = 0; i < FLOE_ICE_PAIR_MAX; i++) {
        count += list->pair[i].state != FLOE_ICE_PAIR_FREE;
    }
    return count;
}
