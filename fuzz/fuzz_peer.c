/*
 * fuzz/fuzz_peer.c - bytes as a sequence of calls, descriptions, datagrams and time steps for two
 * peers on one wire.
 *
 * Descriptions and candidates go from one to the other as they are, mutated, or as the wrong type;
 * datagrams are delivered, lost, corrupted, moved to another address, or made up. Oracle:
 * invariants hold after every call; a drained peer wants to be called in the future; a refused
 * description has changed nothing; what a peer writes, it can read; and two peers that have never
 * been told anything false can always be connected in the end.
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "peer/peer.h"
#include "support/virtual_clock.h"

#define COMMANDS_MAX 300
#define WIRE_MAX     64
#define TEXT_MAX     4096

typedef struct packet {
    size_t len, segment;
    int to;
    floe_path path; /* as the receiver sees it */
    uint8_t bytes[FLOE_DATAGRAM_MAX * 2];
} packet;

typedef struct end {
    floe_peer peer;
    floe_addr addr;
    floe_sctp_tx ring[64];
    uint8_t send[16384], recv[16384], description[8192];
    floe_dc_id channel;
    uint32_t asked, told; /* fates of messages */
} end;

typedef struct fuzz {
    end end[2];
    floe_reader in;
    floe_time now;
    uint64_t random;
    packet wire[WIRE_MAX];
    size_t wire_first, wire_count;
    bool is_misled; /* somebody was told something false */
} fuzz;

static floe_dtls_identity identities[2];

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

static void init_end(fuzz *f, int index)
{
    end *e = &f->end[index];
    floe_peer_config config = {.rand = {fill, &f->random}, .identity = &identities[index]};
    config.send_buffer = (floe_span){e->send, sizeof e->send};
    config.recv_buffer = (floe_span){e->recv, sizeof e->recv};
    config.tx_ring = e->ring;
    config.tx_ring_len = sizeof e->ring / sizeof e->ring[0];
    config.description = (floe_span){e->description, sizeof e->description};
    require(floe_peer_init(&e->peer, &config, f->now) == FLOE_OK);
    e->addr = floe_addr_from_ipv4(192, 0, 2, (uint8_t)(index + 1), 4000);
    e->channel = FLOE_DC_NONE;
    require(floe_peer_add_local(&e->peer, &e->addr, 65535) == FLOE_OK);
}

/* ---- after every call ---- */

static void put_on_wire(fuzz *f, int from, const floe_transmit *out)
{
    require(out->len > 0 && out->segment > 0 && out->segment <= FLOE_DATAGRAM_MAX);
    if (f->wire_count == WIRE_MAX) {
        return; /* lost */
    }
    packet *p = &f->wire[(f->wire_first + f->wire_count++) % WIRE_MAX];
    memcpy(p->bytes, out->buf, out->len);
    p->len = out->len;
    p->segment = out->segment;
    p->to = floe_addr_equal(&out->path.remote, &f->end[1 - from].addr) ? 1 - from : -1;
    p->path = (floe_path){out->path.remote, out->path.local, out->path.transport};
}

static void take_event(fuzz *f, int index, const floe_peer_event *event)
{
    char line[FLOE_PEER_CANDIDATE_MAX];
    floe_sdp_candidate parsed;
    if (event->type == FLOE_PEER_EV_CANDIDATE) {
        floe_peer_put_candidate(&f->end[index].peer, &event->cand, line);
        require(floe_sdp_candidate_parse(&parsed, floe_bytes_of(line)) == FLOE_OK);
    } else if (event->type == FLOE_PEER_EV_CHANNEL) {
        f->end[index].channel = event->channel;
    } else if (event->type == FLOE_PEER_EV_FATE) {
        end *e = &f->end[index];
        require(event->fate.cookie > 0 && event->fate.cookie <= e->asked);
        require(++e->told <= e->asked);
    }
}

static void drain(fuzz *f, int index)
{
    static uint8_t buf[FLOE_DATAGRAM_MAX * 2];
    floe_peer *peer = &f->end[index].peer;
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_peer_event event;
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; floe_peer_poll_transmit(peer, &out); i++) {
            require(i < 1000);
            put_on_wire(f, index, &out);
        }
        for (unsigned i = 0; floe_peer_poll_event(peer, &event); i++) {
            require(i < 1000);
            take_event(f, index, &event);
        }
    }
    floe_peer_check_invariants(peer);
    require(floe_peer_deadline(peer) > f->now);
}

