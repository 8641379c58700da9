/*
 * tests/sim/sim_parts.c - messages far larger than either end's memory, both ways, over networks
 * that lose and reorder, to readers that pause, and given up or closed in the middle.
 *
 * Each end has 64 KB to send from and 64 KB to receive in. Content is checked byte by byte, and
 * after every step the invariants. The longest message has 64 MB; FLOE_SIM_PARTS_MB says otherwise.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sctp/sctp_parts.h"
#include "support/sctp_pair.h"
#include "support/unit.h"

#if FLOE_SCTP_PARTS

#define STREAM 7
#define MEMORY 65536u
#define PART   9000u

/* One direction, by its sender. */
typedef struct flow {
    uint64_t total;          /* of the message that is being sent */
    uint64_t written, read;  /* of it */
    uint32_t whole, cut;     /* messages that were read */
    uint32_t others;         /* of another stream */
    floe_time last_progress; /* of its reader */
} flow;

static flow flows[2];
static bool is_interleaved; /* RFC 8260: by both */

static uint8_t byte_at(uint64_t at)
{
    return (uint8_t)(at * 31 + (at >> 9) * 7 + (at >> 20));
}

static void configure(floe_sctp_config *config, int end)
{
    (void)end;
    config->parts_from = 16384;
    config->message_max = UINT32_MAX;
    config->remote_message_max = UINT32_MAX;
}

static void on_message(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes)
{
    flow *f = &flows[1 - end];
    f->last_progress = pair->now;
    if (message->stream != STREAM) {
        f->others++;
        return;
    }
    assert_true(message->offset == f->read);
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] != byte_at(f->read + i)) {
            fail_msg("byte %llu is wrong", (unsigned long long)(f->read + i));
        }
    }
    f->read += bytes.len;
    if (!message->has_more) {
        assert_true(message->is_cut || f->read == f->total);
        f->whole += !message->is_cut;
        f->cut += message->is_cut;
        f->read = 0;
    }
}

static sctp_pair *new_pair(uint64_t seed, uint32_t loss, uint32_t reorder)
{
    const sctp_pair_options options = {.seed = seed,
                                       .loss = loss,
                                       .reorder = reorder,
                                       .send_size = MEMORY,
                                       .recv_size = MEMORY,
                                       .is_interleaved = is_interleaved,
                                       .configure = configure,
                                       .on_message = on_message};
    sctp_pair *pair = sctp_pair_new(&options);
    flows[0] = flows[1] = (flow){0};
    sctp_pair_connect(pair);
    return pair;
}

static void begin(sctp_pair *pair, int from, uint64_t total)
{
    flows[from] = (flow){.total = total,
                         .whole = flows[from].whole,
                         .cut = flows[from].cut,
                         .last_progress = pair->now};
    const floe_sctp_send message = {.stream = STREAM, .ppid = 53};
    assert_int_equal(floe_sctp_assoc_begin_message(sctp_pair_assoc(pair, from), &message), FLOE_OK);
}

/* Hand over as much as there is room for. */
static void write_more(sctp_pair *pair, int from)
{
    static uint8_t part[PART];
    flow *f = &flows[from];
    floe_err err = FLOE_OK;
    while (err == FLOE_OK && f->written < f->total) {
        size_t len = f->total - f->written < PART ? (size_t)(f->total - f->written) : PART;
        for (size_t i = 0; i < len; i++) {
            part[i] = byte_at(f->written + i);
        }
        err = floe_sctp_assoc_write(sctp_pair_assoc(pair, from), STREAM, (floe_bytes){part, len},
                                    f->written + len == f->total);
        f->written += err == FLOE_OK ? len : 0;
    }
    assert_true(err == FLOE_OK || err == FLOE_E_AGAIN);
}

static void step(sctp_pair *pair, floe_time duration)
{
    for (int from = 0; from < 2; from++) {
        if (flows[from].written < flows[from].total) {
            write_more(pair, from);
        }
    }
    sctp_pair_drain(pair);
    sctp_pair_run_for(pair, duration);
}

