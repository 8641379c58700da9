/*
 * base/crc.c - see base/crc.h.
 *
 * A CRC is linear over XOR, so an entry of a table is the XOR of the entries of its set bits: each
 * table of 256 is written as its eight entries for one bit, and the compiler computes the rest.
 */
#include "base/crc.h"

#include <string.h>

#define BIT(i, n, value) (((i) & (1u << (n))) != 0 ? UINT32_C(value) : 0u)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                           \
    (BIT(i, 7, a) ^ BIT(i, 6, b) ^ BIT(i, 5, c) ^ BIT(i, 4, d) ^ BIT(i, 3, e) ^ BIT(i, 2, f) ^     \
     BIT(i, 1, g) ^ BIT(i, 0, h))
#define ENTRIES_4(i, ...)                                                                          \
    ENTRY(i, __VA_ARGS__), ENTRY(i + 1u, __VA_ARGS__), ENTRY(i + 2u, __VA_ARGS__),                 \
        ENTRY(i + 3u, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                         \
    ENTRIES_4(i, __VA_ARGS__), ENTRIES_4(i + 4u, __VA_ARGS__), ENTRIES_4(i + 8u, __VA_ARGS__),     \
        ENTRIES_4(i + 12u, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                         \
    ENTRIES_16(i, __VA_ARGS__), ENTRIES_16(i + 16u, __VA_ARGS__),                                  \
        ENTRIES_16(i + 32u, __VA_ARGS__), ENTRIES_16(i + 48u, __VA_ARGS__)
/* From the entries for 0x80, 0x40, ... 0x01. */
#define TABLE(...)                                                                                 \
    {                                                                                              \
        ENTRIES_64(0u, __VA_ARGS__), ENTRIES_64(64u, __VA_ARGS__), ENTRIES_64(128u, __VA_ARGS__),  \
            ENTRIES_64(192u, __VA_ARGS__)                                                          \
    }

static const uint32_t crc32_table[256] = TABLE(0xedb88320, 0x76dc4190, 0x3b6e20c8, 0x1db71064,
                                               0x0edb8832, 0x076dc419, 0xee0e612c, 0x77073096);

/* crc32c_tables[n][b]: the effect of byte b when n more bytes follow it ("slicing by 8"). */
static const uint32_t crc32c_tables[8][256] = {
    TABLE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f, 0x8ad958cf, 0xc79a971f, 0xe13b70f7,
          0xf26b8303),
    TABLE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181, 0x9d14c3b8, 0x4e8a61dc, 0x274530ee,
          0x13a29877),
    TABLE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a, 0x38513ec5, 0x9edea41a, 0x4f6f520d,
          0xa541927e),
    TABLE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d, 0xf64463e6, 0x7b2231f3, 0xbf672381,
          0xdd45aab8),
    TABLE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3, 0xc5670b91, 0xe045beb0, 0x7022df58,
          0x38116fac),
    TABLE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e, 0x6006181f, 0xb2f53777, 0xdb8ca0c3,
          0xef306b19),
    TABLE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6, 0x4e2dfd53, 0xa5e0c5d1, 0xd0065990,
          0x68032cc8),
    TABLE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4, 0x423b04da, 0x211d826d, 0x9278fa4e,
          0x493c7d27),
};

uint32_t floe_crc32_portable(uint32_t crc, floe_bytes bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < bytes.len; i++) {
        crc = crc >> 8 ^ crc32_table[(crc ^ bytes.ptr[i]) & 0xff];
    }
    return ~crc;
}

/* The tables are made for the reflected polynomial, so bytes are taken in little-endian order. */
static uint32_t load_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t floe_crc32c_portable(uint32_t crc, floe_bytes bytes)
{
    const uint8_t *p = bytes.ptr;
    size_t left = bytes.len;
    crc = ~crc;
    for (; left >= 8; left -= 8, p += 8) {
        uint32_t low = crc ^ load_le32(p), high = load_le32(p + 4);
        crc = crc32c_tables[7][low & 0xff] ^ crc32c_tables[6][low >> 8 & 0xff] ^
              crc32c_tables[5][low >> 16 & 0xff] ^ crc32c_tables[4][low >> 24] ^
              crc32c_tables[3][high & 0xff] ^ crc32c_tables[2][high >> 8 & 0xff] ^
              crc32c_tables[1][high >> 16 & 0xff] ^ crc32c_tables[0][high >> 24];
    }
    for (; left > 0; left--, p++) {
        crc = crc >> 8 ^ crc32c_tables[0][(crc ^ *p) & 0xff];
    }
    return ~crc;
}

#if defined(__GNUC__) && defined(__x86_64__)

#include <nmmintrin.h>
#include <wmmintrin.h>

#define TARGET __attribute__((target("sse4.2,pclmul")))
#define LANE   128u /* bytes; three lanes suit packets of about 1200 */

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

/* The CRC after as many zero bytes as `power` stands for: x^(8 * bytes - 33) mod P, reflected. */
TARGET static uint64_t skip(uint64_t crc, uint32_t power)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc), _mm_cvtsi32_si128((int)power), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* The instruction takes three cycles but one can start in each, so three lanes of a packet are
 * computed side by side, and then joined. */
