/*
 * tests/sim/sim_goodput.c - what an association gets out of a link: rate, round trip, queue, loss.
 *
 * SCTP alone, over support/sctp_link.h, in virtual time. Each goal is an assertion, for CUBIC and
 * for the rate-based controller. What all of them get out of a hundred links is in docs/GOODPUT.md,
 * which tests/sim/sim_goodput_table.c writes.
 */
#include <stdio.h>
#include <string.h>

#include "sctp/sctp_packet.h"
#include "support/sctp_place.h"
#include "support/unit.h"

#define SEEDS_MAX 20u
#define SECONDS   20u
#define CUBIC     FLOE_SCTP_CC_CUBIC
#define RATE      FLOE_SCTP_CC_RATE

#define NEEDS_ROOM() UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096 && FLOE_SCTP_RATE)

static const char *const names[] = {[FLOE_SCTP_CC_CUBIC] = "CUBIC",
                                    [FLOE_SCTP_CC_NEWRENO] = "NewReno",
                                    [FLOE_SCTP_CC_RATE] = "rate"};

static void print_place(const sctp_place *p, floe_sctp_cc_algorithm algorithm)
{
    printf("%s: %u ms, %u Mbit/s, loss %u/10000, queue %u %%: ", names[algorithm], p->rtt_ms,
           p->rate_mbit, p->loss, p->queue);
}

/* The median; and the worst of twenty. */
static uint64_t measure(const sctp_place *p, floe_sctp_cc_algorithm algorithm, uint32_t seeds,
                        uint64_t *worst)
{
    uint64_t samples[SEEDS_MAX];
    sctp_place_samples(p, algorithm, SECONDS, samples, seeds);
    *worst = samples[0];
    return samples[seeds / 2];
}

static void check_share_of_link(const sctp_place *p, floe_sctp_cc_algorithm algorithm,
                                uint32_t seeds, uint32_t per_cent)
{
    uint64_t worst;
    uint64_t link = p->rate_mbit * SCTP_PLACE_MBIT;
    uint64_t rate = measure(p, algorithm, seeds, &worst);
    print_place(p, algorithm);
    printf("%.1f %%\n", (double)rate * 100 / (double)link);
    assert_true(rate * 100 >= link * per_cent);
}

static void test_sim_goodput_fills_a_long_and_fast_link(void **state)
{
    (void)state;
    NEEDS_ROOM();
    check_share_of_link(&(sctp_place){100, 100, 0, 25}, CUBIC, 1, 90);
    check_share_of_link(&(sctp_place){100, 100, 0, 200}, CUBIC, 1, 90);
    check_share_of_link(&(sctp_place){300, 10, 0, 200}, CUBIC, 1, 85);
    check_share_of_link(&(sctp_place){100, 100, 0, 25}, RATE, 1, 90);
    check_share_of_link(&(sctp_place){100, 100, 0, 200}, RATE, 1, 90);
}

static void test_sim_goodput_stands_a_loss_in_a_thousand(void **state)
{
    (void)state;
    NEEDS_ROOM();
    check_share_of_link(&(sctp_place){50, 10, 10, 25}, CUBIC, 20, 85);
    check_share_of_link(&(sctp_place){50, 10, 10, 200}, CUBIC, 20, 85);
    check_share_of_link(&(sctp_place){50, 10, 10, 25}, RATE, 20, 85);
    check_share_of_link(&(sctp_place){50, 10, 10, 200}, RATE, 20, 85);
}

/* What the best of the other stacks were measured to do on such links, in bytes a second. */
static void check_against_others(const sctp_place *p, floe_sctp_cc_algorithm algorithm,
                                 uint32_t seeds, uint64_t others)
{
    uint64_t worst;
    uint64_t rate = measure(p, algorithm, seeds, &worst);
    print_place(p, algorithm);
    printf("%.3f MB/s, at worst %.3f; to beat %.3f\n", (double)rate / 1e6, (double)worst / 1e6,
           (double)others / 1e6);
    assert_true(rate >= others);
}

static void test_sim_goodput_is_not_behind_others(void **state)
{
    (void)state;
    NEEDS_ROOM();
    check_against_others(&(sctp_place){10, 100, 10, 200}, CUBIC, 5, 4900000);
    check_against_others(&(sctp_place){50, 100, 100, 200}, CUBIC, 20, 340000);
    check_against_others(&(sctp_place){100, 100, 200, 200}, CUBIC, 20, 160000);
    check_against_others(&(sctp_place){20, 400, 0, 100}, CUBIC, 1, 26000000);
    check_against_others(&(sctp_place){20, 100, 0, 400}, CUBIC, 1, 11400000);
}

/* Ten times the best of them, who all are where Reno is. */
static void test_sim_goodput_at_a_rate_is_far_beyond_others_where_links_lose(void **state)
{
    (void)state;
    NEEDS_ROOM();
    check_against_others(&(sctp_place){50, 100, 100, 25}, RATE, 5, 3400000);
    check_against_others(&(sctp_place){50, 100, 100, 200}, RATE, 5, 3400000);
    check_against_others(&(sctp_place){100, 100, 200, 25}, RATE, 10, 1600000);
    check_against_others(&(sctp_place){100, 100, 200, 200}, RATE, 10, 1600000);
}

