/*
 * fuzz/fuzz_turn_client.c - bytes as a sequence of calls, answers and time steps for one TURN
 * client.
 *
 * Answers are put together from the input and signed with the right key where the input says so, or
 * next to none would be believed; redirects are followed, connections opened. Oracle: the
 * invariants hold after every call, a drained client's deadline is in the future and its packets
 * are well-formed, what is dropped does not change the state of the allocation, relays come and go
 * with the events that say so, and a client that is closed stays so.
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "stun/stun_key.h"
#include "turn/turn_client.h"

#define ASKED_MAX 8u

typedef struct asked {
    uint8_t tid[FLOE_STUN_TID_SIZE];
    uint16_t method;
} asked;

typedef struct fuzz {
    floe_reader in;
    floe_time now;
    uint64_t random;
    floe_turn_client client;
    asked asked[ASKED_MAX];
    uint8_t asked_count;
    floe_addr wanted; /* where the server has sent us; family 0: nowhere */
    bool is_up;       /* by the events */
    bool is_closed;
} fuzz;

/* Any refusal but of a dead client. */
static void allow(floe_err err)
{
    require(floe_err_class(err) != FLOE_KIND_DEAD || err == FLOE_E_CLOSED);
}

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

static floe_addr take_addr(fuzz *f)
{
    uint8_t pick = take(f);
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8};
    ip[15] = pick & 15;
    uint16_t port = (uint16_t)(pick >> 4 & 7);
    return (pick & 0x80) != 0 ? floe_addr_from_bytes((floe_bytes){ip, 16}, port)
                              : floe_addr_from_ipv4(192, 0, 2, pick & 15, port);
}

static void look(fuzz *f, const floe_turn_event *event)
{
    require(!f->is_closed);
    switch (event->type) {
    case FLOE_TURN_EV_ALLOCATED:
        require(!f->is_up && (event->relay[0].family == 4 || event->relay[1].family == 6));
        f->is_up = true;
        return;
    case FLOE_TURN_EV_LOST:
        require(f->is_up && event->cause != FLOE_TURN_CAUSE_NONE);
        f->is_up = false;
        return;
    case FLOE_TURN_EV_FAILED:
        require(!f->is_up && event->cause != FLOE_TURN_CAUSE_NONE);
        return;
    case FLOE_TURN_EV_PATH_WANTED:
        require(event->server.family != 0);
        f->wanted = event->server;
        return;
    case FLOE_TURN_EV_CLOSED:
        f->is_closed = true;
        return;
    default:
        return;
    }
}

static void drain(fuzz *f)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_turn_event event;
    floe_stun_msg msg;
    for (unsigned i = 0; floe_turn_client_poll_transmit(&f->client, &out); i++) {
        require(i < 2 * FLOE_TURN_TXN_MAX);
        require(floe_stun_msg_parse(&msg, (floe_bytes){buf, out.len}) == FLOE_OK);
        require(msg.cls == FLOE_STUN_REQUEST);
        asked *slot = &f->asked[f->asked_count++ % ASKED_MAX];
        slot->method = msg.method;
        memcpy(slot->tid, msg.tid, sizeof slot->tid);
        floe_turn_client_check_invariants(&f->client);
    }
    for (unsigned i = 0; floe_turn_client_poll_event(&f->client, &event); i++) {
        require(i < 100);
        look(f, &event);
    }
    floe_turn_client_check_invariants(&f->client);
    require(floe_turn_client_deadline(&f->client) > f->now);
    floe_turn_state state = floe_turn_client_get_state(&f->client);
    require(state != FLOE_TURN_ALLOCATED || f->is_up);
    require(!f->is_up || (state != FLOE_TURN_ALLOCATING && state != FLOE_TURN_FAILED));
    require(!f->is_closed || state == FLOE_TURN_CLOSED);
}

