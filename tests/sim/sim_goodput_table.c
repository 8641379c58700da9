/*
 * tests/sim/sim_goodput_table.c - what NewReno, CUBIC and the rate-based controller get out of
 * links of every kind, beside each other, a hundred times each: docs/GOODPUT.md.
 *
 * FLOE_SIM_GOODPUT=write plays all of them, in several processes, and writes the document: ten
 * minutes of one core, nearly all of it for the fast links, which FLOE_SIM_GOODPUT_SEEDS=n plays n
 * times. Else the slow ones are played, a few times, and what must hold of each is asserted.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/sctp_place.h"
#include "support/unit.h"

#define DOCUMENT   FLOE_TEST_DATA "/../../docs/GOODPUT.md"
#define ALGORITHMS 3u
#define SEEDS      100u
#define SEEDS_FEW  3u
#define WORKERS    8u

static const uint32_t rtts[] = {5, 20, 50, 100, 300};
static const uint32_t losses[] = {0, 10, 100, 200, 500};
static const uint32_t rates[] = {10, 100};
static const uint32_t queues[] = {25, 200};
static const floe_sctp_cc_algorithm algorithms[ALGORITHMS] = {
    FLOE_SCTP_CC_NEWRENO, FLOE_SCTP_CC_CUBIC, FLOE_SCTP_CC_RATE};

#define RTTS   5u
#define LOSSES 5u
#define CELLS  (2 * 2 * RTTS * LOSSES)

/* Bytes a second: the fifth of a hundred, the median, and the ninety-fifth. */
typedef struct cell {
    uint32_t low[ALGORITHMS], median[ALGORITHMS], high[ALGORITHMS];
} cell;

static cell cells[CELLS];
static uint32_t seeds_fast = SEEDS;

static sctp_place place_of(uint32_t n)
{
    return (sctp_place){.rtt_ms = rtts[n / LOSSES % RTTS],
                        .rate_mbit = rates[n / LOSSES / RTTS / 2],
                        .loss = losses[n % LOSSES],
                        .queue = queues[n / LOSSES / RTTS % 2]};
}

static cell play(uint32_t n, uint32_t seeds)
{
    sctp_place place = place_of(n);
    uint64_t samples[SEEDS];
    uint32_t seconds = place.rtt_ms <= 20 ? 6 : place.rtt_ms <= 100 ? 10 : 20;
    /* Where nothing is lost by chance, all seeds are the same. */
    uint32_t count = place.loss == 0 ? 1 : seeds;
    cell result;
    for (uint32_t i = 0; i < ALGORITHMS; i++) {
        sctp_place_samples(&place, algorithms[i], seconds, samples, count);
        result.low[i] = (uint32_t)samples[count * 5 / 100];
        result.median[i] = (uint32_t)samples[count / 2];
        result.high[i] = (uint32_t)samples[count * 95 / 100];
    }
    return result;
}

static void put_cell(FILE *file, uint32_t n)
{
    sctp_place p = place_of(n);
    (void)fprintf(file, "| %u | %u.%u |", p.rtt_ms, p.loss / 100, p.loss / 10 % 10);
    for (uint32_t i = 0; i < ALGORITHMS; i++) {
        (void)fprintf(file, " %.3f | **%.3f** | %.3f |", cells[n].low[i] / 1e6,
                      cells[n].median[i] / 1e6, cells[n].high[i] / 1e6);
    }
    (void)fprintf(file, "\n");
}

/* Of what must hold of every link, whatever chance says. */
static void check_cell(uint32_t n)
{
    sctp_place p = place_of(n);
    const uint32_t *median = cells[n].median;
    uint64_t link = p.rate_mbit * SCTP_PLACE_MBIT;
    /* CUBIC is not behind NewReno, nor the other behind CUBIC by more than what it leaves free. */
    assert_true(median[1] * UINT64_C(100) >= median[0] * UINT64_C(90));
    assert_true(median[2] * UINT64_C(100) >= median[1] * UINT64_C(90));
    /* A loss in a hundred does not stop it; the long way a first window has to go might. */
    if (p.loss <= 100 && p.rtt_ms <= 100) {
        assert_true(median[2] * UINT64_C(100) >= link * 65);
    }
}

static void test_sim_goodput_table_holds_on_slow_links(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096 && FLOE_SCTP_RATE);
    for (uint32_t n = 0; n < CELLS / 2; n++) {
        cells[n] = play(n, SEEDS_FEW);
        put_cell(stdout, n);
        check_cell(n);
    }
}

/* ---- the document ---- */

