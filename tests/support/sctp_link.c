/* support/sctp_link.c - see support/sctp_link.h. */
#include "support/sctp_link.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static const uint8_t payload[SCTP_LINK_MESSAGE];

static void set_up_end(sctp_link *link, uint32_t n)
{
    sctp_link_end *end = &link->ends[n];
    end->send_buffer = malloc(link->options.buffer);
    end->recv_buffer = malloc(link->options.buffer);
    end->ring = malloc(SCTP_LINK_RING * sizeof *end->ring);
    assert_true(end->send_buffer != NULL && end->recv_buffer != NULL && end->ring != NULL);
    end->is_bounded = n % 2 == 1;
    link->source[n] = sim_random_begin(link->options.seed, n + 1);
    floe_sctp_config config = {
        .rand = sim_random_source(&link->source[n]),
        .send_buffer = {end->send_buffer, link->options.buffer},
        .recv_buffer = {end->recv_buffer, link->options.buffer},
        .tx_ring = end->ring,
        .tx_ring_len = SCTP_LINK_RING,
        .rate = &end->rate,
        .congestion = link->options.congestion[n / 2],
    };
    if (link->options.configure != NULL) {
        link->options.configure(&config, n);
    }
    assert_int_equal(floe_sctp_assoc_init(&end->assoc, &config, link->now), FLOE_OK);
}

void sctp_link_free(sctp_link *link)
{
    for (uint32_t n = 0; n < link->end_count; n++) {
        free(link->ends[n].send_buffer);
        free(link->ends[n].recv_buffer);
        free(link->ends[n].ring);
    }
    free(link);
}

/* --- the packets on the way --- */