static floe_err input(fuzz *f, floe_bytes packet)
{
    floe_turn_data data;
    floe_turn_client_advance(&f->client, f->now);
    floe_turn_state before = floe_turn_client_get_state(&f->client);
    floe_time expires = f->client.expires;
    floe_path path = f->client.path;
    floe_err err = floe_turn_client_input(&f->client, f->now, &path, packet, &data);
    require(err == FLOE_OK || floe_err_class(err) == FLOE_KIND_WIRE);
    if (err != FLOE_OK && path.transport != FLOE_TCP && path.transport != FLOE_TLS) {
        require(floe_turn_client_get_state(&f->client) == before && f->client.expires == expires);
    }
    require(data.peer.family == 0 || data.payload.len == 0 ||
            (data.payload.ptr >= packet.ptr &&
             data.payload.ptr + data.payload.len <= packet.ptr + packet.len));
    return err;
}

/* A nonce with the cookie, and the features that the input names in base64. */
static void put_cookie(fuzz *f, floe_stun_writer *w)
{
    uint8_t nonce[14] = "obMatJos2AAAA";
    nonce[9] = take(f);
    nonce[13] = take(f);
    floe_stun_writer_put_bytes(w, FLOE_STUN_NONCE, (floe_bytes){nonce, sizeof nonce});
}

/* Attributes by number: those that answers are made of, with values from the input. */
static void put_attribute(fuzz *f, floe_stun_writer *w)
{
    static const uint8_t algorithms[] = {0, 1, 0, 0, 0, 2, 0, 0};
    floe_addr addr;
    uint8_t which = take(f);
    if (which >= 0xF4) {
        put_cookie(f, w);
        return;
    }
    switch (which % 12) {
    case 0:
        addr = take_addr(f);
        floe_stun_writer_put_addr(w, FLOE_STUN_XOR_RELAYED_ADDRESS, &addr);
        return;
    case 1:
        floe_stun_writer_put_u32(w, FLOE_STUN_LIFETIME, (uint32_t)take(f) << (take(f) & 31));
        return;
    case 2:
        floe_stun_writer_put_bytes(w, FLOE_STUN_REALM, (floe_bytes){(const uint8_t *)"realm", 5});
        return;
    case 3:
        floe_stun_writer_put_bytes(w, FLOE_STUN_NONCE, floe_reader_get_bytes(&f->in, 4));
        return;
    case 4:
        addr = take_addr(f);
        floe_stun_writer_put_addr(w, FLOE_STUN_XOR_PEER_ADDRESS, &addr);
        return;
    case 5:
        floe_stun_writer_put_bytes(w, FLOE_STUN_DATA_ATTR,
                                   floe_reader_get_bytes(&f->in, take(f) & 15));
        return;
    case 6:
        floe_stun_writer_put_bytes(w, FLOE_STUN_MOBILITY_TICKET,
                                   floe_reader_get_bytes(&f->in, take(f)));
        return;
    case 7:
        addr = take_addr(f);
        floe_stun_writer_put_addr(w, FLOE_STUN_ALTERNATE_SERVER, &addr);
        return;
    case 8:
        floe_stun_writer_put_u32(w, FLOE_STUN_CONNECTION_ID, take(f));
        return;
    case 9:
        floe_stun_writer_put_bytes(w, FLOE_STUN_PASSWORD_ALGORITHMS,
                                   (floe_bytes){algorithms, sizeof algorithms});
        return;
    case 10:
        floe_stun_writer_put_u64(w, FLOE_STUN_ICMP, take(f));
        return;
    default: {
        uint16_t type = (uint16_t)(take(f) << 8);
        type |= take(f);
        floe_stun_writer_put_bytes(w, type, floe_reader_get_bytes(&f->in, take(f) & 7));
        return;
    }
    }
}

