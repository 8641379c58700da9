/* app/turn_traffic.c - see app/turn_traffic.h. */
#include "app/turn_traffic.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

#define QUIET_SIZE  100u /* bytes of a packet: like speech */
#define QUIET_PAUSE (20 * FLOE_MS)
#define LOAD_SIZE   1000u
#define TICK        (5 * FLOE_MS)
#define SLOT        (200 * FLOE_MS) /* the rate stays as it is so long */
#define RATE_FIRST  500000u         /* bits a second */
#define UNHEARD_MIN 32u             /* packets under way, and beyond the round trip this long: */
#define UNHEARD_FOR (300 * FLOE_MS)
#define BURST_MAX   64u               /* packets: after a tick that came late */
#define STRAGGLERS  (500 * FLOE_MS)   /* so long is waited for the last packets */
#define QUEUES      (8 * FLOE_SECOND) /* and for what waits in queues on the way */

void turn_traffic_init(turn_traffic *traffic, turn_line *line, const floe_addr *peer,
                       uint64_t token)
{
    *traffic = (turn_traffic){.line = line, .peer = *peer, .token = token, .quiet = UINT32_MAX};
}

size_t turn_traffic_write(turn_traffic *traffic, uint8_t *buf, size_t len)
{
    floe_writer w = floe_writer_begin(buf, len);
    memset(buf, 0, len);
    floe_writer_put_u64(&w, traffic->token);
    floe_writer_put_u32(&w, traffic->next++);
    floe_writer_put_u64(&w, floe_loop_now(traffic->line->loop));
    return len;
}

static bool send_packet(turn_traffic *traffic, size_t len)
{
    uint8_t buf[LOAD_SIZE];
    turn_traffic_write(traffic, buf, len);
    if (!turn_line_send(traffic->line, &traffic->peer, (floe_bytes){buf, len})) {
        traffic->next--;
        return false;
    }
    traffic->bytes += len;
    return true;
}

void turn_traffic_ping(turn_traffic *traffic)
{
    (void)send_packet(traffic, QUIET_SIZE);
}

bool turn_traffic_input(turn_traffic *traffic, floe_bytes payload)
{
    floe_reader r = floe_reader_begin(payload);
    uint64_t token = floe_reader_get_u64(&r);
    uint32_t number = floe_reader_get_u32(&r);
    uint64_t then = floe_reader_get_u64(&r), now = floe_loop_now(traffic->line->loop);
    if (!floe_reader_is_ok(&r) || token != traffic->token || then > now ||
        number >= traffic->next) {
        return false;
    }
    traffic->has_come = true;
    traffic->highest = number > traffic->highest ? number : traffic->highest;
    if (number >= traffic->quiet) {
        traffic->load_received++;
        traffic->slot_received++;
    } else if (traffic->quiet_received < TURN_TRAFFIC_QUIET_MAX) {
        uint64_t rtt = now - then;
        traffic->rtts_us[traffic->quiet_received++] = rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;
    }
    return true;
}

