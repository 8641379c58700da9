/* support/sctp_solo.c - see support/sctp_solo.h. */
#include "support/sctp_solo.h"

#include <string.h>

#include "support/hex.h"
#include "support/unit.h"

void solo_init(sctp_solo *s, void (*configure)(floe_sctp_config *config))
{
    memset(s, 0, sizeof *s);
    s->now = 1000 * FLOE_SECOND;
    s->source = sim_random_begin(1, 1);
    floe_sctp_config config = {
        .rand = sim_random_source(&s->source),
        .send_buffer = {s->send_buffer, sizeof s->send_buffer},
        .recv_buffer = {s->recv_buffer, sizeof s->recv_buffer},
        .tx_ring = s->ring,
        .tx_ring_len = sizeof s->ring / sizeof s->ring[0],
        .is_unpaced = true, /* a step takes no time */
    };
    s->interleaving.ring = s->numbers;
    if (configure != NULL) {
        configure(&config);
    }
    assert_int_equal(floe_sctp_assoc_init(&s->assoc, &config, s->now), FLOE_OK);
}

void solo_drain(sctp_solo *s)
{
    s->out_count = 0;
    sctp_solo_packet *packet = &s->out[0];
    while (floe_sctp_assoc_poll_transmit(&s->assoc, packet->bytes, sizeof packet->bytes,
                                         &packet->len)) {
        floe_sctp_assoc_check_invariants(&s->assoc);
        assert_true(packet->len <= s->assoc.config.packet_max && packet->len % 4 == 0);
        s->out_count++;
        assert_true(s->out_count < SOLO_OUT_MAX);
        packet++;
    }
    floe_sctp_assoc_check_invariants(&s->assoc);
    assert_true(floe_sctp_assoc_deadline(&s->assoc) > s->now);
}

void solo_begin(sctp_solo *s, uint32_t tag)
{
    s->w = floe_writer_begin(s->in, sizeof s->in);
    floe_sctp_packet_begin(&s->w, 5000, 5000, tag);
}

floe_err solo_give_part(sctp_solo *s)
{
    assert_true(floe_writer_is_ok(&s->w));
    floe_sctp_packet_end(&s->w);
    floe_err err = floe_sctp_assoc_input(&s->assoc, s->now, floe_writer_view(&s->w));
    floe_sctp_assoc_check_invariants(&s->assoc);
    return err;
}

floe_err solo_give(sctp_solo *s)
{
    floe_err err = solo_give_part(s);
    floe_sctp_assoc_input_end(&s->assoc);
    solo_drain(s);
    return err;
}

floe_err solo_give_hex(sctp_solo *s, uint8_t type, uint8_t flags, const char *value)
{
    uint8_t bytes[1024];
    solo_begin(s, s->tag);
    floe_sctp_chunk_put(&s->w, type, flags, hex_decode(value, bytes, sizeof bytes));
    return solo_give(s);
}

static void put_init(sctp_solo *s, uint8_t type, uint32_t tag, uint32_t rwnd)
{
    static const uint8_t cookie[] = {'c', 'o', 'o', 'k'};
    floe_sctp_init init = {
        .tag = tag, .rwnd = rwnd, .tsn = SOLO_TSN, .out_streams = 1024, .in_streams = 1024};
    size_t begin = floe_sctp_init_begin(&s->w, type, &init);
    if (type == FLOE_SCTP_CHUNK_INIT_ACK) {
        floe_sctp_param_put(&s->w, FLOE_SCTP_PARAM_STATE_COOKIE,
                            (floe_bytes){cookie, sizeof cookie});
    }
    floe_sctp_init_params_put(&s->w, s->has_i_data);
    floe_sctp_chunk_end(&s->w, begin);
}

void solo_put_init(sctp_solo *s, uint8_t type, uint32_t tag)
{
    put_init(s, type, tag, 1 << 20);
}

floe_sctp_init solo_init_of(const sctp_solo *s, uint8_t type)
{
    floe_sctp_init init;
    floe_sctp_chunk chunk = solo_chunk(s, type, 0);
    floe_sctp_init_parse(&init, &chunk);
    return init;
}

void solo_to_cookie_wait(sctp_solo *s)
{
    assert_int_equal(floe_sctp_assoc_connect(&s->assoc), FLOE_OK);
    solo_drain(s);
    s->tag = solo_init_of(s, FLOE_SCTP_CHUNK_INIT).tag;
    s->tsn = solo_init_of(s, FLOE_SCTP_CHUNK_INIT).tsn;
}

