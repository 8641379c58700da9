/*
 * fuzz/fuzz_mdns_node.c - bytes as a sequence of calls, packets and time steps for one node of
 * multicast DNS.
 *
 * Packets are put together from the input, about names that the node asks for or stands behind, or
 * taken as they are. Oracle: the invariants hold after every call; a drained node's deadline is in
 * the future; its packets are well-formed, within their size, from an interface of its own, and to
 * a group or to an address of the link; each request ends in one event, within its time, and a
 * resolved address is one that a candidate can have.
 */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/floe_config.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "mdns/mdns_msg.h"
#include "mdns/mdns_node.h"

#define NAMES 4u /* that others have */

typedef struct fuzz {
    floe_reader in;
    floe_time now;
    uint64_t random;
    floe_mdns_node node;
    struct {
        uint32_t request;
        floe_time since;
    } open[FLOE_MDNS_QUERY_MAX]; /* requests without an event; request 0: free */
} fuzz;

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

/* Few addresses, so that they meet again: of the link, of another one, and none of all. */
static floe_addr take_addr(fuzz *f, uint16_t port)
{
    uint8_t pick = take(f);
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
    v6[15] = pick & 15;
    switch (pick >> 4) {
    case 0:
        return floe_addr_from_ipv4(0, 0, 0, 0, port);
    case 1:
        return floe_addr_from_ipv4(224, 0, 0, pick & 15, port);
    case 2:
        return floe_addr_from_ipv4(169, 254, 0, pick & 15, port);
    case 3:
        return floe_addr_from_ipv4(127, 0, 0, pick & 15, port);
    case 4:
        v6[0] = 0xfe;
        v6[1] = 0x80;
        return floe_addr_from_bytes((floe_bytes){v6, 16}, port);
    case 5:
        return floe_addr_from_ipv4(198, 51, 100, pick & 15, port);
    default:
        return (pick & 0x80) != 0 ? floe_addr_from_bytes((floe_bytes){v6, 16}, port)
                                  : floe_addr_from_ipv4(203, 0, 113, pick & 15, port);
    }
}

/* A name of others, or of ours. */
static floe_mdns_name take_name(fuzz *f)
{
    uint8_t pick = take(f);
    floe_mdns_name name = {{pick & (NAMES - 1)}};
    return (pick & 0x80) != 0 ? f->node.own[pick % FLOE_MDNS_NAME_MAX].name : name;
}

static void check_packet(const fuzz *f, const floe_transmit *out)
{
    floe_mdns_msg msg;
    size_t i = 0;
    require(out->len <= FLOE_DATAGRAM_MAX && out->segment == out->len);
    require(floe_mdns_msg_parse(&msg, (floe_bytes){out->buf, out->len}) == FLOE_OK);
    while (i < FLOE_MDNS_INTERFACE_MAX &&
           !floe_addr_equal(&f->node.interface[i].local, &out->path.local)) {
        i++;
    }
    require(i < FLOE_MDNS_INTERFACE_MAX && out->path.local.family == out->path.remote.family);
    bool is_group = floe_addr_is_multicast(&out->path.remote);
    require(!is_group || (out->path.remote.port == FLOE_MDNS_PORT && msg.id == 0));
    require(is_group || msg.is_response);
    require(msg.is_response ? msg.counts[FLOE_MDNS_ANSWER] > 0
                            : msg.counts[FLOE_MDNS_QUESTION] > 0);
}

static void end_request(fuzz *f, uint32_t request)
{
    for (size_t i = 0; i < FLOE_MDNS_QUERY_MAX; i++) {
        if (f->open[i].request == request) {
            /* Time may jump by up to 8.4 s in each of four rounds. */
            require(f->now - f->open[i].since <= 5 * FLOE_MDNS_PATIENCE);
            f->open[i].request = 0;
            return;
        }
    }
    abort();
}

static void drain(fuzz *f)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_mdns_event event;
    for (unsigned i = 0; floe_mdns_node_poll_transmit(&f->node, &out); i++) {
        require(i < 200);
        check_packet(f, &out);
        floe_mdns_node_check_invariants(&f->node);
    }
    while (floe_mdns_node_poll_event(&f->node, &event)) {
        const floe_addr *addr = &event.addr;
        end_request(f, event.request);
        require(!floe_addr_is_multicast(addr) && addr->port == 0);
        require(addr->family == 0 || !floe_addr_is_any(addr));
    }
    require(!floe_mdns_node_has_event(&f->node));
    floe_mdns_node_check_invariants(&f->node);
    require(floe_mdns_node_deadline(&f->node) > f->now);
}

static void put_record(fuzz *f, floe_mdns_writer *w, floe_mdns_section section)
{
    static const uint8_t ttls[] = {0, 59, 60, 120};
    floe_mdns_name name = take_name(f);
    floe_addr addr = take_addr(f, 0);
    floe_mdns_record record = {.class_ = FLOE_MDNS_CLASS_IN, .section = section};
    floe_writer labels = floe_writer_begin(record.name.bytes, sizeof record.name.bytes);
    floe_mdns_name_put_labels(&name, &labels);
    record.name.len = (uint8_t)labels.len;
    record.type = addr.family == 4 ? FLOE_MDNS_TYPE_A : FLOE_MDNS_TYPE_AAAA;
    record.ttl_s = ttls[take(f) & 3];
    record.data = floe_addr_ip(&addr);
    floe_mdns_writer_put_record(w, &record);
}

