/* peer/peer_channel.c - channels and messages: the facade's door to datachannel/. */
#include "peer/peer_internal.h"

floe_err floe_peer_open_channel(floe_peer *peer, const floe_dc_options *options,
                                floe_dc_id *channel)
{
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    floe_err err = floe_dc_open(&peer->dc, &peer->sctp, options, channel);
    floe_peer_update_negotiation(peer);
    floe_peer_pump(peer);
    return err;
}

floe_err floe_peer_send(floe_peer *peer, floe_dc_id channel, bool is_text, floe_bytes data)
{
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    return floe_dc_send(&peer->dc, &peer->sctp, channel, is_text, data);
}

floe_err floe_peer_send_with(floe_peer *peer, floe_dc_id channel,
                             const floe_dc_send_options *options, floe_bytes data)
{
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    return floe_dc_send_with(&peer->dc, &peer->sctp, channel, options, data);
}

floe_err floe_peer_set_low_threshold(floe_peer *peer, floe_dc_id channel, size_t bytes)
{
    return floe_dc_set_low_threshold(&peer->dc, &peer->sctp, channel, bytes);
}

floe_err floe_peer_close_channel(floe_peer *peer, floe_dc_id channel)
{
    floe_err err = floe_dc_close(&peer->dc, &peer->sctp, channel);
    floe_peer_pump(peer);
    return err;
}

floe_err floe_peer_get_channel(const floe_peer *peer, floe_dc_id channel, floe_dc_info *info)
{
    return floe_dc_get_info(&peer->dc, &peer->sctp, channel, info);
}

bool floe_peer_next_channel(const floe_peer *peer, size_t *cursor, floe_dc_id *channel)
{
    return floe_dc_next(&peer->dc, cursor, channel);
}

bool floe_peer_peek(floe_peer *peer, floe_dc_message *message)
{
    return floe_dc_peek(&peer->dc, &peer->sctp, message);
}

floe_bytes floe_peer_view(const floe_peer *peer, size_t offset)
{
    return floe_dc_view(&peer->dc, &peer->sctp, offset);
}

size_t floe_peer_copy(const floe_peer *peer, uint8_t *buf, size_t cap)
{
    return floe_dc_copy(&peer->dc, &peer->sctp, buf, cap);
}

void floe_peer_release(floe_peer *peer)
{
    floe_dc_release(&peer->dc, &peer->sctp);
}
