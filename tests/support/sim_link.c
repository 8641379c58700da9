/* support/sim_link.c - see support/sim_link.h. */
#include "support/sim_link.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define PAUSE         FLOE_SECOND

floe_time sim_queue_pass(sim_queue *queue, uint64_t rate, uint32_t limit, floe_time now, size_t len)
{
    uint64_t now_ns = now * 1000;
    uint64_t free_at = queue->free_at_ns > now_ns ? queue->free_at_ns : now_ns;
    uint64_t waiting = (free_at - now_ns) * rate / NS_PER_SECOND;
    if (waiting > 0 && waiting + len > limit) {
        return FLOE_TIME_NEVER;
    }
    queue->free_at_ns = free_at + len * NS_PER_SECOND / rate;
    return (queue->free_at_ns + 999) / 1000;
}

static bool is_in_burst(sim_lane *lane, sim_random *random, floe_time now)
{
    if (lane->link.burst_begins == 0) {
        return false;
    }
    lane->is_burst = lane->is_burst && now - lane->last_at < PAUSE;
    lane->last_at = now;
    bool is_hit = lane->is_burst || sim_random_chance(random, lane->link.burst_begins);
    lane->is_burst = is_hit && !sim_random_chance(random, lane->link.burst_ends);
    return is_hit && !sim_random_chance(random, lane->link.burst_spares);
}

static floe_time travel_time(const sim_link *link, sim_random *random)
{
    floe_time time = link->delay + sim_random_below(random, link->jitter + 1);
    if (sim_random_chance(random, link->reorder)) {
        time += 3 * (link->delay + link->jitter);
    }
    return time;
}

/* TCP's own repetition comes a round trip and a timeout later; those behind wait for it. */
static floe_time tcp_arrival(sim_lane *lane, sim_random *random, floe_time sent_at, bool is_lost)
{
    const sim_link *link = &lane->link;
    floe_time at = sent_at + link->delay + sim_random_below(random, link->jitter + 1);
    at += is_lost ? 2 * (link->delay + link->jitter) + 200 * FLOE_MS : 0;
    lane->last_tcp_at = at > lane->last_tcp_at ? at : lane->last_tcp_at;
    return lane->last_tcp_at;
}

sim_fate sim_lane_cross(sim_lane *lane, sim_random *random, floe_time now, size_t size, bool is_tcp)
{
    const sim_link *link = &lane->link;
    sim_fate fate = {FLOE_TIME_NEVER, FLOE_TIME_NEVER, false};
    if (link->is_down || (link->mtu != 0 && size > link->mtu)) {
        return fate;
    }
    floe_time sent_at =
        link->rate == 0 ? now : sim_queue_pass(&lane->queue, link->rate, link->queue, now, size);
    bool is_lost = sim_random_chance(random, link->loss);
    is_lost = is_in_burst(lane, random, now) || is_lost || sent_at == FLOE_TIME_NEVER;
    if (is_tcp) {
        sent_at = sent_at == FLOE_TIME_NEVER ? now : sent_at;
        fate.at = tcp_arrival(lane, random, sent_at, is_lost);
        return fate;
    }
    if (is_lost) {
        return fate;
    }
    if (sim_random_chance(random, link->duplicate)) {
        fate.twin_at = sent_at + travel_time(link, random);
    }
    fate.is_corrupt = sim_random_chance(random, link->corrupt);
    fate.at = sent_at + travel_time(link, random);
    return fate;
}