static void pass(fuzz *f, floe_time at)
{
    f->now = at > f->now ? at : f->now;
    virtual_clock_set(f->now);
    for (int i = 0; i < 2; i++) {
        floe_peer_advance(&f->end[i].peer, f->now);
        drain(f, i);
    }
}

/* ---- commands ---- */

static size_t describe(fuzz *f, int index, uint8_t text[TEXT_MAX])
{
    floe_peer_sdp_type type;
    size_t len = 0;
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_err err = floe_peer_get_local(&f->end[index].peer, &type, text, TEXT_MAX, &len);
    if (err == FLOE_OK) {
        require(floe_sdp_parse(&sdp, (floe_bytes){text, len}, NULL) == FLOE_OK);
        require(floe_sdp_webrtc_read(&desc, &sdp, NULL) == FLOE_OK);
    }
    return err == FLOE_OK ? len : 0;
}

/* Change one to four places: a byte, a deletion, or a repeated piece. */
static size_t mutate(fuzz *f, uint8_t text[TEXT_MAX], size_t len)
{
    unsigned count = take(f) % 4u + 1;
    for (unsigned i = 0; i < count && len > 8; i++) {
        size_t at = (size_t)(take(f) << 8 | take(f)) % len;
        uint8_t how = take(f);
        size_t piece = how % 16u < len - at ? how % 16u : len - at;
        if (how < 128) {
            text[at] = take(f);
        } else if (how < 192) {
            memmove(text + at, text + at + piece, len - at - piece);
            len -= piece;
        } else if (len + piece <= TEXT_MAX) {
            memmove(text + at + piece, text + at, len - at);
            len += piece;
        }
    }
    return len;
}

/* A refused description has changed nothing, in the peer or in its memory. */
static void set_remote(fuzz *f, int index, floe_peer_sdp_type type, floe_bytes text)
{
    static end before;
    floe_sdp_fault fault = {0, 0, NULL};
    before = f->end[index];
    floe_err err = floe_peer_set_remote(&f->end[index].peer, type, text, &fault);
    if (err != FLOE_OK) {
        require(memcmp(&before, &f->end[index], sizeof before) == 0 && fault.rule != NULL);
    }
}

static void do_remote(fuzz *f, int index, uint8_t how)
{
    static uint8_t text[TEXT_MAX];
    floe_peer_sdp_type type = (floe_peer_sdp_type)(how % 3);
    size_t len = describe(f, 1 - index, text);
    floe_peer_signaling other = floe_peer_get_signaling(&f->end[1 - index].peer);
    bool is_offer = other == FLOE_PEER_HAVE_LOCAL_OFFER;
    if ((how & 0x30) == 0x30) {
        len = mutate(f, text, len);
    } else if ((how & 0x40) == 0) {
        type = is_offer ? FLOE_PEER_OFFER : FLOE_PEER_ANSWER; /* what it is */
    }
    f->is_misled |= (how & 0x30) == 0x30 || type != (is_offer ? FLOE_PEER_OFFER : FLOE_PEER_ANSWER);
    set_remote(f, index, type, (floe_bytes){text, type == FLOE_PEER_ROLLBACK ? 0 : len});
}

static void do_candidate(fuzz *f, int index)
{
    static const char *const lines[] = {
        "",
        "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host",
        "candidate:1 1 udp 2130706431 192.0.2.2 4000 typ host",
        "candidate:2 1 udp 1694498815 198.51.100.7 9 typ srflx raddr 0.0.0.0 rport 0",
        "candidate:3 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
        "candidate:4 2 udp 2113937151 192.0.2.9 5000 typ host ufrag none",
        "candidate:5 1 udp 2113937151 0b7a4d8e-1f2a.local 5000 typ host",
        "candidate:6 1 udp 1 2001:db8::1 5000 typ relay raddr :: rport 9 generation 0",
    };
    static uint8_t text[TEXT_MAX];
    uint8_t how = take(f);
    size_t len = strlen(lines[how & 7]);
    memcpy(text, lines[how & 7], len);
    if ((how & 8) != 0) {
        len = mutate(f, text, len);
    }
    floe_bytes mid = (how & 16) != 0 ? FLOE_LIT("0") : FLOE_LIT("");
    (void)!floe_peer_add_candidate(&f->end[index].peer, (floe_bytes){text, len}, mid);
    f->is_misled = true;
}

