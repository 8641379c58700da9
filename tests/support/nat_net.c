/* support/nat_net.c - see support/nat_net.h. */
#include "support/nat_net.h"

#include <string.h>

#include "base/addr.h"
#include "base/floe_config.h"
#include "stun/stun_msg.h"
#include "support/unit.h"

#define FLIGHT_US (20 * FLOE_MS)
#define RUN_MAX   (7200 * FLOE_SECOND)

void nat_net_init(nat_net *net, const sim_nat_config *config, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    net->random = sim_random_begin(seed, 1);
    net->server.primary = floe_addr_from_ipv4(192, 0, 2, 10, 3478);
    net->server.other = floe_addr_from_ipv4(198, 51, 100, 20, 3479);
    net->has_nat = config != NULL;
    if (config != NULL) {
        floe_addr outside = floe_addr_from_ipv4(203, 0, 113, 1, 0);
        sim_nat_init(&net->nat, config, &outside, seed);
    }
}

floe_stun_discovery_config nat_net_config(nat_net *net)
{
    return (floe_stun_discovery_config){.server = net->server.primary,
                                        .local = floe_addr_from_ipv4(10, 0, 0, 2, 40000),
                                        .local2 = floe_addr_from_ipv4(10, 0, 0, 2, 40002),
                                        .rand = sim_random_source(&net->random)};
}

static void launch(nat_net *net, const floe_path *path, floe_bytes packet, bool to_server)
{
    assert_true(packet.len <= sizeof net->flights[0].bytes);
    assert_true(net->flight_count < NAT_NET_FLIGHTS);
    if (sim_random_chance(&net->random, net->loss)) {
        return;
    }
    nat_flight *flight = &net->flights[net->flight_count++];
    *flight = (nat_flight){
        .at = net->now + FLIGHT_US, .path = *path, .len = packet.len, .to_server = to_server};
    memcpy(flight->bytes, packet.ptr, packet.len);
}

static bool is_server(const nat_net *net, const floe_addr *addr)
{
    return floe_addr_ip_equal(addr, &net->server.primary) ||
           floe_addr_ip_equal(addr, &net->server.other);
}

/* From the inside to the outside, or by a hairpin back to the inside. */
static void send_out(nat_net *net, const floe_path *path, floe_bytes packet)
{
    floe_path turned = {.local = path->remote, .remote = path->local};
    net->sent++;
    if (net->has_nat) {
        assert_true(sim_nat_out(&net->nat, net->now, &path->local, &path->remote, &turned.remote));
    }
    if (is_server(net, &path->remote)) {
        launch(net, &turned, packet, true);
        return;
    }
    if (net->has_nat && net->nat.config.hairpin &&
        sim_nat_in(&net->nat, net->now, &path->remote, &turned.remote, &turned.local)) {
        launch(net, &turned, packet, false);
    }
}

static void send_in(nat_net *net, const floe_path *path, floe_bytes packet)
{
    floe_path turned = {.local = path->remote, .remote = path->local};
    if (!net->has_nat ||
        sim_nat_in(&net->nat, net->now, &path->remote, &path->local, &turned.local)) {
        launch(net, &turned, packet, false);
    }
}

/* Write the response once more, with the fault in it. */
static floe_bytes spoil(const nat_net *net, floe_bytes packet, const floe_addr *origin,
                        uint8_t *buf, size_t cap)
{
    floe_stun_msg msg;
    floe_stun_writer w;
    floe_addr mapped, lie = floe_addr_from_ipv4(10, 9, 8, 7, 6), other = net->server.other;
    assert_int_equal(floe_stun_msg_parse(&msg, packet), FLOE_OK);
    bool is_from_other = floe_addr_ip_equal(origin, &other);
    if (!floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped) ||
        (!net->rewrites && !(net->has_alike_others && is_from_other))) {
        return packet;
    }
    floe_stun_writer_begin(&w, buf, cap, FLOE_STUN_SUCCESS, FLOE_STUN_BINDING, msg.tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped);
    floe_stun_writer_put_addr(&w, FLOE_STUN_MAPPED_ADDRESS, net->rewrites ? &lie : &mapped);
    floe_stun_writer_put_addr(&w, FLOE_STUN_OTHER_ADDRESS, &other);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    return packet;
}

/* A server that passes over what it does not know sends from where it was asked. */
static void ignore_wishes(const nat_net *net, const floe_path *path, floe_path *out)
{
    out->local = net->ignores_change ? path->local : out->local;
    out->remote = net->ignores_port ? path->remote : out->remote;
}

static void serve(nat_net *net, const floe_path *path, floe_bytes packet)
{
    uint8_t buf[FLOE_DATAGRAM_MAX], spoiled[256];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    if (net->is_dead || floe_stun_server_answer(&net->server, path, packet, &out) != FLOE_OK) {
        return;
    }
    ignore_wishes(net, path, &out.path);
    bool is_from_other = floe_addr_ip_equal(&out.path.local, &net->server.other);
    if (net->loses_port && !floe_addr_equal(&out.path.remote, &path->remote)) {
        return;
    }
    if (net->has_dead_other &&
        (is_from_other || floe_addr_ip_equal(&path->local, &net->server.other))) {
        return;
    }
    floe_bytes answer =
        spoil(net, (floe_bytes){out.buf, out.len}, &out.path.local, spoiled, sizeof spoiled);
    send_in(net, &out.path, answer);
}

static void land(nat_net *net, size_t index)
{
    nat_flight flight = net->flights[index];
    net->flights[index] = net->flights[--net->flight_count];
    floe_bytes packet = {flight.bytes, flight.len};
    if (flight.to_server) {
        serve(net, &flight.path, packet);
    } else {
        (void)!floe_stun_discovery_input(&net->discovery, net->now, &flight.path, packet);
    }
}

static void drain(nat_net *net)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_stun_discovery_event event;
    while (floe_stun_discovery_poll_transmit(&net->discovery, &out)) {
        send_out(net, &out.path, (floe_bytes){out.buf, out.len});
    }
    while (floe_stun_discovery_poll_event(&net->discovery, &event)) {
        net->event_count[event]++;
    }
    assert_true(floe_stun_discovery_deadline(&net->discovery) > net->now);
}

const floe_stun_discovery_report *nat_net_run(nat_net *net,
                                              const floe_stun_discovery_config *config)
{
    assert_int_equal(floe_stun_discovery_init(&net->discovery, config, net->now), FLOE_OK);
    drain(net);
    while (net->event_count[FLOE_STUN_DISCOVERY_DONE] == 0) {
        floe_time next = floe_stun_discovery_deadline(&net->discovery);
        size_t first = net->flight_count;
        for (size_t i = 0; i < net->flight_count; i++) {
            if (net->flights[i].at <= next) {
                next = net->flights[i].at;
                first = i;
            }
        }
        assert_true(next < RUN_MAX);
        net->now = next;
        if (first < net->flight_count) {
            land(net, first);
        } else {
            floe_stun_discovery_advance(&net->discovery, net->now);
        }
        drain(net);
    }
    assert_int_equal(floe_stun_discovery_deadline(&net->discovery), FLOE_TIME_NEVER);
    return floe_stun_discovery_get(&net->discovery);
}
