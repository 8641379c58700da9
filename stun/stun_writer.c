/* stun/stun_writer.c - the writer of STUN messages. See stun/stun_msg.h. */
#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/crc.h"
#include "stun/stun_msg_internal.h"

enum stage { STAGE_ATTRS, STAGE_INTEGRITY, STAGE_INTEGRITY256, STAGE_FINGERPRINT };

static void fail(floe_stun_writer *w, floe_err err)
{
    if (w->err == FLOE_OK) {
        w->err = err;
    }
}

static enum stage stage_of(uint16_t type)
{
    switch (type) {
    case FLOE_STUN_MESSAGE_INTEGRITY:
        return STAGE_INTEGRITY;
    case FLOE_STUN_MESSAGE_INTEGRITY_SHA256:
        return STAGE_INTEGRITY256;
    case FLOE_STUN_FINGERPRINT:
        return STAGE_FINGERPRINT;
    default:
        return STAGE_ATTRS;
    }
}

/* Append an attribute with `len` bytes of value for the caller to fill in, padded with zeros. NULL
 * if that is not possible. The Message Length is always that of what is written so far. */
static uint8_t *add_attr_space(floe_stun_writer *w, uint16_t type, size_t len)
{
    enum stage stage = stage_of(type);
    if (stage < w->stage || (stage == w->stage && stage != STAGE_ATTRS)) {
        fail(w, FLOE_E_STATE);
    }
    if (w->w.len + FLOE_STUN_ATTR_HEADER + floe_stun_padded(len) >
        FLOE_STUN_HEADER_SIZE + UINT16_MAX) {
        fail(w, FLOE_E_TOO_BIG);
    }
    if (!floe_stun_attr_is_size_ok(type, len)) {
        fail(w, FLOE_E_ARG);
    }
    if (w->err != FLOE_OK) {
        return NULL;
    }
    uint8_t *space = floe_writer_add_space(&w->w, FLOE_STUN_ATTR_HEADER + floe_stun_padded(len));
    if (space == NULL) {
        fail(w, FLOE_E_TOO_BIG);
        return NULL;
    }
    w->stage = (uint8_t)stage;
    floe_store_u16(space, type);
    floe_store_u16(space + 2, (uint16_t)len);
    /* RFC 8489 §14: padding is zero on sending. */
    memset(space + FLOE_STUN_ATTR_HEADER + len, 0, floe_stun_padded(len) - len);
    floe_store_u16(w->w.buf + 2, (uint16_t)(w->w.len - FLOE_STUN_HEADER_SIZE));
    return space + FLOE_STUN_ATTR_HEADER;
}

void floe_stun_writer_begin(floe_stun_writer *w, uint8_t *buf, size_t cap, floe_stun_class cls,
                            uint16_t method, const uint8_t tid[FLOE_STUN_TID_SIZE])
{
    FLOE_ASSERT((unsigned)cls <= FLOE_STUN_ERROR && method <= 0x0FFF);
    unsigned c = (unsigned)cls;
    unsigned m = method;
    unsigned type = (m & 0x000F) | (m & 0x0070) << 1 | (m & 0x0F80) << 2;
    type |= (c & 1) << 4 | (c & 2) << 7;
    *w = (floe_stun_writer){floe_writer_begin(buf, cap), STAGE_ATTRS, FLOE_OK};
    floe_writer_put_u16(&w->w, (uint16_t)type);
    floe_writer_put_u16(&w->w, 0);
    floe_writer_put_u32(&w->w, FLOE_STUN_COOKIE);
    floe_writer_put_bytes(&w->w, (floe_bytes){tid, FLOE_STUN_TID_SIZE});
    if (!floe_writer_is_ok(&w->w)) {
        fail(w, FLOE_E_TOO_BIG);
    }
}

void floe_stun_writer_put_bytes(floe_stun_writer *w, uint16_t type, floe_bytes value)
{
    uint8_t *space = add_attr_space(w, type, value.len);
    if (space != NULL && value.len > 0) {
        memcpy(space, value.ptr, value.len);
    }
}

void floe_stun_writer_put_u32(floe_stun_writer *w, uint16_t type, uint32_t value)
{
    uint8_t *space = add_attr_space(w, type, 4);
    if (space != NULL) {
        floe_store_u32(space, value);
    }
}

void floe_stun_writer_put_u64(floe_stun_writer *w, uint16_t type, uint64_t value)
{
    uint8_t *space = add_attr_space(w, type, 8);
    if (space != NULL) {
        floe_store_u32(space, (uint32_t)(value >> 32));
        floe_store_u32(space + 4, (uint32_t)value);
    }
}

void floe_stun_writer_put_flag(floe_stun_writer *w, uint16_t type)
{
    (void)add_attr_space(w, type, 0);
}

