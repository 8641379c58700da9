/*
 * fuzz/fuzz_sctp_pair.c - two SCTP associations, and bytes that decide what the network between
 * them does: deliver, reorder, drop, duplicate, corrupt; what they send, reset, read; how time
 * passes.
 *
 * A message may ask for its fate: it is told once; what is acknowledged has arrived, what is
 * reliable is never abandoned. Messages go out by parts, too, of any length, and may be given up;
 * and are read as they arrive, and are interleaved (RFC 8260), if the input says so. Oracle:
 * reliable ordered messages come out as they went in, once and in order; others at most once,
 * unharmed; a packet that was corrupted is dropped. At the end the network behaves, and everything
 * reliable arrives, whatever happened before. (But for a set-up that takes so long that a cookie
 * goes stale: if the other side was established already, the protocol has it start over.)
 */
#include <string.h>

#include "base/reader.h"
#include "fuzz/harness.h"
#include "sctp/sctp_assoc.h"
#include "sctp/sctp_lane.h"
#include "sctp/sctp_packet.h"
#include "sctp/sctp_parts.h"

#define COMMANDS_MAX 400
#define QUEUE_MAX    48 /* packets on the way, each direction */
#define STREAMS      4  /* 0, 1 reliable ordered; 2 unordered; 3 unreliable */
#define NUMBERS_MAX  4096
#define LONG         4 /* the stream of messages by parts: reliable, ordered */
#define LONG_MAX     64
#define LARGEST      1432u /* of a path that carries more than the base size */

typedef struct packet {
    size_t len;
    bool is_corrupt;
    uint8_t bytes[LARGEST];
} packet;

typedef struct end {
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[64];
    floe_sctp_bbr rate;
    floe_sctp_interleaving interleaving;
    floe_sctp_number numbers[64];
    uint8_t send_buffer[20000];
    uint8_t recv_buffer[65536];
    uint64_t random;
    packet queue[QUEUE_MAX]; /* towards this end */
    unsigned count;
    uint16_t sent[STREAMS]; /* messages of this end */
    uint16_t got[STREAMS];  /* messages of the other end */
    uint8_t seen[STREAMS][NUMBERS_MAX / 8];
    uint8_t asked[STREAMS][NUMBERS_MAX / 8]; /* fates that are to be told, of our messages */
    uint32_t fates;                          /* how many these are */
    unsigned long_sent, long_read;           /* messages by parts of this end; of the other end */
    size_t long_len[LONG_MAX];               /* of those of this end */
    size_t long_blocks;                      /* that the last of them takes at the other, at most */
    bool is_aborted[LONG_MAX];
    size_t long_at;   /* bytes that were read of the one that is being read */
    size_t shown_len; /* of these, that are not released yet */
    unsigned parts;   /* that were read */
    uint8_t whole[STREAMS][5000];
} end;

typedef struct fuzz {
    end end[2];
    floe_reader in;
    floe_time now;
    uint8_t options; /* the first byte */
    bool is_over;    /* one of them was restarted */
    uint32_t drains; /* so far */
    size_t carries;  /* bytes of a packet that arrives; longer ones are lost, to the end */
} fuzz;

/* Do packets grow? */
static bool is_growing(uint8_t options)
{
    return (options & 0x81) == 0x81;
}

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

/* The bytes of a message: its number, then a pattern. */
static uint8_t byte_of(unsigned from, unsigned stream, unsigned number, size_t at)
{
    return (uint8_t)(from * 101 + stream * 31 + number * 7 + at);
}

static void send_message(fuzz *f, unsigned n)
{
    static uint8_t bytes[5000];
    end *e = &f->end[n];
    uint8_t shape = take(f);
    uint16_t stream = shape % STREAMS;
    uint16_t number = e->sent[stream];
    size_t len = 2 + (size_t)take(f) * ((shape & 0x80) != 0 ? 16 : 1);
    if (number == NUMBERS_MAX) {
        return;
    }
    floe_store_u16(bytes, number);
    for (size_t i = 2; i < len; i++) {
        bytes[i] = byte_of(n, stream, number, i);
    }
    floe_sctp_send message = {.stream = stream, .is_unordered = stream == 2, .data = {bytes, len}};
    if (stream == 3) {
        message.has_lifetime = (shape & 0x40) != 0;
        message.has_max_retransmits = !message.has_lifetime;
        message.max_retransmits = shape >> 4 & 3;
        message.lifetime_ms = (uint32_t)(shape >> 2 & 15) * 30;
        message.is_unordered = (shape & 4) != 0;
    }
    message.wants_fate = (shape & 8) != 0;
    message.priority = (uint16_t)((shape >> 4) * (shape >> 4) * 200u);
    message.cookie = (uint64_t)stream << 32 | number;
    if (floe_sctp_assoc_send(&e->assoc, &message) == FLOE_OK) {
        e->sent[stream]++;
        e->asked[stream][number / 8] |= (uint8_t)(message.wants_fate << number % 8);
        e->fates += message.wants_fate;
    }
}

