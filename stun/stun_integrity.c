/*
 * stun/stun_integrity.c - MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256: compute and check. See
 * stun/stun_msg.h.
 */
#include <string.h>

#include "base/reader.h"
#include "stun/stun_msg_internal.h"

/* What an HMAC at `at` is computed over: everything before it, with a Message Length that ends
 * right after it (RFC 8489 §14.5, §14.6). The length goes into `head`, so that the packet stays
 * untouched. */
static void hmac_input(floe_bytes packet, size_t at, uint8_t head[4], floe_bytes parts[2])
{
    size_t value_len = floe_load_u16(packet.ptr + at + 2);
    memcpy(head, packet.ptr, 2);
    floe_store_u16(head + 2,
                   (uint16_t)(at + FLOE_STUN_ATTR_HEADER + value_len - FLOE_STUN_HEADER_SIZE));
    parts[0] = (floe_bytes){head, 4};
    parts[1] = (floe_bytes){packet.ptr + 4, at - 4};
}

void floe_stun_integrity_sha1(floe_bytes packet, size_t at, const floe_hmac_sha1_key *key,
                              uint8_t out[FLOE_SHA1_SIZE])
{
    uint8_t head[4];
    floe_bytes parts[2];
    hmac_input(packet, at, head, parts);
    floe_hmac_sha1_key_compute(key, parts, 2, out);
}

void floe_stun_integrity_sha256(floe_bytes packet, size_t at, floe_bytes key,
                                uint8_t out[FLOE_SHA256_SIZE])
{
    uint8_t head[4];
    floe_bytes parts[2];
    hmac_input(packet, at, head, parts);
    floe_hmac_sha256(key, parts, 2, out);
}

floe_err floe_stun_msg_check_integrity_by(const floe_stun_msg *msg, const floe_hmac_sha1_key *key)
{
    uint8_t hmac[FLOE_SHA1_SIZE];
    size_t at = msg->integrity_at;
    if (at == 0) {
        return FLOE_E_AUTH;
    }
    floe_stun_integrity_sha1(msg->packet, at, key, hmac);
    bool same = floe_secret_equal(hmac, msg->packet.ptr + at + FLOE_STUN_ATTR_HEADER, sizeof hmac);
    return same ? FLOE_OK : FLOE_E_AUTH;
}

floe_err floe_stun_msg_check_integrity(const floe_stun_msg *msg, floe_bytes key)
{
    floe_hmac_sha1_key ready;
    floe_hmac_sha1_key_prepare(&ready, key);
    floe_err err = floe_stun_msg_check_integrity_by(msg, &ready);
    floe_secret_wipe(&ready, sizeof ready);
    return err;
}

floe_err floe_stun_msg_check_integrity_sha256(const floe_stun_msg *msg, floe_bytes key)
{
    uint8_t hmac[FLOE_SHA256_SIZE];
    size_t at = msg->integrity256_at;
    if (at == 0) {
        return FLOE_E_AUTH;
    }
    floe_stun_integrity_sha256(msg->packet, at, key, hmac);
    size_t len = floe_load_u16(msg->packet.ptr + at + 2); /* 16 to 32: parse saw to that */
    bool same = floe_secret_equal(hmac, msg->packet.ptr + at + FLOE_STUN_ATTR_HEADER, len);
    return same ? FLOE_OK : FLOE_E_AUTH;
}