static bool is_earlier(const sctp_link_arrival *a, const sctp_link_arrival *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(sctp_link *link, uint32_t a, uint32_t b)
{
    sctp_link_arrival kept = link->heap[a];
    link->heap[a] = link->heap[b];
    link->heap[b] = kept;
}

static void push(sctp_link *link, sctp_link_arrival arrival)
{
    uint32_t at = link->heap_len++;
    link->heap[at] = arrival;
    while (at > 0 && is_earlier(&link->heap[at], &link->heap[(at - 1) / 2])) {
        swap(link, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static uint32_t pop(sctp_link *link)
{
    uint32_t packet = link->heap[0].packet;
    link->heap[0] = link->heap[--link->heap_len];
    uint32_t at = 0;
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < link->heap_len && is_earlier(&link->heap[child], &link->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return packet;
        }
        swap(link, at, least);
        at = least;
    }
}

/* When the bottleneck has passed the packet on; NEVER: its queue is full. */
static floe_time pass_bottleneck(sctp_link *link, uint32_t direction, size_t len)
{
    const sctp_link_options *options = &link->options;
    if (options->rate == 0) {
        return link->now;
    }
    floe_time at =
        sim_queue_pass(&link->queues[direction], options->rate, options->queue, link->now, len);
    link->dropped += at == FLOE_TIME_NEVER;
    return at;
}

static bool is_chance(sctp_link *link, uint32_t of_ten_thousand)
{
    return of_ten_thousand > 0 && sim_random_below(&link->random, 10000) < of_ten_thousand;
}

static void send_packet(sctp_link *link, uint32_t from, floe_bytes bytes)
{
    bool is_data = from % 2 == 0 && link->begun > 0;
    link->ends[from].sent++;
    floe_time at = pass_bottleneck(link, from % 2, bytes.len);
    if (at == FLOE_TIME_NEVER || (is_data && is_chance(link, link->options.loss)) ||
        (link->options.filter != NULL && link->options.filter(link, from, bytes)) ||
        link->free_count == 0) {
        return;
    }
    at += link->options.delay;
    if (is_data && is_chance(link, link->options.reorder)) {
        at += link->options.jitter;
    }
    uint32_t n = link->free[--link->free_count];
    link->packets[n].to = from ^ 1u;
    link->packets[n].len = (uint16_t)bytes.len;
    memcpy(link->packets[n].bytes, bytes.ptr, bytes.len);
    push(link, (sctp_link_arrival){.at = at, .order = link->order++, .packet = n});
}

/* --- the ends --- */

static void fill(sctp_link_end *end)
{
    floe_sctp_send message = {.stream = 1, .ppid = 53, .data = {payload, sizeof payload}};
    while (floe_sctp_assoc_send(&end->assoc, &message) == FLOE_OK) {
    }
}

static bool is_busy(const sctp_link *link, uint32_t n)
{
    bool has_begun =
        link->begun > 0 && (n < 2 || link->now >= link->begun + link->options.second_starts);
    return has_begun && !link->ends[n].is_bounded;
}

static void drain(sctp_link *link, uint32_t n)
{
    sctp_link_end *end = &link->ends[n];
    uint8_t buf[SCTP_LINK_PACKET];
    size_t len;
    uint32_t run = 0;
    if (is_busy(link, n)) {
        fill(end);
    }
    while (floe_sctp_assoc_poll_transmit(&end->assoc, buf, sizeof buf, &len)) {
        send_packet(link, n, (floe_bytes){buf, len});
        run++;
    }
    end->run_max = run > end->run_max ? run : end->run_max;
    floe_sctp_event event;
    while (floe_sctp_assoc_poll_event(&end->assoc, &event)) {
    }
    floe_sctp_recv message;
    while (floe_sctp_assoc_peek(&end->assoc, &message)) {
        end->bytes += message.len;
        floe_sctp_assoc_release(&end->assoc);
    }
    while (floe_sctp_assoc_poll_transmit(&end->assoc, buf, sizeof buf, &len)) {
        send_packet(link, n, (floe_bytes){buf, len});
    }
    assert_true(floe_sctp_assoc_deadline(&end->assoc) > link->now);
    end->is_touched = false;
}

static void deliver(sctp_link *link)
{
    bool has_input[SCTP_LINK_ENDS] = {false};
    while (link->heap_len > 0 && link->heap[0].at <= link->now) {
        uint32_t n = pop(link);
        const sctp_link_packet *packet = &link->packets[n];
        (void)!floe_sctp_assoc_input(&link->ends[packet->to].assoc, link->now,
                                     (floe_bytes){packet->bytes, packet->len});
        has_input[packet->to] = true;
        link->free[link->free_count++] = n;
    }
    for (uint32_t n = 0; n < link->end_count; n++) {
        if (has_input[n]) {
            floe_sctp_assoc_input_end(&link->ends[n].assoc);
            link->ends[n].is_touched = true;
        }
    }
}

static floe_time next_time(const sctp_link *link)
{
    floe_time at = link->heap_len > 0 ? link->heap[0].at : FLOE_TIME_NEVER;
    for (uint32_t n = 0; n < link->end_count; n++) {
        at = floe_time_min(at, floe_sctp_assoc_deadline(&link->ends[n].assoc));
    }
    return at;
}

static void step(sctp_link *link, floe_time at)
{
    floe_time second = link->begun + link->options.second_starts;
    if (link->begun > 0 && link->now < second && at >= second) {
        link->ends[link->end_count - 2].is_touched = true;
    }
    link->now = at;
    deliver(link);
    for (uint32_t n = 0; n < link->end_count; n++) {
        sctp_link_end *end = &link->ends[n];
        if (floe_sctp_assoc_deadline(&end->assoc) <= at) {
            end->wakes += end->is_touched ? 0 : 1;
            end->is_touched = true;
        }
        if (end->is_touched) {
            floe_sctp_assoc_advance(&end->assoc, at);
            drain(link, n);
        }
    }
}

/* Everybody begins; then steps while something happens before `until`. */
static void kick(sctp_link *link)
{
    for (uint32_t n = 0; n < link->end_count; n++) {
        floe_sctp_assoc_advance(&link->ends[n].assoc, link->now);
        drain(link, n);
    }
}

void sctp_link_run_for(sctp_link *link, floe_time duration)
{
    (void)sctp_link_run_to(link, 0, UINT64_MAX, duration);
}

bool sctp_link_run_to(sctp_link *link, uint32_t flow, uint64_t bytes, floe_time limit)
{
    floe_time until = link->now + limit;
    kick(link);
    while (link->ends[2 * flow + 1].bytes < bytes) {
        floe_time at = next_time(link);
        if (at > until) {
            link->now = until;
            return false;
        }
        step(link, at);
    }
    return true;
}

void sctp_link_send(sctp_link *link, uint32_t flow, size_t len)
{
    sctp_link_end *end = &link->ends[2 * flow];
    end->is_bounded = true;
    floe_sctp_assoc_advance(&end->assoc, link->now);
    for (size_t part = 0; len > 0; len -= part) {
        part = len < sizeof payload ? len : sizeof payload;
        floe_sctp_send message = {.stream = 1, .ppid = 53, .data = {payload, part}};
        assert_int_equal(floe_sctp_assoc_send(&end->assoc, &message), FLOE_OK);
    }
}

static bool is_connected(const sctp_link *link)
{
    for (uint32_t n = 0; n < link->end_count; n++) {
        if (floe_sctp_assoc_get_state(&link->ends[n].assoc) != FLOE_SCTP_ESTABLISHED) {
            return false;
        }
    }
    return true;
}

sctp_link *sctp_link_new(const sctp_link_options *options)
{
    sctp_link *link = calloc(1, sizeof *link);
    assert_non_null(link);
    link->options = *options;
    link->now = FLOE_SECOND;
    link->random = sim_random_begin(options->seed, 0);
    link->end_count = options->flows > 1 ? SCTP_LINK_ENDS : 2;
    for (uint32_t n = 0; n < SCTP_LINK_PACKETS; n++) {
        link->free[link->free_count++] = n;
    }
    for (uint32_t n = 0; n < link->end_count; n++) {
        set_up_end(link, n);
    }
    for (uint32_t n = 0; n < link->end_count; n += 2) {
        assert_int_equal(floe_sctp_assoc_connect(&link->ends[n].assoc), FLOE_OK);
    }
    kick(link);
    while (!is_connected(link)) {
        floe_time at = next_time(link);
        assert_true(at < 60 * FLOE_SECOND);
        step(link, at);
    }
    link->begun = link->now;
    return link;
}
