/* app/bench_cases.c - see app/bench_cases.h. */
#include "app/bench_cases.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BURST 64 /* messages between two looks at what has come */

static floe_time wall_clock(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (floe_time)t.tv_sec * 1000000 + (floe_time)t.tv_nsec / 1000;
}

/* All that was sent has arrived, or was given up; the mirror says what came. */
static bool settle(bench_pair *pair, floe_dc_id channel, bench_flow *flow)
{
    while (bench_end_buffered(&pair->end, channel) > 0) {
        if (!bench_pair_turn(pair)) {
            return false;
        }
    }
    if (!bench_end_ask(&pair->end)) {
        return false;
    }
    while (!pair->end.is_answered) {
        if (!bench_pair_turn(pair)) {
            return false;
        }
    }
    flow->received = pair->end.messages;
    return true;
}

static bool open_channel(bench_pair *pair, const char *label, bool is_loose, floe_dc_id *channel)
{
    pair->why = "no channel could be opened";
    return bench_end_open_channel(&pair->end, label, is_loose, channel) &&
           bench_pair_await(pair, *channel);
}

static bool close_channel(bench_pair *pair, floe_dc_id channel)
{
    floe_dc_info info;
    floe_peer *peer = floe_io_peer_get(pair->end.io);
    if (floe_peer_close_channel(peer, channel) != FLOE_OK) {
        return false;
    }
    while (floe_peer_get_channel(peer, channel, &info) == FLOE_OK && info.state != FLOE_DC_CLOSED) {
        if (!bench_pair_turn(pair)) {
            return false;
        }
    }
    return true;
}

/* False: an error that is not want of room. */
static bool send_burst(bench_pair *pair, floe_dc_id channel, bench_flow *flow)
{
    static uint8_t bytes[BENCH_MESSAGE_MAX];
    floe_peer *peer = floe_io_peer_get(pair->end.io);
    for (int i = 0; i < BURST; i++) {
        floe_err err = floe_peer_send(peer, channel, false, (floe_bytes){bytes, flow->size});
        if (err != FLOE_OK) {
            pair->why = floe_err_name(err);
            return err == FLOE_E_AGAIN;
        }
        flow->sent++;
    }
    floe_loop_wait(pair->loop, 0);
    return bench_end_drain(&pair->end);
}

bool bench_case_flow(bench_pair *pair, floe_time duration, bench_flow *flow)
{
    floe_dc_id channel;
    if (!open_channel(pair, "flow", flow->is_loose, &channel)) {
        return false;
    }
    flow->sent = 0;
    floe_time cpu = bench_pair_cpu(pair), start = wall_clock();
    while (wall_clock() - start < duration) {
        uint64_t before = flow->sent;
        if (!send_burst(pair, channel, flow) ||
            (flow->sent - before < BURST && !bench_pair_turn(pair))) {
            return false;
        }
    }
    if (!settle(pair, channel, flow)) {
        return false;
    }
    flow->wall = wall_clock() - start;
    flow->cpu = bench_pair_cpu(pair) - cpu;
    return close_channel(pair, channel);
}

static int compare(const void *a, const void *b)
{
    floe_time x = *(const floe_time *)a, y = *(const floe_time *)b;
    return (x > y) - (x < y);
}

static void spread_of(floe_time *times, uint32_t count, bench_spread *spread)
{
    qsort(times, count, sizeof *times, compare);
    *spread = (bench_spread){times[count / 2], times[count * 99u / 100u], times[count - 1], count};
}

static bool go_round(bench_pair *pair, floe_dc_id channel, floe_bytes data)
{
    uint64_t before = pair->end.returned;
    if (floe_peer_send(floe_io_peer_get(pair->end.io), channel, false, data) != FLOE_OK) {
        return false;
    }
    while (pair->end.returned == before) {
        if (!bench_pair_turn(pair)) {
            return false;
        }
    }
    return true;
}

bool bench_case_echo(bench_pair *pair, uint32_t count, size_t size, bench_spread *spread)
{
    static const uint8_t zeros[1024];
    floe_dc_id channel;
    floe_time *times = calloc(count, sizeof *times);
    bool is_well = times != NULL && open_channel(pair, "echo", false, &channel);
    for (uint32_t i = 0; is_well && i < count; i++) {
        floe_time start = wall_clock();
        is_well = go_round(pair, channel, (floe_bytes){zeros, size});
        times[i] = wall_clock() - start;
    }
    if (is_well) {
        spread_of(times, count, spread);
        is_well = close_channel(pair, channel);
    }
    free(times);
    return is_well;
}

bool bench_case_connect(const bench_options *options, uint32_t count, bench_spread *spread,
                        const char **why)
{
    bench_end ends[2];
    floe_loop *loop = NULL;
    floe_time *times = calloc(count, sizeof *times);
    *why = "no memory or no file descriptors";
    bool is_well = times != NULL && floe_loop_open(&loop) == FLOE_OK;
    for (uint32_t i = 0; is_well && i < count; i++) {
        floe_time start = wall_clock();
        is_well = bench_pair_join(loop, options, ends, why);
        times[i] = wall_clock() - start;
        bench_end_close(&ends[0]);
        bench_end_close(&ends[1]);
    }
    if (is_well) {
        spread_of(times, count, spread);
    }
    floe_loop_close(loop);
    free(times);
    return is_well;
}

/* Resident bytes of this process. */
static size_t resident(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        (void)fscanf(file, "%*u %lu", &pages);
        fclose(file);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Let buffers that are kept for a second after a handshake go. */
static bool rest(floe_loop *loop, bench_end *ends, uint32_t count)
{
    bool is_well = true;
    floe_time until = wall_clock() + 2 * FLOE_SECOND;
    while (is_well && wall_clock() < until) {
        floe_loop_wait(loop, 100);
        for (uint32_t i = 0; is_well && i < count; i++) {
            is_well = bench_end_drain(&ends[i]);
        }
    }
    malloc_trim(0);
    return is_well;
}

bool bench_case_idle(const bench_options *options, uint32_t count, size_t *bytes, const char **why)
{
    floe_loop *loop = NULL;
    bench_end warm[2], *ends = calloc(count, sizeof *ends);
    *why = "no memory or no file descriptors";
    bool is_well = ends != NULL && floe_loop_open(&loop) == FLOE_OK;
    /* What the first connection loads once is not of the peers. */
    is_well = is_well && bench_pair_join(loop, options, warm, why) && rest(loop, warm, 2);
    size_t before = resident();
    for (uint32_t i = 0; is_well && i + 1 < count; i += 2) {
        is_well = bench_pair_join(loop, options, &ends[i], why);
    }
    is_well = is_well && rest(loop, ends, count);
    *bytes = (resident() - before) / count;
    for (uint32_t i = 0; ends != NULL && i < count; i++) {
        bench_end_close(&ends[i]);
    }
    if (loop != NULL && ends != NULL) {
        bench_end_close(&warm[0]);
        bench_end_close(&warm[1]);
    }
    floe_loop_close(loop);
    free(ends);
    return is_well;
}
