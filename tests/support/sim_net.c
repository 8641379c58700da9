/* support/sim_net.c - see support/sim_net.h. */
#include "support/sim_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

void sim_net_init(sim_net *net, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    net->seed = seed;
    net->random = sim_random_begin(seed, 0x4e7);
    net->node_count = 1;
    net->nodes[SIM_CORE].kind = SIM_IS_CORE;
}

void sim_net_free(sim_net *net)
{
    for (size_t i = 0; i < net->heap_len; i++) {
        free(net->heap[i]);
    }
    free(net->heap);
    for (int i = 0; i < net->node_count; i++) {
        free(net->nodes[i].nat);
    }
    memset(net, 0, sizeof *net);
}

/* ---- topology ---- */

static int add_node(sim_net *net, sim_kind kind, int parent, const sim_link *link)
{
    assert_true(net->node_count < SIM_NODES);
    int node = net->node_count++;
    net->nodes[node] = (sim_node){.kind = kind, .parent = parent};
    sim_net_set_link(net, node, link);
    return node;
}

int sim_net_add_host(sim_net *net, int parent, const sim_link *link)
{
    return add_node(net, SIM_IS_HOST, parent, link);
}

int sim_net_add_nat(sim_net *net, int parent, const sim_link *link, const char *public_ip,
                    const sim_nat_config *config)
{
    floe_addr addr;
    assert_int_equal(floe_addr_parse(&addr, floe_bytes_of(public_ip), 0), FLOE_OK);
    int node = add_node(net, SIM_IS_NAT, parent, link);
    net->nodes[node].nat = malloc(sizeof(sim_nat));
    assert_non_null(net->nodes[node].nat);
    sim_nat_init(net->nodes[node].nat, config, &addr, net->seed + (uint64_t)node);
    return node;
}

void sim_net_add_addr(sim_net *net, int host, const char *ip)
{
    sim_node *node = &net->nodes[host];
    assert_true(node->kind == SIM_IS_HOST && node->addr_count < SIM_ADDRS);
    floe_err err = floe_addr_parse(&node->addrs[node->addr_count++], floe_bytes_of(ip), 0);
    assert_int_equal(err, FLOE_OK);
}

void sim_net_change_addr(sim_net *net, int host, size_t index, const char *ip)
{
    sim_node *node = &net->nodes[host];
    assert_true(index < node->addr_count);
    floe_err err = floe_addr_parse(&node->addrs[index], floe_bytes_of(ip), 0);
    assert_int_equal(err, FLOE_OK);
}

void sim_net_set_link(sim_net *net, int node, const sim_link *link)
{
    net->nodes[node].up.link = *link;
    net->nodes[node].down.link = *link;
}

void sim_net_set_down(sim_net *net, int node, bool is_down)
{
    net->nodes[node].up.link.is_down = is_down;
    net->nodes[node].down.link.is_down = is_down;
}

static bool has_addr(const sim_node *node, const floe_addr *addr)
{
    for (size_t i = 0; i < node->addr_count; i++) {
        if (floe_addr_ip_equal(&node->addrs[i], addr)) {
            return true;
        }
    }
    return node->kind == SIM_IS_NAT && sim_nat_owns(node->nat, addr);
}

/* The node directly in `realm` through which `addr` is reached; -1: none. */
static int find_child(const sim_net *net, int realm, const floe_addr *addr)
{
    for (int owner = 1; owner < net->node_count; owner++) {
        if (!has_addr(&net->nodes[owner], addr)) {
            continue;
        }
        int child = owner;
        /* IPv4 addresses inside a NAT are its own affair; IPv6 ones are known everywhere. */
        while (addr->family == 6 && child != SIM_CORE && net->nodes[child].parent != realm) {
            child = net->nodes[child].parent;
        }
        if (child != SIM_CORE && net->nodes[child].parent == realm) {
            return child;
        }
    }
    return -1;
}

/* ---- packets in flight: a binary heap ---- */

