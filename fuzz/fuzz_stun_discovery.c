/*
 * fuzz/fuzz_stun_discovery.c - bytes as a sequence of API calls, datagrams and time steps for one
 * behaviour discovery and one server.
 *
 * Oracle: a drained discovery's deadline lies ahead; what it sends is a Binding request to the
 * server's addresses or our own ones outside, and stays within its bounds; what is dropped has
 * changed nothing; a part that was told of does not change any more; it ends. The server answers a
 * request with one well-formed message that grows no more than it says, and nothing else.
 */
#include <string.h>

#include "base/addr.h"
#include "base/floe_config.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "stun/stun_discovery.h"
#include "stun/stun_server.h"

#define COMMANDS_MAX 400
#define ASKED_MAX    8
#define TRIALS_MAX   16 /* of a lifetime of at most 256 s */
#define REQUESTS_MAX (8 + 2 * TRIALS_MAX)

typedef struct asked { /* a request of the discovery that may be answered */
    floe_path path;
    uint8_t bytes[64];
    size_t len;
} asked;

typedef struct fuzz {
    floe_stun_discovery discovery;
    floe_stun_discovery_config config;
    floe_stun_server server;
    floe_reader in;
    floe_time now;
    uint64_t random;
    asked asked[ASKED_MAX];
    unsigned asked_count, sent;
    unsigned told; /* parts that are final, a bit each */
    floe_stun_discovery_report final;
} fuzz;

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

/* Few addresses, so that they meet. */
static floe_addr take_addr(fuzz *f)
{
    uint8_t pick = take(f);
    static const uint16_t ports[] = {3478, 3479, 40000, 40001, 0, 9, 65535, 3478};
    static const uint8_t last[] = {10, 11, 2, 10};
    return floe_addr_from_ipv4((pick & 0x40) != 0 ? 127 : 192, 0, 2, last[pick & 3],
                               ports[pick >> 3 & 7]);
}

static bool begin(fuzz *f)
{
    uint8_t options = take(f);
    f->server.primary = floe_addr_from_ipv4(192, 0, 2, 10, 3478);
    f->server.other = floe_addr_from_ipv4(192, 0, 2, 11, 3479);
    f->config = (floe_stun_discovery_config){
        .server = f->server.primary,
        .local = floe_addr_from_ipv4(192, 0, 2, 2, 40000),
        .rand = {fill, &f->random},
        .lifetime_max = (options & 1) != 0 ? (floe_time)take(f) * FLOE_SECOND : 0,
        .sends_max = options >> 4};
    if ((options & 2) != 0) {
        f->config.local2 = floe_addr_from_ipv4(192, 0, 2, 2, 40001);
    }
    if ((options & 4) != 0) {
        f->config.local = take_addr(f);
    }
    if ((options & 8) != 0) {
        f->server.other = take_addr(f);
        f->server.other.family = (take(f) & 1) != 0 ? 4 : 0;
    }
    f->now = floe_reader_get_u32(&f->in);
    return floe_stun_discovery_init(&f->discovery, &f->config, f->now) == FLOE_OK;
}

static bool is_ours(const fuzz *f, const floe_addr *addr)
{
    return floe_addr_equal(addr, &f->config.local) || floe_addr_equal(addr, &f->config.local2);
}

static void check_sent(fuzz *f, const floe_transmit *out)
{
    floe_stun_msg msg;
    floe_bytes packet = {out->buf, out->len};
    require(out->len == out->segment && out->len <= sizeof f->asked[0].bytes);
    require(floe_stun_msg_parse(&msg, packet) == FLOE_OK);
    require(msg.cls == FLOE_STUN_REQUEST && msg.method == FLOE_STUN_BINDING);
    require(is_ours(f, &out->path.local) && out->path.remote.family == 4);
    unsigned max = f->config.sends_max != 0 ? f->config.sends_max : 16;
    require(++f->sent <= REQUESTS_MAX * max);
    asked *a = &f->asked[f->asked_count++ % ASKED_MAX];
    a->path = out->path;
    a->len = out->len;
    memcpy(a->bytes, out->buf, out->len);
}