static void answer_init(sctp_solo *s, uint32_t rwnd)
{
    solo_begin(s, s->tag);
    put_init(s, FLOE_SCTP_CHUNK_INIT_ACK, SOLO_TAG, rwnd);
    assert_int_equal(solo_give(s), FLOE_OK);
    assert_int_equal(solo_count(s, FLOE_SCTP_CHUNK_COOKIE_ECHO), 1);
    assert_int_equal(solo_state(s), FLOE_SCTP_COOKIE_ECHOED);
}

void solo_to_cookie_echoed(sctp_solo *s)
{
    solo_to_cookie_wait(s);
    answer_init(s, 1 << 20);
}

void solo_connect(sctp_solo *s, uint32_t rwnd)
{
    solo_to_cookie_wait(s);
    s->now += SOLO_RTT;
    answer_init(s, rwnd);
    s->now += SOLO_RTT;
    assert_int_equal(solo_give_hex(s, FLOE_SCTP_CHUNK_COOKIE_ACK, 0, ""), FLOE_OK);
    assert_int_equal(solo_state(s), FLOE_SCTP_ESTABLISHED);
    (void)solo_expect(s, FLOE_SCTP_EV_ESTABLISHED);
}

floe_sctp_init solo_ask(sctp_solo *s, uint32_t tag, uint8_t *cookie, floe_bytes *view)
{
    solo_begin(s, 0);
    solo_put_init(s, FLOE_SCTP_CHUNK_INIT, tag);
    assert_int_equal(solo_give(s), FLOE_OK);
    floe_sctp_init init = solo_init_of(s, FLOE_SCTP_CHUNK_INIT_ACK);
    floe_sctp_init_params params;
    floe_writer report = floe_writer_begin(NULL, 0);
    floe_sctp_init_params_parse(&params, init.params, &report);
    assert_true(params.cookie.len > 0);
    memcpy(cookie, params.cookie.ptr, params.cookie.len);
    *view = (floe_bytes){cookie, params.cookie.len};
    return init;
}

floe_err solo_echo(sctp_solo *s, uint32_t tag, floe_bytes cookie)
{
    solo_begin(s, tag);
    floe_sctp_chunk_put(&s->w, FLOE_SCTP_CHUNK_COOKIE_ECHO, 0, cookie);
    return solo_give(s);
}

void solo_establish(sctp_solo *s)
{
    solo_init(s, NULL);
    solo_connect(s, 1 << 20);
}

void solo_advance(sctp_solo *s, floe_time delay)
{
    s->now += delay;
    floe_sctp_assoc_advance(&s->assoc, s->now);
    floe_sctp_assoc_check_invariants(&s->assoc);
    solo_drain(s);
}

void solo_timeout(sctp_solo *s)
{
    floe_sctp_timers_stop(&s->assoc.timers, FLOE_SCTP_TIMER_PROBE);
    floe_time at = floe_sctp_assoc_deadline(&s->assoc);
    assert_true(at != FLOE_TIME_NEVER && at > s->now);
    solo_advance(s, at - s->now);
}

void solo_put_data(sctp_solo *s, uint32_t tsn, uint8_t flags, uint16_t stream, uint16_t ssn,
                   size_t len)
{
    floe_sctp_data data = {.tsn = SOLO_TSN + tsn,
                           .ppid = 53,
                           .stream = stream,
                           .ssn = ssn,
                           .flags = flags,
                           .payload = {NULL, len}};
    uint8_t *payload = floe_sctp_data_put(&s->w, &data);
    assert_non_null(payload);
    memset(payload, (int)tsn, len);
}

floe_err solo_give_data(sctp_solo *s, uint32_t tsn, uint8_t flags, uint16_t stream, uint16_t ssn,
                        size_t len)
{
    solo_begin(s, s->tag);
    solo_put_data(s, tsn, flags, stream, ssn, len);
    return solo_give(s);
}

