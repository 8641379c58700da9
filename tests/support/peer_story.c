/* support/peer_story.c - see support/peer_story.h. */
#include "support/peer_story.h"

#include <stdio.h>
#include <string.h>

#define STORY_MAX 512

static void add(char *story, const char *word)
{
    size_t len = strlen(story);
    (void)snprintf(story + len, STORY_MAX - len, "%s%s", len > 0 ? " " : "", word);
}

const char *peer_story_of_channel(const peer_pair_end *end, floe_dc_id channel)
{
    static const char *const words[FLOE_PEER_EV_WRITABLE + 1] = {
        [FLOE_PEER_EV_CHANNEL] = "incoming",        [FLOE_PEER_EV_CHANNEL_OPEN] = "open",
        [FLOE_PEER_EV_MESSAGE] = "message",         [FLOE_PEER_EV_BUFFERED_LOW] = "low",
        [FLOE_PEER_EV_CHANNEL_CLOSING] = "closing", [FLOE_PEER_EV_CHANNEL_CLOSED] = "closed",
    };
    static char story[STORY_MAX];
    story[0] = '\0';
    for (size_t i = 0; i < end->log_len; i++) {
        const floe_peer_event *event = &end->log[i];
        if (event->channel == channel && words[event->type] != NULL) {
            add(story, words[event->type]);
        }
    }
    return story;
}

static const char *name_of(const floe_peer_event *event)
{
    switch (event->type) {
    case FLOE_PEER_EV_SIGNALING:
        return floe_peer_signaling_name(event->signaling);
    case FLOE_PEER_EV_GATHERING:
        return floe_ice_gathering_name(event->gathering);
    case FLOE_PEER_EV_ICE:
        return floe_ice_state_name(event->ice);
    default:
        return floe_peer_state_name(event->state);
    }
}

const char *peer_story_of_states(const peer_pair_end *end, floe_peer_event_type type)
{
    static char story[STORY_MAX];
    story[0] = '\0';
    for (size_t i = 0; i < end->log_len; i++) {
        if (end->log[i].type == type) {
            add(story, name_of(&end->log[i]));
        }
    }
    return story;
}

void peer_story_begin(peer_pair *pair)
{
    pair->end[0].log_len = 0;
    pair->end[1].log_len = 0;
}
