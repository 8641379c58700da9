/*
 * Tests of the association as a whole: what goes in on one side comes out on the other, whatever
 * the link does. 200 seeds of loss, duplication and reordering; contents are compared.
 */
#include "support/sctp_pair.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS  6u
#define MESSAGES 60u /* of each stream, each way */

/* What a test sends and expects: the first bytes of a message are its number in its stream. */
typedef struct traffic {
    uint32_t sent[2][STREAMS];
    uint32_t got[2][STREAMS];     /* by receiver */
    uint32_t highest[2][STREAMS]; /* number + 1 of the latest one that came, ordered */
    uint8_t seen[2][STREAMS][MESSAGES];
    bool is_unordered, is_unreliable;
    size_t size_max;
} traffic;

static uint32_t seed_of(int from, uint32_t stream, uint32_t number)
{
    return (uint32_t)from * 1000003u + stream * 7919u + number;
}

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    traffic *t = pair->options.ctx;
    uint32_t number;
    assert_true(message->stream < STREAMS && bytes.len >= sizeof number);
    memcpy(&number, bytes.ptr, sizeof number);
    assert_true(number < t->sent[1 - end][message->stream]);
    assert_int_equal(message->ppid, 1000 + number);
    assert_int_equal(message->is_unordered, t->is_unordered);
    assert_int_equal(t->seen[end][message->stream][number]++, 0); /* once */
    if (!t->is_unordered) {
        assert_true(number >= t->highest[end][message->stream]); /* in order */
        assert_true(t->is_unreliable || number == t->got[end][message->stream]);
        t->highest[end][message->stream] = number + 1;
    }
    t->got[end][message->stream]++;
    floe_bytes rest = {bytes.ptr + sizeof number, bytes.len - sizeof number};
    sctp_pair_check(rest, seed_of(1 - end, message->stream, number));
}

static size_t size_of(sim_random *random, size_t max)
{
    /* Small ones mostly; large ones now and then. */
    size_t limit = sim_random_below(random, 4) == 0 ? max : 200;
    return 4 + sim_random_below(random, limit);
}

/* Send what fits; true as long as there is more. */
static bool feed(sctp_pair *pair, sim_random *random)
{
    static uint8_t bytes[300000];
    traffic *t = pair->options.ctx;
    bool is_more = false;
    for (int from = 0; from < 2; from++) {
        for (uint16_t stream = 0; stream < STREAMS; stream++) {
            uint32_t number = t->sent[from][stream];
            if (number == MESSAGES) {
                continue;
            }
            is_more = true;
            size_t len = size_of(random, t->size_max);
            memcpy(bytes, &number, sizeof number);
            sctp_pair_fill(bytes + sizeof number, len - sizeof number,
                           seed_of(from, stream, number));
            floe_sctp_send message = {.stream = stream,
                                      .ppid = 1000 + number,
                                      .is_unordered = t->is_unordered,
                                      .data = {bytes, len}};
            if (t->is_unreliable) {
                message.has_max_retransmits = stream % 2 == 0;
                message.max_retransmits = stream / 2;
                message.has_lifetime = stream % 2 == 1;
                message.lifetime_ms = 50u * stream;
            }
            floe_err err = sctp_pair_send(pair, from, &message);
            assert_true(err == FLOE_OK || err == FLOE_E_AGAIN);
            t->sent[from][stream] += err == FLOE_OK;
        }
    }
    return is_more;
}

static bool is_busy(sctp_pair *pair)
{
    for (int n = 0; n < 2; n++) {
        floe_sctp_stats stats;
        floe_sctp_assoc_get_stats(sctp_pair_assoc(pair, n), &stats);
        if (stats.buffered > 0 ||
            pair->end[n].assoc.outstanding.cum + 1 != pair->end[n].assoc.outstanding.next_tsn) {
            return true;
        }
    }
    return false;
}

static uint64_t current_seed;

/* The seed chooses how an end sends. */
static void configure(floe_sctp_config *config, int end)
{
    uint64_t bits = current_seed >> (2 + end);
    config->congestion = (bits & 1) != 0 ? FLOE_SCTP_CC_NEWRENO : FLOE_SCTP_CC_CUBIC;
    config->is_unpaced = (bits & 4) != 0;
    config->is_over_dtls = (bits & 8) != 0;
}

