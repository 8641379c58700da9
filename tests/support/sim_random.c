/* support/sim_random.c - see support/sim_random.h. */

/* RAND_set_rand_method() is the one way to repeatable handshakes, and deprecated. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "support/sim_random.h"

#include <openssl/rand.h>
#include <string.h>

sim_random sim_random_begin(uint64_t seed, uint64_t stream)
{
    sim_random random = {seed ^ stream * UINT64_C(0xd1342543de82ef95)};
    (void)sim_random_next(&random);
    return random;
}

uint64_t sim_random_next(sim_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t sim_random_below(sim_random *random, uint64_t bound)
{
    return bound == 0 ? 0 : sim_random_next(random) % bound;
}

bool sim_random_chance(sim_random *random, uint32_t per_mille)
{
    return per_mille > 0 && sim_random_below(random, 1000) < per_mille;
}

void sim_random_fill(sim_random *random, uint8_t *out, size_t len)
{
    while (len > 0) {
        uint64_t word = sim_random_next(random);
        size_t part = len < sizeof word ? len : sizeof word;
        memcpy(out, &word, part);
        out += part;
        len -= part;
    }
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    sim_random_fill(ctx, out, len);
}

floe_rand sim_random_source(sim_random *random)
{
    return (floe_rand){fill, random};
}

static sim_random openssl_random;

static int openssl_bytes(unsigned char *out, int len)
{
    sim_random_fill(&openssl_random, out, (size_t)len);
    return 1;
}

static int openssl_status(void)
{
    return 1;
}

void sim_random_seed_openssl(uint64_t seed)
{
    static const RAND_METHOD method = {
        .bytes = openssl_bytes, .pseudorand = openssl_bytes, .status = openssl_status};
    openssl_random = sim_random_begin(seed, 0x0551);
    RAND_set_rand_method(&method);
}
