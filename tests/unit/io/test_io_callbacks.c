/* tests/unit/io/test_io_callbacks.c - two peers over loopback that are called, and never ask. */
#include "io/io_callbacks.h"

#include <string.h>

#include "support/unit.h"

#define PATIENCE (20 * FLOE_SECOND)

static floe_dtls_identity identity; /* making one takes longer than a test */

typedef struct side {
    floe_io_peer *io;
    floe_peer *peer, *other;
    floe_io_callbacks callbacks;
    floe_dc_id channel;   /* open */
    floe_dc_id announced; /* of on_channel */
    unsigned candidates, ends, closed, refusals, pairs;
    bool is_negotiating, refuses_once, stops_on_message;
    floe_peer_state state;
    floe_peer_signaling signaling;
    uint8_t bytes[150000]; /* the last message */
    size_t len;
    unsigned messages;
} side;

typedef struct fixture {
    floe_loop *loop;
    side a, b;
} fixture;

static void on_negotiation(void *ctx, floe_peer *peer)
{
    side *s = ctx;
    s->is_negotiating = true;
    assert_int_equal(floe_peer_set_local(peer, FLOE_PEER_OFFER), FLOE_OK);
}

static void on_signaling(void *ctx, floe_peer *peer, floe_peer_signaling signaling)
{
    uint8_t sdp[8192];
    floe_peer_sdp_type type;
    size_t len;
    side *s = ctx;
    s->signaling = signaling;
    if (signaling == FLOE_PEER_HAVE_LOCAL_OFFER) {
        assert_int_equal(floe_peer_get_local(peer, &type, sdp, sizeof sdp, &len), FLOE_OK);
        assert_int_equal(floe_peer_set_remote(s->other, type, (floe_bytes){sdp, len}, NULL),
                         FLOE_OK);
    } else if (signaling == FLOE_PEER_HAVE_REMOTE_OFFER) {
        assert_int_equal(floe_peer_set_local(peer, FLOE_PEER_ANSWER), FLOE_OK);
        assert_int_equal(floe_peer_get_local(peer, &type, sdp, sizeof sdp, &len), FLOE_OK);
        assert_int_equal(floe_peer_set_remote(s->other, type, (floe_bytes){sdp, len}, NULL),
                         FLOE_OK);
    }
}

static void on_candidate(void *ctx, floe_peer *peer, const char *candidate, floe_bytes mid)
{
    side *s = ctx;
    (void)peer;
    s->candidates += candidate[0] != '\0';
    s->ends += candidate[0] == '\0';
    /* One that comes with the description as well is no harm; before it, the peer says so. */
    (void)!floe_peer_add_candidate(s->other, floe_bytes_of(candidate), mid);
}

static void on_state(void *ctx, floe_peer *peer, floe_peer_state state)
{
    (void)peer;
    ((side *)ctx)->state = state;
}

static void on_pair(void *ctx, floe_peer *peer)
{
    (void)peer;
    ((side *)ctx)->pairs++;
}

static void on_channel(void *ctx, floe_peer *peer, floe_dc_id channel)
{
    (void)peer;
    ((side *)ctx)->announced = channel;
}

static void on_open(void *ctx, floe_peer *peer, floe_dc_id channel)
{
    (void)peer;
    ((side *)ctx)->channel = channel;
}

static void on_close(void *ctx, floe_peer *peer, floe_dc_id channel)
{
    (void)peer;
    (void)channel;
    ((side *)ctx)->closed++;
}

static bool on_message(void *ctx, floe_peer *peer, const floe_dc_message *message, floe_bytes data)
{
    side *s = ctx;
    (void)peer;
    assert_int_equal(message->len, data.len);
    if (s->refuses_once) {
        s->refuses_once = false;
        s->refusals++;
        return false;
    }
    if (s->stops_on_message) {
        floe_io_callbacks_stop(&s->callbacks);
        floe_io_peer_close(s->io);
        s->io = NULL;
        return true;
    }
    if (data.len > 0) {
        memcpy(s->bytes, data.ptr, data.len);
    }
    s->len = data.len;
    s->messages++;
    return true;
}

static const floe_io_handlers handlers = {
    .on_negotiation = on_negotiation,
    .on_signaling = on_signaling,
    .on_candidate = on_candidate,
    .on_state = on_state,
    .on_pair = on_pair,
    .on_channel = on_channel,
    .on_open = on_open,
    .on_message = on_message,
    .on_close = on_close,
};

static void start(fixture *f, side *s)
{
    const floe_io_config config = {.use_loopback = true, .identity = &identity};
    assert_int_equal(floe_io_peer_open(&s->io, f->loop, &config, NULL), FLOE_OK);
    s->peer = floe_io_peer_get(s->io);
    s->channel = s->announced = FLOE_DC_NONE;
    floe_io_callbacks_start(&s->callbacks, f->loop, s->io, &handlers, s);
}

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    *state = &f;
    assert_int_equal(floe_loop_open(&f.loop), FLOE_OK);
    start(&f, &f.a);
    start(&f, &f.b);
    f.a.other = f.b.peer;
    f.b.other = f.a.peer;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_io_callbacks_stop(&f->a.callbacks);
    floe_io_callbacks_stop(&f->b.callbacks);
    floe_io_peer_close(f->a.io);
    floe_io_peer_close(f->b.io);
    floe_loop_close(f->loop);
    return 0;
}

