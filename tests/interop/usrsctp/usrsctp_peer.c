/*
 * usrsctp/usrsctp_peer.c - our SCTP association against usrsctp, which Firefox used for years and
 * many libraries still do. Each scenario is run with several seeds and rates of loss.
 *
 *     usrsctp_peer [part of a scenario's name [seeds]]
 *
 * Prints a line a scenario; exits with 1 if one failed. Needs libusrsctp.
 */
#include "usrsctp_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum who { WE, THEY, BOTH } who;

static bool is_established(void)
{
    return stage.events[FLOE_SCTP_EV_ESTABLISHED] > 0 && stage.socket != NULL;
}

static void begin(who connects)
{
    uint32_t loss = stage.loss;
    stage.loss = loss / 4; /* usrsctp gives up on setting up, and on shutting down, rather soon */
    floe_sctp_config config = {
        .rand = sim_random_source(&stage.random),
        .send_buffer = {stage.send_buffer, sizeof stage.send_buffer},
        .recv_buffer = {stage.recv_buffer, sizeof stage.recv_buffer},
        .tx_ring = stage.ring,
        .tx_ring_len = 1024,
        .remote_message_max = UINT32_MAX,
    };
    stage.interleaving.ring = stage.numbers;
    if (stage.is_interleaved) {
        config.interleaving = &stage.interleaving;
    }
    if (stage.is_by_parts) { /* small, so that no message fits */
        config.send_buffer.len = config.recv_buffer.len = 131072;
        config.parts_from = 30000;
        config.message_max = UINT32_MAX;
    }
    if (floe_sctp_assoc_init(&stage.assoc, &config, stage.now) != FLOE_OK) {
        stage_fail("init", 0, 0);
    }
    usrsctp_register_address(&stage);
    if (connects == WE) {
        stage.listener = stage_open_theirs();
        (void)usrsctp_listen(stage.listener, 1);
    } else {
        stage_connect_theirs();
    }
    if (connects != THEY) {
        (void)!floe_sctp_assoc_connect(&stage.assoc);
    }
    stage_drain_ours();
    if (!stage_run_until(is_established, 60)) {
        stage_fail("not established", floe_sctp_assoc_get_state(&stage.assoc), 0);
    }
    stage.loss = loss;
}

static void end(void)
{
    if (stage.socket != NULL) {
        usrsctp_close(stage.socket);
    }
    if (stage.listener != NULL) {
        usrsctp_close(stage.listener);
    }
    usrsctp_handle_timers(1000);
    usrsctp_deregister_address(&stage);
}

static size_t take_size(void)
{
    static const size_t limits[] = {100, 100, 2000, 20000, SIZE_LIMIT - 100};
    size_t limit = limits[sim_random_below(&stage.link, stage.is_reliable ? 5 : 3)];
    if (stage.is_interleaved && !stage.is_ordered && limit > 20000) {
        /* usrsctp 0.9.5 delivers no part of an unordered message before it is whole: where its
         * receive buffer is full of beginnings, it stands still with a closed window. */
        limit = 20000;
    }
    if (!stage.is_reliable && !stage.is_ordered) {
        /* usrsctp 0.9.5 takes it for a violation when a fragmented unordered message that was given
         * up is followed by one that is whole ("missing end"), and aborts: usrsctp#597. */
        limit = 100;
    }
    return 4 + sim_random_below(&stage.link, limit);
}

static bool feed(void)
{
    bool is_more = false;
    for (uint32_t stream = 0; stream < STREAMS; stream++) {
        if (stage.sent[0][stream] < MESSAGES) {
            is_more = true;
            (void)stage_send_ours(stream, take_size());
        }
        if (stage.sent[1][stream] < MESSAGES) {
            is_more = true;
            (void)stage_send_theirs(stream, take_size());
        }
    }
    return is_more;
}

static bool has_everything(void)
{
    for (int from = 0; from < 2; from++) {
        for (uint32_t stream = 0; stream < STREAMS; stream++) {
            if (stage.got[from][stream] < stage.sent[from][stream]) {
                return false;
            }
        }
    }
    return true;
}

