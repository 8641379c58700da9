/*
 * fuzz/fuzz_sctp_assoc.c - bytes as a starting state and a sequence of packets, calls and time
 * steps for one SCTP association.
 *
 * The first byte picks the state. Packets come raw, or built around what the association expects,
 * so that deep code is reached; their tag and checksum are put right. Oracle: invariants hold after
 * every call; what is sent is well-formed and fits; a drained association's deadline lies ahead;
 * what is dropped because it is not authentic has changed nothing but counters.
 */
#include <string.h>

#include "base/reader.h"
#include "fuzz/harness.h"
#include "sctp/sctp_assoc.h"
#include "sctp/sctp_chunk.h"
#include "sctp/sctp_idata.h"
#include "sctp/sctp_lane.h"
#include "sctp/sctp_param.h"

#define COMMANDS_MAX 300
#define PEER_TAG     0x01020304u
#define PEER_TSN     0xFFFFFFF0u
#define PACKET_MAX   1432u /* of a path that carries more than the base size */

typedef struct fuzz {
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[32];
    floe_sctp_bbr rate;
    floe_sctp_interleaving interleaving;
    floe_sctp_number numbers[32];
    uint8_t send_buffer[FLOE_SCTP_SEND_MIN + 3000];
    uint8_t recv_buffer[FLOE_SCTP_RECV_MIN];
    floe_reader in;
    floe_time now;
    uint64_t random;
    uint8_t cookie[FLOE_SCTP_COOKIE_SIZE]; /* the last one that it gave out */
    uint8_t nonce[32];                     /* its last HEARTBEAT */
    size_t nonce_len;
    uint8_t packet[1600];
    floe_writer w;
} fuzz;

static uint8_t take(fuzz *f)
{
    return floe_reader_get_u8(&f->in);
}

static void note_sent(fuzz *f, const floe_sctp_chunk *chunk)
{
    if (chunk->type == FLOE_SCTP_CHUNK_HEARTBEAT && chunk->value.len <= sizeof f->nonce) {
        memcpy(f->nonce, chunk->value.ptr, chunk->value.len);
        f->nonce_len = chunk->value.len;
    }
    if (chunk->type == FLOE_SCTP_CHUNK_INIT_ACK) {
        floe_sctp_init init;
        floe_sctp_init_params params;
        floe_writer report = floe_writer_begin(NULL, 0);
        floe_sctp_init_parse(&init, chunk);
        floe_sctp_init_params_parse(&params, init.params, &report);
        require(params.cookie.len == sizeof f->cookie);
        memcpy(f->cookie, params.cookie.ptr, sizeof f->cookie);
    }
}

static bool is_interleaved(const fuzz *f)
{
#if FLOE_SCTP_IDATA
    return floe_sctp_assoc_is_interleaved(&f->assoc);
#else
    (void)f;
    return false;
#endif
}

static void check_sent(fuzz *f, floe_bytes bytes)
{
    floe_sctp_packet packet;
    floe_sctp_chunk chunk;
    require(bytes.len % 4 == 0);
    require(floe_sctp_packet_parse_zero(&packet, bytes) == FLOE_OK);
    size_t left = packet.chunks.len;
    while (floe_sctp_packet_next(&packet.chunks, &chunk)) {
        bool has_mid =
            chunk.type == FLOE_SCTP_CHUNK_I_DATA || chunk.type == FLOE_SCTP_CHUNK_I_FORWARD_TSN;
        require(has_mid ? is_interleaved(f) : floe_sctp_chunk_is_long_enough(&chunk));
        left -= floe_sctp_padded(chunk.whole.len);
        note_sent(f, &chunk);
    }
    require(left == 0);
}

static void drain(fuzz *f)
{
    uint8_t buf[PACKET_MAX];
    size_t len;
    size_t max = floe_sctp_assoc_get_packet_max(&f->assoc);
    for (unsigned i = 0; floe_sctp_assoc_poll_transmit(&f->assoc, buf, sizeof buf, &len); i++) {
        require(i < 200 && len <= max && max <= sizeof buf);
        check_sent(f, (floe_bytes){buf, len});
        floe_sctp_assoc_check_invariants(&f->assoc);
        max = floe_sctp_assoc_get_packet_max(&f->assoc);
    }
    require(floe_sctp_assoc_deadline(&f->assoc) > f->now);
    bool is_waiting = floe_sctp_outstanding_count(&f->assoc.outstanding) > 0;
    require(!is_waiting || f->assoc.state < FLOE_SCTP_ESTABLISHED ||
            floe_sctp_timers_is_set(&f->assoc.timers, FLOE_SCTP_TIMER_DATA));
    floe_sctp_event event;
    for (unsigned i = 0; floe_sctp_assoc_poll_event(&f->assoc, &event); i++) {
        require(i < 10 * FLOE_SCTP_STREAM_MAX);
    }
    floe_sctp_assoc_check_invariants(&f->assoc);
}