static void check_reordering(const sctp_place *p, floe_sctp_cc_algorithm algorithm,
                             uint32_t jitter_ms)
{
    uint64_t bytes[2];
    for (uint32_t i = 0; i < 2; i++) {
        sctp_link_options options = sctp_place_options(p, 1);
        options.congestion[0] = algorithm;
        options.reorder = i * 500;
        options.jitter = jitter_ms * FLOE_MS;
        sctp_link *link = sctp_link_new(&options);
        sctp_link_run_for(link, SECONDS * FLOE_SECOND);
        bytes[i] = link->ends[1].bytes;
        sctp_link_free(link);
    }
    print_place(p, algorithm);
    printf("5 %% come %u ms later: %.1f %%\n", jitter_ms,
           (double)bytes[1] * 100 / (double)bytes[0]);
    assert_true(bytes[1] * 10 >= bytes[0] * 9);
}

static void test_sim_goodput_stands_reordering(void **state)
{
    (void)state;
    NEEDS_ROOM();
    static const floe_sctp_cc_algorithm algorithms[] = {CUBIC, RATE};
    for (size_t i = 0; i < 2; i++) {
        check_reordering(&(sctp_place){50, 10, 0, 100}, algorithms[i], 5);
        check_reordering(&(sctp_place){50, 10, 0, 100}, algorithms[i], 20);
        check_reordering(&(sctp_place){50, 100, 0, 100}, algorithms[i], 20);
        check_reordering(&(sctp_place){100, 100, 0, 100}, algorithms[i], 30);
    }
}

/* It takes a while to share what is wide: it is not looked at before `settled_s`. */
static void check_share(const sctp_place *p, floe_sctp_cc_algorithm first,
                        floe_sctp_cc_algorithm second, uint32_t second_starts_ms,
                        uint32_t settled_s)
{
    const floe_sctp_cc_algorithm both[2] = {first, second};
    uint32_t part = sctp_place_share(p, both, second_starts_ms, settled_s);
    /* A goal is for two of a kind; of others, none is pushed aside. */
    uint32_t least = first == second ? 400 : 250;
    print_place(p, first);
    printf("and %s %u ms later: %u to %u\n", names[second], second_starts_ms, (part + 5) / 10,
           (1005 - part) / 10);
    assert_in_range(part, least, 1000 - least);
}

static void test_sim_goodput_two_flows_share(void **state)
{
    (void)state;
    NEEDS_ROOM();
    static const floe_sctp_cc_algorithm algorithms[] = {CUBIC, RATE};
    for (size_t i = 0; i < 2; i++) {
        floe_sctp_cc_algorithm one = algorithms[i];
        check_share(&(sctp_place){20, 10, 0, 100}, one, one, 0, 20);
        check_share(&(sctp_place){20, 10, 0, 25}, one, one, 1000, 20);
        check_share(&(sctp_place){50, 10, 0, 200}, one, one, 3000, 20);
        check_share(&(sctp_place){100, 100, 0, 25}, one, one, 2000, 60);
    }
    check_share(&(sctp_place){20, 100, 0, 100}, RATE, RATE, 2000, 30);
}

/* Where a window of CUBIC's takes long to grow it has less: docs/GOODPUT.md. Here both get on. */
static void test_sim_goodput_a_rate_leaves_room_for_cubic(void **state)
{
    (void)state;
    NEEDS_ROOM();
    check_share(&(sctp_place){20, 10, 0, 25}, CUBIC, RATE, 1000, 20);
    check_share(&(sctp_place){50, 10, 0, 200}, CUBIC, RATE, 3000, 20);
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
static floe_time time_tail(floe_sctp_cc_algorithm algorithm, uint32_t rtt_ms, uint32_t lost)
{
    sctp_link_options options = sctp_place_options(&(sctp_place){rtt_ms, 100, 0, 0}, 1);
    options.congestion[0] = algorithm;
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

static void check_tail(floe_sctp_cc_algorithm algorithm)
{
    static const uint32_t rtts[] = {20, 50, 100, 300};
    for (size_t i = 0; i < 4; i++) {
        floe_time rtt = rtts[i] * FLOE_MS;
        floe_time lossless = time_tail(algorithm, rtts[i], 0);
        assert_true(time_tail(algorithm, rtts[i], 1) <= lossless + 2 * rtt + rtt / 20);
        /* The answer to the probe tells of the others. */
        assert_true(time_tail(algorithm, rtts[i], 3) <= lossless + 3 * rtt + rtt / 20);
    }
}

static void test_sim_goodput_lost_tail_is_sent_again_within_two_round_trips(void **state)
{
    (void)state;
    check_tail(CUBIC);
    if (FLOE_SCTP_RATE) {
        check_tail(RATE);
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
        cmocka_unit_test(test_sim_goodput_fills_a_long_and_fast_link),
        cmocka_unit_test(test_sim_goodput_stands_a_loss_in_a_thousand),
        cmocka_unit_test(test_sim_goodput_is_not_behind_others),
        cmocka_unit_test(test_sim_goodput_at_a_rate_is_far_beyond_others_where_links_lose),
        cmocka_unit_test(test_sim_goodput_stands_reordering),
        cmocka_unit_test(test_sim_goodput_two_flows_share),
        cmocka_unit_test(test_sim_goodput_a_rate_leaves_room_for_cubic),
        cmocka_unit_test(test_sim_goodput_lost_tail_is_sent_again_within_two_round_trips),
        cmocka_unit_test(test_sim_goodput_short_paths_are_not_paced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