/* Both messages arrive; nothing stands still for long while somebody reads. */
static void run_to_the_end(sctp_pair *pair, floe_time pause)
{
    uint32_t round = 0;
    while (flows[0].whole == 0 || flows[1].whole == 0) {
        bool is_deaf = pause > 0 && round++ % 8 < 4;
        pair->end[0].is_deaf = pair->end[1].is_deaf = is_deaf;
        step(pair, is_deaf ? pause : 5 * FLOE_MS);
        for (int from = 0; from < 2; from++) {
            floe_time silence = pair->now - flows[from].last_progress;
            assert_true(flows[from].whole > 0 || silence < 30 * FLOE_SECOND + 4 * pause);
        }
    }
}

static void carry(uint64_t seed, uint32_t loss, uint32_t reorder, floe_time pause, uint64_t total)
{
    sctp_pair *pair = new_pair(seed, loss, reorder);
    floe_time from = pair->now;
    begin(pair, 0, total);
    begin(pair, 1, total - 12345);
    run_to_the_end(pair, pause);
    print_message("%4u/1000 lost, %4u late, pauses of %3u ms: %llu bytes each way in %.1f s\n",
                  (unsigned)loss, (unsigned)reorder, (unsigned)(pause / FLOE_MS),
                  (unsigned long long)total, (double)(pair->now - from) / 1e6);
    sctp_pair_free(pair);
}

static void test_sim_parts_long_message_goes_through_small_memory_both_ways(void **state)
{
    (void)state;
    const char *mb = getenv("FLOE_SIM_PARTS_MB");
    carry(1, 0, 0, 0, (mb != NULL ? strtoull(mb, NULL, 10) : 64) << 20);
}

static void test_sim_parts_survive_loss_and_disorder(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        carry(seed, 20, 0, 0, 2 << 20);
        carry(seed, 0, 200, 0, 2 << 20);
        carry(seed, 50, 100, 0, 1 << 20);
    }
}

static void test_sim_parts_wait_for_a_slow_reader(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        carry(seed, 0, 0, 50 * FLOE_MS, 2 << 20);
        carry(seed, 20, 50, 200 * FLOE_MS, 1 << 20);
        carry(seed, 0, 0, 5 * FLOE_SECOND, 1 << 20);
    }
}

/* Give up at any point; the reader is told once, if it has seen anything, and the next message
 * arrives. */
static void test_sim_parts_may_be_given_up_anywhere(void **state)
{
    (void)state;
    for (uint32_t after = 0; after < 40; after++) {
        sctp_pair *pair = new_pair(after, after % 3 * 20, after % 2 * 100);
        begin(pair, 0, 10 << 20);
        for (uint32_t i = 0; i < after; i++) {
            step(pair, 4 * FLOE_MS);
        }
        write_more(pair, 0);
        floe_sctp_assoc *a = sctp_pair_assoc(pair, 0);
        assert_int_equal(floe_sctp_assoc_abort_message(a, STREAM), FLOE_OK);
        flows[0].written = flows[0].total = 0;
        sctp_pair_run_for(pair, 20 * FLOE_SECOND);
        assert_true(flows[0].cut <= 1 && flows[0].read == 0 && flows[0].whole == 0);
        assert_int_equal(floe_sctp_assoc_get_buffered(a, STREAM), 0);
        uint32_t cut = flows[0].cut;
        begin(pair, 0, 300000);
        begin(pair, 1, 300000);
        run_to_the_end(pair, 0);
        assert_int_equal(flows[0].cut, cut);
        sctp_pair_free(pair);
    }
}

/* The stream is reset in the middle: the message is cut, and the stream can be used again. */
static void test_sim_parts_may_be_closed_anywhere(void **state)
{
    (void)state;
    for (uint32_t after = 0; after < 20; after++) {
        sctp_pair *pair = new_pair(after, after % 3 * 20, 0);
        begin(pair, 0, 10 << 20);
        for (uint32_t i = 0; i <= after; i++) {
            step(pair, 4 * FLOE_MS);
        }
        floe_sctp_assoc *a = sctp_pair_assoc(pair, 0);
        assert_int_equal(floe_sctp_assoc_reset_stream(a, STREAM), FLOE_OK);
        flows[0].written = flows[0].total = 0;
        sctp_pair_run_for(pair, 20 * FLOE_SECOND);
        assert_int_equal(pair->end[0].events[FLOE_SCTP_EV_RESET_DONE], 1);
        assert_int_equal(pair->end[1].events[FLOE_SCTP_EV_STREAM_RESET], 1);
        assert_true(flows[0].read == 0 && flows[0].whole == 0);
        begin(pair, 0, 100000);
        begin(pair, 1, 100000);
        run_to_the_end(pair, 0);
        sctp_pair_free(pair);
    }
}

