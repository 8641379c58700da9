/*
 * peer/peer_parts.h - messages of any size, by parts.
 *
 * Out: floe_peer_begin(), floe_peer_write() for each part as there is room, the last one marked. To
 * the peer, a browser too, it is one message, if its max-message-size allows it. See
 * datachannel/dc_parts.h for what other channels do meanwhile, and for the errors.
 *
 * In: with config.parts_from a message longer than that is shown by floe_peer_peek() part by part,
 * as it arrives, so it may be far longer than the receive buffer. Each part is viewed or copied,
 * and released, as a whole message is; .offset, .has_more and .is_cut of floe_dc_message say what
 * it is of which. A reader that waits slows the sender down.
 */
#ifndef FLOE_PEER_PEER_PARTS_H
#define FLOE_PEER_PEER_PARTS_H

#include "peer/peer.h"

#if FLOE_SCTP_PARTS

#ifdef __cplusplus
extern "C" {
#endif

FLOE_MUST_USE floe_err floe_peer_begin(floe_peer *peer, floe_dc_id channel, bool is_text);
FLOE_MUST_USE floe_err floe_peer_write(floe_peer *peer, floe_dc_id channel, floe_bytes part,
                                       bool is_last);
FLOE_MUST_USE floe_err floe_peer_abort(floe_peer *peer, floe_dc_id channel);

#ifdef __cplusplus
}
#endif
#endif
#endif
