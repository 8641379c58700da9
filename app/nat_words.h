/* app/nat_words.h - what a behaviour discovery has found, in sentences and as JSON. */
#ifndef FLOE_APP_NAT_WORDS_H
#define FLOE_APP_NAT_WORDS_H

#include <jansson.h>
#include <stdio.h>

#include "stun/stun_discovery.h"

/* "endpoint-independent", "address-dependent", "address-and-port-dependent", "unknown". */
const char *nat_rule_name(floe_stun_rule rule);
/* Why something is not known, and what to do about it: a clause without a full stop. */
const char *nat_doubt_text(floe_stun_doubt doubt);
/* What it means for a direct connection. */
const char *nat_meaning(const floe_stun_discovery_report *report);

void nat_words_print(FILE *out, const floe_stun_discovery_config *config,
                     const floe_stun_discovery_report *report);
/* The caller's to release. */
json_t *nat_words_json(const floe_stun_discovery_config *config,
                       const floe_stun_discovery_report *report);

#endif
