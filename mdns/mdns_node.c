/* mdns/mdns_node.c - the calls that drive a node, and its interfaces. */
#include "mdns/mdns_node.h"

#include <string.h>

#include "base/addr.h"
#include "mdns/mdns_node_internal.h"

#define BIT(i) (UINT32_C(1) << (i))

static void settle(floe_mdns_node *node)
{
    floe_mdns_query_settle(node);
    floe_mdns_own_settle(node);
}

void floe_mdns_node_init(floe_mdns_node *node, floe_rand rand, floe_time now)
{
    FLOE_ASSERT(rand.fill != NULL);
    memset(node, 0, sizeof *node);
    node->rand = rand;
    node->now = now;
}

bool floe_mdns_node_has_interface(const floe_mdns_node *node, size_t i)
{
    return node->interface[i].local.family != 0;
}

floe_mdns_set floe_mdns_node_set_of_link(const floe_mdns_node *node, uint32_t link)
{
    floe_mdns_set set = 0;
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        if (floe_mdns_node_has_interface(node, i) && node->interface[i].link == link) {
            set |= BIT(i);
        }
    }
    return set;
}

/* FLOE_MDNS_INTERFACE_MAX: none has this address. */
static size_t find_interface(const floe_mdns_node *node, const floe_addr *local)
{
    size_t i = 0;
    while (i < FLOE_MDNS_INTERFACE_MAX && !(floe_mdns_node_has_interface(node, i) &&
                                            floe_addr_ip_equal(&node->interface[i].local, local))) {
        i++;
    }
    return i;
}

floe_err floe_mdns_node_add_interface(floe_mdns_node *node, const floe_mdns_interface *interface)
{
    const floe_addr *local = &interface->local;
    bool is_unicast =
        local->family != 0 && !floe_addr_is_any(local) && !floe_addr_is_multicast(local);
    if (!is_unicast || interface->prefix_len == 0 ||
        interface->prefix_len > 8 * floe_addr_ip(local).len) {
        return FLOE_E_ARG;
    }
    if (find_interface(node, local) < FLOE_MDNS_INTERFACE_MAX) {
        return FLOE_OK;
    }
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        if (!floe_mdns_node_has_interface(node, i)) {
            node->interface[i] = *interface;
            node->interface[i].local.port = FLOE_MDNS_PORT;
            floe_mdns_own_add_interface(node, i);
            return FLOE_OK;
        }
    }
    return FLOE_E_FULL;
}

void floe_mdns_node_remove_interface(floe_mdns_node *node, const floe_addr *local)
{
    size_t i = find_interface(node, local);
    if (i == FLOE_MDNS_INTERFACE_MAX) {
        return;
    }
    node->interface[i] = (floe_mdns_interface){.prefix_len = 0};
    for (size_t q = 0; q < FLOE_MDNS_QUERY_MAX; q++) {
        node->query[q].owed_a &= ~BIT(i);
        node->query[q].owed_aaaa &= ~BIT(i);
    }
    floe_mdns_own_remove_interface(node, i);
}

void floe_mdns_node_close(floe_mdns_node *node)
{
    node->is_closed = true;
    memset(node->query, 0, sizeof node->query);
    floe_mdns_own_remove_all(node);
}

floe_addr floe_mdns_node_group(const floe_mdns_node *node, size_t interface)
{
    static const uint8_t v6[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb};
    return node->interface[interface].local.family == 4
               ? floe_addr_from_ipv4(224, 0, 0, 251, FLOE_MDNS_PORT)
               : floe_addr_from_bytes((floe_bytes){v6, sizeof v6}, FLOE_MDNS_PORT);
}

void floe_mdns_node_finish(const floe_mdns_node *node, floe_mdns_writer *w, floe_transmit *out,
                           size_t interface, const floe_addr *to)
{
    floe_bytes packet;
    floe_err err = floe_mdns_writer_end(w, &packet);
    FLOE_ASSERT(err == FLOE_OK);
    out->len = out->segment = packet.len;
    out->path = (floe_path){
        .local = node->interface[interface].local, .remote = *to, .transport = FLOE_UDP};
}

floe_mdns_labels floe_mdns_labels_of(const floe_mdns_name *name)
{
    floe_mdns_labels labels = {.len = FLOE_MDNS_NAME_LABELS};
    floe_writer w = floe_writer_begin(labels.bytes, sizeof labels.bytes);
    floe_mdns_name_put_labels(name, &w);
    FLOE_ASSERT(w.len == FLOE_MDNS_NAME_LABELS);
    return labels;
}

static bool has_prefix(const floe_addr *addr, const floe_mdns_interface *interface)
{
    size_t whole = interface->prefix_len / 8u, rest = interface->prefix_len % 8u;
    const uint8_t *a = addr->ip, *b = interface->local.ip;
    return addr->family == interface->local.family && memcmp(a, b, whole) == 0 &&
           (rest == 0 || ((a[whole] ^ b[whole]) >> (8u - rest)) == 0);
}

