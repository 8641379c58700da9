/* Tests of stun/stun_stream.c: a stream of messages, cut anywhere. */
#include <string.h>

#include "base/writer.h"
#include "stun/stun_msg.h"
#include "stun/stun_stream.h"
#include "support/unit.h"

#define MESSAGES 6

typedef struct stream_case {
    uint8_t bytes[512];
    size_t len;
    floe_bytes expected[MESSAGES];
} stream_case;

static void put(stream_case *c, int n, size_t skip, size_t keep, size_t size)
{
    c->expected[n] = (floe_bytes){c->bytes + c->len + skip, keep};
    c->len += size;
}

static void put_channel(stream_case *c, int n, uint16_t len)
{
    uint8_t *at = c->bytes + c->len;
    floe_store_u16(at, 0x4001);
    floe_store_u16(at + 2, len);
    memset(at + 4, n + 1, len);
    put(c, n, 0, 4u + len, (4u + len + 3) & ~(size_t)3);
}

static void put_stun(stream_case *c, int n, size_t fill)
{
    static const uint8_t tid[12] = {9};
    uint8_t value[64] = {7};
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, c->bytes + c->len, sizeof c->bytes - c->len, FLOE_STUN_INDICATION,
                           FLOE_STUN_DATA, tid);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_DATA_ATTR, (floe_bytes){value, fill});
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    put(c, n, 0, packet.len, packet.len);
}

static void make_turn(stream_case *c)
{
    memset(c, 0, sizeof *c);
    put_stun(c, 0, 5);
    put_channel(c, 1, 0);
    put_channel(c, 2, 7);
    put_stun(c, 3, 0);
    put_channel(c, 4, 40);
    put_channel(c, 5, 1);
}

static void make_rfc4571(stream_case *c)
{
    static const uint16_t lens[MESSAGES] = {3, 0, 1, 60, 0, 20};
    memset(c, 0, sizeof *c);
    for (int i = 0; i < MESSAGES; i++) {
        floe_store_u16(c->bytes + c->len, lens[i]);
        memset(c->bytes + c->len + 2, 0x80 + i, lens[i]);
        put(c, i, 2, lens[i], 2u + lens[i]);
    }
}

static int take(floe_stun_stream *s, const stream_case *c, size_t from, size_t to, int n)
{
    uint8_t piece[512]; /* so that a read beyond the piece is seen */
    floe_bytes message;
    floe_bytes in = {piece, to - from};
    memcpy(piece, c->bytes + from, to - from);
    floe_err err;
    while ((err = floe_stun_stream_next(s, &in, &message)) == FLOE_OK) {
        assert_true(n < MESSAGES && floe_bytes_equal(message, c->expected[n]));
        n++;
    }
    assert_int_equal(err, FLOE_E_AGAIN);
    assert_int_equal(in.len, 0);
    return n;
}

static void check_cuts(floe_stun_framing framing, const stream_case *c)
{
    uint8_t memory[64];
    for (size_t first = 0; first <= c->len; first++) {
        for (size_t second = first; second <= c->len; second++) {
            floe_stun_stream s;
            floe_stun_stream_init(&s, framing, (floe_span){memory, sizeof memory});
            int n = take(&s, c, 0, first, 0);
            n = take(&s, c, first, second, n);
            assert_int_equal(take(&s, c, second, c->len, n), MESSAGES);
        }
    }
}

/* KVS: a segment that ended inside the header of ChannelData made it loop for ever. */
static void test_stun_stream_turn_cut_at_every_two_places(void **state)
{
    (void)state;
    stream_case c;
    make_turn(&c);
    check_cuts(FLOE_STUN_FRAMING_TURN, &c);
}

static void test_stun_stream_rfc4571_cut_at_every_two_places(void **state)
{
    (void)state;
    stream_case c;
    make_rfc4571(&c);
    check_cuts(FLOE_STUN_FRAMING_RFC4571, &c);
}

static void test_stun_stream_byte_by_byte(void **state)
{
    (void)state;
    for (int framing = 0; framing < 2; framing++) {
        stream_case c;
        uint8_t memory[64];
        floe_stun_stream s;
        int n = 0;
        (framing == FLOE_STUN_FRAMING_TURN ? make_turn : make_rfc4571)(&c);
        floe_stun_stream_init(&s, (floe_stun_framing)framing, (floe_span){memory, sizeof memory});
        for (size_t i = 0; i < c.len; i++) {
            n = take(&s, &c, i, i + 1, n);
        }
        assert_int_equal(n, MESSAGES);
    }
}

static void test_stun_stream_of_something_else_is_broken_for_good(void **state)
{
    (void)state;
    static const uint8_t bad[][4] = {
        {0x16, 3, 1, 1}, {0x00, 1, 0, 3}, {0x50, 0, 0, 4}, {0x80, 0, 0, 4}, {0xFF, 0xFF, 0, 4}};
    for (size_t i = 0; i < 5; i++) {
        uint8_t memory[64];
        floe_stun_stream s;
        floe_bytes message;
        floe_bytes in = {bad[i], 4};
        floe_stun_stream_init(&s, FLOE_STUN_FRAMING_TURN, (floe_span){memory, sizeof memory});
        assert_int_equal(floe_stun_stream_next(&s, &in, &message), FLOE_E_MALFORMED);
        static const uint8_t good[4] = {0x40, 0, 0, 0};
        in = (floe_bytes){good, 4};
        assert_int_equal(floe_stun_stream_next(&s, &in, &message), FLOE_E_MALFORMED);
    }
}

static void test_stun_stream_message_larger_than_its_memory(void **state)
{
    (void)state;
    uint8_t memory[16];
    floe_stun_stream s;
    floe_bytes message;
    static const uint8_t big[20] = {0x40, 0, 0, 16};
    floe_stun_stream_init(&s, FLOE_STUN_FRAMING_TURN, (floe_span){memory, sizeof memory});
    floe_bytes in = {big, sizeof big};
    assert_int_equal(floe_stun_stream_next(&s, &in, &message), FLOE_OK); /* whole: not copied */
    in = (floe_bytes){big, 19};
    assert_int_equal(floe_stun_stream_next(&s, &in, &message), FLOE_E_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_stream_turn_cut_at_every_two_places),
        cmocka_unit_test(test_stun_stream_rfc4571_cut_at_every_two_places),
        cmocka_unit_test(test_stun_stream_byte_by_byte),
        cmocka_unit_test(test_stun_stream_of_something_else_is_broken_for_good),
        cmocka_unit_test(test_stun_stream_message_larger_than_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
