/* tests/support/virtual_clock.c - see virtual_clock.h. */
#include "support/virtual_clock.h"

#include <sys/time.h>
#include <time.h>

#define EPOCH_SECONDS UINT64_C(2000000000) /* a day in May 2033 */

static floe_time virtual_now = FLOE_TIME_NEVER;

void virtual_clock_set(floe_time now)
{
    virtual_now = now;
}

int gettimeofday(struct timeval *restrict value, void *restrict zone)
{
    struct timespec real;

    (void)zone;
    if (virtual_now == FLOE_TIME_NEVER) {
        (void)timespec_get(&real, TIME_UTC);
        value->tv_sec = real.tv_sec;
        value->tv_usec = (suseconds_t)(real.tv_nsec / 1000);
        return 0;
    }
    value->tv_sec = (time_t)(EPOCH_SECONDS + virtual_now / FLOE_SECOND);
    value->tv_usec = (suseconds_t)(virtual_now % FLOE_SECOND);
    return 0;
}
