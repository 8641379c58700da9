/*
 * base/addr.h - IP addresses and ports: build, compare, classify, read and write as text.
 *
 * An address enters floe through one of these functions, which turn ::ffff:a.b.c.d into IPv4; from
 * there on equality is equality of bytes. Text follows RFC 4291 and is written as RFC 5952 says.
 */
#ifndef FLOE_BASE_ADDR_H
#define FLOE_BASE_ADDR_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ADDR_TEXT_MAX 54u /* "[" + 45 + "]:65535" + NUL, rounded up */

/* From 4 or 16 bytes in network order. Any other length gives the empty address (family 0). */
floe_addr floe_addr_from_bytes(floe_bytes ip, uint16_t port);
floe_addr floe_addr_from_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);

/* The whole of `text` as an IPv4 or IPv6 address, without port, brackets or zone.
 * MALFORMED: it is neither, e.g. a name; *addr is unchanged. */
FLOE_MUST_USE floe_err floe_addr_parse(floe_addr *addr, floe_bytes text, uint16_t port);

/* Write the IP without port, or with it ("192.0.2.1:80", "[2001:db8::1]:80"), NUL-terminated.
 * Returns `out`, for use in an expression. The empty address is written as "none". */
const char *floe_addr_ip_text(const floe_addr *addr, char out[FLOE_ADDR_TEXT_MAX]);
const char *floe_addr_text(const floe_addr *addr, char out[FLOE_ADDR_TEXT_MAX]);

bool floe_addr_equal(const floe_addr *a, const floe_addr *b);    /* IP and port */
bool floe_addr_ip_equal(const floe_addr *a, const floe_addr *b); /* IP alone */
bool floe_path_equal(const floe_path *a, const floe_path *b);

/* The 4 or 16 bytes of the IP; empty for family 0. */
floe_bytes floe_addr_ip(const floe_addr *addr);

bool floe_addr_is_loopback(const floe_addr *addr);   /* 127/8, ::1 */
bool floe_addr_is_link_local(const floe_addr *addr); /* 169.254/16, fe80::/10 */
bool floe_addr_is_private(const floe_addr *addr);    /* RFC 1918, 100.64/10, fc00::/7 */
bool floe_addr_is_any(const floe_addr *addr);        /* 0.0.0.0, :: */
bool floe_addr_is_multicast(const floe_addr *addr);  /* 224/4, 255.255.255.255, ff00::/8 */

#ifdef __cplusplus
}
#endif
#endif