static void run(const sctp_pair_options *options, traffic *t)
{
    sctp_pair_options with = *options;
    current_seed = options->seed;
    with.configure = configure;
    /* Where the receive buffer is small, interleaved beginnings could fill it. */
    with.is_interleaved = options->seed % 2 == 1 && (with.recv_size == 0 || with.recv_size > 65536);
    with.ctx = t;
    with.on_message = on_message;
    sctp_pair *pair = sctp_pair_new(&with);
    sim_random random = sim_random_begin(options->seed, 9);
    sctp_pair_connect(pair);
    while (feed(pair, &random)) {
        sctp_pair_run_for(pair, sim_random_below(&random, 20 * FLOE_MS));
        assert_true(pair->now < 3600 * FLOE_SECOND);
    }
    sctp_pair_run_while(pair, is_busy, 600 * FLOE_SECOND);
    for (int n = 0; n < 2; n++) {
        for (uint32_t stream = 0; stream < STREAMS; stream++) {
            assert_true(t->is_unreliable || t->got[n][stream] == MESSAGES);
        }
        assert_int_equal(pair->end[n].assoc.sendq.used, 0);
        assert_int_equal(pair->end[n].assoc.reassembly.arena.free,
                         pair->end[n].assoc.reassembly.arena.count);
    }
    sctp_pair_free(pair);
}

static void run_seeds(const sctp_pair_options *base, const traffic *base_traffic, uint64_t seeds)
{
    const char *only = getenv("FLOE_SEED");
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        if (only != NULL && seed != strtoull(only, NULL, 10)) {
            continue;
        }
        sctp_pair_options options = *base;
        options.seed = seed;
        options.loss = (uint32_t)(seed % 4) * base->loss / 3;
        traffic t = *base_traffic;
        run(&options, &t);
    }
}

static void
test_reliable_ordered_messages_arrive_once_and_in_order_whatever_the_link_does(void **state)
{
    (void)state;
    sctp_pair_options options = {.loss = 300, .duplicate = 50, .reorder = 200};
    traffic t = {.size_max = 8000};
    run_seeds(&options, &t, 120);
}

static void test_unordered_messages_arrive_once_whatever_the_link_does(void **state)
{
    (void)state;
    sctp_pair_options options = {.loss = 200, .duplicate = 50, .reorder = 200};
    traffic t = {.size_max = 8000, .is_unordered = true};
    run_seeds(&options, &t, 40);
}

static void test_unreliable_ordered_messages_arrive_at_most_once_and_in_order(void **state)
{
    (void)state;
    sctp_pair_options options = {.loss = 300, .duplicate = 50, .reorder = 200};
    traffic t = {.size_max = 5000, .is_unreliable = true};
    run_seeds(&options, &t, 60);
}

static void test_unreliable_unordered_messages_arrive_at_most_once(void **state)
{
    (void)state;
    sctp_pair_options options = {.loss = 300, .duplicate = 50, .reorder = 200};
    traffic t = {.size_max = 5000, .is_unreliable = true, .is_unordered = true};
    run_seeds(&options, &t, 40);
}

static void test_small_buffers_deliver_everything_too(void **state)
{
    (void)state;
    sctp_pair_options options = {.loss = 150,
                                 .duplicate = 50,
                                 .reorder = 200,
                                 .send_size = 16 * 1024,
                                 .recv_size = FLOE_SCTP_RECV_MIN};
    traffic t = {.size_max = 4000};
    run_seeds(&options, &t, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_reliable_ordered_messages_arrive_once_and_in_order_whatever_the_link_does),
        cmocka_unit_test(test_unordered_messages_arrive_once_whatever_the_link_does),
        cmocka_unit_test(test_unreliable_ordered_messages_arrive_at_most_once_and_in_order),
        cmocka_unit_test(test_unreliable_unordered_messages_arrive_at_most_once),
        cmocka_unit_test(test_small_buffers_deliver_everything_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
