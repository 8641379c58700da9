/*
 * stun/stun_attr.c - what is known of each attribute type, as data: a new attribute is one line.
 * See stun/stun_msg_internal.h.
 */
#include "stun/stun_msg_internal.h"

/* RFC 8489 §14.3, §14.8, §14.9, §14.10, §14.14: what a sender keeps below 128 characters, a
 * receiver accepts in up to 763 bytes. */
#define TEXT_MAX 763

/* The value of a kind is min, min + step, min + 2 step, ... up to max bytes long. A step is a power
 * of two, and what is kept are differences, so that a check is a subtraction and two comparisons:
 * it is made for each attribute of each packet. */
#define SIZES(min, max, step)                                                                      \
    {                                                                                              \
        (min), (max) - (min), (step)-1, 0                                                          \
    }

static const struct {
    uint16_t min, span, odd, pad; /* `odd`: the bits that length minus min must not have */
} sizes[FLOE_STUN_KIND_COUNT] = {
    [FLOE_STUN_KIND_UNKNOWN] = SIZES(0, UINT16_MAX, 1),
    [FLOE_STUN_KIND_ANY] = SIZES(0, UINT16_MAX, 1),
    [FLOE_STUN_KIND_FLAG] = SIZES(0, 0, 1),
    [FLOE_STUN_KIND_U8] = SIZES(1, 1, 1),
    /* RFC 5780 §7.5 can be read as a length of 2, or of 4 with the padding counted. */
    [FLOE_STUN_KIND_U16] = SIZES(2, 4, 2),
    [FLOE_STUN_KIND_U32] = SIZES(4, 4, 1),
    [FLOE_STUN_KIND_U64] = SIZES(8, 8, 1),
    [FLOE_STUN_KIND_SHA1] = SIZES(20, 20, 1),
    [FLOE_STUN_KIND_SHA256] = SIZES(32, 32, 1),
    /* RFC 8489 §14.6: at least 16 bytes, at most 32, a multiple of four. */
    [FLOE_STUN_KIND_SHA256_CUT] = SIZES(16, 32, 4),
    [FLOE_STUN_KIND_TEXT] = SIZES(0, TEXT_MAX, 1),
    [FLOE_STUN_KIND_DOMAIN] = SIZES(0, 255, 1),
    [FLOE_STUN_KIND_ERROR] = SIZES(4, 4 + TEXT_MAX, 1),
    [FLOE_STUN_KIND_TYPES] = SIZES(0, UINT16_MAX, 2),
    [FLOE_STUN_KIND_ALGORITHMS] = SIZES(4, UINT16_MAX, 4),
    /* The family inside says more: floe_stun_attr_is_ok(). */
    [FLOE_STUN_KIND_ADDR] = SIZES(FLOE_STUN_ADDR_HEADER, UINT16_MAX, 1),
    [FLOE_STUN_KIND_XOR_ADDR] = SIZES(FLOE_STUN_ADDR_HEADER, UINT16_MAX, 1),
};

/* Every known type lies within 64 of 0x0000 or of 0x8000, so a type is an index: bit 15, then the
 * six low bits. */
#define INDEX_BITS       0x803Fu
#define INDEX_OF(type)   (((type) >> 9 & 0x40u) | ((type)&0x3Fu))
#define KIND(type, kind) [INDEX_OF(FLOE_STUN_##type)] = FLOE_STUN_KIND_##kind

static const uint8_t kinds[128] = {
    KIND(MAPPED_ADDRESS, ADDR),
    KIND(SOURCE_ADDRESS, ADDR),
    KIND(CHANGED_ADDRESS, ADDR),
    KIND(CHANGE_REQUEST, U32),
    KIND(USERNAME, TEXT),
    KIND(MESSAGE_INTEGRITY, SHA1),
    KIND(ERROR_CODE, ERROR),
    KIND(UNKNOWN_ATTRIBUTES, TYPES),
    KIND(CHANNEL_NUMBER, U32),
    KIND(LIFETIME, U32),
    KIND(XOR_PEER_ADDRESS, XOR_ADDR),
    KIND(DATA_ATTR, ANY),
    KIND(REALM, TEXT),
    KIND(NONCE, TEXT),
    KIND(XOR_RELAYED_ADDRESS, XOR_ADDR),
    KIND(REQUESTED_ADDRESS_FAMILY, U32),
    KIND(EVEN_PORT, U8),
    KIND(REQUESTED_TRANSPORT, U32),
    KIND(DONT_FRAGMENT, FLAG),
    KIND(ACCESS_TOKEN, ANY),
    KIND(MESSAGE_INTEGRITY_SHA256, SHA256_CUT),
    KIND(PASSWORD_ALGORITHM, ALGORITHMS),
    KIND(USERHASH, SHA256),
    KIND(XOR_MAPPED_ADDRESS, XOR_ADDR),
    KIND(RESERVATION_TOKEN, U64),
    KIND(PRIORITY, U32),
    KIND(USE_CANDIDATE, FLAG),
    KIND(PADDING, ANY),
    KIND(RESPONSE_PORT, U16),
    KIND(CONNECTION_ID, U32),
    KIND(ADDITIONAL_ADDRESS_FAMILY, U32),
    KIND(ADDRESS_ERROR_CODE, ERROR),
    KIND(PASSWORD_ALGORITHMS, ALGORITHMS),
    KIND(ALTERNATE_DOMAIN, DOMAIN),
    KIND(ICMP, U64),
    KIND(SOFTWARE, TEXT),
    KIND(ALTERNATE_SERVER, ADDR),
    KIND(FINGERPRINT, U32),
    KIND(ICE_CONTROLLED, U64),
    KIND(ICE_CONTROLLING, U64),
    KIND(RESPONSE_ORIGIN, ADDR),
    KIND(OTHER_ADDRESS, ADDR),
    KIND(MOBILITY_TICKET, ANY),
};

floe_stun_kind floe_stun_attr_kind(uint16_t type)
{
    return (type & INDEX_BITS) == type ? (floe_stun_kind)kinds[INDEX_OF(type)]
                                       : FLOE_STUN_KIND_UNKNOWN;
}

static bool is_size_ok(floe_stun_kind kind, size_t len)
{
    size_t over = len - sizes[kind].min; /* huge where len is less */
    return over <= sizes[kind].span && (over & sizes[kind].odd) == 0;
}

bool floe_stun_attr_is_size_ok(uint16_t type, size_t len)
{
    return is_size_ok(floe_stun_attr_kind(type), len);
}

bool floe_stun_attr_is_ok(uint16_t type, floe_bytes value)
{
    floe_stun_kind kind = floe_stun_attr_kind(type);
    if (!is_size_ok(kind, value.len)) {
        return false;
    }
    if (kind != FLOE_STUN_KIND_ADDR && kind != FLOE_STUN_KIND_XOR_ADDR) {
        return true;
    }
    switch (value.ptr[1]) {
    /* RFC 8489 §14.1: an IPv4 address is four bytes, an IPv6 address sixteen. */
    case FLOE_STUN_IPV4:
        return value.len == FLOE_STUN_ADDR_HEADER + 4;
    case FLOE_STUN_IPV6:
        return value.len == FLOE_STUN_ADDR_HEADER + 16;
    /* RFC 8489 §6.3.3: an address of another family is ignored, so its length is its own affair. */
    default:
        return true;
    }
}

void floe_stun_attr_xor_ip(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *packet)
{
    for (size_t i = 0; i < len; i++) {
        dst[i] = src[i] ^ packet[4 + i]; /* where the cookie stands, and the id right after it */
    }
}
