/*
 * ice/ice_names.c - what states and causes are called: the W3C's words, and sentences for a person.
 * Linked only where there is one to read them.
 */
#include "ice/ice_agent.h"

const char *floe_ice_state_name(floe_ice_state state)
{
    static const char *const names[] = {
        [FLOE_ICE_NEW] = "new",
        [FLOE_ICE_CHECKING] = "checking",
        [FLOE_ICE_CONNECTED] = "connected",
        [FLOE_ICE_COMPLETED] = "completed",
        [FLOE_ICE_DISCONNECTED] = "disconnected",
        [FLOE_ICE_FAILED] = "failed",
        [FLOE_ICE_CLOSED] = "closed",
    };
    return state <= FLOE_ICE_CLOSED ? names[state] : "?";
}

const char *floe_ice_gathering_name(floe_ice_gathering gathering)
{
    static const char *const names[] = {
        [FLOE_ICE_GATHERING_NEW] = "new",
        [FLOE_ICE_GATHERING_BUSY] = "gathering",
        [FLOE_ICE_GATHERING_COMPLETE] = "complete",
    };
    return gathering <= FLOE_ICE_GATHERING_COMPLETE ? names[gathering] : "?";
}

const char *floe_ice_cause_text(floe_ice_cause cause)
{
    static const char *const texts[] = {
        [FLOE_ICE_CAUSE_NONE] = "no fault",
        [FLOE_ICE_CAUSE_NO_REMOTE_CANDIDATES] = "neither a candidate nor a check came",
        [FLOE_ICE_CAUSE_NO_PAIR] = "no two candidates fit together",
        [FLOE_ICE_CAUSE_CHECKS_TIMED_OUT] = "no check was answered",
        [FLOE_ICE_CAUSE_CHECKS_REFUSED] = "checks were refused or wrongly signed",
        [FLOE_ICE_CAUSE_CONSENT_EXPIRED] = "it worked, then the peer fell silent",
        [FLOE_ICE_CAUSE_CONSENT_REVOKED] = "the peer withdrew consent",
    };
    return cause <= FLOE_ICE_CAUSE_CONSENT_REVOKED ? texts[cause] : "?";
}
