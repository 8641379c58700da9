/*
 * fuzz/fuzz_dc.c - commands to two channel tables over two associations in virtual time.
 *
 * The input is a list of commands: open, send, close, read, let time pass, lose a packet; and, with
 * a first byte that is odd, what only a hostile peer does: messages of any PPID on any stream,
 * resets of any stream, an ABORT; or what only two careless applications do: negotiated channels
 * that one side alone has. Invariants hold after each. Without all that there is an end that must
 * come: when both sides have closed everything, nothing is left, hidden slots included.
 */
#include <stdlib.h>
#include <string.h>

#include "datachannel/dc.h"
#include "datachannel/dcep.h"
#include "sctp/sctp_assoc.h"

#define BUFFER  16384u
#define RING    32u
#define PACKETS 256u
#define STEPS   2000u

typedef struct end {
    floe_sctp_assoc assoc;
    floe_dc dc;
    floe_sctp_tx ring[RING];
    uint8_t send_buffer[BUFFER], recv_buffer[BUFFER];
    uint8_t salt;
    uint32_t asked, told; /* fates of messages */
} end;

typedef struct packet {
    floe_time at;
    int to;
    size_t len;
    uint8_t bytes[FLOE_SCTP_PACKET_MAX];
} packet;

typedef struct world {
    end ends[2];
    packet packets[PACKETS];
    size_t first, count;
    floe_time now;
    uint32_t losses; /* of the next packets, as a pattern of bits */
    const uint8_t *input;
    size_t left;
} world;

static world w;

static void check(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static uint8_t next_byte(void)
{
    if (w.left == 0) {
        return 0;
    }
    w.left--;
    return *w.input++;
}

static floe_bytes next_bytes(size_t max)
{
    size_t len = next_byte() % (max + 1);
    len = len < w.left ? len : w.left;
    floe_bytes bytes = {w.input, len};
    w.input += len;
    w.left -= len;
    return bytes;
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    end *e = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(e->salt += 37);
    }
}

/* ---- driving ---- */

static void drain(int number)
{
    end *e = &w.ends[number];
    floe_sctp_event sctp_event;
    floe_dc_event event;
    floe_dc_fate fate;
    size_t len;
    for (int round = 0; round < 2; round++) {
        while (floe_dc_advance(&e->dc, &e->assoc, &sctp_event)) {
        }
        while (floe_dc_poll_event(&e->dc, &event)) {
        }
        while (floe_dc_poll_fate(&e->assoc, &fate)) {
            check(fate.cookie > 0 && fate.cookie <= e->asked);
            e->told++;
        }
        while (w.count < PACKETS) {
            packet *p = &w.packets[(w.first + w.count) % PACKETS];
            if (!floe_sctp_assoc_poll_transmit(&e->assoc, p->bytes, sizeof p->bytes, &len)) {
                break;
            }
            p->at = w.now + FLOE_MS;
            p->to = 1 - number;
            p->len = len;
            w.count += (w.losses & 1) == 0;
            w.losses >>= 1;
        }
    }
    floe_dc_check_invariants(&e->dc);
    floe_sctp_assoc_check_invariants(&e->assoc);
}

static floe_time next_deadline(void)
{
    floe_time at = floe_time_min(floe_sctp_assoc_deadline(&w.ends[0].assoc),
                                 floe_sctp_assoc_deadline(&w.ends[1].assoc));
    return w.count > 0 ? floe_time_min(at, w.packets[w.first].at) : at;
}

static void step(void)
{
    w.now = next_deadline() > w.now ? next_deadline() : w.now;
    if (w.count > 0 && w.packets[w.first].at <= w.now) {
        const packet *p = &w.packets[w.first];
        end *e = &w.ends[p->to];
        int to = p->to;
        (void)!floe_sctp_assoc_input(&e->assoc, w.now, (floe_bytes){p->bytes, p->len});
        floe_sctp_assoc_input_end(&e->assoc);
        w.first = (w.first + 1) % PACKETS;
        w.count--;
        drain(to);
    }
    for (int i = 0; i < 2; i++) {
        floe_sctp_assoc_advance(&w.ends[i].assoc, w.now);
        drain(i);
    }
}

static void run(floe_time duration)
{
    floe_time until = w.now + duration;
    for (unsigned i = 0; i < STEPS && next_deadline() <= until; i++) {
        step();
    }
}

static void begin(void)
{
    memset(&w, 0, sizeof w);
    w.now = FLOE_SECOND;
    for (int i = 0; i < 2; i++) {
        end *e = &w.ends[i];
        e->salt = (uint8_t)(i * 91);
        floe_sctp_config config = {.rand = {fill, e}, .tx_ring = e->ring, .tx_ring_len = RING};
        config.send_buffer = (floe_span){e->send_buffer, BUFFER};
        config.recv_buffer = (floe_span){e->recv_buffer, BUFFER};
        config.message_max = BUFFER / 2;
        check(floe_sctp_assoc_init(&e->assoc, &config, w.now) == FLOE_OK);
        floe_dc_init(&e->dc);
        floe_dc_set_role(&e->dc, i == 0);
        check(floe_sctp_assoc_connect(&e->assoc) == FLOE_OK);
        drain(i);
    }
}

/* ---- commands ---- */

