/*
 * tests/sim/sim_goodput.c - what an association gets out of a link: rate, round trip, queue, loss.
 *
 * SCTP alone, over support/sctp_link.h, in virtual time. The goals are assertions; the table of all
 * links is printed with FLOE_SIM_GOODPUT=all in the environment (half a minute), else a part of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/sctp_packet.h"
#include "support/sctp_link.h"
#include "support/unit.h"

#define MBIT UINT64_C(125000) /* bytes a second */

/* What the receiver's window of TSNs allows. */
#define BUFFER_MAX (FLOE_SCTP_WINDOW_MAX * 1216u)

typedef struct place {
    uint32_t rtt_ms, rate_mbit;
    uint32_t loss;  /* of ten thousand */
    uint32_t queue; /* per cent of what the link holds in a round trip */
} place;

static uint32_t bytes_in_flight(const place *p)
{
    return (uint32_t)(p->rate_mbit * MBIT * p->rtt_ms / 1000);
}

static sctp_link_options options_of(const place *p, uint64_t seed)
{
    uint32_t bdp = bytes_in_flight(p);
    uint32_t queue = bdp / 100 * p->queue;
    size_t buffer = 2 * ((size_t)bdp + queue) + 262144;
    return (sctp_link_options){.seed = seed,
                               .rate = p->rate_mbit * MBIT,
                               .queue = queue > 24000 ? queue : 24000,
                               .delay = p->rtt_ms * FLOE_MS / 2,
                               .loss = p->loss,
                               .buffer = buffer < BUFFER_MAX ? buffer : BUFFER_MAX};
}

static void use_newreno(floe_sctp_config *config, uint32_t end)
{
    (void)end;
    config->congestion = FLOE_SCTP_CC_NEWRENO;
}

/* Payload bytes a second. */
static uint64_t measure(const place *p, void (*configure)(floe_sctp_config *, uint32_t),
                        uint32_t seconds, uint32_t seeds)
{
    uint64_t sum = 0;
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        sctp_link_options options = options_of(p, seed);
        options.configure = configure;
        sctp_link *link = sctp_link_new(&options);
        sctp_link_run_for(link, seconds * FLOE_SECOND);
        sum += link->ends[1].bytes / seconds;
        sctp_link_free(link);
    }
    return sum / seeds;
}

static void print_row(uint32_t rtt_ms, uint32_t rate_mbit, uint32_t queue, uint32_t seeds)
{
    static const uint32_t losses[] = {0, 10, 100, 200, 500};
    printf("%6u %6u %6u", rtt_ms, rate_mbit, queue);
    for (size_t i = 0; i < 5; i++) {
        place p = {.rtt_ms = rtt_ms, .rate_mbit = rate_mbit, .loss = losses[i], .queue = queue};
        uint64_t newreno = measure(&p, use_newreno, 20, seeds);
        uint64_t cubic = measure(&p, NULL, 20, seeds);
        printf("   %6.3f %6.3f", (double)newreno / 1e6, (double)cubic / 1e6);
        fflush(stdout);
    }
    printf("\n");
}

static void test_sim_goodput_table(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    static const uint32_t rtts[] = {5, 20, 50, 100, 300};
    static const uint32_t rates[] = {10, 100};
    static const uint32_t queues[] = {25, 200};
    const char *wanted = getenv("FLOE_SIM_GOODPUT");
    bool is_all = wanted != NULL && strcmp(wanted, "all") == 0;
    printf("MB/s, NewReno and CUBIC\n   RTT   rate  queue        0 %%            0.1 %%"
           "             1 %%             2 %%             5 %%\n");
    for (size_t i = 0; i < (is_all ? 5 : 3); i++) {
        for (size_t k = 0; k < (is_all ? 2 : 1); k++) {
            for (size_t n = 0; n < (is_all ? 2 : 1); n++) {
                print_row(rtts[i], rates[k], queues[n], 1);
            }
        }
    }
}

/* ---- goals ---- */