TARGET static uint64_t take_lanes(uint64_t crc, const uint8_t *p)
{
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < LANE; i += 8) {
        crc = _mm_crc32_u64(crc, load_u64(p + i));
        second = _mm_crc32_u64(second, load_u64(p + LANE + i));
        third = _mm_crc32_u64(third, load_u64(p + 2 * LANE + i));
    }
    return skip(crc, 0xb9e02b86) ^ skip(second, 0x0d3b6092) ^ third;
}

TARGET static uint32_t crc32c_sse42(uint32_t start, floe_bytes bytes)
{
    const uint8_t *p = bytes.ptr;
    size_t left = bytes.len;
    uint64_t crc = (uint32_t)~start;
    for (; left >= 3 * LANE; left -= 3 * LANE, p += 3 * LANE) {
        crc = take_lanes(crc, p);
    }
    for (; left >= 8; left -= 8, p += 8) {
        crc = _mm_crc32_u64(crc, load_u64(p));
    }
    for (; left > 0; left--, p++) {
        crc = _mm_crc32_u8((uint32_t)crc, *p);
    }
    return ~(uint32_t)crc;
}

uint32_t floe_crc32c(uint32_t crc, floe_bytes bytes)
{
    bool fast = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
    return fast ? crc32c_sse42(crc, bytes) : floe_crc32c_portable(crc, bytes);
}

/* "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Gopal and others,
 * 2009): the message as a polynomial is folded onto its last 16 bytes, each fold a multiplication
 * by a power of x mod P, and the rest is reduced as Barrett does. All is bit-reflected. */
#define BLOCK 16u

TARGET static __m128i load_block(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

TARGET static __m128i fold(__m128i sum, __m128i next)
{
    const __m128i powers = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0); /* x^96, x^160 */
    return _mm_xor_si128(next, _mm_xor_si128(_mm_clmulepi64_si128(sum, powers, 0x00),
                                             _mm_clmulepi64_si128(sum, powers, 0x11)));
}

/* The last `count` bytes, fewer than a block: the sum moves to make room for them, and what leaves
 * it is folded. They are loaded with bytes before them, so that nothing beyond `end` is read. */
TARGET static __m128i fold_rest(__m128i sum, const uint8_t *end, size_t count)
{
#define GONE 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
    static const uint8_t order[3 * BLOCK] = {GONE, GONE, 0,  1,  2,  3,  4,  5,  6,    7,
                                             8,    9,    10, 11, 12, 13, 14, 15, GONE, GONE};
    __m128i leave = load_block(order + count), stay = load_block(order + BLOCK + count);
    __m128i next = _mm_blendv_epi8(load_block(end - BLOCK), _mm_shuffle_epi8(sum, stay), leave);
    return fold(_mm_shuffle_epi8(sum, leave), next);
}

/* 16 bytes to 12, to 8, to the 4 of the CRC. */
TARGET static uint32_t reduce(__m128i sum)
{
    const __m128i powers = _mm_set_epi64x(0x163cd6124, 0x0ccaa009e);  /* x^64, x^96 */
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641); /* x^64 / P, and P */
    const __m128i low = _mm_setr_epi32(-1, 0, -1, 0);
    sum = _mm_xor_si128(_mm_clmulepi64_si128(sum, powers, 0x00), _mm_srli_si128(sum, 8));
    sum = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(sum, low), powers, 0x10),
                        _mm_srli_si128(sum, 4));
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(sum, low), barrett, 0x10);
    __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(sum, product), 1);
}

TARGET static uint32_t crc32_pclmul(uint32_t start, floe_bytes bytes)
{
    const uint8_t *p = bytes.ptr;
    __m128i sum = _mm_xor_si128(load_block(p), _mm_cvtsi32_si128((int)~start));
    size_t left = bytes.len - BLOCK;
    for (p += BLOCK; left >= BLOCK; left -= BLOCK, p += BLOCK) {
        sum = fold(sum, load_block(p));
    }
    sum = left > 0 ? fold_rest(sum, p + left, left) : sum;
    return ~reduce(sum);
}

uint32_t floe_crc32(uint32_t crc, floe_bytes bytes)
{
    bool fast =
        bytes.len >= BLOCK && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
    return fast ? crc32_pclmul(crc, bytes) : floe_crc32_portable(crc, bytes);
}

#elif defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

uint32_t floe_crc32(uint32_t crc, floe_bytes bytes)
{
    const uint8_t *p = bytes.ptr;
    size_t left = bytes.len;
    crc = ~crc;
    for (; left >= 4; left -= 4, p += 4) {
        crc = __crc32w(crc, load_le32(p));
    }
    for (; left > 0; left--, p++) {
        crc = __crc32b(crc, *p);
    }
    return ~crc;
}

uint32_t floe_crc32c(uint32_t crc, floe_bytes bytes)
{
    const uint8_t *p = bytes.ptr;
    size_t left = bytes.len;
    crc = ~crc;
    for (; left >= 4; left -= 4, p += 4) {
        crc = __crc32cw(crc, load_le32(p));
    }
    for (; left > 0; left--, p++) {
        crc = __crc32cb(crc, *p);
    }
    return ~crc;
}

#else

uint32_t floe_crc32(uint32_t crc, floe_bytes bytes)
{
    return floe_crc32_portable(crc, bytes);
}

uint32_t floe_crc32c(uint32_t crc, floe_bytes bytes)
{
    return floe_crc32c_portable(crc, bytes);
}

#endif