/* Unreliable messages may be given up; what comes behind them is reliable, and arrives. */
static void exchange_last(void)
{
    for (int i = 0; i < 120000; i++) {
        stage_tick();
    }
    floe_sctp_stats stats;
    floe_sctp_assoc_get_stats(&stage.assoc, &stats);
    if (stats.buffered > 0) {
        stage_fail("unreliable messages stay", stats.buffered, (long)stats.messages_abandoned);
    }
    stage.is_reliable = true;
    for (uint32_t stream = 0; stream < STREAMS; stream++) {
        stage.got[0][stream] = stage.got[1][stream] = stage.is_ordered ? MESSAGES : 0;
        stage.sent[0][stream] = stage.sent[1][stream] = stage.is_ordered ? MESSAGES : 0;
        (void)stage_send_ours(stream, 100);
        (void)stage_send_theirs(stream, 100);
    }
    if (!stage_run_until(has_everything, 60)) {
        stage_fail("nothing comes after unreliable messages", stage.got[0][0], stage.got[1][0]);
    }
}

static void exchange(void)
{
    while (!stage.has_failed && feed()) {
        for (uint64_t i = sim_random_below(&stage.link, 30); i > 0; i--) {
            stage_tick();
        }
        if (stage.now > 4000 * FLOE_SECOND) {
            stage_fail("stuck while sending", 0, 0);
        }
    }
    if (!stage.is_reliable) {
        exchange_last();
    } else if (!stage_run_until(has_everything, 600)) {
        stage_fail("not everything arrived", stage.got[0][0], stage.got[1][0]);
    }
}

static void scenario_we_connect(void)
{
    begin(WE);
    exchange();
}

/* usrsctp answers a HEARTBEAT with a PAD behind it, and takes the packets that are larger then. */
static void scenario_packets_grow(void)
{
    const uint16_t usual = 1432;
    floe_sctp_stats stats;
    begin(WE);
    floe_sctp_assoc_set_packet_limit(&stage.assoc, usual, usual);
    exchange();
    for (int i = 0; i < 20000; i++) {
        stage_tick();
    }
    floe_sctp_assoc_get_stats(&stage.assoc, &stats);
    bool is_found = stats.packet_size == usual || stage.loss > 0; /* bad luck is possible */
    if (FLOE_SCTP_PMTUD != 0 && (!is_found || stats.packet_size > usual)) {
        stage_fail("packets did not grow", (long)stats.packet_size, (long)stats.pmtu_probes);
    }
}

static void scenario_they_connect(void)
{
    begin(THEY);
    exchange();
}

static void scenario_both_connect(void)
{
    begin(BOTH);
    exchange();
}

static void scenario_unordered(void)
{
    stage.is_ordered = false;
    begin(BOTH);
    exchange();
}

static void scenario_unreliable(void)
{
    stage.is_reliable = false;
    begin(BOTH);
    exchange();
}

static void scenario_unreliable_unordered(void)
{
    stage.is_reliable = stage.is_ordered = false;
    begin(BOTH);
    exchange();
}

static uint32_t resets_wanted;

static bool is_reset(void)
{
    return stage.events[FLOE_SCTP_EV_RESET_DONE] >= resets_wanted &&
           stage.events[FLOE_SCTP_EV_STREAM_RESET] >= resets_wanted &&
           stage.their_resets_in >= resets_wanted && stage.their_resets_out >= resets_wanted;
}

static void reset_theirs(uint16_t stream)
{
    uint8_t memory[sizeof(struct sctp_reset_streams) + 2];
    struct sctp_reset_streams *reset = (struct sctp_reset_streams *)memory;
    memset(memory, 0, sizeof memory);
    reset->srs_flags = SCTP_STREAM_RESET_OUTGOING;
    reset->srs_number_streams = 1;
    reset->srs_stream_list[0] = stream;
    for (int i = 0; i < 20000; i++) { /* it refuses as long as a request is under way */
        if (usrsctp_setsockopt(stage.socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, reset,
                               (socklen_t)sizeof memory) == 0) {
            return;
        }
        stage_tick();
    }
    stage_fail("usrsctp refuses to reset", errno, 0);
}