static bool is_before(const sim_packet *a, const sim_packet *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void push(sim_net *net, sim_packet *packet)
{
    if (net->heap_len == net->heap_cap) {
        net->heap_cap = net->heap_cap == 0 ? 256 : net->heap_cap * 2;
        net->heap = realloc(net->heap, net->heap_cap * sizeof *net->heap);
        assert_non_null(net->heap);
    }
    assert_true(net->heap_len < SIM_IN_FLIGHT);
    size_t i = net->heap_len++;
    while (i > 0 && is_before(packet, net->heap[(i - 1) / 2])) {
        net->heap[i] = net->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    net->heap[i] = packet;
}

static sim_packet *pop(sim_net *net)
{
    sim_packet *first = net->heap[0];
    sim_packet *last = net->heap[--net->heap_len];
    size_t i = 0;
    for (size_t child = 1; child < net->heap_len; child = 2 * i + 1) {
        if (child + 1 < net->heap_len && is_before(net->heap[child + 1], net->heap[child])) {
            child++;
        }
        if (!is_before(net->heap[child], last)) {
            break;
        }
        net->heap[i] = net->heap[child];
        i = child;
    }
    net->heap[i] = last;
    return first;
}

/* ---- a hop ---- */

static void corrupt(sim_net *net, sim_packet *packet)
{
    if (packet->len > 0) {
        size_t at = (size_t)sim_random_below(&net->random, packet->len);
        packet->bytes[at] ^= (uint8_t)(1u << sim_random_below(&net->random, 8));
    }
}

static sim_packet *copy_packet(const sim_packet *packet)
{
    sim_packet *copy = malloc(sizeof *packet + packet->len);
    assert_non_null(copy);
    memcpy(copy, packet, sizeof *packet + packet->len);
    return copy;
}

/* What the packet has on the wire: IPv4 or IPv6, and UDP. */
static size_t wire_size(const sim_packet *packet)
{
    return packet->len + (packet->dst.family == 6 ? 48 : 28);
}

static void arrive(sim_net *net, sim_packet *packet, floe_time at)
{
    packet->at = at;
    packet->order = net->order++;
    push(net, packet);
}

/* Send the packet over a link to `node`; it is freed if it is lost on the way. */
static void cross(sim_net *net, sim_packet *packet, sim_lane *lane, int node)
{
    size_t size = wire_size(packet);
    sim_fate fate = sim_lane_cross(lane, &net->random, packet->at, size, packet->is_tcp);
    packet->node = node;
    if (fate.at == FLOE_TIME_NEVER) {
        net->stats.lost++;
        free(packet);
        return;
    }
    if (fate.twin_at != FLOE_TIME_NEVER) {
        arrive(net, copy_packet(packet), fate.twin_at);
    }
    if (fate.is_corrupt) {
        corrupt(net, packet);
    }
    arrive(net, packet, fate.at);
}

static void drop(sim_packet *packet, uint64_t *counter)
{
    (*counter)++;
    free(packet);
}

static void descend(sim_net *net, sim_packet *packet, int child)
{
    packet->is_climbing = false;
    cross(net, packet, &net->nodes[child].down, child);
}

/* From a NAT to the host or NAT inside that has the address. */
static void go_inside(sim_net *net, sim_packet *packet, int nat, const floe_addr *inside)
{
    packet->src = sim_nat_shown(&packet->src, inside);
    packet->dst = *inside;
    int child = find_child(net, nat, inside);
    if (child < 0) {
        drop(packet, &net->stats.unroutable);
        return;
    }
    descend(net, packet, child);
}

/* A packet for the NAT's own public address comes from inside. */
static void turn_around(sim_net *net, sim_packet *packet, int nat)
{
    sim_nat *box = net->nodes[nat].nat;
    floe_addr inside;
    if (!box->config.hairpin ||
        !sim_nat_out(box, packet->at, &packet->src, &packet->dst, &packet->src) ||
        !sim_nat_in(box, packet->at, &packet->dst, &packet->src, &inside)) {
        drop(packet, &net->stats.filtered);
        return;
    }
    go_inside(net, packet, nat, &inside);
}

/* Out of the realm of a NAT. */
static void leave(sim_net *net, sim_packet *packet)
{
    sim_node *node = &net->nodes[packet->node];
    packet->dst = sim_nat_meant(node->nat, &packet->dst);
    if (sim_nat_owns(node->nat, &packet->dst)) {
        turn_around(net, packet, packet->node);
        return;
    }
    if (!sim_nat_is_open(node->nat, packet->dst.port, packet->is_tcp) ||
        !sim_nat_out(node->nat, packet->at, &packet->src, &packet->dst, &packet->src)) {
        drop(packet, &net->stats.filtered);
        return;
    }
    cross(net, packet, &node->up, node->parent);
}

/* The packet is in the realm of packet->node, which is the core or a NAT, and came from below. */
static void climb(sim_net *net, sim_packet *packet)
{
    int child = find_child(net, packet->node, &packet->dst);
    if (child >= 0) {
        descend(net, packet, child);
    } else if (net->nodes[packet->node].kind == SIM_IS_CORE) {
        drop(packet, &net->stats.unroutable);
    } else {
        leave(net, packet);
    }
}

/* The packet has come down to a NAT. */
static void enter(sim_net *net, sim_packet *packet)
{
    floe_addr inside;
    if (!sim_nat_in(net->nodes[packet->node].nat, packet->at, &packet->dst, &packet->src,
                    &inside)) {
        drop(packet, &net->stats.filtered);
        return;
    }
    go_inside(net, packet, packet->node, &inside);
}

/* ---- in and out ---- */

/* False: the packet is no more. */
static bool meet_doom(sim_net *net, sim_packet *packet)
{
    sim_doom *doom = &net->doom;
    uint64_t number = net->stats.sent;
    bool is_due = number >= doom->first && number - doom->first < doom->count;
    sim_doom_kind kind = is_due || number == doom->second ? doom->kind : SIM_DOOM_NONE;
    sim_node *node = &net->nodes[packet->node];
    if (kind == SIM_DOOM_NONE) {
        return true;
    }
    doom->len = packet->len;
    memcpy(doom->bytes, packet->bytes, packet->len);
    if (kind == SIM_DOOM_DROP) {
        drop(packet, &net->stats.lost);
        return false;
    }
    if (kind == SIM_DOOM_TWICE) {
        cross(net, copy_packet(packet), &node->up, node->parent);
    } else if (kind == SIM_DOOM_HOLD) {
        packet->at += doom->hold;
    } else if (kind == SIM_DOOM_FLIP && packet->len > 0) {
        uint64_t bit = doom->bit % (8 * packet->len);
        packet->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return true;
}

void sim_net_send(sim_net *net, floe_time now, int host, const floe_path *path, floe_bytes bytes)
{
    sim_node *node = &net->nodes[host];
    assert_true(node->kind == SIM_IS_HOST && bytes.len <= SIM_PACKET);
    sim_packet *packet = malloc(sizeof *packet + bytes.len);
    assert_non_null(packet);
    *packet = (sim_packet){.at = now, .src = path->local, .dst = path->remote, .len = bytes.len};
    packet->is_climbing = true;
    packet->is_tcp = path->transport == FLOE_TCP;
    memcpy(packet->bytes, bytes.ptr, bytes.len);
    net->stats.sent++;
    packet->node = host;
    if (meet_doom(net, packet)) {
        cross(net, packet, &node->up, node->parent);
    }
}

floe_time sim_net_next(const sim_net *net)
{
    return net->heap_len == 0 ? FLOE_TIME_NEVER : net->heap[0]->at;
}

bool sim_net_poll(sim_net *net, floe_time now, sim_datagram *out)
{
    while (sim_net_next(net) <= now) {
        sim_packet *packet = pop(net);
        if (packet->is_climbing) {
            climb(net, packet);
        } else if (net->nodes[packet->node].kind == SIM_IS_NAT) {
            enter(net, packet);
        } else {
            out->host = packet->node;
            out->path = (floe_path){packet->dst, packet->src, packet->is_tcp ? FLOE_TCP : FLOE_UDP};
            out->len = packet->len;
            memcpy(out->bytes, packet->bytes, packet->len);
            drop(packet, &net->stats.delivered);
            return true;
        }
    }
    return false;
}