/* --- packets --- */

static void begin(fuzz *f, uint32_t tag)
{
    f->w = floe_writer_begin(f->packet, sizeof f->packet);
    floe_sctp_packet_begin(&f->w, 5000, 5000, tag);
}

static void give(fuzz *f)
{
    if (!floe_writer_is_ok(&f->w)) {
        return;
    }
    floe_sctp_packet_end(&f->w);
    floe_err err = floe_sctp_assoc_input(&f->assoc, f->now, floe_writer_view(&f->w));
    require(floe_err_class(err) == FLOE_KIND_OK || floe_err_class(err) == FLOE_KIND_WIRE);
    floe_sctp_assoc_check_invariants(&f->assoc);
}

/* A tag that is right mostly. */
static uint32_t take_tag(fuzz *f, uint8_t pick)
{
    return pick < 240 ? f->assoc.local_tag : pick < 246 ? 0 : pick < 252 ? PEER_TAG : take(f);
}

static void put_raw(fuzz *f)
{
    size_t len = take(f);
    len = len < f->in.left ? len : f->in.left;
    floe_writer_put_bytes(&f->w, floe_reader_get_bytes(&f->in, len));
}

/* In the form that was agreed on, mostly. */
static uint8_t *put_data_chunk(fuzz *f, floe_sctp_data *data)
{
#if FLOE_SCTP_IDATA
    uint8_t pick = is_interleaved(f) ? take(f) : 0xFF;
    if (is_interleaved(f) ? pick < 250 : (data->tsn & 0xFF) == 7) {
        data->fsn = pick & 7;
        data->mid += (pick & 0x40) != 0 ? 0x7FFFFFFC : 0;
        return floe_sctp_i_data_put(&f->w, data);
    }
#endif
    return floe_sctp_data_put(&f->w, data);
}

static void put_data(fuzz *f)
{
    static const uint8_t zeros[1300];
    uint8_t shape = take(f);
    floe_sctp_data data = {.tsn = f->assoc.tracker.cum + 1 + (uint32_t)(int8_t)take(f) / 4,
                           .flags = shape & 0x0F,
                           .stream = (uint16_t)(shape >> 4 & 3),
                           .ssn = (uint16_t)(take(f) & 7)};
    size_t len = (shape & 0x40) != 0 ? 1132 : (size_t)take(f) * 2;
    data.payload.len = len;
    data.mid = data.ssn;
    uint8_t *payload = put_data_chunk(f, &data);
    if (payload != NULL) {
        memcpy(payload, zeros, len);
    }
}

static void put_sack(fuzz *f)
{
    uint8_t shape = take(f);
    uint8_t count = shape & 7;
    uint8_t dups = shape >> 3 & 3;
    bool is_wild = (shape & 0xE0) == 0xE0; /* blocks out of order, empty, without end */
    size_t at = floe_sctp_chunk_begin(&f->w, FLOE_SCTP_CHUNK_SACK, 0);
    floe_writer_put_u32(&f->w, f->assoc.outstanding.cum + (uint32_t)(int8_t)take(f) / 8);
    floe_writer_put_u32(&f->w, (uint32_t)take(f) << 8);
    floe_writer_put_u16(&f->w, count);
    floe_writer_put_u16(&f->w, dups);
    uint16_t gap = 0;
    for (uint8_t i = 0; i < count; i++) {
        gap = (uint16_t)(is_wild ? (int8_t)take(f) : gap + (take(f) & 7));
        floe_writer_put_u16(&f->w, gap);
        gap = (uint16_t)(is_wild ? (int8_t)take(f) : gap + (take(f) & 3));
        floe_writer_put_u16(&f->w, gap);
    }
    for (uint8_t i = 0; i < dups; i++) {
        floe_writer_put_u32(&f->w, f->assoc.outstanding.cum);
    }
    floe_sctp_chunk_end(&f->w, at);
}

