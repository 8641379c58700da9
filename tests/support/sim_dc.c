/* support/sim_dc.c - see support/sim_dc.h. */
#include "support/sim_dc.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define SETTLE (3 * FLOE_SECOND) /* longer than any exchange without loss takes */

static void init_end(sim_dc *pair, int end, uint64_t seed)
{
    sim_dc_end *e = &pair->ends[end];
    e->random = sim_random_begin(seed, (uint64_t)end + 1);
    floe_sctp_config config = {.rand = sim_random_source(&e->random)};
    config.send_buffer = (floe_span){e->send_buffer, sizeof e->send_buffer};
    config.recv_buffer = (floe_span){e->recv_buffer, sizeof e->recv_buffer};
    config.tx_ring = e->ring;
    config.tx_ring_len = SIM_DC_RING;
    config.message_max = SIM_DC_BUFFER / 2;
    assert_int_equal(floe_sctp_assoc_init(&e->assoc, &config, pair->now), FLOE_OK);
    floe_dc_init(&e->dc);
}

sim_dc *sim_dc_new(uint64_t seed)
{
    sim_dc *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->now = FLOE_SECOND;
    pair->delay = 10 * FLOE_MS;
    pair->random = sim_random_begin(seed, 0);
    init_end(pair, 0, seed);
    init_end(pair, 1, seed);
    return pair;
}

void sim_dc_free(sim_dc *pair)
{
    free(pair);
}

/* ---- driving ---- */

static void transmit(sim_dc *pair, int end)
{
    uint8_t bytes[FLOE_SCTP_PACKET_MAX];
    size_t len;
    while (floe_sctp_assoc_poll_transmit(&pair->ends[end].assoc, bytes, sizeof bytes, &len)) {
        assert_true(len > 0 && len <= sizeof bytes);
        if (pair->is_cut || sim_random_chance(&pair->random, pair->loss)) {
            continue;
        }
        assert_true(pair->count < SIM_DC_PACKETS);
        sim_dc_packet *packet = &pair->packets[(pair->first + pair->count) % SIM_DC_PACKETS];
        packet->at = pair->now + pair->delay;
        packet->to = 1 - end;
        packet->len = len;
        memcpy(packet->bytes, bytes, len);
        pair->count++;
    }
}

static void log_sctp_event(sim_dc_end *e, const floe_sctp_event *event)
{
    assert_true(e->sctp_event_count < SIM_DC_EVENTS);
    e->sctp_events[e->sctp_event_count++] = *event;
}

static void take_raw_events(sim_dc_end *e)
{
    floe_sctp_event event;
    floe_sctp_recv message;
    while (floe_sctp_assoc_poll_event(&e->assoc, &event)) {
        log_sctp_event(e, &event);
    }
    while (e->is_sink && floe_sctp_assoc_peek(&e->assoc, &message)) {
        floe_sctp_assoc_release(&e->assoc);
        e->sunk++;
    }
}

static void take_events(sim_dc_end *e)
{
    floe_sctp_event sctp_event;
    floe_dc_event event;
    if (e->is_raw) {
        take_raw_events(e);
        return;
    }
    while (floe_dc_advance(&e->dc, &e->assoc, &sctp_event)) {
        log_sctp_event(e, &sctp_event);
    }
    while (floe_dc_poll_event(&e->dc, &event)) {
        assert_true(e->event_count < SIM_DC_EVENTS);
        e->events[e->event_count++] = event;
        floe_dc_check_invariants(&e->dc);
    }
    floe_dc_check_invariants(&e->dc);
}

void sim_dc_drain(sim_dc *pair, int end)
{
    sim_dc_end *e = &pair->ends[end];
    floe_sctp_assoc_advance(&e->assoc, pair->now);
    for (int i = 0; i < 3; i++) { /* reading makes events, and events make packets */
        take_events(e);
        transmit(pair, end);
    }
    floe_sctp_assoc_check_invariants(&e->assoc);
    assert_true(floe_sctp_assoc_deadline(&e->assoc) > pair->now);
}

static void deliver_first(sim_dc *pair)
{
    const sim_dc_packet *packet = &pair->packets[pair->first];
    sim_dc_end *e = &pair->ends[packet->to];
    floe_bytes bytes = {packet->bytes, packet->len};
    /* What the association makes of a packet is not the question here. */
    (void)!floe_sctp_assoc_input(&e->assoc, pair->now, bytes);
    floe_sctp_assoc_input_end(&e->assoc);
    pair->first = (pair->first + 1) % SIM_DC_PACKETS;
    pair->count--;
    sim_dc_drain(pair, packet->to);
}

static bool step(sim_dc *pair, floe_time until)
{
    floe_time at = pair->count > 0 ? pair->packets[pair->first].at : FLOE_TIME_NEVER;
    for (int end = 0; end < 2; end++) {
        at = floe_time_min(at, floe_sctp_assoc_deadline(&pair->ends[end].assoc));
    }
    if (at > until) {
        return false;
    }
    pair->now = at > pair->now ? at : pair->now;
    if (pair->count > 0 && pair->packets[pair->first].at <= pair->now) {
        deliver_first(pair);
    }
    for (int end = 0; end < 2; end++) {
        if (floe_sctp_assoc_deadline(&pair->ends[end].assoc) <= pair->now) {
            sim_dc_drain(pair, end);
        }
    }
    return true;
}

void sim_dc_run(sim_dc *pair, floe_time duration)
{
    floe_time end = pair->now + duration;
    sim_dc_drain(pair, 0);
    sim_dc_drain(pair, 1);
    while (step(pair, end)) {
    }
    pair->now = end;
    sim_dc_drain(pair, 0);
    sim_dc_drain(pair, 1);
}

