/* peer/peer_parts.c - see peer/peer_parts.h. */
#include "peer/peer_parts.h"

#include "datachannel/dc_parts.h"
#include "peer/peer_internal.h"

#if FLOE_SCTP_PARTS

floe_err floe_peer_begin(floe_peer *peer, floe_dc_id channel, bool is_text)
{
    return peer->is_closed ? FLOE_E_CLOSED : floe_dc_begin(&peer->dc, channel, is_text);
}

floe_err floe_peer_write(floe_peer *peer, floe_dc_id channel, floe_bytes part, bool is_last)
{
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    return floe_dc_write(&peer->dc, &peer->sctp, channel, part, is_last);
}

floe_err floe_peer_abort(floe_peer *peer, floe_dc_id channel)
{
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    floe_err err = floe_dc_abort(&peer->dc, &peer->sctp, channel);
    floe_peer_pump(peer);
    return err;
}

#endif
