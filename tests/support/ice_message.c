/* support/ice_message.c - see support/ice_message.h. */
#include "support/ice_message.h"

#include <stdlib.h>
#include <string.h>

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

static void put_integrity(const ice_message *m, floe_stun_writer *w)
{
    const uint8_t wrong[20] = {1, 2, 3};
    floe_bytes key = floe_bytes_of(m->pwd);
    switch (m->integrity) {
    case ICE_INTEGRITY_NONE:
        break;
    case ICE_INTEGRITY_EMPTY:
        floe_stun_writer_put_flag(w, FLOE_STUN_MESSAGE_INTEGRITY);
        break;
    case ICE_INTEGRITY_SHA256_ONLY:
        floe_stun_writer_put_integrity_sha256(w, key);
        break;
    case ICE_INTEGRITY_TWO:
        floe_stun_writer_put_bytes(w, FLOE_STUN_MESSAGE_INTEGRITY,
                                   (floe_bytes){wrong, sizeof wrong});
        floe_stun_writer_put_integrity(w, key);
        break;
    case ICE_INTEGRITY_GOOD:
    case ICE_INTEGRITY_WRONG:
        floe_stun_writer_put_integrity(w, key);
        break;
    }
}

floe_bytes ice_message_write(const ice_message *m, uint8_t buf[FLOE_DATAGRAM_MAX])
{
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, buf, FLOE_DATAGRAM_MAX, m->cls, FLOE_STUN_BINDING, m->tid);
    put_attributes(m, &w);
    if (m->pwd != NULL) {
        put_integrity(m, &w);
        if (m->integrity == ICE_INTEGRITY_WRONG) {
            buf[w.w.len - 1] ^= 1;
        }
    }
    if (!m->no_fingerprint) {
        floe_stun_writer_put_fingerprint(&w);
    }
    if (floe_stun_writer_end(&w, &packet) != FLOE_OK) {
        abort();
    }
    return packet;
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