#if FLOE_SCTP_PARTS
/* Would the message, with one more part of this size, be too much for a reader of whole messages?
 * However long it is, the memory holds no message of many small chunks. */
static bool is_too_much(end *e, const end *other, size_t len)
{
    const floe_sctp_reassembly *r = &other->assoc.reassembly;
    size_t chunks = len / 240 + 2;
    e->long_blocks += len / r->arena.block_size + 2 * chunks;
    return r->parts_from == 0 && e->long_blocks > r->arena.count - r->reserve;
}

/* Begin, go on with, end, or give up a message by parts. */
static void send_part(fuzz *f, unsigned n, uint8_t shape)
{
    static uint8_t bytes[4096];
    end *e = &f->end[n];
    floe_sctp_send message = {.stream = LONG, .priority = 5};
    size_t len = (size_t)take(f) * ((shape & 0x40) != 0 ? 16 : 1);
    bool is_last = (shape & 0x38) == 0x38;
    bool is_writing = floe_sctp_assoc_is_writing(&e->assoc, LONG);
    if (!is_writing) {
        if (e->long_sent == LONG_MAX ||
            floe_sctp_assoc_begin_message(&e->assoc, &message) != FLOE_OK) {
            return;
        }
        e->long_len[e->long_sent++] = 0;
        e->long_blocks = 0;
    }
    unsigned number = e->long_sent - 1;
    if (is_too_much(e, &f->end[1 - n], len)) {
        len = 0;
        is_last = true;
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = byte_of(n, LONG, number, e->long_len[number] + i);
    }
    floe_err err = floe_sctp_assoc_write(&e->assoc, LONG, (floe_bytes){bytes, len}, is_last);
    require(err != FLOE_E_STATE);
    if (err == FLOE_OK) {
        e->long_len[number] += len;
    } else if (is_writing && (shape & 0x30) == 0x20) {
        require(floe_sctp_assoc_abort_message(&e->assoc, LONG) == FLOE_OK);
        e->is_aborted[number] = true;
    }
    floe_sctp_assoc_check_invariants(&e->assoc);
}

/* What is not ended when the input ends. */
static void end_part(end *e)
{
    unsigned number = e->long_sent - 1;
    if (!floe_sctp_assoc_is_writing(&e->assoc, LONG)) {
        return;
    }
    if (e->long_len[number] == 0) {
        require(floe_sctp_assoc_abort_message(&e->assoc, LONG) == FLOE_OK);
        e->is_aborted[number] = true;
    } else {
        (void)!floe_sctp_assoc_write(&e->assoc, LONG, (floe_bytes){NULL, 0}, true);
    }
}

/* A message by parts, or the part of it that is here. */
static void read_part(fuzz *f, unsigned n, const floe_sctp_recv *message, const uint8_t *bytes)
{
    end *e = &f->end[n];
    const end *other = &f->end[1 - n];
    require(message->offset == e->long_at);
    while (e->long_at == 0 && e->long_read < other->long_sent && other->is_aborted[e->long_read] &&
           (message->len == 0 || bytes[0] != byte_of(1 - n, LONG, e->long_read, 0) ||
            (!message->has_more && !message->is_cut))) {
        e->long_read++; /* nothing was seen of it */
    }
    require(e->long_read < other->long_sent && (message->len > 0 || message->is_cut));
    for (size_t i = 0; i < message->len; i++) {
        require(bytes[i] == byte_of(1 - n, LONG, e->long_read, e->long_at + i));
    }
    e->long_at += message->len;
    require(e->long_at <= other->long_len[e->long_read]);
    require(!message->is_cut || (other->is_aborted[e->long_read] && !message->has_more));
    if (!message->has_more) {
        require(message->is_cut || e->long_at == other->long_len[e->long_read]);
        e->long_read++;
        e->long_at = 0;
    }
}

static bool is_long_done(fuzz *f, unsigned n)
{
    const end *e = &f->end[n];
    const end *other = &f->end[1 - n];
    unsigned read = e->long_read;
    while (e->long_at == 0 && read < other->long_sent && other->is_aborted[read]) {
        read++; /* though a part of it may still come */
    }
    return read == other->long_sent;
}
#endif