static bool is_addr_kept(const floe_addr *a, const floe_addr *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool is_told(const fuzz *f, floe_stun_discovery_event part)
{
    return (f->told >> part & 1) != 0;
}

/* What was told of does not change. */
static void check_final(fuzz *f)
{
    const floe_stun_discovery_report *r = floe_stun_discovery_get(&f->discovery);
    const floe_stun_discovery_report *was = &f->final;
    require(!is_told(f, FLOE_STUN_DISCOVERY_BINDING) ||
            (is_addr_kept(&r->mapped, &was->mapped) && is_addr_kept(&r->other, &was->other) &&
             r->binding_doubt == FLOE_STUN_DOUBT_NONE && r->mapped.port != 0));
    require(!is_told(f, FLOE_STUN_DISCOVERY_FILTERING) || r->filtering == was->filtering);
    require(!is_told(f, FLOE_STUN_DISCOVERY_MAPPING) || r->mapping == was->mapping);
    require(!is_told(f, FLOE_STUN_DISCOVERY_HAIRPIN) || r->has_hairpin == was->has_hairpin);
    require(!is_told(f, FLOE_STUN_DISCOVERY_DONE) || memcmp(r, was, sizeof *r) == 0);
    require(r->lifetime_min <= r->lifetime_max);
    if (is_told(f, FLOE_STUN_DISCOVERY_DONE)) {
        require(r->binding_doubt != FLOE_STUN_DOUBT_PENDING &&
                r->mapping_doubt != FLOE_STUN_DOUBT_PENDING &&
                r->filtering_doubt != FLOE_STUN_DOUBT_PENDING &&
                r->hairpin_doubt != FLOE_STUN_DOUBT_PENDING &&
                r->lifetime_doubt != FLOE_STUN_DOUBT_PENDING);
        require((r->mapping_doubt == FLOE_STUN_DOUBT_NONE) ==
                (r->mapping != FLOE_STUN_RULE_UNKNOWN));
        require((r->filtering_doubt == FLOE_STUN_DOUBT_NONE) ==
                (r->filtering != FLOE_STUN_RULE_UNKNOWN));
    }
}

static void drain(fuzz *f)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_stun_discovery_event event;
    while (floe_stun_discovery_poll_transmit(&f->discovery, &out)) {
        check_sent(f, &out);
    }
    check_final(f);
    while (floe_stun_discovery_poll_event(&f->discovery, &event)) {
        require(!is_told(f, event) && !is_told(f, FLOE_STUN_DISCOVERY_DONE));
        f->told |= 1u << event;
    }
    f->final = *floe_stun_discovery_get(&f->discovery);
    bool is_done = is_told(f, FLOE_STUN_DISCOVERY_DONE);
    require((floe_stun_discovery_deadline(&f->discovery) == FLOE_TIME_NEVER) == is_done);
    require(floe_stun_discovery_deadline(&f->discovery) > f->now);
}

static void input(fuzz *f, const floe_path *path, floe_bytes packet)
{
    floe_stun_discovery before;
    floe_stun_discovery_advance(&f->discovery, f->now);
    drain(f);
    before = f->discovery;
    if (floe_stun_discovery_input(&f->discovery, f->now, path, packet) != FLOE_OK) {
        require(memcmp(&before, &f->discovery, sizeof before) == 0);
    }
    drain(f);
}

/* Something comes to the server; its answer goes to the socket `reached`. */
static void serve(fuzz *f, const floe_path *path, floe_bytes packet, const floe_addr *reached)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_stun_msg request, answer;
    if (floe_stun_server_answer(&f->server, path, packet, &out) != FLOE_OK) {
        return;
    }
    floe_bytes written = {out.buf, out.len};
    require(floe_stun_msg_parse(&request, packet) == FLOE_OK);
    require(request.cls == FLOE_STUN_REQUEST && request.method == FLOE_STUN_BINDING);
    require(floe_stun_msg_parse(&answer, written) == FLOE_OK && answer.cls >= FLOE_STUN_SUCCESS);
    require(memcmp(request.tid, answer.tid, FLOE_STUN_TID_SIZE) == 0);
    require(out.len <= packet.len + (f->server.other.family != 0 ? FLOE_STUN_SERVER_GROWTH_BEHAVIOUR
                                                                 : FLOE_STUN_SERVER_GROWTH));
    require(floe_addr_ip_equal(&out.path.remote, &path->remote) && out.path.remote.port != 0);
    floe_path turned = {.local = *reached, .remote = out.path.local};
    input(f, &turned, written);
}

