/*
 * tests/support/virtual_clock.h - gettimeofday() as a test wants it.
 *
 * OpenSSL asks gettimeofday() when to repeat a flight of DTLS. A program that links this file has a
 * gettimeofday() of its own, which shared libraries use as well; it gives the true time until
 * virtual_clock_set() is called, and what that says from then on.
 */
#ifndef FLOE_TESTS_SUPPORT_VIRTUAL_CLOCK_H
#define FLOE_TESTS_SUPPORT_VIRTUAL_CLOCK_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From now on the time of day is `now` after a fixed day in 2033. FLOE_TIME_NEVER: the true time
 * again. */
void virtual_clock_set(floe_time now);

#ifdef __cplusplus
}
#endif
#endif
