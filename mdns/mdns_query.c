/*
 * mdns/mdns_query.c - names of others: asked for in rounds, on every interface, until one answers
 * or patience is over.
 *
 * A round is two sets of interfaces: those to be asked for an IPv4 address still, and for an IPv6
 * one. Each question is a packet of its own. RFC 6762 §5.3 would have them together, but Chromium
 * 156 does not hear a query that has several; and of the type ANY, not everybody does.
 */
#include "mdns/mdns_node_internal.h"

#include "base/addr.h"

#define BIT(i) (UINT32_C(1) << (i))

/* RFC 6762 §5.2: the second question comes after a second at the earliest, each further one after
 * twice as long. The last wait is cut, for whoever waits for the candidate. */
static const uint64_t waits[] = {1 * FLOE_SECOND, 2 * FLOE_SECOND, 4 * FLOE_SECOND,
                                 3 * FLOE_SECOND};
#define ROUNDS (sizeof waits / sizeof waits[0])

static void end(floe_mdns_node *node, floe_mdns_query *query)
{
    bool is_found = query->addr.family != 0 && !query->is_ambiguous;
    if (!is_found) {
        query->addr = (floe_addr){.family = 0};
    }
    node->stats.resolved += is_found ? 1u : 0u;
    node->stats.unresolved += is_found ? 0u : 1u;
    query->is_done = true;
    query->owed_a = query->owed_aaaa = 0;
}

static void begin(floe_mdns_node *node, floe_mdns_query *query, const floe_mdns_name *name)
{
    *query = (floe_mdns_query){.name = *name};
    query->request = ++node->last_request == 0 ? ++node->last_request : node->last_request;
    /* RFC 6762 §5.2 would have the first question wait 20 to 120 ms, lest many ask at once after a
     * common event. A candidate that was just signalled is none, and somebody waits for it. */
    query->due = node->now;
    const floe_mdns_own *own = floe_mdns_own_find(node, name);
    if (own != NULL) {
        query->addr = own->addr;
        query->addr.port = 0;
        end(node, query);
    }
}

floe_err floe_mdns_node_resolve(floe_mdns_node *node, floe_bytes host, uint32_t *request)
{
    floe_mdns_name name;
    if (node->is_closed) {
        return FLOE_E_CLOSED;
    }
    /* Draft §3.2.2: only names of the form that §3.1 gives them are resolved. */
    if (floe_mdns_name_parse(&name, host) != FLOE_OK) {
        return FLOE_E_UNSUPPORTED;
    }
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        if (node->query[i].request == 0) {
            begin(node, &node->query[i], &name);
            *request = node->query[i].request;
            return FLOE_OK;
        }
    }
    return FLOE_E_FULL;
}

void floe_mdns_node_cancel(floe_mdns_node *node, uint32_t request)
{
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        if (node->query[i].request == request) {
            node->query[i] = (floe_mdns_query){.request = 0};
        }
    }
}

/* Could a candidate of a peer have this address? */
static bool is_usable(const floe_addr *addr)
{
    return addr->family != 0 && !floe_addr_is_any(addr) && !floe_addr_is_multicast(addr) &&
           !floe_addr_is_loopback(addr) && !floe_addr_is_link_local(addr);
}

static void take_record(floe_mdns_node *node, const floe_mdns_record *record)
{
    floe_mdns_name name;
    floe_addr addr = floe_mdns_record_get_addr(record);
    floe_bytes labels = {record->name.bytes, record->name.len};
    /* RFC 6762 §10.1: a lifetime of 0 takes the record back. */
    if (record->ttl_s == 0 || !is_usable(&addr) ||
        floe_mdns_name_parse_labels(&name, labels) != FLOE_OK) {
        return;
    }
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        floe_mdns_query *query = &node->query[i];
        if (query->request == 0 || query->is_done || !floe_mdns_name_equal(&query->name, &name)) {
            continue;
        }
        if (query->addr.family != 0 && !floe_addr_ip_equal(&query->addr, &addr)) {
            query->is_ambiguous = true;
        }
        query->addr = addr;
    }
}

void floe_mdns_query_input(floe_mdns_node *node, const floe_mdns_msg *msg)
{
    floe_mdns_record record;
    floe_mdns_cursor cursor = floe_mdns_msg_begin(msg);
    while (floe_mdns_msg_next_record(msg, &cursor, &record)) {
        take_record(node, &record);
    }
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        if (!node->query[i].is_done && node->query[i].addr.family != 0) {
            end(node, &node->query[i]);
        }
    }
}

static floe_mdns_set all_interfaces(const floe_mdns_node *node)
{
    floe_mdns_set set = 0;
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        set |= floe_mdns_node_has_interface(node, i) ? BIT(i) : 0;
    }
    return set;
}

void floe_mdns_query_settle(floe_mdns_node *node)
{
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        floe_mdns_query *query = &node->query[i];
        if (query->request == 0 || query->is_done || query->due > node->now) {
            continue;
        }
        if (query->rounds == ROUNDS) {
            end(node, query);
        } else {
            query->owed_a = query->owed_aaaa = all_interfaces(node);
            query->due = floe_time_after(node->now, waits[query->rounds++]);
        }
    }
}

floe_time floe_mdns_query_deadline(const floe_mdns_node *node)
{
    floe_time deadline = FLOE_TIME_NEVER;
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        if (node->query[i].request != 0 && !node->query[i].is_done) {
            deadline = floe_time_min(deadline, node->query[i].due);
        }
    }
    return deadline;
}

static void write_question(floe_mdns_node *node, const floe_mdns_query *query, uint16_t type,
                           size_t interface, floe_transmit *out)
{
    floe_mdns_writer w;
    floe_mdns_question question = {
        .name = floe_mdns_labels_of(&query->name), .type = type, .class_ = FLOE_MDNS_CLASS_IN};
    /* RFC 6762 §5.4 and draft §3.2.1 would have an answer to us alone asked for the first time, by
     * a bit; Chromium 156 does not hear a question that has it, which would cost a second. */
    /* RFC 6762 §18.1: the identifier of what is multicast is zero. */
    floe_mdns_writer_begin(&w, out->buf, out->cap, 0, false);
    floe_mdns_writer_put_question(&w, &question);
    floe_addr group = floe_mdns_node_group(node, interface);
    floe_mdns_node_finish(node, &w, out, interface, &group);
    node->stats.queries_sent++;
}

/* Take one interface out of the set. False: it is empty. */
static bool take_interface(floe_mdns_set *set, size_t *interface)
{
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        if ((*set & BIT(i)) != 0) {
            *set &= ~BIT(i);
            *interface = i;
            return true;
        }
    }
    return false;
}

bool floe_mdns_query_poll_transmit(floe_mdns_node *node, floe_transmit *out)
{
    size_t interface;
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        floe_mdns_query *query = &node->query[i];
        if (take_interface(&query->owed_a, &interface)) {
            write_question(node, query, FLOE_MDNS_TYPE_A, interface, out);
            return true;
        }
        if (take_interface(&query->owed_aaaa, &interface)) {
            write_question(node, query, FLOE_MDNS_TYPE_AAAA, interface, out);
            return true;
        }
    }
    return false;
}