/* A channel is used, closed from both sides, and used again. */
static void scenario_resets(void)
{
    begin(BOTH);
    for (resets_wanted = 1; resets_wanted <= 5 && !stage.has_failed; resets_wanted++) {
        for (int i = 0; i < 10; i++) {
            (void)stage_send_ours(1, take_size() % 5000 + 4);
            (void)stage_send_theirs(1, take_size() % 5000 + 4);
        }
        if (floe_sctp_assoc_reset_stream(&stage.assoc, 1) != FLOE_OK) {
            stage_fail("reset", 0, 0);
        }
        if (!stage_run_until(has_everything, 120)) {
            stage_fail("not everything came before the reset", stage.got[0][1], stage.got[1][1]);
        }
        reset_theirs(1);
        if (!stage_run_until(is_reset, 120)) {
            stage_fail("not reset", (long)stage.events[FLOE_SCTP_EV_RESET_DONE],
                       stage.their_resets_out);
        }
    }
    if (stage.events[FLOE_SCTP_EV_RESET_FAILED] > 0) {
        stage_fail("a reset of ours failed", 0, 0);
    }
}

static bool is_over(void)
{
    return stage.events[FLOE_SCTP_EV_CLOSED] > 0 && stage.their_end != 0;
}

static void scenario_we_shut_down(void)
{
    begin(BOTH);
    (void)stage_send_ours(1, 50000);
    if (floe_sctp_assoc_shutdown(&stage.assoc) != FLOE_OK || !stage_run_until(is_over, 120)) {
        stage_fail("not shut down", floe_sctp_assoc_get_state(&stage.assoc), stage.their_end);
    }
    if (stage.got[0][1] != 1 ||
        (stage.loss == 0 && stage.closed.cause != FLOE_SCTP_CAUSE_SHUTDOWN)) {
        stage_fail("shut down, but", stage.got[0][1], (long)stage.closed.cause);
    }
}

static void scenario_they_shut_down(void)
{
    begin(BOTH);
    (void)stage_send_theirs(1, 50000);
    (void)usrsctp_shutdown(stage.socket, SHUT_WR);
    if (!stage_run_until(is_over, 120)) {
        stage_fail("not shut down", floe_sctp_assoc_get_state(&stage.assoc), stage.their_end);
    }
    if (stage.got[1][1] != 1 || stage.closed.cause != FLOE_SCTP_CAUSE_SHUTDOWN) {
        stage_fail("shut down, but", stage.got[1][1], (long)stage.closed.cause);
    }
}

static void scenario_we_abort(void)
{
    begin(BOTH);
    stage.loss = 0; /* it is sent once */
    floe_sctp_assoc_abort(&stage.assoc);
    /* If the COOKIE ACK was lost, it has only been trying. */
    if (!stage_run_until(is_over, 10) ||
        (stage.their_end != SCTP_COMM_LOST && stage.their_end != SCTP_CANT_STR_ASSOC)) {
        stage_fail("not aborted", stage.their_end, 0);
    }
}

static bool is_closed(void)
{
    return stage.events[FLOE_SCTP_EV_CLOSED] > 0;
}

static void scenario_they_abort(void)
{
    begin(BOTH);
    stage.loss = 0;
    usrsctp_close(stage.socket); /* with a linger of zero, that is an ABORT */
    stage.socket = NULL;
    if (!stage_run_until(is_closed, 10) || stage.closed.cause != FLOE_SCTP_CAUSE_ABORTED) {
        stage_fail("not aborted", (long)stage.closed.cause, stage.closed.value);
    }
}

#if FLOE_SCTP_PARTS
static void scenario_parts(void)
{
    stage.is_by_parts = true;
    begin(BOTH);
    stage_scenario_parts();
}