/* Other streams wait for the end of it, and then go on. */
static void test_sim_parts_make_others_wait_and_no_longer(void **state)
{
    (void)state;
    sctp_pair *pair = new_pair(1, 20, 50);
    begin(pair, 0, 1 << 20);
    begin(pair, 1, 1 << 20);
    const floe_sctp_send other = {.stream = 2, .data = FLOE_LIT("other")};
    floe_sctp_assoc *a = sctp_pair_assoc(pair, 0);
    uint32_t refused = 0;
    while (floe_sctp_assoc_send(a, &other) == FLOE_E_AGAIN) {
        refused++;
        step(pair, 5 * FLOE_MS);
    }
    assert_true(refused > 0 && flows[0].written == flows[0].total);
    run_to_the_end(pair, 0);
    sctp_pair_run_for(pair, 5 * FLOE_SECOND);
    assert_int_equal(flows[0].others, 1);
    assert_true(pair->end[0].events[FLOE_SCTP_EV_WRITABLE] > 0);
    sctp_pair_free(pair);
}

#if FLOE_SCTP_IDATA
static int set_interleaved(void **state)
{
    (void)state;
    is_interleaved = true;
    return 0;
}

/* A short message is queued every 20 ms; how many arrive of those, each in good time. */
static uint32_t send_others(sctp_pair *pair, floe_time limit)
{
    const floe_sctp_send other = {.stream = 2, .data = FLOE_LIT("other")};
    uint32_t sent = 0;
    for (; flows[0].whole == 0; sent++) {
        assert_int_equal(floe_sctp_assoc_send(sctp_pair_assoc(pair, 0), &other), FLOE_OK);
        for (floe_time end = pair->now + 20 * FLOE_MS; pair->now < end;) {
            step(pair, 5 * FLOE_MS);
        }
        assert_true(flows[0].others + limit / (20 * FLOE_MS) + 1 >= sent);
    }
    return sent;
}

/* Interleaved, nobody waits for the end of it. */
static void test_sim_parts_interleaved_let_others_through(void **state)
{
    (void)state;
    for (uint32_t loss = 0; loss <= 10; loss += 10) {
        sctp_pair *pair = new_pair(loss, loss, loss);
        assert_true(floe_sctp_assoc_is_interleaved(sctp_pair_assoc(pair, 0)));
        begin(pair, 0, 4 << 20);
        step(pair, 100 * FLOE_MS);
        uint32_t sent = send_others(pair, loss == 0 ? 60 * FLOE_MS : 2 * FLOE_SECOND);
        sctp_pair_run_for(pair, 5 * FLOE_SECOND);
        assert_int_equal(flows[0].others, sent);
        assert_true(sent > 20);
        print_message("%u short messages passed a long one\n", (unsigned)sent);
        sctp_pair_free(pair);
    }
}
#endif

#define INTERLEAVED(test)                                                                          \
    {                                                                                              \
#test " (interleaved)", test, set_interleaved, NULL, NULL                                  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_parts_long_message_goes_through_small_memory_both_ways),
        cmocka_unit_test(test_sim_parts_survive_loss_and_disorder),
        cmocka_unit_test(test_sim_parts_wait_for_a_slow_reader),
        cmocka_unit_test(test_sim_parts_may_be_given_up_anywhere),
        cmocka_unit_test(test_sim_parts_may_be_closed_anywhere),
        cmocka_unit_test(test_sim_parts_make_others_wait_and_no_longer),
#if FLOE_SCTP_IDATA
        INTERLEAVED(test_sim_parts_survive_loss_and_disorder),
        INTERLEAVED(test_sim_parts_wait_for_a_slow_reader),
        INTERLEAVED(test_sim_parts_may_be_given_up_anywhere),
        INTERLEAVED(test_sim_parts_may_be_closed_anywhere),
        INTERLEAVED(test_sim_parts_interleaved_let_others_through),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
