/* Uses one function of the library's base and one of port/, as a check of headers and linking. */
#include <stdio.h>

#include "base/addr.h"
#include "base/crypto.h"

int main(void)
{
    char text[FLOE_ADDR_TEXT_MAX];
    uint8_t digest[FLOE_SHA256_SIZE];
    floe_addr addr;
    floe_bytes input = FLOE_LIT("2001:DB8:0::1");
    if (floe_addr_parse(&addr, input, 3478) != FLOE_OK) {
        return 1;
    }
    floe_sha256(&input, 1, digest);
    return printf("%s %02x\n", floe_addr_text(&addr, text), digest[0]) < 0;
}
