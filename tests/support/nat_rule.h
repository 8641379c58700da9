/*
 * support/nat_rule.h - whether two hosts behind NATs find a way to each other, and which, by the
 * definitions alone: RFC 4787 sections 4.1 and 5 for NATs, RFC 8445 section 7 for checks, RFC 8656
 * section 9 for relays.
 *
 * No packets, time, addresses or dice, and nothing of support/sim_nat.c: ends of packets are
 * symbols, a mapping is a set of them, and what can be learned is learned until nothing is new.
 */
#ifndef FLOE_SUPPORT_NAT_RULE_H
#define FLOE_SUPPORT_NAT_RULE_H

#include "ice/ice_cand.h"
#include "support/sim_nat.h"

#define NAT_RULE_BOXES 2u

typedef struct nat_rule_host {
    const sim_nat_config *boxes[NAT_RULE_BOXES]; /* from the host outwards; NULL: none */
    bool is_v6_only;                             /* it has no IPv4 address */
    bool has_relay;                              /* a TURN server, asked over what gets through */
} nat_rule_host;

typedef enum nat_rule_near { /* what the hosts share */
                             NAT_RULE_NOTHING,
                             NAT_RULE_NAT, /* the outermost box */
                             NAT_RULE_LAN  /* all boxes: they see each other */
} nat_rule_near;

typedef struct nat_rule_verdict {
    bool is_connected;
    uint8_t local[2], remote[2]; /* floe_ice_type of the best pair, as each host sees it */
    uint32_t rounds;             /* of checks, each making the next possible, until it is valid */
} nat_rule_verdict;

/* Host 0 is controlling. */
nat_rule_verdict nat_rule_judge(const nat_rule_host hosts[2], nat_rule_near near);

#endif
