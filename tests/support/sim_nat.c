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

static bool is_taken(const sim_nat *nat, const floe_addr *outside)
{
    for (uint32_t i = 0; i < nat->mapping_count; i++) {
        if (floe_addr_equal(&nat->mappings[i].outside, outside)) {
            return true;
        }
    }
    return false;
}

static uint16_t next_port(sim_nat *nat)
{
    if (nat->config.ports != SIM_NAT_SEQUENTIAL) {
        return (uint16_t)(FIRST_PORT + sim_random_below(&nat->random, 40000));
    }
    nat->next_port = nat->next_port < FIRST_PORT ? FIRST_PORT : nat->next_port;
    return nat->next_port++;
}

static void choose_port(sim_nat *nat, uint16_t wanted, floe_addr *outside)
{
    sim_nat_ports ports = nat->config.ports;
    bool is_kept = ports == SIM_NAT_PRESERVE || ports == SIM_NAT_OVERLOAD;
    outside->port = is_kept ? wanted : next_port(nat);
    while (ports != SIM_NAT_OVERLOAD && is_taken(nat, outside)) {
        outside->port = next_port(nat);
    }
}

static floe_addr pool_addr(const sim_nat *nat, uint32_t index)
{
    floe_addr addr = nat->public_addr;
    addr.ip[3] = (uint8_t)(addr.ip[3] + index);
    return addr;
}

static uint32_t pool_size(const sim_nat *nat)
{
    return nat->config.pool == 0 ? 1 : nat->config.pool;
}

/* RFC 4787 section 4.1: "paired", an inside host keeps its address; or "arbitrary", taken in turn.
 */
static floe_addr choose_addr(sim_nat *nat, const floe_addr *inside)
{
    for (uint32_t i = 0; i < nat->mapping_count && !nat->config.is_pool_arbitrary; i++) {
        const sim_nat_mapping *m = &nat->mappings[i];
        if (m->outside.family == 4 && floe_addr_ip_equal(&m->inside, inside)) {
            floe_addr addr = m->outside;
            addr.port = 0;
            return addr;
        }
    }
    return pool_addr(nat, nat->next_addr++ % pool_size(nat));
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
    if (remote->family == 4) {
        m->outside = choose_addr(nat, inside);
        choose_port(nat, inside->port, &m->outside);
    }
    nat->mapping_count++;
    return m;
}

static uint32_t count_peers(const sim_nat_mapping *m)
{
    return m->peer_count < SIM_NAT_PEERS ? m->peer_count : SIM_NAT_PEERS;
}

static bool has_sent_to(const sim_nat_mapping *m, const floe_addr *remote)
{
    for (uint32_t i = 0; i < count_peers(m); i++) {
        if (floe_addr_equal(&m->peers[i], remote)) {
            return true;
        }
    }
    return false;
}

static void remember_peer(sim_nat_mapping *m, const floe_addr *remote)
{
    if (!has_sent_to(m, remote)) {
        m->peers[m->peer_count++ % SIM_NAT_PEERS] = *remote;
    }
}

bool sim_nat_out(sim_nat *nat, floe_time now, const floe_addr *inside, const floe_addr *remote,
                 floe_addr *outside)
{
    forget_expired(nat, now);
    sim_nat_mapping *m = NULL;
    for (uint32_t i = 0; m == NULL && i < nat->mapping_count; i++) {
        sim_nat_mapping *candidate = &nat->mappings[i];
        bool is_same = floe_addr_equal(&candidate->inside, inside) &&
                       candidate->outside.family == remote->family &&
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
    const sim_nat_mapping *found = NULL;
    forget_expired(nat, now);
    for (uint32_t i = 0; i < nat->mapping_count; i++) {
        const sim_nat_mapping *m = &nat->mappings[i];
        if (!floe_addr_equal(&m->outside, outside) || !is_let_in(nat, m, remote)) {
            continue;
        }
        /* Of those that share a port, the one that has spoken to exactly this remote end. */
        if (found == NULL || (has_sent_to(m, remote) && !has_sent_to(found, remote))) {
            found = m;
        }
    }
    if (found == NULL) {
        return false;
    }
    *inside = found->inside;
    return true;
}

bool sim_nat_owns(const sim_nat *nat, const floe_addr *addr)
{
    for (uint32_t i = 0; i < pool_size(nat); i++) {
        floe_addr mine = pool_addr(nat, i);
        if (floe_addr_ip_equal(&mine, addr)) {
            return true;
        }
    }
    return false;
}

bool sim_nat_is_open(const sim_nat *nat, uint16_t port, bool is_tcp)
{
    switch (nat->config.open) {
    case SIM_NAT_OPEN:
        return true;
    case SIM_NAT_OPEN_TCP:
        return is_tcp;
    case SIM_NAT_OPEN_TCP_443:
        return is_tcp && port == 443;
    }
    return false;
}

/* ---- NAT64 ---- */

static const uint8_t prefix64[12] = {0x00, 0x64, 0xff, 0x9b};

floe_addr sim_nat_meant(const sim_nat *nat, const floe_addr *remote)
{
    bool is_synthesized = nat->config.is_nat64 && remote->family == 6 &&
                          memcmp(remote->ip, prefix64, sizeof prefix64) == 0;
    const uint8_t *ip = remote->ip + sizeof prefix64;
    return is_synthesized ? floe_addr_from_ipv4(ip[0], ip[1], ip[2], ip[3], remote->port) : *remote;
}

floe_addr sim_nat_shown(const floe_addr *remote, const floe_addr *inside)
{
    uint8_t ip[16];
    if (remote->family == inside->family) {
        return *remote;
    }
    memcpy(ip, prefix64, sizeof prefix64);
    memcpy(ip + sizeof prefix64, remote->ip, 4);
    return floe_addr_from_bytes((floe_bytes){ip, sizeof ip}, remote->port);
}

/* ---- rebinding ---- */

void sim_nat_forget(sim_nat *nat)
{
    nat->mapping_count = 0;
}

void sim_nat_rebind(sim_nat *nat)
{
    sim_nat_forget(nat);
    nat->config.ports = nat->config.ports == SIM_NAT_PRESERVE ? SIM_NAT_RANDOM : nat->config.ports;
}

void sim_nat_move(sim_nat *nat, const floe_addr *public_addr)
{
    sim_nat_forget(nat);
    nat->public_addr = *public_addr;
}
