/*
 * ice/ice_checklist.h - the check list: order, freezing by foundation, bounds (RFC 8445 sections
 * 6.1.2.4 to 6.1.2.6 and 6.1.4.2, RFC 8838 section 12). Pure.
 *
 * An array of slots, so that an index names a pair for its whole life; order is by looking for the
 * best, which for so few beats a sorted list. Two pairs of one base and one remote candidate are
 * redundant and never both present: that is all there is to pruning. Does not know: why a pair is
 * wanted, what a check is. Read next: ice/ice_agent_internal.h.
 */
#ifndef FLOE_ICE_ICE_CHECKLIST_H
#define FLOE_ICE_ICE_CHECKLIST_H

#include "base/floe_config.h"
#include "ice/ice_pair.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The slot beyond the list: the selected pair of the generation before a restart. */
#define FLOE_ICE_OLD FLOE_ICE_PAIR_MAX

typedef struct floe_ice_checklist {
    floe_ice_pair pair[FLOE_ICE_PAIR_MAX + 1];
} floe_ice_checklist;

/* Index of the pair, or FLOE_ICE_NONE. */
uint8_t floe_ice_checklist_find(const floe_ice_checklist *list, uint8_t local, uint8_t remote);
/* Put a pair in, Frozen; it must not be there yet. When the list is full it takes the place of the
 * least useful pair: a failed one, or else the waiting one of lowest priority if that is lower.
 * FLOE_ICE_NONE: no room. */
uint8_t floe_ice_checklist_add(floe_ice_checklist *list, const floe_ice_pair *pair);
/* A pair that came after checks began: Waiting or Frozen as RFC 8838 section 12 says. */
void floe_ice_checklist_trickle(floe_ice_checklist *list, uint8_t index);
/* Where none is Waiting: unfreeze the best Frozen pair of each foundation that is not being checked
 * (RFC 8445 section 6.1.4.2 step 2; on a new list that is section 6.1.2.6). */
void floe_ice_checklist_thaw(floe_ice_checklist *list);
/* Is there nothing for _thaw to do? */
bool floe_ice_checklist_is_thawed(const floe_ice_checklist *list);
/* A check of this foundation succeeded: all its Frozen pairs become Waiting. */
void floe_ice_checklist_release(floe_ice_checklist *list, uint32_t foundation);
/* The Waiting pair of highest priority, or FLOE_ICE_NONE. */
uint8_t floe_ice_checklist_next(const floe_ice_checklist *list);
/* The triggered pair of highest priority, or FLOE_ICE_NONE. */
uint8_t floe_ice_checklist_next_triggered(const floe_ice_checklist *list);
size_t floe_ice_checklist_count(const floe_ice_checklist *list);
/* May a pair of more than this priority still succeed? */
bool floe_ice_checklist_has_hope(const floe_ice_checklist *list, uint64_t above);

#ifdef __cplusplus
}
#endif
#endif
