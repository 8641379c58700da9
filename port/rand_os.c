/* port/rand_os.c - base/rand_os.h on getrandom(), of Linux and FreeBSD. */
#include "base/rand_os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno != EINTR) {
            abort();
        }
        if (got > 0) {
            out += got;
            len -= (size_t)got;
        }
    }
}

floe_rand floe_rand_os(void)
{
    return (floe_rand){fill, NULL};
}
