/*
 * fuzz/fuzz_stun_msg.c - any bytes as a STUN message, as they are and repaired.
 *
 * Oracle: what parse accepts, the readers agree on, and the writer writes again so that it reads
 * the same. Repairing sets the header, MESSAGE-INTEGRITY and FINGERPRINT right, or next to no input
 * would get past them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/crc.h"
#include "base/crypto.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "stun/stun_msg.h"

#define SIZE_MAX_INPUT 4096u
#define KEY            FLOE_LIT("VOkJxbRl1RmTxUk/WvJxBt")

static const uint16_t addr_types[] = {FLOE_STUN_MAPPED_ADDRESS, FLOE_STUN_XOR_PEER_ADDRESS,
                                      FLOE_STUN_XOR_RELAYED_ADDRESS, FLOE_STUN_ALTERNATE_SERVER,
                                      FLOE_STUN_XOR_MAPPED_ADDRESS};

/* An address that was read is written and read as the same. */
static void check_addrs(const floe_stun_msg *msg)
{
    for (size_t i = 0; i < sizeof addr_types / sizeof addr_types[0]; i++) {
        uint8_t buf[64];
        floe_stun_writer w;
        floe_stun_msg again;
        floe_bytes out;
        floe_addr addr, same;
        if (!floe_stun_msg_get_addr(msg, addr_types[i], &addr)) {
            continue;
        }
        require(addr.family == 4 || addr.family == 6);
        floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_SUCCESS, msg->method, msg->tid);
        floe_stun_writer_put_addr(&w, addr_types[i], &addr);
        require(floe_stun_writer_end(&w, &out) == FLOE_OK);
        require(floe_stun_msg_parse(&again, out) == FLOE_OK);
        require(floe_stun_msg_get_addr(&again, addr_types[i], &same));
        require(floe_addr_equal(&addr, &same));
    }
}

/* Iteration stays inside, find agrees with it, and the unknown types are those without a name. */
static void check_readers(const floe_stun_msg *msg)
{
    size_t cursor = 0;
    size_t required = 0;
    floe_stun_attr attr, first;
    while (floe_stun_msg_next(msg, &cursor, &attr)) {
        require(attr.value.ptr >= msg->packet.ptr + FLOE_STUN_HEADER_SIZE);
        require(attr.value.ptr + attr.value.len <= msg->packet.ptr + msg->packet.len);
        require(floe_stun_msg_find(msg, attr.type, &first));
        require(first.value.ptr <= attr.value.ptr);
        required += attr.type < 0x8000;
    }
    require(cursor <= msg->packet.len - FLOE_STUN_HEADER_SIZE);
    require(floe_stun_msg_get_unknown(msg, NULL, 0, NULL, 0) == required);
    int code;
    floe_bytes reason;
    if (floe_stun_msg_get_error(msg, &code, &reason)) {
        require(code >= 300 && code <= 699);
    }
}

static floe_bytes write_again(const floe_stun_msg *msg, uint8_t *buf, size_t cap)
{
    floe_stun_writer w;
    floe_stun_attr attr;
    floe_bytes out;
    size_t cursor = 0;
    floe_stun_writer_begin(&w, buf, cap, (floe_stun_class)msg->cls, msg->method, msg->tid);
    while (floe_stun_msg_next(msg, &cursor, &attr)) {
        if (attr.type == FLOE_STUN_MESSAGE_INTEGRITY) {
            floe_stun_writer_put_integrity(&w, KEY);
        } else if (attr.type == FLOE_STUN_MESSAGE_INTEGRITY_SHA256) {
            floe_stun_writer_put_integrity_sha256(&w, KEY);
        } else if (attr.type == FLOE_STUN_FINGERPRINT) {
            floe_stun_writer_put_fingerprint(&w);
        } else {
            floe_stun_writer_put_bytes(&w, attr.type, attr.value);
        }
    }
    require(floe_stun_writer_end(&w, &out) == FLOE_OK);
    return out;
}

static bool is_check_value(uint16_t type)
{
    return type == FLOE_STUN_MESSAGE_INTEGRITY || type == FLOE_STUN_MESSAGE_INTEGRITY_SHA256 ||
           type == FLOE_STUN_FINGERPRINT;
}

