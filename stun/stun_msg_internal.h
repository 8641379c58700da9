/*
 * stun/stun_msg_internal.h - what the readers and the writer of STUN messages share: the sizes of
 * the format, what is known of each attribute type, and the HMACs. Private to stun/.
 */
#ifndef FLOE_STUN_STUN_MSG_INTERNAL_H
#define FLOE_STUN_STUN_MSG_INTERNAL_H

#include "base/crypto.h"
#include "stun/stun_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_ATTR_HEADER     4u /* type and length */
#define FLOE_STUN_ADDR_HEADER     4u /* reserved, family, port: before the IP in an address value */
#define FLOE_STUN_IPV4            1  /* families, RFC 8489 section 14.1 */
#define FLOE_STUN_IPV6            2
#define FLOE_STUN_FINGERPRINT_XOR UINT32_C(0x5354554E)

/* RFC 8489 section 14: attributes take a multiple of four bytes. */
static inline size_t floe_stun_padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* What the value of an attribute type is. */
typedef enum floe_stun_kind {
    FLOE_STUN_KIND_UNKNOWN, /* not a type of ours: any bytes */
    FLOE_STUN_KIND_ANY,     /* a type of ours, any bytes */
    FLOE_STUN_KIND_FLAG,    /* no bytes */
    FLOE_STUN_KIND_U8,
    FLOE_STUN_KIND_U16,
    FLOE_STUN_KIND_U32,
    FLOE_STUN_KIND_U64,
    FLOE_STUN_KIND_SHA1,
    FLOE_STUN_KIND_SHA256,
    FLOE_STUN_KIND_SHA256_CUT, /* its first 16, 20, 24, 28 or 32 bytes */
    FLOE_STUN_KIND_TEXT,
    FLOE_STUN_KIND_DOMAIN,
    FLOE_STUN_KIND_ERROR,      /* a code, then text */
    FLOE_STUN_KIND_TYPES,      /* attribute types */
    FLOE_STUN_KIND_ALGORITHMS, /* numbers and parameters */
    FLOE_STUN_KIND_ADDR,       /* RFC 8489 section 14.1 */
    FLOE_STUN_KIND_XOR_ADDR,   /* RFC 8489 section 14.2 */
    FLOE_STUN_KIND_COUNT
} floe_stun_kind;

floe_stun_kind floe_stun_attr_kind(uint16_t type);

/* May a value of this type be `len` bytes long? */
bool floe_stun_attr_is_size_ok(uint16_t type, size_t len);
/* The same, and an address has the length of its family. */
bool floe_stun_attr_is_ok(uint16_t type, floe_bytes value);

/* dst[0..len) = src XOR the magic cookie and transaction id of `packet`; len is 4 or 16. */
void floe_stun_attr_xor_ip(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *packet);

/* The HMAC that the integrity attribute `at` bytes into `packet` should have; reads its length, not
 * its value. */
void floe_stun_integrity_sha1(floe_bytes packet, size_t at, const floe_hmac_sha1_key *key,
                              uint8_t out[FLOE_SHA1_SIZE]);
void floe_stun_integrity_sha256(floe_bytes packet, size_t at, floe_bytes key,
                                uint8_t out[FLOE_SHA256_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
