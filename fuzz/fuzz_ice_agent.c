/*
 * fuzz/fuzz_ice_agent.c - bytes as a sequence of API calls, datagrams and time steps for one agent.
 *
 * Datagrams come from a peer that knows the passwords, from one that does not, and from nowhere.
 * Oracle: invariants hold after every call; a drained agent's deadline lies ahead; what is dropped
 * has changed nothing but counters; what is not authentic is not answered; every datagram sent is
 * well-formed, signed with the right password, and leaves from a socket or a relay that the policy
 * allows.
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "ice/ice_agent_internal.h"
#include "support/ice_message.h"

#define COMMANDS_MAX 400
#define ASKED_MAX    8

typedef struct asked { /* a request of the agent that may be answered */
    floe_path path;
    uint8_t tid[FLOE_STUN_TID_SIZE];
} asked;

typedef struct fuzz {
    floe_ice_agent agent;
    floe_reader in;
    floe_time now;
    uint64_t random;
    asked asked[ASKED_MAX];
    unsigned asked_count;
    unsigned peer_generation;
} fuzz;

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

/* Few addresses, so that they meet. */
static floe_addr take_addr(fuzz *f)
{
    uint8_t pick = take(f);
    uint8_t ip[16] = {0xfe, 0x80};
    ip[15] = (uint8_t)(pick >> 3 & 3);
    if ((pick & 0x20) != 0) {
        ip[0] = 0x20;
    }
    uint16_t port = (uint16_t)(1000 + (pick & 7));
    if ((pick & 0x40) != 0) {
        return floe_addr_from_bytes((floe_bytes){ip, 16}, port);
    }
    return floe_addr_from_ipv4(192, 0, 2, (uint8_t)(pick >> 3 & 7), port);
}

static void check_sent(fuzz *f, const floe_transmit *out)
{
    floe_stun_msg msg;
    floe_bytes packet = {out->buf, out->len};
    uint8_t base = floe_ice_table_find_base(&f->agent, &out->path.local, out->path.transport);
    require(base != FLOE_ICE_NONE && f->agent.local[base].type != FLOE_ICE_HIDDEN);
    require(out->len <= FLOE_DATAGRAM_MAX && out->segment == out->len);
    require(floe_stun_msg_parse(&msg, packet) == FLOE_OK);
    bool is_to_server =
        msg.cls == FLOE_STUN_REQUEST && !floe_stun_msg_has(&msg, FLOE_STUN_USERNAME);
    if (!is_to_server) {
        const floe_ice_credentials *keys =
            msg.cls == FLOE_STUN_REQUEST ? f->agent.theirs : f->agent.ours;
        require(msg.has_fingerprint);
        require(floe_stun_msg_check_integrity(&msg, floe_ice_credentials_pwd(&keys[0])) ==
                    FLOE_OK ||
                floe_stun_msg_check_integrity(&msg, floe_ice_credentials_pwd(&keys[1])) == FLOE_OK);
    }
    if (msg.cls == FLOE_STUN_REQUEST) {
        asked *slot = &f->asked[f->asked_count++ % ASKED_MAX];
        slot->path = out->path;
        memcpy(slot->tid, msg.tid, sizeof slot->tid);
    }
}

static void drain(fuzz *f)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_ice_event event;
    for (unsigned i = 0; floe_ice_agent_poll_transmit(&f->agent, &out); i++) {
        require(i < 1000);
        check_sent(f, &out);
        floe_ice_agent_check_invariants(&f->agent);
    }
    require(floe_ice_agent_deadline(&f->agent) > f->now);
    for (unsigned i = 0; floe_ice_agent_poll_event(&f->agent, &event); i++) {
        require(i < 100);
    }
    require(floe_ice_agent_deadline(&f->agent) > f->now);
}

/* What is dropped leaves the agent as it was. */
static void input(fuzz *f, const floe_path *path, floe_bytes packet)
{
    floe_ice_agent_advance(&f->agent, f->now);
    floe_ice_agent before = f->agent;
    uint8_t owed = f->agent.reply_count;
    floe_err err = floe_ice_agent_input(&f->agent, f->now, path, packet);
    require(f->agent.reply_count <= owed + 1);
    if (floe_err_class(err) == FLOE_KIND_WIRE) {
        before.count = f->agent.count;
        before.is_refused = f->agent.is_refused;
        require(memcmp(&before, &f->agent, sizeof before) == 0);
    }
}