static void check_share(const place *p, uint32_t seeds, uint32_t per_cent)
{
    uint64_t rate = measure(p, NULL, 20, seeds);
    printf("%u ms, %u Mbit/s, loss %u/10000, queue %u %%: %.1f %%\n", p->rtt_ms, p->rate_mbit,
           p->loss, p->queue, (double)rate * 100 / (double)(p->rate_mbit * MBIT));
    assert_true(rate * 100 >= p->rate_mbit * MBIT * per_cent);
}

static void test_sim_goodput_fills_a_long_and_fast_link(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    check_share(&(place){.rtt_ms = 100, .rate_mbit = 100, .queue = 25}, 1, 90);
    check_share(&(place){.rtt_ms = 100, .rate_mbit = 100, .queue = 200}, 1, 90);
    check_share(&(place){.rtt_ms = 300, .rate_mbit = 10, .queue = 200}, 1, 85);
}

static void test_sim_goodput_stands_a_loss_in_a_thousand(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    check_share(&(place){.rtt_ms = 50, .rate_mbit = 10, .loss = 10, .queue = 25}, 5, 85);
    check_share(&(place){.rtt_ms = 50, .rate_mbit = 10, .loss = 10, .queue = 200}, 5, 85);
}

/* What the best of the other stacks were measured to do on such links, in bytes a second. */
static void check_against_others(const place *p, uint32_t seeds, uint64_t others)
{
    uint64_t rate = measure(p, NULL, 20, seeds);
    printf("%u ms, %u Mbit/s, loss %u/10000: %.3f MB/s, others %.3f\n", p->rtt_ms, p->rate_mbit,
           p->loss, (double)rate / 1e6, (double)others / 1e6);
    assert_true(rate >= others);
}

static void test_sim_goodput_on_lossy_links_is_not_behind_others(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    place p = {.rtt_ms = 10, .rate_mbit = 100, .loss = 10, .queue = 200};
    check_against_others(&p, 5, 4900000);
    p = (place){.rtt_ms = 50, .rate_mbit = 100, .loss = 100, .queue = 200};
    check_against_others(&p, 10, 340000);
    p = (place){.rtt_ms = 100, .rate_mbit = 100, .loss = 200, .queue = 200};
    check_against_others(&p, 20, 160000);
}

static void check_reordering(const place *p, uint32_t jitter_ms)
{
    uint64_t bytes[2];
    for (uint32_t i = 0; i < 2; i++) {
        sctp_link_options options = options_of(p, 1);
        options.reorder = i * 500;
        options.jitter = jitter_ms * FLOE_MS;
        sctp_link *link = sctp_link_new(&options);
        sctp_link_run_for(link, 20 * FLOE_SECOND);
        bytes[i] = link->ends[1].bytes;
        sctp_link_free(link);
    }
    printf("%u ms, %u Mbit/s, 5 %% come %u ms later: %.1f %%\n", p->rtt_ms, p->rate_mbit, jitter_ms,
           (double)bytes[1] * 100 / (double)bytes[0]);
    assert_true(bytes[1] * 10 >= bytes[0] * 9);
}

static void test_sim_goodput_stands_reordering(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    check_reordering(&(place){.rtt_ms = 50, .rate_mbit = 10, .queue = 100}, 5);
    check_reordering(&(place){.rtt_ms = 50, .rate_mbit = 10, .queue = 100}, 20);
    check_reordering(&(place){.rtt_ms = 50, .rate_mbit = 100, .queue = 100}, 20);
    check_reordering(&(place){.rtt_ms = 100, .rate_mbit = 100, .queue = 100}, 30);
}