static void read_fates(fuzz *f, unsigned n)
{
    end *e = &f->end[n];
    floe_sctp_fate fate;
    while (floe_sctp_assoc_poll_fate(&e->assoc, &fate)) {
        uint32_t stream = (uint32_t)(fate.cookie >> 32), number = (uint32_t)fate.cookie;
        require(stream < STREAMS && number < e->sent[stream]);
        uint8_t *asked = &e->asked[stream][number / 8];
        require((*asked & 1 << number % 8) != 0);
        *asked &= (uint8_t) ~(1 << number % 8);
        e->fates--;
        require(fate.outcome != FLOE_SCTP_OUTCOME_ABANDONED || stream == 3);
        require(fate.outcome != FLOE_SCTP_OUTCOME_UNKNOWN || f->is_over);
        require(fate.outcome != FLOE_SCTP_OUTCOME_ACKED || fate.sent_at <= f->now);
        floe_sctp_assoc_check_invariants(&e->assoc);
    }
}

/* A message by parts, put together again. False: it is not whole. */
static bool collect(end *e, floe_sctp_recv *message, uint8_t bytes[8192])
{
    require(message->stream < STREAMS);
    uint8_t *whole = e->whole[message->stream];
    require(message->offset + message->len <= sizeof e->whole[0]);
    size_t len = floe_sctp_assoc_copy(&e->assoc, bytes, 8192);
    require(len == message->len);
    if (message->offset == 0 && !message->has_more && !message->is_cut) {
        return true; /* it may come between the parts of another one */
    }
    memcpy(whole + message->offset, bytes, len);
    if (message->has_more || message->is_cut) {
        require(!message->is_cut || message->stream == 3); /* unreliable */
        floe_sctp_assoc_release(&e->assoc);
        floe_sctp_assoc_check_invariants(&e->assoc);
        return false;
    }
    message->len += message->offset;
    memcpy(bytes, whole, message->len);
    return true;
}

static void read_message(fuzz *f, unsigned n)
{
    static uint8_t bytes[8192];
    end *e = &f->end[n];
    floe_sctp_recv message;
#if FLOE_SCTP_PARTS
    if (!f->is_over && e->shown_len > 0) {
        floe_sctp_assoc_release_part(&e->assoc, e->shown_len);
        floe_sctp_assoc_check_invariants(&e->assoc);
        e->shown_len = 0;
    }
#endif
    if (f->is_over || !floe_sctp_assoc_peek(&e->assoc, &message)) {
        return;
    }
    require(message.len <= sizeof bytes);
#if FLOE_SCTP_PARTS
    if (message.stream == LONG) {
        size_t len = floe_sctp_assoc_copy(&e->assoc, bytes, sizeof bytes);
        require(len == message.len);
        read_part(f, n, &message, bytes);
        if (message.has_more && e->parts++ % 2 == 0) {
            e->shown_len = len; /* it is looked at for a while */
            return;
        }
        floe_sctp_assoc_release(&e->assoc);
        floe_sctp_assoc_check_invariants(&e->assoc);
        return;
    }
#endif
    if (!collect(e, &message, bytes)) {
        return;
    }
    size_t len = message.len;
    require(message.stream < STREAMS && len >= 2);
    uint16_t number = floe_load_u16(bytes);
    require(number < f->end[1 - n].sent[message.stream]);
    for (size_t i = 2; i < len; i++) {
        require(bytes[i] == byte_of(1 - n, message.stream, number, i));
    }
    uint8_t *seen = &e->seen[message.stream][number / 8];
    require((*seen & 1 << number % 8) == 0);
    *seen |= (uint8_t)(1 << number % 8);
    require(message.stream > 1 || number == e->got[message.stream]);
    e->got[message.stream]++;
    floe_sctp_assoc_release(&e->assoc);
    floe_sctp_assoc_check_invariants(&e->assoc);
}

/* The next packet of a run whose packets are at most as long as its first, or of the next run. */
static bool next_packet(end *e, uint8_t buf[LARGEST], size_t *run, size_t *len)
{
    size_t max = floe_sctp_assoc_get_packet_max(&e->assoc);
    bool is_limited = *run >= FLOE_SCTP_PACKET_MIN && *run < max;
    require(max <= LARGEST);
    if (is_limited && floe_sctp_assoc_poll_transmit(&e->assoc, buf, *run, len)) {
        require(*len <= *run);
        *run = *len < *run ? 0 : *run;
        return true;
    }
    bool is_sent = floe_sctp_assoc_poll_transmit(&e->assoc, buf, max, len);
    *run = is_sent ? *len : 0;
    return is_sent;
}

