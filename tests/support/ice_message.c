/* support/ice_message.c - see support/ice_message.h. */
#include "support/ice_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/crypto.h"
#include "base/writer.h"

static void put_attributes(const ice_message *m, floe_stun_writer *w)
{
    if (m->username != NULL) {
        floe_stun_writer_put_bytes(w, FLOE_STUN_USERNAME, floe_bytes_of(m->username));
    }
    if (m->priority != 0) {
        floe_stun_writer_put_u32(w, FLOE_STUN_PRIORITY, m->priority);
    }
    if (m->role != 0) {
        floe_stun_writer_put_u64(w, m->role, m->tie_breaker);
    }
    if (m->use_candidate) {
        floe_stun_writer_put_flag(w, FLOE_STUN_USE_CANDIDATE);
    }
    if (m->nomination != 0) {
        floe_stun_writer_put_u32(w, FLOE_STUN_NOMINATION, m->nomination);
    }
    if (m->error != 0) {
        floe_stun_writer_put_error(w, m->error);
    }
    if (m->mapped.family != 0) {
        floe_stun_writer_put_addr(w, FLOE_STUN_XOR_MAPPED_ADDRESS, &m->mapped);
    }
    if (m->odd != 0) {
        floe_stun_writer_put_u32(w, m->odd, 0x0dd);
    }
}

/* The rest is put together by hand: the writer refuses to write what is wrong. */
typedef struct tail {
    uint8_t *buf;
    size_t len;
} tail;

static void append(tail *t, uint16_t type, const uint8_t *value, size_t len)
{
    floe_store_u16(t->buf + t->len, type);
    floe_store_u16(t->buf + t->len + 2, (uint16_t)len);
    if (len > 0) {
        memcpy(t->buf + t->len + 4, value, len);
    }
    t->len += 4 + len;
    floe_store_u16(t->buf + 2, (uint16_t)(t->len - FLOE_STUN_HEADER_SIZE));
}

/* RFC 8489 section 14.5: the length counts the attribute that is about to follow. */
static void append_hmac(tail *t, uint16_t type, const char *pwd)
{
    uint8_t hmac[FLOE_SHA256_SIZE];
    size_t len = type == FLOE_STUN_MESSAGE_INTEGRITY ? FLOE_SHA1_SIZE : FLOE_SHA256_SIZE;
    floe_bytes part = {t->buf, t->len};
    floe_store_u16(t->buf + 2, (uint16_t)(t->len + 4 + len - FLOE_STUN_HEADER_SIZE));
    if (type == FLOE_STUN_MESSAGE_INTEGRITY) {
        floe_hmac_sha1(floe_bytes_of(pwd), &part, 1, hmac);
    } else {
        floe_hmac_sha256(floe_bytes_of(pwd), &part, 1, hmac);
    }
    append(t, type, hmac, len);
}

static void append_integrity(const ice_message *m, tail *t)
{
    static const uint8_t wrong[FLOE_SHA1_SIZE] = {1, 2, 3};
    switch (m->integrity) {
    case ICE_INTEGRITY_NONE:
        break;
    case ICE_INTEGRITY_EMPTY:
        append(t, FLOE_STUN_MESSAGE_INTEGRITY, NULL, 0);
        break;
    case ICE_INTEGRITY_SHA256_ONLY:
        append_hmac(t, FLOE_STUN_MESSAGE_INTEGRITY_SHA256, m->pwd);
        break;
    case ICE_INTEGRITY_TWO:
        append(t, FLOE_STUN_MESSAGE_INTEGRITY, wrong, sizeof wrong);
        append_hmac(t, FLOE_STUN_MESSAGE_INTEGRITY, m->pwd);
        break;
    case ICE_INTEGRITY_GOOD:
        append_hmac(t, FLOE_STUN_MESSAGE_INTEGRITY, m->pwd);
        break;
    case ICE_INTEGRITY_WRONG:
        append_hmac(t, FLOE_STUN_MESSAGE_INTEGRITY, m->pwd);
        t->buf[t->len - 1] ^= 1;
        break;
    }
}

static void append_fingerprint(tail *t)
{
    uint8_t crc[4];
    floe_store_u16(t->buf + 2, (uint16_t)(t->len + 8 - FLOE_STUN_HEADER_SIZE));
    floe_store_u32(crc, floe_crc32(0, (floe_bytes){t->buf, t->len}) ^ 0x5354554e);
    append(t, FLOE_STUN_FINGERPRINT, crc, sizeof crc);
}

floe_bytes ice_message_write(const ice_message *m, uint8_t buf[FLOE_DATAGRAM_MAX])
{
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, buf, FLOE_DATAGRAM_MAX, m->cls, FLOE_STUN_BINDING, m->tid);
    put_attributes(m, &w);
    if (floe_stun_writer_end(&w, &packet) != FLOE_OK) {
        abort();
    }
    tail t = {buf, packet.len};
    if (m->pwd != NULL) {
        append_integrity(m, &t);
    }
    if (!m->no_fingerprint) {
        append_fingerprint(&t);
    }
    return (floe_bytes){buf, t.len};
}

ice_message ice_message_check(bool peer_is_controlling)
{
    return (ice_message){
        .cls = FLOE_STUN_REQUEST,
        .tid = {'p', 'e', 'e', 'r', 1, 2, 3, 4, 5, 6, 7, 8},
        .username = ICE_TO_US,
        .pwd = ICE_OUR_PWD,
        .role = peer_is_controlling ? FLOE_STUN_ICE_CONTROLLING : FLOE_STUN_ICE_CONTROLLED,
        .tie_breaker = 1,
        .priority = 0x6e0001ff,
    };
}

static ice_message response(floe_bytes request, floe_stun_class cls)
{
    floe_stun_msg msg;
    ice_message m = {.cls = cls, .pwd = ICE_PEER_PWD};
    if (floe_stun_msg_parse(&msg, request) != FLOE_OK) {
        abort();
    }
    memcpy(m.tid, msg.tid, sizeof m.tid);
    return m;
}

ice_message ice_message_success(floe_bytes request, const floe_addr *mapped)
{
    ice_message m = response(request, FLOE_STUN_SUCCESS);
    m.mapped = *mapped;
    return m;
}

ice_message ice_message_error(floe_bytes request, int code)
{
    ice_message m = response(request, FLOE_STUN_ERROR);
    m.error = code;
    return m;
}