/* Written again it has the same visible attributes, and its integrity is right. */
static void check_writer(const floe_stun_msg *msg)
{
    uint8_t buf[SIZE_MAX_INPUT + 16]; /* a truncated HMAC comes out whole */
    floe_stun_msg again;
    floe_stun_attr a, b;
    size_t cursor_a = 0;
    size_t cursor_b = 0;
    require(floe_stun_msg_parse(&again, write_again(msg, buf, sizeof buf)) == FLOE_OK);
    require(again.method == msg->method && again.cls == msg->cls);
    require(again.has_fingerprint == msg->has_fingerprint);
    while (floe_stun_msg_next(msg, &cursor_a, &a)) {
        require(floe_stun_msg_next(&again, &cursor_b, &b) && a.type == b.type);
        require(is_check_value(a.type) || floe_bytes_equal(a.value, b.value));
    }
    require(!floe_stun_msg_next(&again, &cursor_b, &b));
    bool sha1 = floe_stun_msg_has(msg, FLOE_STUN_MESSAGE_INTEGRITY);
    bool sha256 = floe_stun_msg_has(msg, FLOE_STUN_MESSAGE_INTEGRITY_SHA256);
    require(floe_stun_msg_check_integrity(&again, KEY) == (sha1 ? FLOE_OK : FLOE_E_AUTH));
    require(floe_stun_msg_check_integrity_sha256(&again, KEY) == (sha256 ? FLOE_OK : FLOE_E_AUTH));
}

/* True where the bytes are a message. */
static bool check(floe_stun_msg *msg, floe_bytes packet)
{
    static const floe_stun_msg zero;
    if (floe_stun_msg_parse(msg, packet) != FLOE_OK) {
        require(memcmp(msg, &zero, sizeof zero) == 0);
        return false;
    }
    require(floe_stun_msg_is(packet));
    check_readers(msg);
    check_addrs(msg);
    check_writer(msg);
    return true;
}

/* Set the HMAC or CRC right that stands `at` bytes into the packet, everything before it being so.
 */
static void repair_value(uint8_t *packet, size_t size, size_t at)
{
    uint16_t type = floe_load_u16(packet + at);
    size_t len = floe_load_u16(packet + at + 2);
    const floe_bytes before = {packet, at};
    uint8_t hmac[FLOE_SHA256_SIZE];
    if (type == FLOE_STUN_FINGERPRINT && len == 4) {
        floe_store_u32(packet + at + 4, floe_crc32(0, before) ^ 0x5354554e);
        return;
    }
    floe_store_u16(packet + 2, (uint16_t)(at + 4 + len - FLOE_STUN_HEADER_SIZE));
    if (type == FLOE_STUN_MESSAGE_INTEGRITY && len == 20) {
        floe_hmac_sha1(KEY, &before, 1, hmac);
        memcpy(packet + at + 4, hmac, len);
    }
    if (type == FLOE_STUN_MESSAGE_INTEGRITY_SHA256 && len >= 16 && len <= 32) {
        floe_hmac_sha256(KEY, &before, 1, hmac);
        memcpy(packet + at + 4, hmac, len);
    }
    floe_store_u16(packet + 2, (uint16_t)(size - FLOE_STUN_HEADER_SIZE));
}

static void repair(uint8_t *packet, size_t size)
{
    packet[0] &= 0x3F;
    floe_store_u16(packet + 2, (uint16_t)(size - FLOE_STUN_HEADER_SIZE));
    floe_store_u32(packet + 4, FLOE_STUN_COOKIE);
    size_t at = FLOE_STUN_HEADER_SIZE;
    while (size - at >= 4) {
        size_t padded = (floe_load_u16(packet + at + 2) + 3u) & ~3u;
        if (padded > size - at - 4) {
            /* Let the last attribute end where the message does. */
            padded = size - at - 4;
            floe_store_u16(packet + at + 2, (uint16_t)padded);
        }
        repair_value(packet, size, at);
        at += 4 + padded;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    floe_stun_msg msg;
    if (size > SIZE_MAX_INPUT) {
        return 0;
    }
    (void)check(&msg, (floe_bytes){data, size});
    size &= ~(size_t)3;
    if (size < FLOE_STUN_HEADER_SIZE) {
        return 0;
    }
    uint8_t *packet = malloc(size); /* of just this size, so that an overrun is seen */
    require(packet != NULL);
    memcpy(packet, data, size);
    repair(packet, size);
    if (check(&msg, (floe_bytes){packet, size})) {
        require(floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY) ==
                (floe_stun_msg_check_integrity(&msg, KEY) == FLOE_OK));
        require(floe_stun_msg_has(&msg, FLOE_STUN_MESSAGE_INTEGRITY_SHA256) ==
                (floe_stun_msg_check_integrity_sha256(&msg, KEY) == FLOE_OK));
    }
    free(packet);
    return 0;
}