/* One of the requests is answered by the server, or comes back as it went out. */
static void answer_request(fuzz *f, bool is_hairpin)
{
    unsigned known = f->asked_count < ASKED_MAX ? f->asked_count : ASKED_MAX;
    uint8_t pick = take(f);
    if (known == 0) {
        return;
    }
    asked *a = &f->asked[pick % known];
    floe_bytes packet = {a->bytes, a->len};
    floe_addr seen = (pick & 0x80) != 0 ? take_addr(f) : a->path.local;
    floe_addr reached = (pick & 0x40) != 0 ? take_addr(f) : a->path.local;
    floe_path path = {.local = a->path.remote, .remote = seen};
    if (is_hairpin) {
        path.local = reached;
        input(f, &path, packet);
    } else {
        serve(f, &path, packet, &reached);
    }
}

/* A response of any kind to one of the requests. */
static void answer_oddly(fuzz *f)
{
    uint8_t buf[128], pick = take(f), what = take(f);
    unsigned known = f->asked_count < ASKED_MAX ? f->asked_count : ASKED_MAX;
    if (known == 0) {
        return;
    }
    const asked *a = &f->asked[pick % known];
    floe_stun_writer w;
    floe_bytes packet;
    floe_addr mapped = take_addr(f), other = take_addr(f);
    floe_path path = {.local = a->path.local, .remote = a->path.remote};
    if ((pick & 0x80) != 0) {
        path.remote = take_addr(f);
    }
    floe_stun_writer_begin(&w, buf, sizeof buf, (floe_stun_class)(what & 3), FLOE_STUN_BINDING,
                           a->bytes + 8);
    if ((what & 4) != 0) {
        floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped);
    }
    if ((what & 8) != 0) {
        floe_stun_writer_put_addr(&w, FLOE_STUN_MAPPED_ADDRESS, &other);
    }
    if ((what & 16) != 0) {
        floe_stun_writer_put_addr(&w, FLOE_STUN_OTHER_ADDRESS, &other);
    }
    if ((what & 32) != 0) {
        floe_stun_writer_put_error(&w, 300 + take(f));
    }
    if ((what & 64) != 0) {
        floe_stun_writer_put_flag(&w, 0x7f7f);
    }
    if (floe_stun_writer_end(&w, &packet) == FLOE_OK) {
        input(f, &path, packet);
    }
}

static void any_datagram(fuzz *f)
{
    floe_addr remote = take_addr(f), local = take_addr(f);
    floe_path path = {.local = local, .remote = remote};
    size_t len = take(f) % 200u;
    floe_bytes packet = floe_reader_get_bytes(&f->in, len < f->in.left ? len : f->in.left);
    serve(f, &path, packet, &local);
    input(f, &path, packet);
}

static void step(fuzz *f)
{
    switch (take(f) % 8) {
    case 0:
    case 1:
        answer_request(f, false);
        break;
    case 2:
        answer_request(f, true);
        break;
    case 3:
        answer_oddly(f);
        break;
    case 4:
        any_datagram(f);
        break;
    case 5: /* to the deadline */
        if (!is_told(f, FLOE_STUN_DISCOVERY_DONE)) {
            f->now = floe_stun_discovery_deadline(&f->discovery);
        }
        floe_stun_discovery_advance(&f->discovery, f->now);
        drain(f);
        break;
    default:
        f->now += (floe_time)take(f) * 10 * FLOE_MS;
        floe_stun_discovery_advance(&f->discovery, f->now);
        drain(f);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    if (!begin(&f)) {
        return 0;
    }
    drain(&f);
    for (int i = 0; i < COMMANDS_MAX && f.in.left > 0; i++) {
        step(&f);
    }
    /* Left alone, it comes to an end. */
    for (int i = 0; !is_told(&f, FLOE_STUN_DISCOVERY_DONE); i++) {
        require(i < 1000);
        f.now = floe_stun_discovery_deadline(&f.discovery);
        floe_stun_discovery_advance(&f.discovery, f.now);
        drain(&f);
    }
    return 0;
}
