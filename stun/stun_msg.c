/*
 * stun/stun_msg.c - see stun/stun_msg.h.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---+---------------------------+-------------------------------+
 * |0 0| method and class, mixed   | bytes after this header, 4n   |
 * +---+---------------------------+-------------------------------+
 * | magic cookie 0x2112A442                                       |
 * +---------------------------------------------------------------+
 * | transaction id, 12 bytes                                      |
 * +---------------------------------------------------------------+
 * | type                          | length of the value           |  repeated: attributes,
 * +-------------------------------+-------------------------------+  each padded to 4n bytes
 * | value ...                                                     |
 *
 * The cookie and the transaction id together are the 16 bytes that XOR addresses are XORed with,
 * and they lie at the same place in a packet read and in one being written.
 */
#include "stun/stun_msg.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/crc.h"
#include "base/reader.h"
#include "stun/stun_msg_internal.h"

bool floe_stun_msg_is(floe_bytes packet)
{
    if (packet.len < FLOE_STUN_HEADER_SIZE || (packet.ptr[0] & 0xC0) != 0) {
        return false;
    }
    size_t body = floe_load_u16(packet.ptr + 2);
    return floe_load_u32(packet.ptr + 4) == FLOE_STUN_COOKIE && body % 4 == 0 &&
           body <= packet.len - FLOE_STUN_HEADER_SIZE;
}

/* The attribute `at` bytes into the packet; false where it does not lie within the packet. */
static bool load_attr(floe_bytes packet, size_t at, floe_stun_attr *attr)
{
    if (at > packet.len || packet.len - at < FLOE_STUN_ATTR_HEADER) {
        return false;
    }
    size_t len = floe_load_u16(packet.ptr + at + 2);
    if (floe_stun_padded(len) > packet.len - at - FLOE_STUN_ATTR_HEADER) {
        return false;
    }
    attr->type = floe_load_u16(packet.ptr + at);
    attr->value = (floe_bytes){packet.ptr + at + FLOE_STUN_ATTR_HEADER, len};
    return true;
}

static size_t attr_size(const floe_stun_attr *attr)
{
    return FLOE_STUN_ATTR_HEADER + floe_stun_padded(attr->value.len);
}

/* RFC 8489 §9: whatever follows MESSAGE-INTEGRITY is ignored, save MESSAGE-INTEGRITY-SHA256 and
 * FINGERPRINT; whatever follows MESSAGE-INTEGRITY-SHA256 is ignored, save FINGERPRINT. */
static bool is_hidden(const floe_stun_msg *msg, uint16_t type, size_t at)
{
    if (type == FLOE_STUN_FINGERPRINT) {
        return false;
    }
    if (type == FLOE_STUN_MESSAGE_INTEGRITY_SHA256) {
        return msg->integrity256_at != 0 && msg->integrity256_at != at;
    }
    return at - FLOE_STUN_HEADER_SIZE >= msg->visible_end;
}

static bool is_fingerprint_ok(floe_bytes packet, const floe_stun_attr *attr)
{
    size_t before = (size_t)(attr->value.ptr - packet.ptr) - FLOE_STUN_ATTR_HEADER;
    /* RFC 8489 §14.7: it is the last attribute, so it covers all of the message but itself. */
    if (before + attr_size(attr) != packet.len) {
        return false;
    }
    uint32_t crc = floe_crc32(0, (floe_bytes){packet.ptr, before});
    return floe_load_u32(attr->value.ptr) == (crc ^ FLOE_STUN_FINGERPRINT_XOR);
}

/* Check one attribute and remember it, if it is one that the message has to know. */
static bool add_attr(floe_stun_msg *msg, const floe_stun_attr *attr, size_t at)
{
    if (is_hidden(msg, attr->type, at)) {
        return true;
    }
    if (!floe_stun_attr_is_ok(attr->type, attr->value)) {
        return false;
    }
    size_t end = at + attr_size(attr) - FLOE_STUN_HEADER_SIZE;
    switch (attr->type) {
    case FLOE_STUN_MESSAGE_INTEGRITY:
        msg->integrity_at = (uint16_t)at;
        msg->visible_end = (uint16_t)end;
        return true;
    case FLOE_STUN_MESSAGE_INTEGRITY_SHA256:
        msg->integrity256_at = (uint16_t)at;
        msg->visible_end = msg->integrity_at != 0 ? msg->visible_end : (uint16_t)end;
        return true;
    case FLOE_STUN_FINGERPRINT:
        msg->has_fingerprint = is_fingerprint_ok(msg->packet, attr);
        return msg->has_fingerprint;
    default:
        return true;
    }
}

static void load_header(floe_stun_msg *msg, floe_bytes packet)
{
    unsigned type = floe_load_u16(packet.ptr);
    *msg = (floe_stun_msg){
        .packet = packet,
        .tid = packet.ptr + 8,
        /* RFC 8489 §5: the class is bits 8 and 4, and the method is the rest, pushed together. */
        .method = (uint16_t)((type & 0x000F) | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2),
        .cls = (uint8_t)((type & 0x0100) >> 7 | (type & 0x0010) >> 4),
        .visible_end = (uint16_t)(packet.len - FLOE_STUN_HEADER_SIZE),
    };
}

