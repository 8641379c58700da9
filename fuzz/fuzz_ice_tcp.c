/*
 * fuzz/fuzz_ice_tcp.c - bytes as a sequence of connections, streams, checks and time for an agent
 * with ICE-TCP.
 *
 * The agent's connections stand, are refused, break; strangers and the peer connect to it; what
 * comes is cut into frames as a socket's bytes are. Oracle: invariants of both objects hold after
 * every call; deadlines lie ahead; a check leaves only on a connection that stands, and is sent
 * once; there is room for one more stranger, whatever strangers do.
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "base/writer.h"
#include "fuzz/harness.h"
#include "ice/ice_tcp.h"
#include "stun/stun_stream.h"
#include "support/ice_message.h"

#define LINKS        6u
#define COMMANDS_MAX 500
#define FRAME_MAX    1500u

typedef struct conn {
    bool is_open;
    bool is_ours;
    floe_path path;
    floe_stun_stream stream;
    uint8_t memory[FRAME_MAX];
    uint8_t tid[FLOE_STUN_TID_SIZE]; /* of the last check on it */
    bool is_asked;
} conn;

typedef struct fuzz {
    floe_ice_agent agent;
    floe_ice_tcp tcp;
    floe_ice_tcp_link memory[LINKS];
    conn conn[LINKS];
    floe_reader in;
    floe_time now;
    uint64_t random;
} fuzz;

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

static void open_conn(fuzz *f, uint32_t link, const floe_path *path, bool is_ours)
{
    conn *c = &f->conn[link];
    require(link < LINKS && !c->is_open);
    *c = (conn){.is_open = true, .is_ours = is_ours, .path = *path};
    floe_stun_stream_init(&c->stream, FLOE_STUN_FRAMING_RFC4571,
                          (floe_span){c->memory, sizeof c->memory});
}

static void take_events(fuzz *f)
{
    floe_ice_tcp_event event;
    for (int i = 0; floe_ice_tcp_poll_event(&f->tcp, &event); i++) {
        require(i < 100);
        if (!event.is_connect) {
            f->conn[event.link].is_open = false;
            continue;
        }
        require(event.path.local.port == FLOE_ICE_TCP_NO_PORT &&
                event.path.remote.port != FLOE_ICE_TCP_NO_PORT);
        uint8_t fate = take(f);
        if (fate % 4 == 0) {
            floe_ice_tcp_disconnected(&f->tcp, event.link);
        } else if (fate % 4 != 1) { /* else nobody answers */
            open_conn(f, event.link, &event.path, true);
            floe_ice_tcp_connected(&f->tcp, event.link);
        }
    }
}

/* A packet of the agent: only where there is a connection, and no check twice. */
static void check_sent(fuzz *f, const floe_transmit *out)
{
    floe_stun_msg msg;
    require(floe_stun_msg_parse(&msg, (floe_bytes){out->buf, out->len}) == FLOE_OK);
    for (uint32_t i = 0; i < LINKS; i++) {
        conn *c = &f->conn[i];
        if (c->is_open && floe_path_equal(&c->path, &out->path)) {
            if (msg.cls == FLOE_STUN_REQUEST) {
                require(memcmp(c->tid, msg.tid, sizeof c->tid) != 0);
                memcpy(c->tid, msg.tid, sizeof c->tid);
                c->is_asked = true;
            }
            return;
        }
    }
    require(msg.cls != FLOE_STUN_REQUEST); /* an answer may be late */
}

static void settle(fuzz *f)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    for (int i = 0; i < 3; i++) {
        floe_ice_tcp_sync(&f->tcp, &f->agent);
        take_events(f);
    }
    floe_ice_tcp_sync(&f->tcp, &f->agent);
    floe_ice_tcp_check_invariants(&f->tcp);
    floe_ice_agent_check_invariants(&f->agent);
    for (int i = 0; floe_ice_agent_poll_transmit(&f->agent, &out); i++) {
        require(i < 1000);
        check_sent(f, &out);
    }
    require(floe_ice_agent_deadline(&f->agent) > f->now);
    require(floe_ice_tcp_deadline(&f->tcp) > f->now);
}

static void add_remote(fuzz *f)
{
    uint8_t pick = take(f);
    const floe_ice_cand cand = {
        .addr = floe_addr_from_ipv4(192, 0, 2, (uint8_t)(100 + pick % 3), 8000),
        .priority = 1000u + pick,
        .foundation = pick,
        .transport = FLOE_TCP,
        .tcptype = pick < 200 ? FLOE_SDP_TCP_PASSIVE : FLOE_SDP_TCP_ACTIVE,
    };
    (void)!floe_ice_agent_add_remote(&f->agent, &cand);
}

static void accept_one(fuzz *f)
{
    uint32_t link;
    const floe_path path = {.local = floe_addr_from_ipv4(192, 0, 2, 1, 7000),
                            .remote = floe_addr_from_ipv4(192, 0, 2, 200, (uint16_t)(1 + take(f))),
                            .transport = FLOE_TCP};
    if (floe_ice_tcp_accepted(&f->tcp, &path, &link) == FLOE_OK) {
        open_conn(f, link, &path, false);
    }
}