/* An answer to one of the last requests, or an indication. */
static void answer(fuzz *f)
{
    static const uint16_t codes[] = {300, 400, 401, 403, 405, 420, 437, 438, 440, 441,
                                     442, 443, 446, 447, 486, 487, 500, 508, 600};
    uint8_t buf[1500];
    floe_stun_writer w;
    floe_bytes packet;
    uint8_t how = take(f);
    const asked *to = &f->asked[how & 7];
    uint8_t kind = how >> 3 & 3;
    if (kind == 0) {
        floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_INDICATION,
                               (how & 0x80) != 0 ? FLOE_STUN_DATA : FLOE_STUN_CONNECTION_ATTEMPT,
                               to->tid);
    } else {
        floe_stun_writer_begin(&w, buf, sizeof buf, kind == 1 ? FLOE_STUN_ERROR : FLOE_STUN_SUCCESS,
                               to->method, to->tid);
    }
    if (kind == 1) {
        floe_stun_writer_put_error(&w, codes[take(f) % (sizeof codes / sizeof codes[0])]);
    }
    for (uint8_t n = take(f) & 7; n > 0; n--) {
        put_attribute(f, &w);
    }
    floe_bytes key = floe_stun_key_view(&f->client.auth.key);
    if ((how & 0x20) == 0 && (how & 0x40) != 0) {
        floe_stun_writer_put_integrity_sha256(&w, key);
    } else if ((how & 0x20) == 0) {
        floe_stun_writer_put_integrity(&w, key);
    }
    if (floe_stun_writer_end(&w, &packet) == FLOE_OK) {
        (void)input(f, packet);
    }
}

static void wrap(fuzz *f)
{
    uint8_t buf[128];
    size_t len;
    floe_addr peer = take_addr(f);
    size_t payload = take(f) & 63;
    size_t head = floe_turn_client_get_head(&f->client, &peer);
    floe_err err = floe_turn_client_wrap(&f->client, &peer, buf, sizeof buf, payload, &len);
    require((err == FLOE_OK) == (head != 0));
    if (err != FLOE_OK) {
        return;
    }
    require(head <= FLOE_TURN_HEAD_MAX && len >= head + payload &&
            len <= head + payload + FLOE_TURN_TAIL);
    floe_stun_msg msg;
    require(head == FLOE_TURN_HEAD ? floe_load_u16(buf + 2) == payload
                                   : floe_stun_msg_parse(&msg, (floe_bytes){buf, len}) == FLOE_OK);
}

static void set_path(fuzz *f)
{
    floe_path path = f->client.path;
    uint8_t pick = take(f);
    path.local = floe_addr_from_ipv4(10, 0, 0, 1, (uint16_t)(1000 + (pick & 7)));
    path.remote = floe_addr_from_ipv4(198, 51, 100, (uint8_t)(pick >> 3 & 3), 3478);
    if (pick >= 0xF8 && f->wanted.family != 0) {
        path.remote = f->wanted;
    }
    allow(floe_turn_client_set_path(&f->client, &path));
}

/* The server's answer to the ConnectionBind that has just been written. */
static void answer_open(fuzz *f, uint32_t connection, const uint8_t *tid)
{
    static const uint16_t codes[] = {400, 401, 403, 438, 447};
    uint8_t buf[512];
    floe_stun_writer w;
    floe_bytes packet;
    uint8_t how = take(f);
    floe_stun_writer_begin(&w, buf, sizeof buf,
                           (how & 1) != 0 ? FLOE_STUN_ERROR : FLOE_STUN_SUCCESS,
                           FLOE_STUN_CONNECTION_BIND, tid);
    if ((how & 1) != 0) {
        floe_stun_writer_put_error(&w, codes[(how >> 1 & 7) % 5]);
    }
    for (uint8_t n = how >> 4 & 3; n > 0; n--) {
        put_attribute(f, &w);
    }
    if ((how & 0x40) == 0) {
        floe_stun_writer_put_integrity(&w, floe_stun_key_view(&f->client.auth.key));
    }
    if (floe_stun_writer_end(&w, &packet) == FLOE_OK) {
        floe_err err = floe_turn_client_input_open(&f->client, f->now, connection, packet);
        require(err == FLOE_OK || err == FLOE_E_AGAIN || err == FLOE_E_CLOSED ||
                floe_err_class(err) == FLOE_KIND_WIRE);
        /* Whatever it was, but for a challenge, this connection is out of the client's hands. */
        size_t len;
        require(err == FLOE_E_AGAIN ||
                floe_turn_client_open(&f->client, connection, (floe_span){buf, sizeof buf}, &len) !=
                    FLOE_OK);
    }
}

