/*
 * support/peer_story.h - what the end of a peer_pair was told, as words in order: "open closing
 * closed" is easier to compare, and to read when it is wrong, than sixteen counters.
 */
#ifndef FLOE_SUPPORT_PEER_STORY_H
#define FLOE_SUPPORT_PEER_STORY_H

#include "support/peer_pair.h"

/* Each writes into static memory, until it is called again. */

/* Events of one channel: incoming open message low closing closed. */
const char *peer_story_of_channel(const peer_pair_end *end, floe_dc_id channel);
/* Every state of one kind that was told; `type` is EV_SIGNALING, _GATHERING, _ICE or _STATE. */
const char *peer_story_of_states(const peer_pair_end *end, floe_peer_event_type type);
/* Tell from here on. */
void peer_story_begin(peer_pair *pair);

#endif
