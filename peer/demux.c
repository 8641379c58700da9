/* peer/demux.c - see peer/demux.h. */
#include "peer/demux.h"

#include "stun/stun_msg.h"

floe_protocol floe_demux(floe_bytes datagram)
{
    if (datagram.len == 0) {
        return FLOE_PROTOCOL_UNKNOWN;
    }
    uint8_t first = datagram.ptr[0];
    if (first <= 3) {
        return floe_stun_msg_is(datagram) ? FLOE_PROTOCOL_STUN : FLOE_PROTOCOL_UNKNOWN;
    }
    if (first >= 20 && first <= 63) {
        return FLOE_PROTOCOL_DTLS;
    }
    return first >= 64 && first <= 79 ? FLOE_PROTOCOL_CHANNEL : FLOE_PROTOCOL_UNKNOWN;
}