static void scenario_parts_given_up(void)
{
    stage.is_by_parts = true;
    begin(BOTH);
    stage_scenario_parts_given_up();
}
#endif

static const struct {
    const char *name;
    void (*run)(void);
    bool is_interleaved;
} scenarios[] = {
    {"we connect", scenario_we_connect, false},
    {"packets grow", scenario_packets_grow, false},
    {"they connect", scenario_they_connect, false},
    {"both connect", scenario_both_connect, false},
    {"unordered messages", scenario_unordered, false},
    {"unreliable messages", scenario_unreliable, false},
    {"unreliable unordered messages", scenario_unreliable_unordered, false},
    {"streams are reset and used again", scenario_resets, false},
    {"we shut down", scenario_we_shut_down, false},
    {"they shut down", scenario_they_shut_down, false},
    {"we abort", scenario_we_abort, false},
    {"they abort", scenario_they_abort, false},
#if FLOE_SCTP_PARTS
    {"messages beyond our memory, by parts", scenario_parts, false},
    {"messages by parts that are given up", scenario_parts_given_up, false},
#endif
#if FLOE_SCTP_IDATA
    {"interleaved: we connect", scenario_we_connect, true},
    {"interleaved: they connect", scenario_they_connect, true},
    {"interleaved: both connect", scenario_both_connect, true},
    {"interleaved: unordered messages", scenario_unordered, true},
    {"interleaved: unreliable messages", scenario_unreliable, true},
    {"interleaved: unreliable unordered messages", scenario_unreliable_unordered, true},
    {"interleaved: streams are reset and used again", scenario_resets, true},
#if FLOE_SCTP_PARTS
    {"interleaved: messages beyond our memory, by parts", scenario_parts, true},
    {"interleaved: messages by parts that are given up", scenario_parts_given_up, true},
#endif
#endif
};

static bool run_scenario(size_t which, uint64_t seed, uint32_t loss)
{
    memset(&stage, 0, sizeof stage);
    for (size_t i = 0; i < STREAMS; i++) {
        static uint8_t memory[STREAMS][SIZE_LIMIT];
        stage.partial[i] = memory[i];
    }
    stage.random = sim_random_begin(seed, 1);
    stage.link = sim_random_begin(seed, 2);
    stage.now = stage.their_now = FLOE_SECOND;
    stage.loss = loss;
    stage.reorder = loss;
    stage.is_reliable = stage.is_ordered = true;
    stage.is_interleaved = scenarios[which].is_interleaved;
    scenarios[which].run();
    end();
    return !stage.has_failed;
}

int main(int argc, char **argv)
{
    static const uint32_t losses[] = {0, 20, 100};
    const char *filter = argc > 1 ? argv[1] : "";
    uint64_t seeds = argc > 2 ? strtoull(argv[2], NULL, 10) : 3;
    bool is_good = true;
    usrsctp_init_nothreads(0, stage_on_their_output, NULL);
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_rto_min_default(200);
    usrsctp_sysctl_set_sctp_rto_max_default(10000);
    usrsctp_sysctl_set_sctp_rto_initial_default(500);
    usrsctp_sysctl_set_sctp_init_rto_max_default(2000);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (strstr(scenarios[i].name, filter) == NULL) {
            continue;
        }
        unsigned runs = 0;
        unsigned failed = 0;
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            for (size_t k = 0; k < sizeof losses / sizeof losses[0]; k++) {
                runs++;
                if (!run_scenario(i, seed, losses[k])) {
                    printf("    seed %llu, %u of 1000 lost\n", (unsigned long long)seed, losses[k]);
                    failed++;
                }
            }
        }
        printf("%s %s: %u runs, %u failed\n", failed == 0 ? "ok  " : "FAIL", scenarios[i].name,
               runs, failed);
        is_good &= failed == 0;
        fflush(stdout);
    }
    (void)usrsctp_finish();
    return is_good ? 0 : 1;
}
