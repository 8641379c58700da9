/* fuzz/harness.h - what the harnesses share. */
#ifndef FLOE_FUZZ_HARNESS_H
#define FLOE_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* An oracle's word: what does not hold is a finding. */
static inline void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* A floe_rand that begins anew with each input: ctx is its state. */
static inline void fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        out[i] = (uint8_t)(*state >> 56);
    }
}

#endif