/* The first's part of what two flows get, of which the second begins 2 s later. */
static void put_shares(FILE *file)
{
    static const sctp_place places[] = {{20, 10, 0, 25},
                                        {50, 10, 0, 200},
                                        {20, 100, 0, 100},
                                        {100, 100, 0, 25},
                                        {100, 100, 0, 200}};
    static const floe_sctp_cc_algorithm pairs[][2] = {{FLOE_SCTP_CC_CUBIC, FLOE_SCTP_CC_CUBIC},
                                                      {FLOE_SCTP_CC_RATE, FLOE_SCTP_CC_RATE},
                                                      {FLOE_SCTP_CC_CUBIC, FLOE_SCTP_CC_RATE}};
    (void)fprintf(
        file,
        "\n## Two flows on one link, without loss\n\n"
        "Per cent that the first has of 120 s, a minute after the second began, 2 s later.\n\n"
        "| ms | Mbit/s | queue %% | CUBIC and CUBIC | rate and rate | CUBIC and rate |\n"
        "|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)fprintf(file, "| %u | %u | %u |", places[i].rtt_ms, places[i].rate_mbit,
                      places[i].queue);
        for (size_t k = 0; k < 3; k++) {
            uint32_t part = sctp_place_share(&places[i], pairs[k], 2000, 60);
            (void)fprintf(file, " %u.%u |", part / 10, part % 10);
        }
        (void)fprintf(file, "\n");
    }
}

static void put_table(FILE *file)
{
    for (uint32_t n = 0; n < CELLS; n++) {
        if (n % (RTTS * LOSSES) == 0) {
            sctp_place p = place_of(n);
            (void)fprintf(
                file,
                "\n## %u Mbit/s, a queue of %u %% of a round trip\n\n"
                "| ms | %% lost | NewReno 5 | 50 | 95 | CUBIC 5 | 50 | 95 | rate 5 | 50 | "
                "95 |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
                p.rate_mbit, p.queue);
        }
        put_cell(file, n);
    }
}

static void put_document(FILE *file)
{
    (void)fprintf(
        file,
        "# What gets through\n\n"
        "Written by `FLOE_SIM_GOODPUT=write build/dev/sim_goodput_table`: one association, a\n"
        "sender that always has data, a link with a rate, a drop-tail queue, a round trip, and\n"
        "losses by chance, in virtual time. MB/s of payload: the 5th, **50th** and 95th per cent\n"
        "of %u seeds at 10 Mbit/s, %u at 100 (without loss nothing is by chance: one), over 10 s\n"
        "from the first byte; 6 s up to 20 ms, 20 s at 300 ms. Buffers are for four times what\n"
        "link and queue hold, but no more than %u chunks (`FLOE_SCTP_WINDOW_MAX`) may be ahead\n"
        "of a hole: 4.7 MB, which is the limit at 300 ms and 100 Mbit/s, where 3.75 MB are on\n"
        "the way.\n\n"
        "What is asserted of it, lost tails and reordering are in `tests/sim/sim_goodput.c`;\n"
        "`sctp/README.md` says which to choose.\n",
        SEEDS, (unsigned)seeds_fast, (unsigned)FLOE_SCTP_WINDOW_MAX);
    put_table(file);
    put_shares(file);
}

/* Each worker plays every so-manieth cell, and tells what came out. */
static void work(uint32_t worker, int out)
{
    for (uint32_t n = worker; n < CELLS; n += WORKERS) {
        cell result = play(n, n < CELLS / 2 ? SEEDS : seeds_fast);
        if (write(out, &result, sizeof result) != (ssize_t)sizeof result) {
            _exit(1);
        }
    }
    _exit(0);
}

static void play_all(void)
{
    int pipes[WORKERS][2];
    for (uint32_t i = 0; i < WORKERS; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            work(i, pipes[i][1]);
        }
        (void)close(pipes[i][1]);
    }
    for (uint32_t n = 0; n < CELLS; n++) {
        ssize_t len = read(pipes[n % WORKERS][0], &cells[n], sizeof cells[n]);
        assert_int_equal(len, (ssize_t)sizeof cells[n]);
        put_cell(stdout, n);
        (void)fflush(stdout);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        (void)close(pipes[i][0]);
        (void)wait(NULL);
    }
}

static void read_seeds(void)
{
    const char *text = getenv("FLOE_SIM_GOODPUT_SEEDS");
    long count = text == NULL ? (long)SEEDS : strtol(text, NULL, 10);
    assert_in_range(count, 1, SEEDS);
    seeds_fast = (uint32_t)count;
}

static void test_sim_goodput_table_is_written(void **state)
{
    (void)state;
    const char *wish = getenv("FLOE_SIM_GOODPUT");
    UNIT_NEEDS(FLOE_SCTP_WINDOW_MAX >= 4096 && FLOE_SCTP_RATE);
    UNIT_NEEDS(wish != NULL && strcmp(wish, "write") == 0); /* it takes minutes */
    read_seeds();
    play_all();
    FILE *file = fopen(DOCUMENT, "w");
    assert_non_null(file);
    put_document(file);
    assert_int_equal(fclose(file), 0);
    for (uint32_t n = 0; n < CELLS; n++) {
        check_cell(n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_goodput_table_holds_on_slow_links),
        cmocka_unit_test(test_sim_goodput_table_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