static void put_forward(fuzz *f)
{
    uint8_t pick = take(f);
    uint8_t count = pick & 3;
    bool has_mid = is_interleaved(f) != (pick > 250);
    size_t at = floe_sctp_chunk_begin(
        &f->w, has_mid ? FLOE_SCTP_CHUNK_I_FORWARD_TSN : FLOE_SCTP_CHUNK_FORWARD_TSN, 0);
    floe_writer_put_u32(&f->w, f->assoc.tracker.cum + take(f) - 128u);
    for (uint8_t i = 0; i < count; i++) {
        floe_writer_put_u16(&f->w, take(f) & 7);
        if (has_mid) {
            floe_writer_put_u16(&f->w, take(f) & 1);
            floe_writer_put_u16(&f->w, (pick & 0x40) != 0 ? 0x7FFF : 0);
        }
        floe_writer_put_u16(&f->w, take(f) & 15);
    }
    floe_sctp_chunk_end(&f->w, at);
}

static void put_reconfig(fuzz *f)
{
    uint8_t shape = take(f);
    uint16_t type = (uint16_t)(FLOE_SCTP_PARAM_RESET_OUTGOING + shape % 6);
    uint8_t value[20] = {0};
    floe_writer w = floe_writer_begin(value, sizeof value);
    if (type == FLOE_SCTP_PARAM_RESET_RESPONSE) {
        floe_writer_put_u32(&w, f->assoc.reset.request_seq + (shape >> 6 == 3));
        floe_writer_put_u32(&w, take(f) & 7);
    } else {
        floe_writer_put_u32(&w, f->assoc.reset.peer_seq - (shape >> 6));
        floe_writer_put_u32(&w, take(f));
        floe_writer_put_u32(&w, f->assoc.tracker.cum + take(f) - 128u / 16);
        for (uint8_t i = 0; i < (shape >> 4 & 3); i++) {
            floe_writer_put_u16(&w, take(f) & 15);
        }
    }
    size_t at = floe_sctp_chunk_begin(&f->w, FLOE_SCTP_CHUNK_RE_CONFIG, 0);
    floe_sctp_param_put(&f->w, type, floe_writer_view(&w));
    floe_sctp_chunk_end(&f->w, at);
}

static void put_init(fuzz *f, uint8_t type, uint8_t pick)
{
    floe_sctp_init init = {.tag = PEER_TAG + (pick & 3),
                           .rwnd = (pick & 0x80) != 0 ? 1499 : 20000,
                           .tsn = PEER_TSN,
                           .out_streams = 100,
                           .in_streams = 100};
    size_t at = floe_sctp_init_begin(&f->w, type, &init);
    if (type == FLOE_SCTP_CHUNK_INIT_ACK && (pick & 0x40) == 0) {
        floe_sctp_param_put(&f->w, FLOE_SCTP_PARAM_STATE_COOKIE, FLOE_LIT("cookie"));
    }
    if ((pick & 0x20) == 0) {
        floe_sctp_init_params_put(&f->w, (pick & 0x10) == 0);
    }
    floe_sctp_chunk_end(&f->w, at);
}

static void put_simple(fuzz *f, uint8_t pick)
{
    static const uint8_t types[] = {FLOE_SCTP_CHUNK_COOKIE_ACK, FLOE_SCTP_CHUNK_SHUTDOWN_ACK,
                                    FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, FLOE_SCTP_CHUNK_ABORT};
    switch (pick & 7) {
    case 4:
        floe_sctp_shutdown_put(&f->w, f->assoc.outstanding.cum + (pick >> 6));
        break;
    case 5:
        floe_sctp_chunk_put(&f->w, FLOE_SCTP_CHUNK_HEARTBEAT, 0,
                            FLOE_LIT("\0\1\0\x08"
                                     "beat"));
        break;
    case 6:
        floe_sctp_chunk_put(&f->w, FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0,
                            (floe_bytes){f->nonce, f->nonce_len});
        break;
    case 7:
        floe_sctp_chunk_put(&f->w, FLOE_SCTP_CHUNK_ERROR, 0, FLOE_LIT("\0\3\0\x08\0\0\0\0"));
        break;
    default:
        floe_sctp_chunk_put(&f->w, types[pick & 3], pick >> 6 & 1, (floe_bytes){NULL, 0});
        break;
    }
}

static void put_chunk(fuzz *f)
{
    uint8_t pick = take(f);
    switch (pick & 7) {
    case 0:
    case 1:
        put_data(f);
        break;
    case 2:
    case 3:
        put_sack(f);
        break;
    case 4:
        put_forward(f);
        break;
    case 5:
        put_reconfig(f);
        break;
    case 6:
        put_raw(f);
        break;
    default:
        put_simple(f, pick >> 3 | (uint8_t)(pick & 0xC0));
        break;
    }
}