static void do_advance(fuzz *f)
{
    static const floe_time steps[] = {1000, 5000, 50000, 500000, 4000000, 7000000, 31000000, 1};
    uint8_t pick = take(f);
    floe_time at = floe_ice_agent_deadline(&f->agent);
    if ((pick & 8) != 0 && at != FLOE_TIME_NEVER) {
        f->now = at > f->now ? at : f->now;
    } else {
        f->now += steps[pick & 7];
    }
    floe_ice_agent_advance(&f->agent, f->now);
}

static const char *const peer_ufrags[] = {ICE_PEER_UFRAG, "second00", "third000", "fourth00"};

static void do_check(fuzz *f)
{
    char name[600];
    char pwd[300];
    uint8_t buf[FLOE_DATAGRAM_MAX];
    uint8_t pick = take(f);
    uint8_t how = take(f);
    const floe_ice_credentials *ours = &f->agent.ours[pick & 1];
    floe_writer w = floe_writer_begin((uint8_t *)name, sizeof name);
    floe_writer_put_bytes(&w, floe_ice_credentials_ufrag(ours));
    floe_writer_put_text(&w, ":");
    floe_writer_put_text(&w, peer_ufrags[(f->peer_generation + ((how & 0x40) != 0)) % 4]);
    floe_writer_put_u8(&w, 0);
    w = floe_writer_begin((uint8_t *)pwd, sizeof pwd);
    floe_writer_put_bytes(&w, floe_ice_credentials_pwd(ours));
    floe_writer_put_u8(&w, 0);
    ice_message m = ice_message_check((pick & 2) != 0);
    m.tid[0] = pick;
    m.username = name;
    m.pwd = pwd;
    m.tie_breaker = (pick & 4) != 0 ? UINT64_MAX : (pick & 8) != 0 ? f->agent.tie_breaker : 1;
    m.use_candidate = (pick & 16) != 0;
    m.priority = (pick & 32) != 0 ? 0 : 0x6e000000u + pick;
    m.odd = (pick & 0xc0) == 0xc0 ? 0x0033 : 0;
    m.integrity = (how & 7) <= ICE_INTEGRITY_TWO ? (ice_integrity)(how & 7) : ICE_INTEGRITY_GOOD;
    m.no_fingerprint = (how & 0x38) == 0x38;
    floe_path path = {.remote = take_addr(f), .transport = FLOE_UDP};
    path.local = f->agent.local[take(f) % FLOE_ICE_LOCAL_MAX].addr;
    input(f, &path, ice_message_write(&m, buf));
}

static void do_answer(fuzz *f)
{
    static const int codes[] = {0, 0, 0, 0, 487, 403, 400, 300};
    char pwd[300];
    uint8_t buf[FLOE_DATAGRAM_MAX];
    uint8_t pick = take(f);
    uint8_t how = take(f);
    const asked *to = &f->asked[pick % ASKED_MAX];
    floe_writer w = floe_writer_begin((uint8_t *)pwd, sizeof pwd);
    floe_writer_put_bytes(&w, floe_ice_credentials_pwd(&f->agent.theirs[how >> 7]));
    floe_writer_put_u8(&w, 0);
    int code = codes[pick >> 5];
    ice_message m = {
        .cls = code == 0 ? FLOE_STUN_SUCCESS : FLOE_STUN_ERROR,
        .pwd = pwd,
        .error = code,
        .odd = (how & 0x78) == 0x78 ? 0x0033 : 0,
        .integrity = (how & 7) <= ICE_INTEGRITY_TWO ? (ice_integrity)(how & 7) : 0,
    };
    memcpy(m.tid, to->tid, sizeof m.tid);
    floe_path path = to->path;
    if ((pick & 8) != 0) {
        m.mapped = take_addr(f);
    } else {
        m.mapped = path.local;
    }
    if ((pick & 0x18) == 0x18) {
        path.remote = take_addr(f);
    }
    if (path.local.family == 0) {
        return;
    }
    input(f, &path, ice_message_write(&m, buf));
}

static void do_raw(fuzz *f)
{
    floe_path path = {.remote = take_addr(f), .transport = take(f) & 3};
    path.local = f->agent.local[take(f) % FLOE_ICE_LOCAL_MAX].addr;
    size_t len = take(f);
    len = len < f->in.left ? len : f->in.left;
    input(f, &path, floe_reader_get_bytes(&f->in, len));
}

static void do_add_remote(fuzz *f)
{
    floe_ice_cand cand = {.addr = take_addr(f)};
    cand.type = take(f) & 3;
    cand.priority = floe_ice_priority((floe_ice_type)cand.type, take(f));
    cand.foundation = take(f) & 3;
    (void)!floe_ice_agent_add_remote(&f->agent, &cand);
}

