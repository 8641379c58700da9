/*
 * sctp/sctp_bits.h - a bitmap in memory of any alignment, searched a word at a time.
 *
 * The receive window (sctp_tracker) and the receive buffer (sctp_arena) both ask for the next bit
 * that is set or clear. Words are always loaded and stored whole, so byte order does not matter.
 */
#ifndef FLOE_SCTP_SCTP_BITS_H
#define FLOE_SCTP_SCTP_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint64_t floe_sctp_bits_load(const uint8_t *map, uint32_t bit)
{
    uint64_t word;
    memcpy(&word, map + bit / 64 * 8, sizeof word);
    return word;
}

static inline bool floe_sctp_bits_has(const uint8_t *map, uint32_t bit)
{
    return (floe_sctp_bits_load(map, bit) >> (bit & 63) & 1) != 0;
}

/* Index of the lowest bit that is set; word is not 0. Used where the compiler has nothing better;
 * always there, for tests. */
uint32_t floe_sctp_bits_lowest_portable(uint64_t word);

/* Set or clear the bits from `from` to before `end`. */
static inline void floe_sctp_bits_put(uint8_t *map, uint32_t from, uint32_t end, bool is_set)
{
    while (from < end) {
        uint32_t next = (from | 63) + 1;
        uint64_t ones = ~UINT64_C(0) << (from & 63);
        ones &= end < next ? ~(~UINT64_C(0) << (end & 63)) : ones;
        uint64_t word = floe_sctp_bits_load(map, from) | ones;
        word ^= is_set ? 0 : ones;
        memcpy(map + from / 64 * 8, &word, sizeof word);
        from = next;
    }
}

/* The first of from, from + 1, ... whose bit is `is_set`, or `end` where none before it is. The bit
 * of a number is number & mask, so that a map can be a ring; mask + 1 is a multiple of 64. */
uint32_t floe_sctp_bits_find(const uint8_t *map, uint32_t mask, uint32_t from, uint32_t end,
                             bool is_set);

#ifdef __cplusplus
}
#endif
#endif