static void drain(fuzz *f)
{
    for (unsigned n = 0; n < 2; n++) {
        end *e = &f->end[n];
        end *other = &f->end[1 - n];
        uint8_t buf[LARGEST];
        size_t len, run = 0;
        while (next_packet(e, buf, &run, &len)) {
            floe_sctp_assoc_check_invariants(&e->assoc);
            if (other->count < QUEUE_MAX && len <= f->carries) { /* else it is lost */
                packet *p = &other->queue[other->count++];
                *p = (packet){.len = len};
                memcpy(p->bytes, buf, len);
            }
        }
        require(floe_sctp_assoc_deadline(&e->assoc) > f->now);
        floe_sctp_event event;
        while (floe_sctp_assoc_poll_event(&e->assoc, &event)) {
            require(event.type != FLOE_SCTP_EV_CLOSED);
            f->is_over |= event.type == FLOE_SCTP_EV_RESTARTED;
        }
        if (f->drains++ % 4 != 0) { /* not always: they wait */
            read_fates(f, n);
        }
    }
}

static void remove_packet(end *e, unsigned at)
{
    e->count--;
    memmove(&e->queue[at], &e->queue[at + 1], (e->count - at) * sizeof e->queue[0]);
}

static void deliver(fuzz *f, unsigned n, unsigned at)
{
    static packet p;
    end *e = &f->end[n];
    if (at >= e->count) {
        return;
    }
    p = e->queue[at];
    remove_packet(e, at);
    if (p.is_corrupt && e->assoc.config.is_over_dtls) {
        return; /* DTLS has dropped it */
    }
    floe_err err = floe_sctp_assoc_input(&e->assoc, f->now, (floe_bytes){p.bytes, p.len});
    require(!p.is_corrupt || err == FLOE_E_AUTH);
    floe_sctp_assoc_check_invariants(&e->assoc);
}

static void disturb(fuzz *f, unsigned n, uint8_t how)
{
    end *e = &f->end[n];
    unsigned at = take(f);
    if (e->count == 0) {
        return;
    }
    at %= e->count;
    packet *p = &e->queue[at];
    switch (how & 3) {
    case 0:
        remove_packet(e, at);
        break;
    case 1:
        if (e->count < QUEUE_MAX) {
            e->queue[e->count++] = *p;
        }
        break;
    case 2:
        if (!p->is_corrupt) {
            p->bytes[take(f) % p->len] ^= (uint8_t)(1 << (how >> 2 & 7));
            p->is_corrupt = true;
        }
        break;
    default:
        e->count = 0; /* the link is down */
        break;
    }
}

static void advance(fuzz *f, floe_time delay)
{
    f->now += delay;
    for (unsigned n = 0; n < 2; n++) {
        floe_sctp_assoc_advance(&f->end[n].assoc, f->now);
        floe_sctp_assoc_check_invariants(&f->end[n].assoc);
    }
    drain(f);
}

static floe_time next_deadline(const fuzz *f)
{
    return floe_time_min(floe_sctp_assoc_deadline(&f->end[0].assoc),
                         floe_sctp_assoc_deadline(&f->end[1].assoc));
}

static void step(fuzz *f)
{
    uint8_t command = take(f);
    unsigned n = command >> 7;
    switch (command & 7) {
    case 0:
    case 1:
        send_message(f, n);
        break;
    case 2:
    case 3:
        for (uint8_t i = 0; i <= (command >> 4 & 7); i++) {
            deliver(f, n, (command & 8) != 0 ? take(f) % QUEUE_MAX : 0);
        }
        floe_sctp_assoc_input_end(&f->end[n].assoc);
        drain(f);
        break;
    case 4:
        disturb(f, n, command >> 3);
        break;
    case 5:
        for (uint8_t i = 0; i <= (command >> 3 & 15); i++) {
            read_message(f, n);
        }
        drain(f);
        break;
    case 6: {
        floe_time at = next_deadline(f);
        advance(f,
                (command & 0x40) != 0 && at != FLOE_TIME_NEVER ? at - f->now : take(f) * FLOE_MS);
        break;
    }
    default:
#if FLOE_SCTP_PARTS
        if ((command & 0x70) != 0x70) {
            send_part(f, n, command);
            break;
        }
#endif
        if ((command & 0x78) == 0x78) {
            floe_sctp_assoc_path_changed(&f->end[n].assoc, f->now);
        } else if (is_growing(f->options)) {
            f->carries = FLOE_SCTP_PACKET_MAX + (size_t)take(f) * 4;
        }
        drain(f);
        break;
    }
}

