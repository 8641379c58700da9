/*
 * tests/sim/sim_interleave.c - messages of many kinds, interleaved (RFC 8260), over networks that
 * lose, double and reorder; some are given up, and streams are reset between them.
 *
 * What is reliable arrives once, what is ordered in order, all of it unharmed. At the end neither
 * side holds anything: what is kept of a message that was given up would fill the memory in time.
 */
#include <string.h>

#include "support/sctp_pair.h"
#include "support/unit.h"

#if FLOE_SCTP_IDATA

#define KINDS     4u /* of streams: see is_unordered() and is_limited() */
#define STREAMS   8u
#define ROUNDS    150u
#define LARGEST   6000u
#define COUNT_MAX (2 * ROUNDS)

/* One direction of a stream. */
typedef struct flow {
    uint32_t sent, got, next; /* next: the number of an ordered message that was read, and one */
    bool seen[COUNT_MAX];
} flow;

static flow flows[2][STREAMS]; /* by the sender */

static bool is_unordered(uint16_t stream)
{
    return stream % KINDS % 2 == 1;
}

static bool is_limited(uint16_t stream)
{
    return stream % KINDS >= 2;
}

static uint32_t pattern_of(uint16_t stream, uint32_t number)
{
    return number * STREAMS + stream;
}

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    (void)pair;
    assert_true(message->stream < STREAMS);
    flow *f = &flows[1 - end][message->stream];
    uint32_t number = message->ppid;
    assert_true(number < f->sent && !f->seen[number]);
    assert_true(is_unordered(message->stream) || number >= f->next);
    sctp_pair_check(bytes, pattern_of(message->stream, number));
    f->seen[number] = true;
    f->next = number + 1;
    f->got++;
}

static void send(sctp_pair *pair, sim_random *random, int from)
{
    static uint8_t bytes[LARGEST];
    uint16_t stream = (uint16_t)sim_random_below(random, STREAMS);
    flow *f = &flows[from][stream];
    size_t len = 1 + (size_t)sim_random_below(random, LARGEST);
    sctp_pair_fill(bytes, len, pattern_of(stream, f->sent));
    floe_sctp_send message = {.stream = stream,
                              .ppid = f->sent,
                              .data = {bytes, len},
                              .is_unordered = is_unordered(stream),
                              .has_max_retransmits = is_limited(stream)};
    if (sctp_pair_send(pair, from, &message) == FLOE_OK) { /* else it is being reset */
        f->sent++;
    }
}

static void talk(sctp_pair *pair, uint64_t seed)
{
    sim_random random = sim_random_begin(seed, 9);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        send(pair, &random, 0);
        send(pair, &random, 1);
        if (sim_random_below(&random, 10) == 0) {
            uint16_t stream = (uint16_t)sim_random_below(&random, STREAMS);
            (void)!floe_sctp_assoc_reset_stream(sctp_pair_assoc(pair, i % 2), stream);
        }
        sctp_pair_run_for(pair, sim_random_below(&random, 20) * FLOE_MS);
    }
}

static uint64_t seed_now;

static void choose_scheduler(floe_sctp_config *config, int end)
{
    (void)end;
    if (FLOE_SCTP_SCHEDULERS) {
        config->scheduler = (floe_sctp_scheduler)(seed_now % (FLOE_SCTP_SCHEDULER_PRIORITY + 1));
    }
}

/* The network behaves from now on: all is through, and forgotten. */
static void settle(sctp_pair *pair)
{
    pair->options.loss = pair->options.duplicate = pair->options.reorder = 0;
    sctp_pair_run_for(pair, 60 * FLOE_SECOND);
    for (int end = 0; end < 2; end++) {
        const floe_sctp_assoc *a = sctp_pair_assoc(pair, end);
        assert_int_equal(floe_sctp_assoc_get_state(a), FLOE_SCTP_ESTABLISHED);
        assert_int_equal(a->sendq.count, 0);
        assert_int_equal(floe_sctp_outstanding_count(&a->outstanding), 0);
        assert_int_equal(a->reassembly.arena.free, a->reassembly.arena.count);
        for (uint16_t stream = 0; stream < STREAMS; stream++) {
            const flow *f = &flows[end][stream];
            assert_true(is_limited(stream) || f->got == f->sent);
        }
    }
}

static void test_sim_interleave_leaves_nothing_behind(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        memset(flows, 0, sizeof flows);
        seed_now = seed;
        sctp_pair *pair =
            sctp_pair_new(&(sctp_pair_options){.seed = seed,
                                               .loss = 20 + (uint32_t)(seed % 12) * 10,
                                               .duplicate = 20,
                                               .reorder = 200,
                                               .jitter = 400 * FLOE_MS,
                                               .is_interleaved = true,
                                               .configure = choose_scheduler,
                                               .on_message = on_message});
        sctp_pair_connect(pair);
        talk(pair, seed);
        settle(pair);
        sctp_pair_free(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_interleave_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
