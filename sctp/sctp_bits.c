/* sctp/sctp_bits.c - see sctp/sctp_bits.h. */
#include "sctp/sctp_bits.h"

uint32_t floe_sctp_bits_lowest_portable(uint64_t word)
{
    uint32_t index = 0;
    for (uint32_t step = 32; step > 0; step /= 2) {
        if ((word & ((UINT64_C(1) << step) - 1)) == 0) {
            word >>= step;
            index += step;
        }
    }
    return index;
}

static uint32_t lowest_bit(uint64_t word)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(word);
#else
    return floe_sctp_bits_lowest_portable(word);
#endif
}

uint32_t floe_sctp_bits_find(const uint8_t *map, uint32_t mask, uint32_t from, uint32_t end,
                             bool is_set)
{
    while (from != end) {
        uint64_t word = floe_sctp_bits_load(map, from & mask);
        word = (is_set ? word : ~word) >> (from & 63);
        uint32_t step = word != 0 ? lowest_bit(word) : 64 - (from & 63);
        if (step >= end - from) {
            return end;
        }
        from += step;
        if (word != 0) {
            return from;
        }
    }
    return end;
}