static void packet_of_chunks(fuzz *f)
{
    uint8_t pick = take(f);
    begin(f, take_tag(f, pick));
    for (uint8_t i = 0; i <= (pick & 3); i++) {
        put_chunk(f);
    }
    give(f);
    if ((pick & 8) != 0) {
        floe_sctp_assoc_input_end(&f->assoc);
    }
}

static void packet_of_setup(fuzz *f)
{
    uint8_t pick = take(f);
    switch (pick & 3) {
    case 0:
        begin(f, 0);
        put_init(f, FLOE_SCTP_CHUNK_INIT, pick);
        break;
    case 1:
        begin(f, f->assoc.local_tag);
        put_init(f, FLOE_SCTP_CHUNK_INIT_ACK, pick);
        break;
    default:
        /* The tag that the cookie is for stands in it: layout, time, tag. */
        begin(f, floe_load_u32(f->cookie + 16));
        floe_sctp_chunk_put(&f->w, FLOE_SCTP_CHUNK_COOKIE_ECHO, 0,
                            (floe_bytes){f->cookie, sizeof f->cookie});
        if ((pick & 4) != 0) {
            put_chunk(f);
        }
        break;
    }
    give(f);
    floe_sctp_assoc_input_end(&f->assoc);
}

/* A packet whose checksum or tag is wrong leaves everything but counters and time as it was. */
static void packet_of_nobody(fuzz *f)
{
    begin(f, f->assoc.local_tag ^ 0x55555555u);
    put_data(f);
    floe_sctp_packet_end(&f->w);
    if (!floe_writer_is_ok(&f->w) || f->assoc.state == FLOE_SCTP_CLOSED) {
        return;
    }
    f->packet[20] ^= take(f) & 1;
    floe_sctp_assoc before = f->assoc;
    require(floe_sctp_assoc_input(&f->assoc, f->now, floe_writer_view(&f->w)) == FLOE_E_AUTH);
    before.stats = f->assoc.stats;
    before.now = f->assoc.now;
    before.has_data = f->assoc.has_data;
    require(memcmp(&before, &f->assoc, sizeof before) == 0);
}

/* --- calls --- */

static void send_message(fuzz *f)
{
    static const uint8_t zeros[5000];
    uint8_t shape = take(f);
    floe_sctp_send message = {
        .stream = shape & 3,
        .is_unordered = (shape & 4) != 0,
        .has_max_retransmits = (shape & 8) != 0,
        .has_lifetime = (shape & 16) != 0,
        .max_retransmits = shape >> 6,
        .lifetime_ms = (uint32_t)(shape >> 5) * 100,
        .data = {zeros, (size_t)take(f) * ((shape & 32) != 0 ? 16 : 1)},
    };
    (void)!floe_sctp_assoc_send(&f->assoc, &message);
}

static void read_message(fuzz *f)
{
    floe_sctp_recv message;
    if (floe_sctp_assoc_peek(&f->assoc, &message)) {
        size_t done = 0;
        for (floe_bytes part = floe_sctp_assoc_view(&f->assoc, 0); part.len > 0;
             part = floe_sctp_assoc_view(&f->assoc, done)) {
            done += part.len;
        }
        require(done == message.len);
        floe_sctp_assoc_release(&f->assoc);
    }
}

static void call(fuzz *f)
{
    uint8_t pick = take(f);
    switch (pick >> 4) {
    case 0:
        (void)!floe_sctp_assoc_connect(&f->assoc);
        break;
    case 1:
    case 2:
        (void)!floe_sctp_assoc_reset_stream(&f->assoc, pick & 7);
        break;
    case 3:
        (void)!floe_sctp_assoc_shutdown(&f->assoc);
        break;
    case 4:
        if ((pick & 15) == 0) {
            floe_sctp_assoc_abort(&f->assoc);
        }
        break;
    case 5:
        floe_sctp_assoc_path_changed(&f->assoc, f->now);
        break;
    case 6:
        (void)!floe_sctp_assoc_set_low_threshold(&f->assoc, pick & 3, (size_t)take(f) * 8);
        break;
    case 7:
    case 8:
    case 9:
        read_message(f);
        break;
    default:
        send_message(f);
        break;
    }
    floe_sctp_assoc_check_invariants(&f->assoc);
}

static void pass_time(fuzz *f)
{
    uint8_t pick = take(f);
    floe_time at = floe_sctp_assoc_deadline(&f->assoc);
    if ((pick & 0x80) != 0 && at != FLOE_TIME_NEVER) {
        f->now = at > f->now ? at : f->now;
    } else {
        f->now += (floe_time)(pick & 0x7F) * (pick & 0x40 ? 50 * FLOE_MS : FLOE_MS);
    }
    floe_sctp_assoc_advance(&f->assoc, f->now);
    floe_sctp_assoc_check_invariants(&f->assoc);
}

