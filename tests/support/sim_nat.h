/*
 * support/sim_nat.h - one NAT, as RFC 4787 describes them: a mapping and a filtering behaviour.
 *
 * Pure: translates addresses, knows nothing of packets, links or topology. IPv6 is not translated,
 * but filtered by the same rule, as a home router's firewall does.
 */
#ifndef FLOE_SUPPORT_SIM_NAT_H
#define FLOE_SUPPORT_SIM_NAT_H

#include "base/floe.h"
#include "support/sim_random.h"

typedef enum sim_nat_rule { /* on what the mapping, or the filter, depends */
                            SIM_NAT_ENDPOINT_INDEPENDENT,
                            SIM_NAT_ADDRESS_DEPENDENT,
                            SIM_NAT_ADDRESS_AND_PORT_DEPENDENT
} sim_nat_rule;

typedef enum sim_nat_ports { SIM_NAT_PRESERVE, SIM_NAT_RANDOM, SIM_NAT_SEQUENTIAL } sim_nat_ports;

typedef struct sim_nat_config { /* zero: the friendliest of NATs, mappings that live for ever */
    sim_nat_rule mapping, filtering;
    sim_nat_ports ports; /* preserve: if the port is free */
    bool hairpin;        /* inside hosts reach each other by outside addresses */
    floe_time timeout;   /* of a mapping without outgoing packets; 0: never */
} sim_nat_config;

#define SIM_NAT_MAPPINGS 64u
#define SIM_NAT_PEERS    32u

typedef struct sim_nat_mapping {
    floe_addr inside, outside;
    floe_addr key; /* the part of the remote address that the mapping depends on */
    floe_time used_at;
    floe_addr peers[SIM_NAT_PEERS]; /* a ring of those that were sent to */
    uint32_t peer_count;
} sim_nat_mapping;

typedef struct sim_nat {
    sim_nat_config config;
    floe_addr public_addr; /* port 0 */
    sim_random random;
    uint16_t next_port;
    sim_nat_mapping mappings[SIM_NAT_MAPPINGS];
    uint32_t mapping_count;
} sim_nat;

void sim_nat_init(sim_nat *nat, const sim_nat_config *config, const floe_addr *public_addr,
                  uint64_t seed);
/* A packet goes out: its source address outside. False: the table is full. */
bool sim_nat_out(sim_nat *nat, floe_time now, const floe_addr *inside, const floe_addr *remote,
                 floe_addr *outside);
/* A packet comes in: where it goes inside. False: there is no mapping, or the filter says no. */
bool sim_nat_in(sim_nat *nat, floe_time now, const floe_addr *outside, const floe_addr *remote,
                floe_addr *inside);
/* The NAT was restarted: it forgets everything, and gives other ports from now on. */
void sim_nat_rebind(sim_nat *nat);

#endif
