/*
 * support/sim_random.h - random numbers of a simulation: one seed, any number of streams, and
 * OpenSSL's too.
 */
#ifndef FLOE_SUPPORT_SIM_RANDOM_H
#define FLOE_SUPPORT_SIM_RANDOM_H

#include "base/floe.h"

typedef struct sim_random { /* SplitMix64 */
    uint64_t state;
} sim_random;

sim_random sim_random_begin(uint64_t seed, uint64_t stream);
uint64_t sim_random_next(sim_random *random);
/* 0 to bound - 1; 0 for a bound of 0. */
uint64_t sim_random_below(sim_random *random, uint64_t bound);
/* True `per_mille` times out of a thousand. */
bool sim_random_chance(sim_random *random, uint32_t per_mille);
void sim_random_fill(sim_random *random, uint8_t *out, size_t len);

/* For floe objects; `random` must live as long as they do. */
floe_rand sim_random_source(sim_random *random);

/* From now on OpenSSL takes its random numbers from here: keys, nonces and hellos repeat with the
 * seed. For the whole process, and of no cryptographic worth. */
void sim_random_seed_openssl(uint64_t seed);

#endif