static void step(fuzz *f)
{
    uint8_t command = take(f);
    switch (command & 7) {
    case 0:
        packet_of_setup(f);
        break;
    case 1:
    case 2:
    case 3:
        packet_of_chunks(f);
        break;
    case 4:
        pass_time(f);
        break;
    case 5:
        floe_sctp_assoc_input_end(&f->assoc);
        drain(f);
        break;
    case 6:
        command % 16 == 6 ? packet_of_nobody(f) : call(f);
        break;
    default:
        call(f);
        drain(f);
        break;
    }
}

/* --- starting states --- */

static void give_simple(fuzz *f, uint8_t type)
{
    begin(f, f->assoc.local_tag);
    floe_sctp_chunk_put(&f->w, type, 0, (floe_bytes){NULL, 0});
    give(f);
    drain(f);
}

static void start(fuzz *f, uint8_t state)
{
    if (state == FLOE_SCTP_CLOSED) {
        return;
    }
    require(floe_sctp_assoc_connect(&f->assoc) == FLOE_OK);
    drain(f);
    if (state == FLOE_SCTP_COOKIE_WAIT) {
        return;
    }
    begin(f, f->assoc.local_tag);
    put_init(f, FLOE_SCTP_CHUNK_INIT_ACK, 0);
    give(f);
    drain(f);
    if (state == FLOE_SCTP_COOKIE_ECHOED) {
        return;
    }
    give_simple(f, FLOE_SCTP_CHUNK_COOKIE_ACK);
    require(floe_sctp_assoc_get_state(&f->assoc) == FLOE_SCTP_ESTABLISHED);
    if (state == FLOE_SCTP_SHUTDOWN_PENDING || state == FLOE_SCTP_SHUTDOWN_RECEIVED) {
        static const uint8_t zeros[3000];
        floe_sctp_send message = {.stream = 1, .data = {zeros, sizeof zeros}};
        require(floe_sctp_assoc_send(&f->assoc, &message) == FLOE_OK);
        drain(f);
    }
    if (state == FLOE_SCTP_SHUTDOWN_PENDING || state == FLOE_SCTP_SHUTDOWN_SENT) {
        require(floe_sctp_assoc_shutdown(&f->assoc) == FLOE_OK);
        drain(f);
    }
    if (state == FLOE_SCTP_SHUTDOWN_RECEIVED || state == FLOE_SCTP_SHUTDOWN_ACK_SENT) {
        begin(f, f->assoc.local_tag);
        floe_sctp_shutdown_put(&f->w, f->assoc.outstanding.cum);
        give(f);
        drain(f);
    }
    require(floe_sctp_assoc_get_state(&f->assoc) == (floe_sctp_state)state);
}

static floe_sctp_cc_algorithm congestion_of(bool is_newreno, bool is_rate)
{
    if (FLOE_SCTP_RATE && is_rate) {
        return FLOE_SCTP_CC_RATE;
    }
    return is_newreno ? FLOE_SCTP_CC_NEWRENO : FLOE_SCTP_CC_CUBIC;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz f;
    memset(&f, 0, sizeof f);
    f.in = floe_reader_begin((floe_bytes){data, size});
    f.now = FLOE_SECOND;
    uint8_t options = take(&f);
    f.interleaving.ring = f.numbers;
    floe_sctp_config config = {
        .is_over_dtls = (options & 8) != 0,
        .congestion = congestion_of(options & 16, options & 64),
        .rate = &f.rate,
        .is_unpaced = (options & 32) != 0,
        .rand = {fill, &f.random},
        .send_buffer = {f.send_buffer, sizeof f.send_buffer},
        .recv_buffer = {f.recv_buffer, sizeof f.recv_buffer},
        .tx_ring = f.ring,
        .tx_ring_len = 32,
        .interleaving = size > 0 && (data[size - 1] & 1) != 0 ? &f.interleaving : NULL,
        .data_retries = 20,
        .packet_usual = (options & 128) != 0 ? PACKET_MAX : 0,
        .packet_limit = (options & 128) != 0 ? PACKET_MAX : 0,
    };
    require(floe_sctp_assoc_init(&f.assoc, &config, f.now) == FLOE_OK);
    start(&f, options % 8);
    for (unsigned i = 0; i < COMMANDS_MAX && f.in.left > 0; i++) {
        step(&f);
    }
    floe_sctp_assoc_input_end(&f.assoc);
    drain(&f);
    return 0;
}