/* CUBIC takes a while to share what is wide: it is not looked at before `settled_s`. */
static void check_fairness(const place *p, uint32_t second_starts_ms, uint32_t settled_s)
{
    sctp_link_options options = options_of(p, 1);
    options.flows = 2;
    options.second_starts = second_starts_ms * FLOE_MS;
    sctp_link *link = sctp_link_new(&options);
    sctp_link_run_for(link, options.second_starts + settled_s * FLOE_SECOND);
    uint64_t before[2] = {link->ends[1].bytes, link->ends[3].bytes};
    sctp_link_run_for(link, 120 * FLOE_SECOND);
    uint64_t first = link->ends[1].bytes - before[0];
    uint64_t second = link->ends[3].bytes - before[1];
    sctp_link_free(link);
    printf("two flows, %u ms, %u Mbit/s, queue %u %%, one %u ms later: %.0f to %.0f\n", p->rtt_ms,
           p->rate_mbit, p->queue, second_starts_ms, (double)first * 100 / (double)(first + second),
           (double)second * 100 / (double)(first + second));
    uint64_t less = first < second ? first : second;
    assert_true(less * 100 >= (first + second) * 40);
}

static void test_sim_goodput_two_flows_share(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096);
    check_fairness(&(place){.rtt_ms = 20, .rate_mbit = 10, .queue = 100}, 0, 20);
    check_fairness(&(place){.rtt_ms = 20, .rate_mbit = 10, .queue = 25}, 1000, 20);
    check_fairness(&(place){.rtt_ms = 50, .rate_mbit = 10, .queue = 200}, 3000, 20);
    check_fairness(&(place){.rtt_ms = 100, .rate_mbit = 100, .queue = 25}, 2000, 60);
}

/* ---- the loss of a tail ---- */

static uint32_t data_packets, drop_from, drop_count;

static bool drop_data(sctp_link *link, uint32_t from, floe_bytes packet)
{
    if (from != 0 || link->begun == 0 || packet.ptr[FLOE_SCTP_HEADER_SIZE] != 0) {
        return false;
    }
    uint32_t n = data_packets++;
    return n >= drop_from && n - drop_from < drop_count;
}

/* How long ten packets take, of which the last so many are lost. */
static floe_time time_tail(uint32_t rtt_ms, uint32_t lost)
{
    sctp_link_options options = options_of(&(place){.rtt_ms = rtt_ms, .rate_mbit = 100}, 1);
    options.filter = drop_data;
    data_packets = 0;
    drop_from = 10 - lost;
    drop_count = lost;
    sctp_link *link = sctp_link_new(&options);
    sctp_link_send(link, 0, 11000);
    assert_true(sctp_link_run_to(link, 0, 11000, 10 * FLOE_SECOND));
    floe_time taken = link->now - link->begun;
    sctp_link_free(link);
    return taken;
}

static void test_sim_goodput_lost_tail_is_sent_again_within_two_round_trips(void **state)
{
    (void)state;
    static const uint32_t rtts[] = {20, 50, 100, 300};
    for (size_t i = 0; i < 4; i++) {
        floe_time rtt = rtts[i] * FLOE_MS;
        floe_time lossless = time_tail(rtts[i], 0);
        assert_true(time_tail(rtts[i], 1) <= lossless + 2 * rtt + rtt / 20);
        /* The answer to the probe tells of the others. */
        assert_true(time_tail(rtts[i], 3) <= lossless + 3 * rtt + rtt / 20);
    }
}

static void test_sim_goodput_short_paths_are_not_paced(void **state)
{
    (void)state;
    sctp_link_options options = {.seed = 1, .delay = 50, .buffer = 1 << 20};
    sctp_link *link = sctp_link_new(&options);
    sctp_link_run_for(link, FLOE_SECOND / 10);
    assert_int_equal(link->ends[0].wakes, 0);
    assert_true(link->ends[0].run_max > 64); /* whole runs for one system call */
    sctp_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_goodput_table),
        cmocka_unit_test(test_sim_goodput_fills_a_long_and_fast_link),
        cmocka_unit_test(test_sim_goodput_stands_a_loss_in_a_thousand),
        cmocka_unit_test(test_sim_goodput_on_lossy_links_is_not_behind_others),
        cmocka_unit_test(test_sim_goodput_stands_reordering),
        cmocka_unit_test(test_sim_goodput_two_flows_share),
        cmocka_unit_test(test_sim_goodput_lost_tail_is_sent_again_within_two_round_trips),
        cmocka_unit_test(test_sim_goodput_short_paths_are_not_paced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
