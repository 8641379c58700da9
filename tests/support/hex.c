/* support/hex.c - see support/hex.h. */
#include "support/hex.h"

#include <ctype.h>
#include <stdlib.h>

#include "support/unit.h"

floe_bytes hex_decode(const char *text, uint8_t *out, size_t cap)
{
    size_t digits = 0;
    for (; *text != '\0'; text++) {
        if (isspace((unsigned char)*text)) {
            continue;
        }
        const char digit[2] = {*text, '\0'};
        assert_true(isxdigit((unsigned char)*text) && digits / 2 < cap);
        unsigned value = (unsigned)strtoul(digit, NULL, 16);
        out[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : out[digits / 2] | value);
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    return (floe_bytes){out, digits / 2};
}
