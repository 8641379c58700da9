/* support/mdns_net.c - see support/mdns_net.h. */
#include "support/mdns_net.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

void mdns_net_init(mdns_net *net)
{
    memset(net, 0, sizeof *net);
    net->random = sim_random_begin(1, 0);
    net->now = 1000 * FLOE_SECOND;
    for (size_t i = 0; i < MDNS_NET_NODES; i++) {
        floe_mdns_node_init(&net->nodes[i], sim_random_source(&net->random), net->now);
        mdns_net_add_interface(net, i, 4);
    }
}

floe_mdns_interface mdns_net_interface(size_t node, uint8_t family)
{
    uint8_t last = (uint8_t)(10 + node);
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
    bool is_v4 = family == 4;
    return (floe_mdns_interface){.local =
                                     is_v4 ? floe_addr_from_ipv4(203, 0, 113, last, 0)
                                           : floe_addr_from_bytes((floe_bytes){v6, sizeof v6}, 0),
                                 .prefix_len = is_v4 ? 24 : 64,
                                 .link = 1};
}

void mdns_net_add_interface(mdns_net *net, size_t node, uint8_t family)
{
    floe_mdns_interface interface = mdns_net_interface(node, family);
    assert_int_equal(floe_mdns_node_add_interface(&net->nodes[node], &interface), FLOE_OK);
}

static void deliver(mdns_net *net, const mdns_net_packet *packet)
{
    for (size_t i = 0; i < MDNS_NET_NODES; i++) {
        floe_mdns_interface to = mdns_net_interface(i, packet->path.local.family);
        bool is_for_it = floe_addr_is_multicast(&packet->path.remote) ||
                         floe_addr_ip_equal(&to.local, &packet->path.remote);
        if (is_for_it && !net->is_deaf[i] && packet->path.remote.port == FLOE_MDNS_PORT) {
            (void)mdns_net_input(net, i, &packet->path.local,
                                 (floe_bytes){packet->bytes, packet->len});
        }
    }
}

static bool send_one(mdns_net *net, size_t node)
{
    assert_true(net->sent_count < MDNS_NET_PACKETS);
    mdns_net_packet *packet = &net->sent[net->sent_count];
    floe_transmit out = {.buf = packet->bytes, .cap = sizeof packet->bytes};
    bool is_sent = floe_mdns_node_poll_transmit(&net->nodes[node], &out);
    floe_mdns_node_check_invariants(&net->nodes[node]);
    if (is_sent) {
        assert_true(out.len <= FLOE_DATAGRAM_MAX && out.segment == out.len);
        assert_int_equal(out.path.local.port, FLOE_MDNS_PORT);
        packet->at = net->now;
        packet->node = node;
        packet->path = out.path;
        packet->len = out.len;
        net->sent_count++;
        deliver(net, packet);
    }
    return is_sent;
}

void mdns_net_drain(mdns_net *net)
{
    bool is_busy = true;
    while (is_busy) {
        is_busy = false;
        for (size_t i = 0; i < MDNS_NET_NODES; i++) {
            floe_mdns_event event;
            is_busy = send_one(net, i) || is_busy;
            while (floe_mdns_node_poll_event(&net->nodes[i], &event)) {
                net->events[i] = event;
                net->event_count[i]++;
            }
        }
    }
    for (size_t i = 0; i < MDNS_NET_NODES; i++) {
        assert_true(floe_mdns_node_deadline(&net->nodes[i]) > net->now);
    }
}

void mdns_net_run(mdns_net *net, floe_time duration)
{
    floe_time end = net->now + duration;
    mdns_net_drain(net);
    while (net->now < end) {
        floe_time next = end;
        for (size_t i = 0; i < MDNS_NET_NODES; i++) {
            next = floe_time_min(next, floe_mdns_node_deadline(&net->nodes[i]));
        }
        net->now = next;
        for (size_t i = 0; i < MDNS_NET_NODES; i++) {
            floe_mdns_node_advance(&net->nodes[i], net->now);
        }
        mdns_net_drain(net);
    }
}

floe_err mdns_net_input(mdns_net *net, size_t node, const floe_addr *remote, floe_bytes packet)
{
    floe_path path = {.local = mdns_net_interface(node, remote->family).local, .remote = *remote};
    path.local.port = FLOE_MDNS_PORT;
    floe_err err = floe_mdns_node_input(&net->nodes[node], net->now, &path, packet);
    floe_mdns_node_check_invariants(&net->nodes[node]);
    return err;
}

uint32_t mdns_net_resolve(mdns_net *net, size_t node, const char *name)
{
    uint32_t request = 0;
    assert_int_equal(floe_mdns_node_resolve(&net->nodes[node], floe_bytes_of(name), &request),
                     FLOE_OK);
    assert_int_not_equal(request, 0);
    floe_mdns_node_check_invariants(&net->nodes[node]);
    return request;
}

void mdns_net_register(mdns_net *net, size_t node, const floe_addr *addr,
                       char name[FLOE_MDNS_NAME_TEXT_MAX])
{
    assert_int_equal(floe_mdns_node_register(&net->nodes[node], addr, 1, name), FLOE_OK);
    floe_mdns_node_check_invariants(&net->nodes[node]);
}

size_t mdns_net_count(const mdns_net *net, size_t first, bool is_response)
{
    size_t count = 0;
    for (size_t i = first; i < net->sent_count; i++) {
        floe_mdns_msg msg;
        floe_bytes packet = {net->sent[i].bytes, net->sent[i].len};
        assert_int_equal(floe_mdns_msg_parse(&msg, packet), FLOE_OK);
        count += msg.is_response == is_response;
    }
    return count;
}

floe_mdns_record mdns_net_find_record(const mdns_net_packet *packet, uint16_t type)
{
    floe_mdns_msg msg;
    floe_mdns_record record;
    floe_bytes bytes = {packet->bytes, packet->len};
    assert_int_equal(floe_mdns_msg_parse(&msg, bytes), FLOE_OK);
    floe_mdns_cursor cursor = floe_mdns_msg_begin(&msg);
    while (floe_mdns_msg_next_record(&msg, &cursor, &record)) {
        if (record.type == type) {
            return record;
        }
    }
    fail_msg("no record of type %u", type);
    return record;
}