static void open_connection(fuzz *f)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    size_t len;
    uint8_t id = take(f);
    if (floe_turn_client_open(&f->client, id, (floe_span){buf, sizeof buf}, &len) != FLOE_OK) {
        return;
    }
    uint8_t other = take(f);
    if (other >= 0xF0) {
        answer_open(f, id, buf + 8);
    } else {
        allow(floe_turn_client_input_open(&f->client, f->now, other, (floe_bytes){buf, len}));
    }
}

static void command(fuzz *f)
{
    floe_addr addr;
    switch (take(f) % 15) {
    case 0:
        (void)input(f, floe_reader_get_bytes(&f->in, take(f)));
        return;
    case 1:
        f->now += (floe_time)take(f) << (take(f) & 31);
        floe_turn_client_advance(&f->client, f->now);
        return;
    case 2:
        f->now = floe_time_min(floe_turn_client_deadline(&f->client), f->now + 1000 * FLOE_SECOND);
        floe_turn_client_advance(&f->client, f->now);
        return;
    case 3:
        addr = take_addr(f);
        allow(floe_turn_client_add_peer(&f->client, &addr));
        return;
    case 4:
        addr = take_addr(f);
        allow(floe_turn_client_bind(&f->client, &addr));
        return;
    case 5:
        addr = take_addr(f);
        floe_turn_client_remove_peer(&f->client, &addr);
        return;
    case 6:
        addr = take_addr(f);
        floe_turn_client_unbind(&f->client, &addr);
        return;
    case 7:
        wrap(f);
        return;
    case 8:
        set_path(f);
        return;
    case 9:
        addr = take_addr(f);
        allow(floe_turn_client_connect(&f->client, &addr));
        return;
    case 10:
        if (take(f) == 0) {
            floe_turn_client_close(&f->client);
        }
        return;
    case 11:
        floe_turn_client_refresh(&f->client);
        return;
    case 12:
        open_connection(f);
        return;
    case 13:
        if ((take(f) & 3) == 0) {
            floe_turn_client_lose_path(&f->client);
        }
        return;
    default:
        answer(f);
        return;
    }
}

static void choose_more(fuzz *f, floe_turn_config *config)
{
    static const uint8_t transports[] = {FLOE_UDP, FLOE_TCP, FLOE_TLS, FLOE_DTLS};
    uint8_t more = take(f);
    config->path.transport = transports[more & 3];
    config->port = (floe_turn_port)((more >> 2 & 3) % 3);
    config->reservation_token = more >> 4 & 1;
    config->lifetime_s = (more & 0x20) != 0 ? 3600 : 0;
    if ((more & 0x40) != 0) {
        config->username = (floe_bytes){NULL, 0};
    }
    if ((more & 0x80) != 0) {
        config->path.remote = (floe_addr){.family = 0};
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
    uint8_t options = take(&f);
    floe_turn_config config = {.username = {(const uint8_t *)"user", 4},
                               .password = {(const uint8_t *)"pass", 4},
                               .rand = {fill, &f.random}};
    config.path.local = floe_addr_from_ipv4(10, 0, 0, 1, 1000);
    config.path.remote = floe_addr_from_ipv4(198, 51, 100, 1, 3478);
    config.is_tcp = (options & 1) != 0;
    config.path.transport = config.is_tcp ? FLOE_TCP : FLOE_UDP;
    config.relay = (floe_turn_relay)(options >> 1 & 3);
    config.wants_mobility = (options & 8) != 0;
    config.dont_fragment = (options & 16) != 0;
    config.redirects_max = (uint8_t)(options >> 5 & 3);
    if ((options & 0x80) != 0) {
        choose_more(&f, &config);
    }
    if (floe_turn_client_init(&f.client, &config, f.now) != FLOE_OK) {
        return 0;
    }
    drain(&f);
    while (f.in.left > 0) {
        command(&f);
        drain(&f);
    }
    return 0;
}