static void put_question(fuzz *f, floe_mdns_writer *w)
{
    static const uint16_t types[] = {FLOE_MDNS_TYPE_A, FLOE_MDNS_TYPE_AAAA, FLOE_MDNS_ANY, 12};
    floe_mdns_name name = take_name(f);
    floe_mdns_question question = {.class_ = FLOE_MDNS_CLASS_IN};
    floe_writer labels = floe_writer_begin(question.name.bytes, sizeof question.name.bytes);
    uint8_t pick = take(f);
    floe_mdns_name_put_labels(&name, &labels);
    question.name.len = (uint8_t)labels.len;
    question.type = types[pick & 3];
    question.wants_unicast = (pick & 4) != 0;
    floe_mdns_writer_put_question(w, &question);
}

static void input(fuzz *f, floe_bytes packet)
{
    floe_path path = {.local = f->node.interface[take(f) % FLOE_MDNS_INTERFACE_MAX].local};
    path.remote = take_addr(f, (take(f) & 3) == 0 ? 40000 : FLOE_MDNS_PORT);
    floe_err err = floe_mdns_node_input(&f->node, f->now, &path, packet);
    require(err == FLOE_OK || err == FLOE_E_CLOSED || floe_err_class(err) == FLOE_KIND_WIRE);
}

static void input_made(fuzz *f)
{
    uint8_t buf[1200], how = take(f);
    floe_mdns_writer w;
    floe_bytes packet;
    floe_mdns_writer_begin(&w, buf, sizeof buf, how, (how & 0x80) != 0);
    for (uint8_t n = how & 3; n > 0; n--) {
        put_question(f, &w);
    }
    for (uint8_t n = how >> 2 & 3; n > 0; n--) {
        put_record(f, &w, FLOE_MDNS_ANSWER);
    }
    for (uint8_t n = how >> 4 & 1; n > 0; n--) {
        put_record(f, &w, FLOE_MDNS_ADDITIONAL);
    }
    require(floe_mdns_writer_end(&w, &packet) == FLOE_OK);
    input(f, packet);
}

static void resolve(fuzz *f)
{
    char text[FLOE_MDNS_NAME_TEXT_MAX];
    uint32_t request;
    floe_mdns_name name = take_name(f);
    floe_bytes host = floe_bytes_of(floe_mdns_name_text(&name, text));
    floe_err err = floe_mdns_node_resolve(&f->node, host, &request);
    size_t i = 0;
    while (i < FLOE_MDNS_QUERY_MAX && f->open[i].request != 0) {
        i++;
    }
    require(err == FLOE_OK || err == FLOE_E_CLOSED || i == FLOE_MDNS_QUERY_MAX);
    if (err == FLOE_OK) {
        require(i < FLOE_MDNS_QUERY_MAX);
        f->open[i].request = request;
        f->open[i].since = f->now;
    }
}

static void cancel(fuzz *f)
{
    uint8_t i = take(f) % FLOE_MDNS_QUERY_MAX;
    if (f->open[i].request != 0) {
        floe_mdns_node_cancel(&f->node, f->open[i].request);
        f->open[i].request = 0;
    }
}

static void add_interface(fuzz *f)
{
    floe_mdns_interface interface = {.local = take_addr(f, 0)};
    uint8_t pick = take(f);
    interface.prefix_len = pick >> 1;
    interface.link = 1 + (pick & 1);
    floe_err err = floe_mdns_node_add_interface(&f->node, &interface);
    require(err == FLOE_OK || err == FLOE_E_ARG || err == FLOE_E_FULL);
}

static void register_one(fuzz *f)
{
    char name[FLOE_MDNS_NAME_TEXT_MAX];
    floe_addr addr = take_addr(f, 0);
    floe_err err = floe_mdns_node_register(&f->node, &addr, 1 + (take(f) & 1), name);
    require(err != FLOE_OK || strlen(name) == FLOE_MDNS_NAME_LEN);
}

static void close_node(fuzz *f)
{
    if (take(f) == 0) {
        floe_mdns_node_close(&f->node);
        memset(f->open, 0, sizeof f->open);
    }
}

static void command(fuzz *f)
{
    floe_addr addr;
    switch (take(f) % 11) {
    case 0:
        input(f, floe_reader_get_bytes(&f->in, take(f)));
        return;
    case 1:
        f->now += (floe_time)take(f) << (take(f) & 15);
        floe_mdns_node_advance(&f->node, f->now);
        return;
    case 2:
        f->now = floe_time_min(floe_mdns_node_deadline(&f->node), f->now + 100 * FLOE_SECOND);
        floe_mdns_node_advance(&f->node, f->now);
        return;
    case 3:
        resolve(f);
        return;
    case 4:
        cancel(f);
        return;
    case 5:
        add_interface(f);
        return;
    case 6:
        addr = take_addr(f, 0);
        floe_mdns_node_remove_interface(&f->node, &addr);
        return;
    case 7:
        register_one(f);
        return;
    case 8:
        addr = take_addr(f, 0);
        floe_mdns_node_unregister(&f->node, &addr);
        return;
    case 9:
        close_node(f);
        return;
    default:
        input_made(f);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    if (size > 4096) {
        return 0;
    }
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.now = 1;
    floe_mdns_node_init(&f.node, (floe_rand){fill, &f.random}, f.now);
    floe_mdns_interface first = {
        .local = floe_addr_from_ipv4(203, 0, 113, 1, 0), .prefix_len = 24, .link = 1};
    require(floe_mdns_node_add_interface(&f.node, &first) == FLOE_OK);
    while (f.in.left > 0) {
        command(&f);
        drain(&f);
    }
    return 0;
}