static bool load_attrs(floe_stun_msg *msg)
{
    floe_stun_attr attr;
    for (size_t at = FLOE_STUN_HEADER_SIZE; at < msg->packet.len; at += attr_size(&attr)) {
        if (!load_attr(msg->packet, at, &attr) || !add_attr(msg, &attr, at)) {
            return false;
        }
    }
    return true;
}

floe_err floe_stun_msg_parse(floe_stun_msg *msg, floe_bytes packet)
{
    if (floe_stun_msg_is(packet) &&
        floe_load_u16(packet.ptr + 2) == packet.len - FLOE_STUN_HEADER_SIZE) {
        load_header(msg, packet);
        if (load_attrs(msg)) {
            return FLOE_OK;
        }
    }
    memset(msg, 0, sizeof *msg);
    return FLOE_E_MALFORMED;
}

bool floe_stun_msg_next(const floe_stun_msg *msg, size_t *cursor, floe_stun_attr *attr)
{
    while (load_attr(msg->packet, FLOE_STUN_HEADER_SIZE + *cursor, attr)) {
        size_t at = FLOE_STUN_HEADER_SIZE + *cursor;
        *cursor += attr_size(attr);
        if (!is_hidden(msg, attr->type, at)) {
            return true;
        }
    }
    return false;
}

bool floe_stun_msg_find(const floe_stun_msg *msg, uint16_t type, floe_stun_attr *attr)
{
    size_t cursor = 0;
    while (floe_stun_msg_next(msg, &cursor, attr)) {
        if (attr->type == type) {
            return true;
        }
    }
    return false;
}

bool floe_stun_msg_has(const floe_stun_msg *msg, uint16_t type)
{
    floe_stun_attr attr;
    return floe_stun_msg_find(msg, type, &attr);
}

bool floe_stun_msg_get_u32(const floe_stun_msg *msg, uint16_t type, uint32_t *value)
{
    floe_stun_attr attr;
    if (!floe_stun_msg_find(msg, type, &attr) || attr.value.len != 4) {
        return false;
    }
    *value = floe_load_u32(attr.value.ptr);
    return true;
}

bool floe_stun_msg_get_u64(const floe_stun_msg *msg, uint16_t type, uint64_t *value)
{
    floe_stun_attr attr;
    if (!floe_stun_msg_find(msg, type, &attr) || attr.value.len != 8) {
        return false;
    }
    *value = (uint64_t)floe_load_u32(attr.value.ptr) << 32 | floe_load_u32(attr.value.ptr + 4);
    return true;
}

bool floe_stun_msg_get_addr(const floe_stun_msg *msg, uint16_t type, floe_addr *addr)
{
    floe_stun_kind kind = floe_stun_attr_kind(type);
    FLOE_ASSERT(kind == FLOE_STUN_KIND_ADDR || kind == FLOE_STUN_KIND_XOR_ADDR);
    floe_stun_attr attr;
    if (!floe_stun_msg_find(msg, type, &attr)) {
        return false;
    }
    const uint8_t *value = attr.value.ptr;
    if (value[1] != FLOE_STUN_IPV4 && value[1] != FLOE_STUN_IPV6) {
        return false;
    }
    uint16_t port = floe_load_u16(value + 2);
    floe_bytes ip = {value + 4, value[1] == FLOE_STUN_IPV4 ? 4 : 16};
    uint8_t plain[16];
    if (kind == FLOE_STUN_KIND_XOR_ADDR) {
        port ^= FLOE_STUN_COOKIE >> 16;
        floe_stun_attr_xor_ip(plain, ip.ptr, ip.len, msg->packet.ptr);
        ip.ptr = plain;
    }
    *addr = floe_addr_from_bytes(ip, port);
    return true;
}

bool floe_stun_msg_get_error(const floe_stun_msg *msg, int *code, floe_bytes *reason)
{
    floe_stun_attr attr;
    if (!floe_stun_msg_find(msg, FLOE_STUN_ERROR_CODE, &attr)) {
        return false;
    }
    int hundreds = attr.value.ptr[2] & 7; /* RFC 8489 §14.8: the bits above are ignored. */
    int number = attr.value.ptr[3];
    if (hundreds < 3 || hundreds > 6 || number > 99) {
        return false;
    }
    *code = hundreds * 100 + number;
    *reason = (floe_bytes){attr.value.ptr + 4, attr.value.len - 4};
    return true;
}

static bool is_listed(const uint16_t *types, size_t count, uint16_t type)
{
    for (size_t i = 0; i < count; i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return false;
}

size_t floe_stun_msg_get_unknown(const floe_stun_msg *msg, const uint16_t *known,
                                 size_t known_count, uint16_t *unknown, size_t cap)
{
    size_t count = 0;
    size_t cursor = 0;
    floe_stun_attr attr;
    while (floe_stun_msg_next(msg, &cursor, &attr)) {
        if (attr.type >= 0x8000 || is_listed(known, known_count, attr.type)) {
            continue;
        }
        if (count < cap) {
            unknown[count] = attr.type;
        }
        count++;
    }
    return count;
}