static void do_set_remote(fuzz *f)
{
    uint8_t pick = take(f);
    f->peer_generation = pick & 3;
    (void)!floe_ice_agent_set_remote(&f->agent, floe_bytes_of(peer_ufrags[pick & 3]),
                                     FLOE_LIT(ICE_PEER_PWD), (pick & 0xf0) == 0xf0);
}

static void do_server(fuzz *f)
{
    uint8_t pick = take(f);
    uint32_t index;
    floe_addr addr = take_addr(f);
    if ((pick & 8) != 0) {
        (void)!floe_ice_agent_add_server(&f->agent, &addr, &index);
    } else {
        addr.family = (pick & 0x70) == 0 ? 0 : addr.family;
        (void)!floe_ice_agent_set_server_addr(&f->agent, pick & 3, &addr);
    }
}

static void do_relay(fuzz *f)
{
    uint8_t pick = take(f);
    floe_addr addr = take_addr(f);
    floe_addr mine = f->agent.local[take(f) % FLOE_ICE_LOCAL_MAX].addr;
    switch (pick & 7) {
    case 0:
    case 1:
    case 2:
        (void)!floe_ice_agent_add_relay(&f->agent, &addr, &mine, pick >> 4, pick >> 6);
        break;
    case 3:
    case 4:
        floe_ice_agent_permit(&f->agent, &mine, &addr);
        break;
    case 5:
        floe_ice_agent_remove_relay(&f->agent, &mine);
        break;
    case 6:
        floe_ice_agent_set_relaying(&f->agent, (pick & 8) != 0);
        break;
    default:
        floe_ice_agent_add_mapped(&f->agent, &mine, &addr, pick >> 6);
    }
}

static void do_setter(fuzz *f)
{
    uint8_t pick = take(f);
    floe_bytes made = {NULL, 0};
    switch (pick & 7) {
    case 0:
        floe_ice_agent_end_local(&f->agent);
        break;
    case 1:
        floe_ice_agent_end_remote(&f->agent);
        break;
    case 2:
        (void)!floe_ice_agent_restart(&f->agent, made, made);
        break;
    case 3:
        floe_ice_agent_set_role(&f->agent, (floe_ice_role)(pick >> 7));
        break;
    case 4:
        if (pick == 0xfc) {
            floe_ice_agent_close(&f->agent);
        }
        break;
    default: {
        floe_path path = {.remote = take_addr(f), .transport = FLOE_UDP};
        path.local = f->agent.local[take(f) % FLOE_ICE_LOCAL_MAX].addr;
        (void)floe_ice_agent_accept(&f->agent, f->now, &path);
    }
    }
}

static void run_command(fuzz *f)
{
    uint8_t op = take(f);
    floe_addr addr;
    switch (op & 15) {
    case 0:
    case 1:
    case 2:
        do_advance(f);
        break;
    case 3:
    case 4:
        do_check(f);
        break;
    case 5:
    case 6:
    case 7:
        do_answer(f);
        break;
    case 8:
        do_raw(f);
        break;
    case 9:
        addr = take_addr(f);
        (void)!floe_ice_agent_add_local(&f->agent, &addr, take(f));
        break;
    case 10:
        do_add_remote(f);
        break;
    case 11:
        do_set_remote(f);
        break;
    case 12:
        do_server(f);
        break;
    case 13:
        do_relay(f);
        break;
    default:
        do_setter(f);
        break;
    }
    floe_ice_agent_check_invariants(&f->agent);
    if ((op & 0x10) == 0) {
        drain(f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    uint8_t pick = take(&f);
    static const floe_ice_filters filters = {
        .tell = {.ranges = floe_ice_private_ranges, .range_count = FLOE_ICE_PRIVATE_RANGES},
        .use = {.families = FLOE_ICE_WITHOUT(6)}};
    floe_ice_config config = {.role = (floe_ice_role)(pick & 1),
                              .policy = (floe_ice_policy)(pick >> 1 & 1),
                              .nomination = (floe_ice_nomination)((pick >> 2 & 3) % 3),
                              .is_lite = (pick >> 4 & 3) == 3,
                              .filters = (pick >> 6 & 3) == 3 ? &filters : NULL,
                              .rand = {fill, &f.random}};
    require(floe_ice_agent_init(&f.agent, &config, f.now) == FLOE_OK);
    for (unsigned i = 0; i < COMMANDS_MAX && f.in.left > 0; i++) {
        run_command(&f);
    }
    drain(&f);
    return 0;
}