static bool pick_channel(const end *e, floe_dc_id *channel)
{
    size_t cursor = 0;
    unsigned skip = next_byte() % 8;
    bool has_any = false;
    floe_dc_id id;
    while (floe_dc_next(&e->dc, &cursor, &id)) {
        *channel = id;
        has_any = true;
        if (skip-- == 0) {
            break;
        }
    }
    return has_any;
}

static void open_channel(end *e, bool is_hostile)
{
    uint8_t kind = next_byte();
    floe_dc_options options = {.is_unordered = (kind & 1) != 0,
                               .has_max_retransmits = (kind & 2) != 0,
                               .has_lifetime = (kind & 4) != 0,
                               .is_negotiated = is_hostile && (kind & 24) == 24};
    options.max_retransmits = kind >> 5;
    options.lifetime_ms = kind;
    options.priority = (uint16_t)(kind * kind);
    options.stream = next_byte();
    options.label = next_bytes(40);
    floe_dc_id channel;
    (void)!floe_dc_open(&e->dc, &e->assoc, &options, &channel);
}

static void use_channel(end *e, uint8_t command)
{
    floe_dc_id channel;
    floe_dc_info info;
    if (!pick_channel(e, &channel)) {
        return;
    }
    check(floe_dc_get_info(&e->dc, &e->assoc, channel, &info) == FLOE_OK);
    if (command == 0) {
        check(floe_dc_close(&e->dc, &e->assoc, channel) == FLOE_OK);
    } else if (command == 1) {
        (void)!floe_dc_set_low_threshold(&e->dc, &e->assoc, channel, next_byte());
    } else {
        static const uint8_t zeros[4000];
        bool is_large = next_byte() % 4 == 0;
        floe_bytes bytes = is_large ? (floe_bytes){zeros, sizeof zeros} : next_bytes(60);
        floe_dc_send_options options = {.is_text = command == 2, .cookie = e->asked + 1};
        options.wants_fate = bytes.len % 2 == 0;
        floe_err err = floe_dc_send_with(&e->dc, &e->assoc, channel, &options, bytes);
        e->asked += err == FLOE_OK && options.wants_fate;
    }
}

static void read_messages(end *e, unsigned count)
{
    floe_dc_message message;
    while (count-- > 0 && floe_dc_peek(&e->dc, &e->assoc, &message)) {
        floe_dc_info info;
        check(floe_dc_get_info(&e->dc, &e->assoc, message.channel, &info) == FLOE_OK);
        check(message.len <= BUFFER);
        floe_dc_release(&e->dc, &e->assoc);
        floe_dc_check_invariants(&e->dc);
    }
}

/* What no well-behaved end does. */
static void be_hostile(end *e)
{
    uint8_t command = next_byte();
    uint16_t stream = next_byte() % 16;
    if (command % 8 == 0) {
        (void)!floe_sctp_assoc_reset_stream(&e->assoc, stream);
    } else if (command == 255) {
        floe_sctp_assoc_abort(&e->assoc);
    } else {
        floe_sctp_send message = {.stream = stream, .is_unordered = command % 8 == 1};
        message.ppid = command % 8 < 5 ? FLOE_PPID_DCEP : 49u + next_byte() % 10;
        message.data = next_bytes(60);
        (void)!floe_sctp_assoc_send(&e->assoc, &message);
    }
}

static void obey(bool is_hostile)
{
    uint8_t command = next_byte();
    int number = command >> 7;
    end *e = &w.ends[number];
    switch (command % 16) {
    case 0:
    case 1:
        open_channel(e, is_hostile);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        use_channel(e, command % 16 - 2);
        break;
    case 7:
    case 8:
        read_messages(e, next_byte() % 4);
        break;
    case 9:
        w.losses = next_byte();
        break;
    case 10:
    case 11:
        step();
        break;
    case 12:
        run((floe_time)next_byte() * 10 * FLOE_MS);
        break;
    default:
        if (is_hostile) {
            be_hostile(e);
        }
        break;
    }
    drain(number);
}

/* ---- the end ---- */

static bool is_empty(const floe_dc *dc)
{
    for (size_t i = 0; i < dc->slot_end; i++) {
        if (dc->channels[i].is_used) {
            return false;
        }
    }
    return true;
}

static void close_all(int number)
{
    end *e = &w.ends[number];
    size_t cursor = 0;
    floe_dc_id channel;
    read_messages(e, BUFFER);
    while (floe_dc_next(&e->dc, &cursor, &channel)) {
        check(floe_dc_close(&e->dc, &e->assoc, channel) == FLOE_OK);
    }
    drain(number);
}

static bool close_everything(unsigned rounds)
{
    bool is_done = false;
    w.losses = 0;
    for (unsigned i = 0; i < rounds && !is_done; i++) {
        close_all(0);
        close_all(1);
        run(20 * FLOE_SECOND);
        is_done = is_empty(&w.ends[0].dc) && is_empty(&w.ends[1].dc);
    }
    return is_done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    w.input = data;
    w.left = size;
    bool is_hostile = next_byte() % 2 != 0;
    while (w.left > 0) {
        obey(is_hostile);
    }
    bool is_done = close_everything(is_hostile ? 2 : 20);
    check(is_done || is_hostile);
    for (int i = 0; i < 2; i++) { /* each is told once */
        check(w.ends[i].told <= w.ends[i].asked);
        check(!is_done || is_hostile || w.ends[i].told == w.ends[i].asked);
    }
    return 0;
}
