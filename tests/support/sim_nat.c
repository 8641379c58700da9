/* support/sim_nat.c - see support/sim_nat.h. */
#include "support/sim_nat.h"

#include <string.h>

#include "base/addr.h"

#define FIRST_PORT 20000u

void sim_nat_init(sim_nat *nat, const sim_nat_config *config, const floe_addr *public_addr,
                  uint64_t seed)
{
    memset(nat, 0, sizeof *nat);
    nat->config = *config;
    nat->public_addr = *public_addr;
    nat->random = sim_random_begin(seed, 0x4a7);
    nat->next_port = FIRST_PORT;
}

static bool is_match(sim_nat_rule rule, const floe_addr *a, const floe_addr *b)
{
    switch (rule) {
    case SIM_NAT_ENDPOINT_INDEPENDENT:
        return true;
    case SIM_NAT_ADDRESS_DEPENDENT:
        return floe_addr_ip_equal(a, b);
    case SIM_NAT_ADDRESS_AND_PORT_DEPENDENT:
        return floe_addr_equal(a, b);
    }
    return false;
}

static bool is_live(const sim_nat *nat, const sim_nat_mapping *m, floe_time now)
{
    return nat->config.timeout == 0 || now - m->used_at < nat->config.timeout;
}

static void forget_expired(sim_nat *nat, floe_time now)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < nat->mapping_count; i++) {
        if (is_live(nat, &nat->mappings[i], now)) {
            nat->mappings[kept++] = nat->mappings[i];
        }
    }
    nat->mapping_count = kept;
}

static bool is_port_taken(const sim_nat *nat, uint16_t port)
{
    for (uint32_t i = 0; i < nat->mapping_count; i++) {
        if (nat->mappings[i].outside.family == 4 && nat->mappings[i].outside.port == port) {
            return true;
        }
    }
    return false;
}

static uint16_t choose_port(sim_nat *nat, uint16_t wanted)
{
    uint16_t port = wanted;
    bool is_kept = nat->config.ports == SIM_NAT_PRESERVE;
    while (!is_kept || is_port_taken(nat, port)) {
        is_kept = true;
        port = nat->config.ports == SIM_NAT_SEQUENTIAL
                   ? nat->next_port++
                   : (uint16_t)(FIRST_PORT + sim_random_below(&nat->random, 40000));
    }
    return port;
}

static sim_nat_mapping *add_mapping(sim_nat *nat, const floe_addr *inside, const floe_addr *remote)
{
    if (nat->mapping_count == SIM_NAT_MAPPINGS) {
        return NULL;
    }
    sim_nat_mapping *m = &nat->mappings[nat->mapping_count];
    memset(m, 0, sizeof *m);
    m->inside = *inside;
    m->key = *remote;
    m->outside = *inside;
    if (inside->family == 4) {
        m->outside = nat->public_addr;
        m->outside.port = choose_port(nat, inside->port);
    }
    nat->mapping_count++;
    return m;
}

static uint32_t count_peers(const sim_nat_mapping *m)
{
    return m->peer_count < SIM_NAT_PEERS ? m->peer_count : SIM_NAT_PEERS;
}

static void remember_peer(sim_nat_mapping *m, const floe_addr *remote)
{
    for (uint32_t i = 0; i < count_peers(m); i++) {
        if (floe_addr_equal(&m->peers[i], remote)) {
            return;
        }
    }
    m->peers[m->peer_count++ % SIM_NAT_PEERS] = *remote;
}

bool sim_nat_out(sim_nat *nat, floe_time now, const floe_addr *inside, const floe_addr *remote,
                 floe_addr *outside)
{
    forget_expired(nat, now);
    sim_nat_mapping *m = NULL;
    for (uint32_t i = 0; m == NULL && i < nat->mapping_count; i++) {
        sim_nat_mapping *candidate = &nat->mappings[i];
        bool is_same = floe_addr_equal(&candidate->inside, inside) &&
                       is_match(nat->config.mapping, &candidate->key, remote);
        m = is_same ? candidate : NULL;
    }
    if (m == NULL) {
        m = add_mapping(nat, inside, remote);
    }
    if (m == NULL) {
        return false;
    }
    m->used_at = now;
    remember_peer(m, remote);
    *outside = m->outside;
    return true;
}

static bool is_let_in(const sim_nat *nat, const sim_nat_mapping *m, const floe_addr *remote)
{
    for (uint32_t i = 0; i < count_peers(m); i++) {
        if (is_match(nat->config.filtering, &m->peers[i], remote)) {
            return true;
        }
    }
    return false;
}

bool sim_nat_in(sim_nat *nat, floe_time now, const floe_addr *outside, const floe_addr *remote,
                floe_addr *inside)
{
    forget_expired(nat, now);
    for (uint32_t i = 0; i < nat->mapping_count; i++) {
        const sim_nat_mapping *m = &nat->mappings[i];
        if (floe_addr_equal(&m->outside, outside) && is_let_in(nat, m, remote)) {
            *inside = m->inside;
            return true;
        }
    }
    return false;
}

void sim_nat_rebind(sim_nat *nat)
{
    nat->mapping_count = 0;
    nat->config.ports = nat->config.ports == SIM_NAT_PRESERVE ? SIM_NAT_RANDOM : nat->config.ports;
}