floe_err solo_give_sack(sctp_solo *s, uint32_t cum, uint32_t rwnd, const uint16_t *gaps,
                        size_t count)
{
    solo_begin(s, s->tag);
    size_t begin = floe_sctp_chunk_begin(&s->w, FLOE_SCTP_CHUNK_SACK, 0);
    floe_writer_put_u32(&s->w, s->tsn - 1 + cum);
    floe_writer_put_u32(&s->w, rwnd);
    floe_writer_put_u16(&s->w, (uint16_t)count);
    floe_writer_put_u16(&s->w, 0);
    for (size_t i = 0; i < 2 * count; i++) {
        floe_writer_put_u16(&s->w, gaps[i]);
    }
    floe_sctp_chunk_end(&s->w, begin);
    return solo_give(s);
}

static bool find_chunk(const sctp_solo *s, uint8_t type, uint32_t *n, floe_sctp_chunk *chunk)
{
    for (uint32_t i = 0; i < s->out_count; i++) {
        floe_sctp_packet packet;
        floe_bytes bytes = {s->out[i].bytes, s->out[i].len};
        assert_int_equal(floe_sctp_packet_parse(&packet, bytes), FLOE_OK);
        while (floe_sctp_packet_next(&packet.chunks, chunk)) {
            bool is_interleaved = chunk->type == FLOE_SCTP_CHUNK_I_DATA ||
                                  chunk->type == FLOE_SCTP_CHUNK_I_FORWARD_TSN;
            assert_true(is_interleaved || floe_sctp_chunk_is_long_enough(chunk));
            if (chunk->type == type && (*n)-- == 0) {
                return true;
            }
        }
    }
    return false;
}

uint32_t solo_count(const sctp_solo *s, uint8_t type)
{
    floe_sctp_chunk chunk;
    uint32_t left = UINT32_MAX;
    (void)find_chunk(s, type, &left, &chunk);
    return UINT32_MAX - left;
}

floe_sctp_chunk solo_chunk(const sctp_solo *s, uint8_t type, uint32_t n)
{
    floe_sctp_chunk chunk = {0};
    if (!find_chunk(s, type, &n, &chunk)) {
        fail_msg("no chunk of type %u", type);
    }
    return chunk;
}

uint32_t solo_tag_of(const sctp_solo *s, uint32_t n)
{
    assert_true(n < s->out_count);
    return floe_load_u32(s->out[n].bytes + 4);
}

floe_sctp_data solo_data(const sctp_solo *s, uint32_t n)
{
    floe_sctp_data data;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_DATA, n);
    floe_sctp_data_parse(&data, &chunk);
    return data;
}

floe_sctp_sack solo_sack(const sctp_solo *s)
{
    floe_sctp_sack sack;
    floe_sctp_chunk chunk = solo_chunk(s, FLOE_SCTP_CHUNK_SACK, 0);
    assert_int_equal(floe_sctp_sack_parse(&sack, &chunk), FLOE_OK);
    return sack;
}

floe_err solo_send_with(sctp_solo *s, floe_sctp_send message, size_t len)
{
    static uint8_t bytes[200000];
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)i;
    }
    message.ppid = 53;
    message.data = (floe_bytes){bytes, len};
    floe_err err = floe_sctp_assoc_send(&s->assoc, &message);
    floe_sctp_assoc_check_invariants(&s->assoc);
    return err;
}

floe_err solo_send(sctp_solo *s, size_t len)
{
    return solo_send_with(s, (floe_sctp_send){.stream = 1}, len);
}

floe_sctp_event solo_expect(sctp_solo *s, floe_sctp_event_type type)
{
    floe_sctp_event event;
    assert_true(floe_sctp_assoc_poll_event(&s->assoc, &event));
    assert_int_equal(event.type, type);
    return event;
}

void solo_expect_no_event(sctp_solo *s)
{
    floe_sctp_event event;
    assert_false(floe_sctp_assoc_poll_event(&s->assoc, &event));
}

size_t solo_read(sctp_solo *s)
{
    static uint8_t bytes[65536];
    floe_sctp_recv message;
    if (!floe_sctp_assoc_peek(&s->assoc, &message)) {
        return 0;
    }
    size_t len = floe_sctp_assoc_copy(&s->assoc, bytes, sizeof bytes);
    assert_int_equal(len, message.len);
    floe_sctp_assoc_release(&s->assoc);
    floe_sctp_assoc_check_invariants(&s->assoc);
    return len;
}

floe_sctp_stats solo_stats(const sctp_solo *s)
{
    floe_sctp_stats stats;
    floe_sctp_assoc_get_stats(&s->assoc, &stats);
    return stats;
}