/* RFC 6762 §11: the sender is on this link. Where the link has several prefixes, any will do. */
static bool is_on_link(const floe_mdns_node *node, const floe_addr *from, uint32_t link)
{
    if (floe_addr_is_any(from) || floe_addr_is_multicast(from) || from->port == 0) {
        return false;
    }
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        if (floe_mdns_node_has_interface(node, i) && node->interface[i].link == link &&
            has_prefix(from, &node->interface[i])) {
            return true;
        }
    }
    return floe_addr_is_link_local(from);
}

/* Is this a message from the link, and from somebody who may say what it says? */
static floe_err validate(const floe_mdns_node *node, const floe_path *path, floe_bytes packet,
                         floe_mdns_msg *msg)
{
    size_t i = find_interface(node, &path->local);
    if (i == FLOE_MDNS_INTERFACE_MAX || path->remote.family != path->local.family ||
        !is_on_link(node, &path->remote, node->interface[i].link)) {
        return FLOE_E_UNKNOWN;
    }
    floe_err err = floe_mdns_msg_parse(msg, packet);
    if (err != FLOE_OK) {
        return err;
    }
    /* RFC 6762 §6: answers come from port 5353. */
    bool is_stray = msg->is_response && path->remote.port != FLOE_MDNS_PORT;
    return is_stray ? FLOE_E_UNKNOWN : FLOE_OK;
}

floe_err floe_mdns_node_input(floe_mdns_node *node, floe_time now, const floe_path *path,
                              floe_bytes packet)
{
    floe_mdns_msg msg;
    floe_mdns_node_advance(node, now);
    if (node->is_closed) {
        return FLOE_E_CLOSED;
    }
    floe_err err = validate(node, path, packet, &msg);
    if (err != FLOE_OK) {
        node->stats.dropped_foreign += err == FLOE_E_UNKNOWN ? 1u : 0u;
        node->stats.dropped_malformed += err == FLOE_E_UNKNOWN ? 0u : 1u;
        return err;
    }
    if (msg.is_response) {
        floe_mdns_query_input(node, &msg);
        floe_mdns_own_defend(node, &msg, find_interface(node, &path->local));
    } else {
        floe_mdns_own_input(node, &msg, find_interface(node, &path->local), &path->remote);
    }
    return FLOE_OK;
}

void floe_mdns_node_advance(floe_mdns_node *node, floe_time now)
{
    FLOE_ASSERT(now >= node->now);
    node->now = now;
    settle(node);
}

floe_time floe_mdns_node_deadline(const floe_mdns_node *node)
{
    return floe_time_min(floe_mdns_query_deadline(node), floe_mdns_own_deadline(node));
}

bool floe_mdns_node_poll_transmit(floe_mdns_node *node, floe_transmit *out)
{
    FLOE_ASSERT(out->cap >= FLOE_DATAGRAM_MAX);
    settle(node);
    return floe_mdns_own_poll_transmit(node, out) || floe_mdns_query_poll_transmit(node, out);
}

/* FLOE_MDNS_QUERY_MAX: there is none. */
static size_t find_event(const floe_mdns_node *node)
{
    size_t i = 0;
    while (i < FLOE_MDNS_QUERY_MAX && !(node->query[i].request != 0 && node->query[i].is_done)) {
        i++;
    }
    return i;
}

bool floe_mdns_node_poll_event(floe_mdns_node *node, floe_mdns_event *event)
{
    size_t i = find_event(node);
    if (i == FLOE_MDNS_QUERY_MAX) {
        return false;
    }
    *event = (floe_mdns_event){.request = node->query[i].request, .addr = node->query[i].addr};
    node->query[i] = (floe_mdns_query){.request = 0};
    return true;
}

bool floe_mdns_node_has_event(const floe_mdns_node *node)
{
    return find_event(node) < FLOE_MDNS_QUERY_MAX;
}

void floe_mdns_node_get_stats(const floe_mdns_node *node, floe_mdns_stats *stats)
{
    *stats = node->stats;
}

void floe_mdns_node_check_invariants(const floe_mdns_node *node)
{
    floe_mdns_set known = 0;
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        known |= floe_mdns_node_has_interface(node, i) ? BIT(i) : 0;
    }
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        const floe_mdns_query *query = &node->query[i];
        floe_mdns_set owed = query->owed_a | query->owed_aaaa;
        FLOE_ASSERT((owed & ~known) == 0);
        FLOE_ASSERT(!query->is_done || owed == 0);
        FLOE_ASSERT(query->request == 0 || !node->is_closed);
    }
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        const floe_mdns_own *own = &node->own[i];
        FLOE_ASSERT((own->owed & ~floe_mdns_node_set_of_link(node, own->link)) == 0);
        FLOE_ASSERT(own->addr.family != 0 || (own->owed == 0 && own->uses == 0));
        FLOE_ASSERT(own->addr.family == 0 || own->uses > 0 || own->owed != 0);
        FLOE_ASSERT(own->uses == 0 || !node->is_closed);
    }
    for (size_t i = 0; i < FLOE_MDNS_REPLY_MAX; i++) {
        const floe_mdns_reply *reply = &node->reply[i];
        FLOE_ASSERT(reply->to.family == 0 ||
                    (node->own[reply->own].uses > 0 && (known & BIT(reply->interface)) != 0));
    }
}
