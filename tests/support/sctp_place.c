/* support/sctp_place.c - see support/sctp_place.h. */
#include "support/sctp_place.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define QUEUE_MIN  24000u
#define PER_FLOW   4u
#define BUFFER_MAX (FLOE_SCTP_WINDOW_MAX * 1216u) /* what the receiver's window of TSNs allows */

sctp_link_options sctp_place_options(const sctp_place *p, uint64_t seed)
{
    uint32_t bdp = (uint32_t)(p->rate_mbit * SCTP_PLACE_MBIT * p->rtt_ms / 1000);
    uint32_t queue = bdp / 100 * p->queue;
    size_t buffer = PER_FLOW * ((size_t)bdp + queue) + 262144;
    return (sctp_link_options){.seed = seed,
                               .rate = p->rate_mbit * SCTP_PLACE_MBIT,
                               .queue = queue > QUEUE_MIN ? queue : QUEUE_MIN,
                               .delay = p->rtt_ms * FLOE_MS / 2,
                               .loss = p->loss,
                               .buffer = buffer < BUFFER_MAX ? buffer : BUFFER_MAX};
}

uint64_t sctp_place_goodput(const sctp_place *p, floe_sctp_cc_algorithm algorithm, uint32_t seconds,
                            uint64_t seed)
{
    sctp_link_options options = sctp_place_options(p, seed);
    options.congestion[0] = algorithm;
    sctp_link *link = sctp_link_new(&options);
    sctp_link_run_for(link, seconds * FLOE_SECOND);
    uint64_t rate = link->ends[1].bytes / seconds;
    sctp_link_free(link);
    return rate;
}

static int compare(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

void sctp_place_samples(const sctp_place *p, floe_sctp_cc_algorithm algorithm, uint32_t seconds,
                        uint64_t *samples, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        samples[i] = sctp_place_goodput(p, algorithm, seconds, i + 1);
    }
    qsort(samples, count, sizeof *samples, compare);
}

/* Each has half of it on the way: twice what link and queue hold is as much for each. */
static size_t share_buffer(const sctp_place *p, uint32_t queue)
{
    size_t bdp = (size_t)(p->rate_mbit * SCTP_PLACE_MBIT * p->rtt_ms / 1000);
    size_t buffer = PER_FLOW / 2 * (bdp + queue) + 262144;
    return buffer < BUFFER_MAX ? buffer : BUFFER_MAX;
}

uint32_t sctp_place_share(const sctp_place *p, const floe_sctp_cc_algorithm algorithms[2],
                          uint32_t second_starts_ms, uint32_t settled_s)
{
    sctp_link_options options = sctp_place_options(p, 1);
    options.flows = 2;
    options.buffer = share_buffer(p, options.queue);
    options.second_starts = second_starts_ms * FLOE_MS;
    options.congestion[0] = algorithms[0];
    options.congestion[1] = algorithms[1];
    sctp_link *link = sctp_link_new(&options);
    sctp_link_run_for(link, options.second_starts + settled_s * FLOE_SECOND);
    uint64_t before[2] = {link->ends[1].bytes, link->ends[3].bytes};
    sctp_link_run_for(link, 120 * FLOE_SECOND);
    uint64_t first = link->ends[1].bytes - before[0];
    uint64_t second = link->ends[3].bytes - before[1];
    sctp_link_free(link);
    return (uint32_t)(first * 1000 / (first + second));
}