/* Turn the loop until something is so; the test fails where it never is. */
#define WAIT_FOR(f, condition)                                                                     \
    do {                                                                                           \
        floe_time give_up = floe_loop_now((f)->loop) + PATIENCE;                                   \
        do {                                                                                       \
            floe_loop_wait((f)->loop, 1000);                                                       \
            assert_true(floe_loop_now((f)->loop) < give_up);                                       \
        } while (!(condition));                                                                    \
    } while (0)

static void connect(fixture *f)
{
    floe_dc_options options = {.label = FLOE_LIT("x")};
    floe_dc_id id;
    assert_int_equal(floe_peer_open_channel(f->a.peer, &options, &id), FLOE_OK);
    WAIT_FOR(f, f->a.channel != FLOE_DC_NONE && f->b.channel != FLOE_DC_NONE);
    assert_int_equal(f->a.channel, id);
}

static void test_io_callbacks_connect_two_peers(void **state)
{
    fixture *f = *state;
    connect(f);
    assert_true(f->a.is_negotiating && !f->b.is_negotiating);
    assert_int_equal(f->b.announced, f->b.channel);
    assert_int_equal(f->a.announced, FLOE_DC_NONE);
    WAIT_FOR(f, f->a.state == FLOE_PEER_CONNECTED && f->b.state == FLOE_PEER_CONNECTED);
    assert_int_equal(f->a.signaling, FLOE_PEER_STABLE);
    assert_true(f->a.candidates > 0 && f->a.pairs > 0);
    assert_int_equal(f->a.ends, 1);
    assert_int_equal(f->b.ends, 1);
}

static void test_io_callbacks_hand_out_messages_in_one_piece(void **state)
{
    static uint8_t data[150000];
    fixture *f = *state;
    connect(f);
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    /* Some of these lie across the end of the receive buffer. */
    for (unsigned i = 1; i <= 20; i++) {
        size_t len = sizeof data - i;
        assert_int_equal(floe_peer_send(f->a.peer, f->a.channel, false, (floe_bytes){data, len}),
                         FLOE_OK);
        WAIT_FOR(f, f->b.messages == i);
        assert_int_equal(f->b.len, len);
        assert_memory_equal(f->b.bytes, data, len);
    }
    assert_int_equal(floe_peer_send(f->a.peer, f->a.channel, true, FLOE_LIT("")), FLOE_OK);
    WAIT_FOR(f, f->b.messages == 21);
    assert_int_equal(f->b.len, 0);
}

static void test_io_callbacks_offer_a_refused_message_again(void **state)
{
    fixture *f = *state;
    connect(f);
    f->b.refuses_once = true;
    assert_int_equal(floe_peer_send(f->a.peer, f->a.channel, true, FLOE_LIT("once")), FLOE_OK);
    WAIT_FOR(f, f->b.refusals == 1);
    assert_int_equal(f->b.messages, 0);
    WAIT_FOR(f, f->b.messages == 1);
    assert_memory_equal(f->b.bytes, "once", 4);
}

static void test_io_callbacks_may_stop_and_close_from_inside(void **state)
{
    fixture *f = *state;
    connect(f);
    f->b.stops_on_message = true;
    assert_int_equal(floe_peer_send(f->a.peer, f->a.channel, true, FLOE_LIT("bye")), FLOE_OK);
    WAIT_FOR(f, f->a.state == FLOE_PEER_CLOSED);
    assert_null(f->b.io);
    assert_int_equal(f->b.messages, 0);
    assert_int_equal(f->a.closed, 1);
}

static void test_io_callbacks_nothing_is_called_after_the_end(void **state)
{
    fixture *f = *state;
    connect(f);
    floe_io_callbacks_stop(&f->b.callbacks);
    floe_io_callbacks_stop(&f->b.callbacks);
    assert_int_equal(floe_peer_send(f->a.peer, f->a.channel, true, FLOE_LIT("lost")), FLOE_OK);
    floe_time until = floe_loop_now(f->loop) + 50 * FLOE_MS;
    while (floe_loop_now(f->loop) < until) {
        floe_loop_wait(f->loop, 10);
    }
    assert_int_equal(f->b.messages, 0);
}

static void test_io_callbacks_without_handlers_throw_messages_away(void **state)
{
    static const floe_io_handlers none;
    fixture *f = *state;
    floe_dc_message message;
    connect(f);
    floe_io_callbacks_stop(&f->b.callbacks);
    floe_io_callbacks_start(&f->b.callbacks, f->loop, f->b.io, &none, NULL);
    assert_int_equal(floe_peer_send(f->a.peer, f->a.channel, true, FLOE_LIT("x")), FLOE_OK);
    floe_dc_info info = {.messages_received = 0};
    WAIT_FOR(f, floe_peer_get_channel(f->b.peer, f->b.channel, &info) == FLOE_OK &&
                    info.messages_received == 1);
    floe_loop_wait(f->loop, 0);
    assert_false(floe_peer_peek(f->b.peer, &message));
}

static int make_identity(void **state)
{
    (void)state;
    return floe_dtls_identity_init(&identity) == FLOE_OK ? 0 : -1;
}

static int free_identity(void **state)
{
    (void)state;
    floe_dtls_identity_free(&identity);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_io_callbacks_connect_two_peers),
        TEST(test_io_callbacks_hand_out_messages_in_one_piece),
        TEST(test_io_callbacks_offer_a_refused_message_again),
        TEST(test_io_callbacks_may_stop_and_close_from_inside),
        TEST(test_io_callbacks_nothing_is_called_after_the_end),
        TEST(test_io_callbacks_without_handlers_throw_messages_away),
    };
    return cmocka_run_group_tests(tests, make_identity, free_identity);
}