static bool is_done(fuzz *f)
{
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned stream = 0; stream < 3; stream++) {
            if (f->end[n].got[stream] != f->end[1 - n].sent[stream]) {
                return false;
            }
        }
#if FLOE_SCTP_PARTS
        if (!is_long_done(f, n)) {
            return false;
        }
#endif
        const end *e = &f->end[n];
        const floe_sctp_arena *held = &e->assoc.reassembly.arena;
        if (e->assoc.sendq.used > 0 || e->fates > 0 || held->free < held->count ||
            floe_sctp_outstanding_count(&e->assoc.outstanding) > 0) {
            return false; /* of what was given up nothing is held, either */
        }
    }
    return true;
}

/* From now on the network behaves: everything arrives. */
static void settle(fuzz *f)
{
    for (unsigned round = 0; !f->is_over && !is_done(f); round++) {
        require(round < 5000);
        bool is_any = false;
        for (unsigned n = 0; n < 2; n++) {
            is_any |= f->end[n].count > 0;
            while (f->end[n].count > 0) {
                deliver(f, n, 0);
            }
            floe_sctp_assoc_input_end(&f->end[n].assoc);
            for (int i = 0; i < 100; i++) {
                read_message(f, n);
            }
#if FLOE_SCTP_PARTS
            end_part(&f->end[n]);
#endif
        }
        drain(f);
        floe_time at = next_deadline(f);
        if (!is_any && at != FLOE_TIME_NEVER) {
            advance(f, at - f->now);
        } else {
            advance(f, FLOE_MS);
        }
    }
}

static floe_sctp_cc_algorithm congestion_of(bool is_newreno, bool is_rate)
{
    if (FLOE_SCTP_RATE && is_rate) {
        return FLOE_SCTP_CC_RATE;
    }
    return is_newreno ? FLOE_SCTP_CC_NEWRENO : FLOE_SCTP_CC_CUBIC;
}

static void set_up(fuzz *f, unsigned n, uint8_t options, uint8_t who)
{
    bool is_interleaved = (who >> n & 1) != 0;
    end *e = &f->end[n];
    e->random = n;
    e->interleaving.ring = e->numbers;
    /* Where no message is read by parts, the beginnings of all must have room. */
    bool is_roomy = is_interleaved && (options & 4) == 0;
    floe_sctp_config config = {
        .rand = {fill, &e->random},
        .send_buffer = {e->send_buffer, sizeof e->send_buffer},
        .recv_buffer = {e->recv_buffer, is_roomy ? sizeof e->recv_buffer : FLOE_SCTP_RECV_MIN},
        .interleaving = is_interleaved ? &e->interleaving : NULL,
        .tx_ring = e->ring,
        .tx_ring_len = 64,
        .init_retries = 10000,
        .message_max = (options & 4) != 0 ? UINT32_MAX
                       : is_roomy         ? 6000
                                          : 0,
        .parts_from = (options & 4) != 0 ? ((options & 8) != 0 ? 1 : 2000) : 0,
        .heartbeat_ms = (options & 1) != 0 ? UINT32_MAX : 0,
        .is_over_dtls = (options >> (4 + n) & 1) != 0,
        .congestion = congestion_of(options & 64, options & 8),
        .rate = &e->rate,
        .scheduler = (floe_sctp_scheduler)(FLOE_SCTP_SCHEDULERS ? (who >> 2) % 6 : 0),
        .is_unpaced = (options & 128) != 0,
        .packet_usual = is_growing(options) ? LARGEST : 0,
        .packet_limit = is_growing(options) ? LARGEST : 0,
    };
    require(floe_sctp_assoc_init(&e->assoc, &config, f->now) == FLOE_OK);
    if (n == 0 || (options & 2) != 0) {
        require(floe_sctp_assoc_connect(&e->assoc) == FLOE_OK);
    }
}

/* As descriptions do: an end that is sent more than it takes ends the association. */
static void tell_limit(end *to, const end *from)
{
    floe_sctp_assoc_set_remote_message_max(&to->assoc,
                                           floe_sctp_assoc_get_message_max(&from->assoc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.now = FLOE_SECOND;
    f.carries = LARGEST;
    f.options = take(&f);
    uint8_t who = size > 0 ? data[size - 1] : 0; /* asks for interleaving; the scheduler */
    set_up(&f, 0, f.options, who);
    set_up(&f, 1, f.options, who);
    tell_limit(&f.end[0], &f.end[1]);
    tell_limit(&f.end[1], &f.end[0]);
    drain(&f);
    for (unsigned i = 0; i < COMMANDS_MAX && f.in.left > 0 && !f.is_over; i++) {
        step(&f);
    }
    settle(&f);
    return 0;
}