static void take_frame(fuzz *f, const floe_path *path, floe_bytes frame)
{
    if (floe_stun_msg_is(frame)) {
        (void)!floe_ice_agent_input(&f->agent, f->now, path, frame);
    } else if (!floe_ice_agent_accept(&f->agent, f->now, path)) {
        floe_ice_tcp_reject(&f->tcp, path);
    }
}

static void receive(fuzz *f, conn *c, floe_bytes in)
{
    floe_bytes frame;
    while (c->is_open && floe_stun_stream_next(&c->stream, &in, &frame) == FLOE_OK) {
        const floe_path path = c->path;
        take_frame(f, &path, frame);
        settle(f);
    }
}

/* A message in a frame, in two pieces. */
static void receive_message(fuzz *f, conn *c, const ice_message *message)
{
    uint8_t frame[2 + FLOE_DATAGRAM_MAX];
    floe_bytes packet = ice_message_write(message, frame + 2);
    size_t cut = take(f) % (packet.len + 2);
    memmove(frame + 2, packet.ptr, packet.len);
    floe_store_u16(frame, (uint16_t)packet.len);
    receive(f, c, (floe_bytes){frame, cut});
    receive(f, c, (floe_bytes){frame + cut, packet.len + 2 - cut});
}

static void do_conn(fuzz *f, uint8_t command)
{
    uint32_t link = take(f) % LINKS;
    conn *c = &f->conn[link];
    if (!c->is_open) {
        return;
    }
    if (command == 0) {
        c->is_open = false;
        floe_ice_tcp_disconnected(&f->tcp, link);
    } else if (command == 1) {
        ice_message check = ice_message_check(f->agent.role == FLOE_ICE_CONTROLLED);
        check.use_candidate = (take(f) & 1) != 0;
        receive_message(f, c, &check);
    } else if (command == 2 && c->is_asked) {
        ice_message answer = {.cls = FLOE_STUN_SUCCESS,
                              .pwd = ICE_PEER_PWD,
                              .mapped = floe_addr_from_ipv4(192, 0, 2, 1 + (take(f) & 1), 7000)};
        memcpy(answer.tid, c->tid, sizeof answer.tid);
        c->is_asked = false;
        receive_message(f, c, &answer);
    } else {
        size_t len = take(f) % 64u;
        size_t left = f->in.left;
        receive(f, c, floe_reader_get_bytes(&f->in, len < left ? len : left));
    }
}

static void do_agent(fuzz *f, uint8_t command)
{
    static const floe_time steps[] = {1000, 50000, 250000, 1000000, 10000000, 31000000, 1, 7000};
    const floe_bytes none = {NULL, 0};
    const floe_addr local = floe_addr_from_ipv4(192, 0, 2, 1, 7000);
    switch (command) {
    case 0:
        add_remote(f);
        break;
    case 1:
        accept_one(f);
        break;
    case 2:
        (void)!floe_ice_agent_set_remote(&f->agent, FLOE_LIT(ICE_PEER_UFRAG),
                                         FLOE_LIT(ICE_PEER_PWD), false);
        break;
    case 3:
        (void)!floe_ice_agent_restart(&f->agent,
                                      (take(f) & 1) != 0 ? FLOE_LIT(ICE_OUR_UFRAG) : none,
                                      (take(f) & 1) != 0 ? FLOE_LIT(ICE_OUR_PWD) : none);
        break;
    case 4:
        floe_ice_tcp_remove_local(&f->tcp, &f->agent, &local);
        break;
    case 5:
        (void)!floe_ice_tcp_add_local(&f->agent, &local, 65535, (take(f) & 1) != 0);
        break;
    default:
        f->now += steps[take(f) % 8];
        floe_ice_agent_advance(&f->agent, f->now);
    }
}

static void begin(fuzz *f, floe_ice_role role)
{
    const floe_addr local = floe_addr_from_ipv4(192, 0, 2, 1, 7000);
    const floe_ice_config config = {.role = role,
                                    .rand = {fill, &f->random},
                                    .ufrag = FLOE_LIT(ICE_OUR_UFRAG),
                                    .pwd = FLOE_LIT(ICE_OUR_PWD)};
    require(floe_ice_agent_init(&f->agent, &config, f->now) == FLOE_OK);
    floe_ice_tcp_init(&f->tcp, f->memory, LINKS, f->now);
    require(floe_ice_tcp_add_local(&f->agent, &local, 65535, false) == FLOE_OK);
    require(floe_ice_tcp_add_local(&f->agent, &local, 65535, true) == FLOE_OK);
    floe_ice_agent_end_local(&f->agent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.now = FLOE_SECOND;
    begin(&f, (take(&f) & 1) != 0 ? FLOE_ICE_CONTROLLING : FLOE_ICE_CONTROLLED);
    for (int i = 0; i < COMMANDS_MAX && f.in.left > 0; i++) {
        uint8_t command = take(&f);
        if ((command & 1) != 0) {
            do_conn(&f, command >> 1 & 3);
        } else {
            do_agent(&f, command >> 1 & 7);
        }
        settle(&f);
    }
    return 0;
}
