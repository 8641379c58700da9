/*
 * base/serial.h - serial number arithmetic (RFC 1982, as RFC 9260 section 1.6 uses it for TSN and
 * SSN).
 *
 * "a before b" means that b is reached from a by adding less than half of the number space.
 * At a distance of exactly half the order is undefined by RFC 1982; here neither is before the
 * other.
 */
#ifndef FLOE_BASE_SERIAL_H
#define FLOE_BASE_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

static inline bool floe_serial32_lt(uint32_t a, uint32_t b)
{
    uint32_t distance = b - a;
    return distance != 0 && distance < UINT32_C(0x80000000);
}

static inline bool floe_serial32_le(uint32_t a, uint32_t b)
{
    return a == b || floe_serial32_lt(a, b);
}

static inline bool floe_serial16_lt(uint16_t a, uint16_t b)
{
    uint16_t distance = (uint16_t)(b - a);
    return distance != 0 && distance < 0x8000;
}

static inline bool floe_serial16_le(uint16_t a, uint16_t b)
{
    return a == b || floe_serial16_lt(a, b);
}

#endif