/* False: the connection broke. */
static bool sleep_for(turn_traffic *traffic, floe_time span)
{
    static const bool never = false;
    (void)turn_line_run(traffic->line, floe_loop_now(traffic->line->loop) + span, &never);
    return traffic->line->broken == NULL && traffic->line->seen[FLOE_TURN_EV_LOST] == 0;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static bool run_quiet(turn_traffic *traffic, floe_time duration, turn_traffic_result *result)
{
    floe_time end = floe_loop_now(traffic->line->loop) + duration;
    uint32_t first = traffic->next;
    traffic->quiet_received = 0;
    while (floe_loop_now(traffic->line->loop) < end &&
           traffic->next - first < TURN_TRAFFIC_QUIET_MAX) {
        turn_traffic_ping(traffic);
        if (!sleep_for(traffic, QUIET_PAUSE)) {
            return false;
        }
    }
    result->sent = traffic->next - first;
    for (floe_time waited = 0; waited < STRAGGLERS && traffic->quiet_received < result->sent;
         waited += QUIET_PAUSE) {
        if (!sleep_for(traffic, QUIET_PAUSE)) {
            return false;
        }
    }
    /* Networks double packets now and then. */
    unsigned got = traffic->quiet_received;
    result->received = got < result->sent ? got : result->sent;
    if (got > 0) {
        qsort(traffic->rtts_us, got, sizeof traffic->rtts_us[0], compare_u32);
        result->rtt_min_us = traffic->rtts_us[0];
        result->rtt_median_us = traffic->rtts_us[got / 2];
        result->rtt_max_us = traffic->rtts_us[got - 1];
    }
    return true;
}

/* Over TCP nothing is lost; a queue grows instead, and would have to be waited for. */
static bool is_queue_long(const turn_traffic *traffic)
{
    return traffic->next - 1 - traffic->highest > traffic->unheard_max;
}

static void set_unheard_max(turn_traffic *traffic, const turn_traffic_result *result)
{
    double seconds = (2.0 * result->rtt_median_us + (double)UNHEARD_FOR) / (double)FLOE_SECOND;
    double packets = result->mbit * 1e6 / (8.0 * LOAD_SIZE) * seconds;
    traffic->unheard_max = UNHEARD_MIN + (uint32_t)packets;
}

/* One slot at a rate. *is_full: something was lost, or the connection took no more. */
static bool run_slot(turn_traffic *traffic, uint64_t rate, bool *is_full)
{
    floe_time start = floe_loop_now(traffic->line->loop), now = start;
    uint64_t done = 0;
    bool is_refused = false;
    while (now < start + SLOT && traffic->bytes < TURN_TRAFFIC_BYTES) {
        uint64_t wanted = rate * (now - start) / (8 * FLOE_SECOND * LOAD_SIZE);
        for (unsigned i = 0; i < BURST_MAX && done < wanted && !is_refused; i++) {
            is_refused = is_queue_long(traffic) || !send_packet(traffic, LOAD_SIZE);
            done += is_refused ? 0 : 1;
        }
        *is_full = *is_full || is_refused;
        is_refused = false;
        if (!sleep_for(traffic, TICK)) {
            return false;
        }
        now = floe_loop_now(traffic->line->loop);
    }
    traffic->load_sent += (unsigned)done;
    uint32_t expected = traffic->highest - traffic->slot_highest;
    uint32_t lost = expected > traffic->slot_received ? expected - traffic->slot_received : 0;
    *is_full = *is_full || (lost > 1 && lost * 50 > expected);
    return true;
}

/* Until nothing comes any more, so that what follows does not stand in line behind it. */
static bool wait_for_queues(turn_traffic *traffic)
{
    unsigned before;
    floe_time end = floe_loop_now(traffic->line->loop) + QUEUES;
    do {
        before = traffic->load_received;
        if (!sleep_for(traffic, STRAGGLERS / 2)) {
            return false;
        }
    } while (traffic->load_received != before && floe_loop_now(traffic->line->loop) < end);
    return true;
}

static bool run_load(turn_traffic *traffic, floe_time duration, turn_traffic_result *result)
{
    uint64_t rate = RATE_FIRST;
    bool is_full = false;
    traffic->quiet = traffic->next;
    traffic->highest = traffic->next > 0 ? traffic->next - 1 : 0;
    for (floe_time left = duration; left >= SLOT && traffic->bytes < TURN_TRAFFIC_BYTES;
         left -= SLOT) {
        floe_time start = floe_loop_now(traffic->line->loop);
        traffic->slot_received = 0;
        traffic->slot_highest = traffic->highest;
        set_unheard_max(traffic, result);
        is_full = false;
        if (!run_slot(traffic, rate, &is_full)) {
            return false;
        }
        double span = (double)(floe_loop_now(traffic->line->loop) - start);
        double mbit = 8.0 * LOAD_SIZE * traffic->slot_received / span;
        result->mbit = mbit > result->mbit ? mbit : result->mbit;
        result->is_lossless = result->is_lossless && !is_full;
        rate = is_full ? rate / 2 : floe_time_min(2 * rate, TURN_TRAFFIC_RATE_MAX);
    }
    result->load_sent = traffic->load_sent;
    bool is_alive = wait_for_queues(traffic);
    result->load_received = traffic->load_received;
    return is_alive;
}

bool turn_traffic_run(turn_traffic *traffic, floe_time duration, turn_traffic_result *result)
{
    *result = (turn_traffic_result){.is_lossless = true};
    return run_quiet(traffic, duration / 3, result) &&
           run_load(traffic, duration - duration / 3, result);
}