/* The first packet of the wire: 0: as it is, 1: lost, 2: corrupted, 3: from elsewhere, 4: twice. */
static void deliver(fuzz *f, unsigned fate)
{
    if (f->wire_count == 0) {
        return;
    }
    static uint8_t bytes[sizeof f->wire[0].bytes];
    packet *p = &f->wire[f->wire_first];
    f->wire_first = (f->wire_first + 1) % WIRE_MAX;
    f->wire_count--;
    if (p->to < 0 || fate == 1) {
        return;
    }
    if (fate == 2) {
        p->bytes[(size_t)(take(f) << 8 | take(f)) % p->len] ^= (uint8_t)(take(f) | 1);
    } else if (fate == 3) {
        p->path.remote.port = (uint16_t)(4000 + take(f) % 4);
    }
    for (int i = 0; i < (fate == 4 ? 2 : 1); i++) {
        memcpy(bytes, p->bytes, p->len);
        floe_peer_input(&f->end[p->to].peer, f->now, &p->path, bytes, p->len, p->segment);
    }
}

static void do_garbage(fuzz *f, int index)
{
    uint8_t bytes[256];
    uint8_t how = take(f);
    floe_bytes from = floe_reader_get_bytes(&f->in, how & 63);
    floe_path path = {f->end[index].addr, f->end[1 - index].addr, FLOE_UDP};
    path.remote.port = (uint16_t)(4000 + (how >> 6));
    if (from.ptr != NULL) {
        memcpy(bytes, from.ptr, from.len);
        floe_peer_input(&f->end[index].peer, f->now, &path, bytes, from.len, from.len);
    }
}

static void do_send(end *e, uint8_t how)
{
    static const uint8_t data[4096];
    floe_dc_send_options options = {.is_text = (how & 4) != 0, .wants_fate = (how & 8) != 0};
    options.cookie = e->asked + 1;
    floe_bytes bytes = {data, (size_t)(how >> 3) * 128};
    floe_err err = floe_peer_send_with(&e->peer, e->channel, &options, bytes);
    e->asked += err == FLOE_OK && options.wants_fate;
}

static void do_channel(fuzz *f, int index)
{
    end *e = &f->end[index];
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    uint8_t how = take(f);
    switch (how & 3) {
    case 0:
        (void)!floe_peer_open_channel(&e->peer, &options, &e->channel);
        return;
    case 1:
        (void)!floe_peer_close_channel(&e->peer, e->channel);
        return;
    default:
        do_send(e, how);
        return;
    }
}

static void do_read(fuzz *f, int index)
{
    static uint8_t data[16384];
    floe_peer *peer = &f->end[index].peer;
    floe_dc_message message;
    if (floe_peer_peek(peer, &message)) {
        require(floe_peer_copy(peer, data, sizeof data) == message.len);
        require(floe_peer_view(peer, 0).len <= message.len);
        floe_peer_release(peer);
    }
}

static void do_advance(fuzz *f)
{
    static const floe_time steps[] = {1000, 5000, 50000, 500000, 4000000, 12000000, 40000000, 1};
    uint8_t pick = take(f);
    floe_time at =
        floe_time_min(floe_peer_deadline(&f->end[0].peer), floe_peer_deadline(&f->end[1].peer));
    pass(f, (pick & 8) != 0 && at != FLOE_TIME_NEVER ? at : f->now + steps[pick & 7]);
}

/* Let the wire do its work for a while. */
static void settle(fuzz *f, floe_time duration)
{
    floe_time until = f->now + duration;
    while (f->now < until) {
        while (f->wire_count > 0) {
            int to = f->wire[f->wire_first].to;
            deliver(f, 0);
            if (to >= 0) {
                drain(f, to);
            }
            pass(f, f->now + 1000);
        }
        floe_time at =
            floe_time_min(floe_peer_deadline(&f->end[0].peer), floe_peer_deadline(&f->end[1].peer));
        pass(f, at < until ? at : until);
    }
}

