/*
 * fuzz/fuzz_addr.c - oracle: what is taken is written in a form that is taken again, as the same
 * address and the same text; and the C library's inet_pton() takes what we take, and no more.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Whether the C library reads the same text. It wants a NUL at the end, so none may be inside. */
static int libc_takes(const uint8_t *data, size_t size, floe_addr *addr)
{
    char text[64];
    uint8_t ip[16];
    if (size >= sizeof text || memchr(data, 0, size) != NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    size_t len = inet_pton(AF_INET, text, ip) == 1    ? 4
                 : inet_pton(AF_INET6, text, ip) == 1 ? 16
                                                      : 0;
    *addr = floe_addr_from_bytes((floe_bytes){ip, len}, 9);
    return len != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    floe_addr a, b;
    char text[FLOE_ADDR_TEXT_MAX], again[FLOE_ADDR_TEXT_MAX];
    int ok = floe_addr_parse(&a, (floe_bytes){data, size}, 9) == FLOE_OK;
    must(ok == (size > 0 && libc_takes(data, size, &b)));
    if (!ok) {
        return 0;
    }
    must(floe_addr_equal(&a, &b));
    must(floe_addr_parse(&b, floe_bytes_of(floe_addr_ip_text(&a, text)), 9) == FLOE_OK);
    must(floe_addr_equal(&a, &b));
    must(strcmp(text, floe_addr_ip_text(&b, again)) == 0);
    must(strlen(floe_addr_text(&a, text)) < FLOE_ADDR_TEXT_MAX);
    return 0;
}
