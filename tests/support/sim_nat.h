/*
 * support/sim_nat.h - one NAT or firewall, as RFC 4787 describes them: mapping, filtering, ports,
 * pools of addresses, hairpins, timeouts; and NAT64 (RFC 6146).
 *
 * Pure: translates addresses, knows nothing of packets, links or topology. IPv6 is not translated,
 * but filtered by the same rule, as a home router's firewall does; behind a NAT64, what goes to
 * 64:ff9b::/96 (RFC 6052) leaves as IPv4, and what comes from IPv4 has such an address inside.
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

typedef enum sim_nat_ports {
    SIM_NAT_PRESERVE, /* if the port is free; else a random one */
    SIM_NAT_RANDOM,
    SIM_NAT_SEQUENTIAL, /* the next higher free one: contiguous */
    SIM_NAT_OVERLOAD    /* preserve, and if another mapping has it, share it with that one */
} sim_nat_ports;

typedef enum sim_nat_open { /* what may leave; a firewall */
                            SIM_NAT_OPEN,
                            SIM_NAT_OPEN_TCP,
                            SIM_NAT_OPEN_TCP_443
} sim_nat_open;

typedef struct sim_nat_config { /* zero: the friendliest of NATs, mappings that live for ever */
    sim_nat_rule mapping, filtering;
    sim_nat_ports ports;
    bool hairpin;           /* inside hosts reach each other by outside addresses */
    floe_time timeout;      /* of a mapping without outgoing packets; 0: never */
    uint32_t pool;          /* public addresses, from the given one upwards; 0: that one alone */
    bool is_pool_arbitrary; /* each mapping has the next one; else each inside host keeps one */
    bool is_nat64;
    sim_nat_open open;
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
    floe_addr public_addr; /* the first; port 0 */
    sim_random random;
    uint16_t next_port;
    uint32_t next_addr; /* of the pool */
    sim_nat_mapping mappings[SIM_NAT_MAPPINGS];
    uint32_t mapping_count;
} sim_nat;

void sim_nat_init(sim_nat *nat, const sim_nat_config *config, const floe_addr *public_addr,
                  uint64_t seed);
bool sim_nat_owns(const sim_nat *nat, const floe_addr *addr); /* a public address of it */
/* May a packet go to that port at all? */
bool sim_nat_is_open(const sim_nat *nat, uint16_t port, bool is_tcp);

/* A packet goes out: its source address outside. False: the table is full. */
bool sim_nat_out(sim_nat *nat, floe_time now, const floe_addr *inside, const floe_addr *remote,
                 floe_addr *outside);
/* A packet comes in: where it goes inside. False: there is no mapping, or the filter says no. */
bool sim_nat_in(sim_nat *nat, floe_time now, const floe_addr *outside, const floe_addr *remote,
                floe_addr *inside);

/* NAT64. Whom an inside host means, which is somebody else for an address in 64:ff9b::/96; and what
 * an inside host is shown of an outside one. Without NAT64, and within IPv6: the address itself. */
floe_addr sim_nat_meant(const sim_nat *nat, const floe_addr *remote);
floe_addr sim_nat_shown(const floe_addr *remote, const floe_addr *inside);

/* It forgets all mappings; the next ones may be the same again. */
void sim_nat_forget(sim_nat *nat);
/* The NAT was restarted: it forgets everything, and gives other ports from now on. */
void sim_nat_rebind(sim_nat *nat);
/* It has another public address from now on. */
void sim_nat_move(sim_nat *nat, const floe_addr *public_addr);

#endif
