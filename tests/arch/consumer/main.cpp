/* The same from C++: the headers have C linkage. */
#include <cstdio>

#include "base/addr.h"

int main()
{
    char text[FLOE_ADDR_TEXT_MAX];
    floe_addr addr = floe_addr_from_ipv4(192, 0, 2, 1, 3478);
    return std::puts(floe_addr_text(&addr, text)) < 0;
}