static void do_negotiate(fuzz *f, int from)
{
    static uint8_t text[TEXT_MAX];
    floe_peer *x = &f->end[from].peer, *y = &f->end[1 - from].peer;
    (void)!floe_peer_set_local(x, FLOE_PEER_ROLLBACK);
    (void)!floe_peer_set_local(y, FLOE_PEER_ROLLBACK);
    (void)!floe_peer_set_remote(x, FLOE_PEER_ROLLBACK, (floe_bytes){NULL, 0}, NULL);
    (void)!floe_peer_set_remote(y, FLOE_PEER_ROLLBACK, (floe_bytes){NULL, 0}, NULL);
    if (floe_peer_set_local(x, FLOE_PEER_OFFER) != FLOE_OK) {
        return;
    }
    set_remote(f, 1 - from, FLOE_PEER_OFFER, (floe_bytes){text, describe(f, from, text)});
    if (floe_peer_set_local(y, FLOE_PEER_ANSWER) == FLOE_OK) {
        set_remote(f, from, FLOE_PEER_ANSWER, (floe_bytes){text, describe(f, 1 - from, text)});
    }
}

static void run_command(fuzz *f)
{
    uint8_t what = take(f);
    int index = what >> 7;
    floe_peer *peer = &f->end[index].peer;
    switch (what & 15) {
    case 0:
        (void)!floe_peer_set_local(peer, (floe_peer_sdp_type)(what >> 4 & 3));
        return;
    case 1:
    case 2:
        do_remote(f, index, take(f));
        return;
    case 3:
        do_candidate(f, index);
        return;
    case 4:
    case 5:
        deliver(f, what >> 4 & 7);
        return;
    case 6:
        do_garbage(f, index);
        return;
    case 7:
        do_advance(f);
        return;
    case 8:
    case 9:
        do_channel(f, index);
        return;
    case 10:
        do_read(f, index);
        return;
    case 11:
        floe_peer_restart_ice(peer);
        return;
    case 12:
        do_negotiate(f, index);
        return;
    case 13:
        if ((what & 0x70) == 0x70) {
            floe_peer_close(peer, f->now);
        }
        return;
    case 14:
        floe_peer_end_local(peer);
        return;
    default:
        settle(f, (floe_time)(what >> 4 & 7) * 200 * FLOE_MS);
        return;
    }
}

/* Whoever has not ended, and was told no lies, can be connected. */
static void check_liveness(fuzz *f)
{
    for (int i = 0; i < 2; i++) {
        floe_peer_fault fault = floe_peer_get_reason(&f->end[i].peer, NULL);
        bool is_alive = fault == FLOE_PEER_FAULT_NONE || fault == FLOE_PEER_FAULT_ICE;
        if (f->is_misled || !is_alive || floe_peer_get_state(&f->end[i].peer) == FLOE_PEER_CLOSED) {
            return;
        }
    }
    /* An answer that never arrived: who made it has chosen its DTLS role, and stays with it. */
    const floe_peer *a = &f->end[0].peer, *b = &f->end[1].peer;
    if (a->has_dtls != b->has_dtls || (a->has_dtls && a->setup == b->setup)) {
        return;
    }
    f->wire_count = 0;
    floe_peer_restart_ice(&f->end[0].peer);
    do_negotiate(f, 0);
    settle(f, 40 * FLOE_SECOND);
    require(floe_peer_get_state(&f->end[0].peer) == FLOE_PEER_CONNECTED);
    require(floe_peer_get_state(&f->end[1].peer) == FLOE_PEER_CONNECTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.now = FLOE_SECOND;
    virtual_clock_set(f.now);
    for (int i = 0; i < 2; i++) {
        if (identities[i].ctx == NULL) {
            require(floe_dtls_identity_init(&identities[i]) == FLOE_OK);
        }
        init_end(&f, i);
    }
    for (int i = 0; i < COMMANDS_MAX && floe_reader_is_ok(&f.in); i++) {
        run_command(&f);
        drain(&f, 0);
        drain(&f, 1);
    }
    check_liveness(&f);
    floe_peer_free(&f.end[0].peer);
    floe_peer_free(&f.end[1].peer);
    return 0;
}
