/* support/sim_guard.c - see support/sim_guard.h. */
#include "support/sim_guard.h"

#include "stun/stun_msg.h"

#define CHANNEL_DATA_HEAD 4u
#define EPOCH_AT          3u /* in a DTLS record */
#define RECORD_HEAD       13u

static bool is_record_protected(floe_bytes packet)
{
    return packet.len >= RECORD_HEAD && (packet.ptr[EPOCH_AT] | packet.ptr[EPOCH_AT + 1]) != 0;
}

/* What a relay was asked to forward, or has forwarded; the packet itself if there is nothing in it.
 */
static floe_bytes unwrap(floe_bytes packet)
{
    floe_stun_msg msg;
    floe_stun_attr data;
    if (packet.len > CHANNEL_DATA_HEAD && packet.ptr[0] >= 0x40 && packet.ptr[0] < 0x50) {
        return (floe_bytes){packet.ptr + CHANNEL_DATA_HEAD, packet.len - CHANNEL_DATA_HEAD};
    }
    if (floe_stun_msg_is(packet) && floe_stun_msg_parse(&msg, packet) == FLOE_OK &&
        msg.cls == FLOE_STUN_INDICATION && floe_stun_msg_find(&msg, FLOE_STUN_DATA_ATTR, &data)) {
        return data.value;
    }
    return packet;
}

bool sim_guard_is_protected(floe_bytes packet)
{
    floe_bytes inner = unwrap(packet);
    floe_stun_msg msg;
    if (!floe_stun_msg_is(inner)) {
        return is_record_protected(inner);
    }
    if (floe_stun_msg_parse(&msg, inner) != FLOE_OK) {
        return false;
    }
    if (msg.has_fingerprint) {
        return true;
    }
    /* A TURN server says 401 to a request that was changed, in an answer that it can't sign, and by
     * RFC 8489 section 9.2.5 that is the end. Binding requests are just repeated. */
    return msg.cls == FLOE_STUN_REQUEST ? msg.method == FLOE_STUN_BINDING
                                        : msg.integrity_at != 0 || msg.integrity256_at != 0;
}