void sim_dc_connect(sim_dc *pair)
{
    for (int end = 0; end < 2; end++) {
        if (!pair->ends[end].is_raw) {
            floe_dc_set_role(&pair->ends[end].dc, end == 0);
        }
        assert_int_equal(floe_sctp_assoc_connect(&pair->ends[end].assoc), FLOE_OK);
    }
    sim_dc_run(pair, SETTLE);
    for (int end = 0; end < 2; end++) {
        assert_int_equal(floe_sctp_assoc_get_state(&pair->ends[end].assoc), FLOE_SCTP_ESTABLISHED);
    }
}

sim_dc *sim_dc_new_connected(uint64_t seed)
{
    sim_dc *pair = sim_dc_new(seed);
    sim_dc_connect(pair);
    sim_dc_clear(pair);
    return pair;
}

sim_dc *sim_dc_new_with_raw_peer(uint64_t seed)
{
    sim_dc *pair = sim_dc_new(seed);
    pair->ends[1].is_raw = true;
    sim_dc_connect(pair);
    sim_dc_clear(pair);
    return pair;
}

/* ---- channels ---- */

floe_dc_id sim_dc_open(sim_dc *pair, int end, const floe_dc_options *options)
{
    sim_dc_end *e = &pair->ends[end];
    floe_dc_id channel = FLOE_DC_NONE;
    assert_int_equal(floe_dc_open(&e->dc, &e->assoc, options, &channel), FLOE_OK);
    sim_dc_run(pair, SETTLE);
    return channel;
}

void sim_dc_open_both(sim_dc *pair, int end, const char *label, floe_dc_id ids[2])
{
    floe_dc_options options = {.label = floe_bytes_of(label)};
    sim_dc_clear(pair);
    ids[end] = sim_dc_open(pair, end, &options);
    ids[1 - end] = sim_dc_find(pair, 1 - end, FLOE_DC_EV_INCOMING);
    assert_int_equal(sim_dc_info(pair, end, ids[end]).state, FLOE_DC_OPEN);
    assert_int_equal(sim_dc_info(pair, 1 - end, ids[1 - end]).state, FLOE_DC_OPEN);
    sim_dc_clear(pair);
}

void sim_dc_close(sim_dc *pair, int end, floe_dc_id channel)
{
    sim_dc_end *e = &pair->ends[end];
    assert_int_equal(floe_dc_close(&e->dc, &e->assoc, channel), FLOE_OK);
}

floe_dc_info sim_dc_info(const sim_dc *pair, int end, floe_dc_id channel)
{
    const sim_dc_end *e = &pair->ends[end];
    floe_dc_info info;
    assert_int_equal(floe_dc_get_info(&e->dc, &e->assoc, channel, &info), FLOE_OK);
    return info;
}

void sim_dc_send(sim_dc *pair, int end, floe_dc_id channel, const char *text)
{
    sim_dc_end *e = &pair->ends[end];
    floe_err err = floe_dc_send(&e->dc, &e->assoc, channel, true, floe_bytes_of(text));
    assert_int_equal(err, FLOE_OK);
}

void sim_dc_read(sim_dc *pair, int end, floe_dc_id channel, const char *text)
{
    static uint8_t buf[SIM_DC_BUFFER];
    sim_dc_end *e = &pair->ends[end];
    floe_dc_message message;
    assert_true(floe_dc_peek(&e->dc, &e->assoc, &message));
    assert_int_equal(message.channel, channel);
    assert_true(message.is_text);
    assert_int_equal(message.len, strlen(text));
    assert_int_equal(floe_dc_copy(&e->dc, &e->assoc, buf, message.len), message.len);
    assert_memory_equal(buf, text, message.len);
    floe_dc_release(&e->dc, &e->assoc);
    floe_dc_check_invariants(&e->dc);
}

void sim_dc_send_raw(sim_dc *pair, int end, uint16_t stream, uint32_t ppid, floe_bytes data)
{
    floe_sctp_send message = {.stream = stream, .ppid = ppid, .data = data};
    assert_int_equal(floe_sctp_assoc_send(&pair->ends[end].assoc, &message), FLOE_OK);
}

void sim_dc_reset_raw(sim_dc *pair, int end, uint16_t stream)
{
    assert_int_equal(floe_sctp_assoc_reset_stream(&pair->ends[end].assoc, stream), FLOE_OK);
}

/* ---- the log ---- */

size_t sim_dc_count(const sim_dc *pair, int end, floe_dc_event_type type, floe_dc_id channel)
{
    const sim_dc_end *e = &pair->ends[end];
    size_t count = 0;
    for (size_t i = 0; i < e->event_count; i++) {
        bool is_it = channel == FLOE_DC_NONE || e->events[i].channel == channel;
        count += is_it && e->events[i].type == type;
    }
    return count;
}

size_t sim_dc_count_sctp(const sim_dc *pair, int end, floe_sctp_event_type type, uint16_t stream)
{
    const sim_dc_end *e = &pair->ends[end];
    size_t count = 0;
    for (size_t i = 0; i < e->sctp_event_count; i++) {
        bool is_it = stream == FLOE_STREAM_NONE || e->sctp_events[i].stream == stream;
        count += is_it && e->sctp_events[i].type == type;
    }
    return count;
}

floe_dc_id sim_dc_find(const sim_dc *pair, int end, floe_dc_event_type type)
{
    const sim_dc_end *e = &pair->ends[end];
    for (size_t i = 0; i < e->event_count; i++) {
        if (e->events[i].type == type) {
            return e->events[i].channel;
        }
    }
    fail_msg("no such event");
    return FLOE_DC_NONE;
}

void sim_dc_clear(sim_dc *pair)
{
    for (int end = 0; end < 2; end++) {
        pair->ends[end].event_count = 0;
        pair->ends[end].sctp_event_count = 0;
    }
}