void floe_stun_writer_put_addr(floe_stun_writer *w, uint16_t type, const floe_addr *addr)
{
    floe_stun_kind kind = floe_stun_attr_kind(type);
    FLOE_ASSERT(kind == FLOE_STUN_KIND_ADDR || kind == FLOE_STUN_KIND_XOR_ADDR);
    floe_bytes ip = floe_addr_ip(addr);
    if (ip.len == 0) {
        fail(w, FLOE_E_ARG);
        return;
    }
    uint8_t *space = add_attr_space(w, type, 4 + ip.len);
    if (space == NULL) {
        return;
    }
    space[0] = 0;
    space[1] = ip.len == 4 ? FLOE_STUN_IPV4 : FLOE_STUN_IPV6;
    floe_store_u16(space + 2, addr->port);
    memcpy(space + 4, ip.ptr, ip.len);
    if (kind == FLOE_STUN_KIND_XOR_ADDR) {
        floe_store_u16(space + 2, (uint16_t)(addr->port ^ FLOE_STUN_COOKIE >> 16));
        floe_stun_attr_xor_ip(space + 4, ip.ptr, ip.len, w->w.buf);
    }
}

void floe_stun_writer_put_error(floe_stun_writer *w, int code)
{
    FLOE_ASSERT(code >= 300 && code <= 699);
    floe_bytes reason = floe_bytes_of(floe_stun_error_reason(code));
    uint8_t *space = add_attr_space(w, FLOE_STUN_ERROR_CODE, 4 + reason.len);
    if (space != NULL) {
        floe_store_u16(space, 0);
        space[2] = (uint8_t)(code / 100);
        space[3] = (uint8_t)(code % 100);
        memcpy(space + 4, reason.ptr, reason.len);
    }
}

void floe_stun_writer_put_unknown(floe_stun_writer *w, const uint16_t *types, size_t count)
{
    uint8_t *space = add_attr_space(w, FLOE_STUN_UNKNOWN_ATTRIBUTES, 2 * count);
    for (size_t i = 0; space != NULL && i < count; i++) {
        floe_store_u16(space + 2 * i, types[i]);
    }
}

void floe_stun_writer_put_integrity_by(floe_stun_writer *w, const floe_hmac_sha1_key *key)
{
    size_t at = w->w.len;
    uint8_t *space = add_attr_space(w, FLOE_STUN_MESSAGE_INTEGRITY, FLOE_SHA1_SIZE);
    if (space != NULL) {
        floe_stun_integrity_sha1(floe_writer_view(&w->w), at, key, space);
    }
}

void floe_stun_writer_put_integrity(floe_stun_writer *w, floe_bytes key)
{
    floe_hmac_sha1_key ready;
    floe_hmac_sha1_key_prepare(&ready, key);
    floe_stun_writer_put_integrity_by(w, &ready);
    floe_secret_wipe(&ready, sizeof ready);
}

void floe_stun_writer_put_integrity_sha256(floe_stun_writer *w, floe_bytes key)
{
    size_t at = w->w.len;
    uint8_t *space = add_attr_space(w, FLOE_STUN_MESSAGE_INTEGRITY_SHA256, FLOE_SHA256_SIZE);
    if (space != NULL) {
        floe_stun_integrity_sha256(floe_writer_view(&w->w), at, key, space);
    }
}

void floe_stun_writer_put_fingerprint(floe_stun_writer *w)
{
    floe_bytes before = floe_writer_view(&w->w);
    uint8_t *space = add_attr_space(w, FLOE_STUN_FINGERPRINT, 4);
    if (space != NULL) {
        floe_store_u32(space, floe_crc32(0, before) ^ FLOE_STUN_FINGERPRINT_XOR);
    }
}

floe_err floe_stun_writer_end(floe_stun_writer *w, floe_bytes *packet)
{
    *packet = w->err == FLOE_OK ? floe_writer_view(&w->w) : (floe_bytes){NULL, 0};
    return w->err;
}

/* RFC 8489 §14.8, RFC 8656 §19, RFC 8445 §7.3.1.1, RFC 6062 §6.3, RFC 8016 §3. */
static const struct {
    int code;
    const char *reason;
} reasons[] = {
    {300, "Try Alternate"},
    {400, "Bad Request"},
    {401, "Unauthenticated"},
    {403, "Forbidden"},
    {405, "Mobility Forbidden"},
    {420, "Unknown Attribute"},
    {437, "Allocation Mismatch"},
    {438, "Stale Nonce"},
    {440, "Address Family not Supported"},
    {441, "Wrong Credentials"},
    {442, "Unsupported Transport Protocol"},
    {443, "Peer Address Family Mismatch"},
    {446, "Connection Already Exists"},
    {447, "Connection Timeout or Failure"},
    {486, "Allocation Quota Reached"},
    {487, "Role Conflict"},
    {500, "Server Error"},
    {508, "Insufficient Capacity"},
};

const char *floe_stun_error_reason(int code)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].code == code) {
            return reasons[i].reason;
        }
    }
    return "";
}
