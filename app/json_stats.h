/* app/json_stats.h - a peer's statistics as a browser's getStats() tells them. */
#ifndef FLOE_APP_JSON_STATS_H
#define FLOE_APP_JSON_STATS_H

#include "peer/peer.h"

#include <jansson.h>

/* An array of objects with `id` and `type`, which refer to each other by id: the groups of
 * peer/peer_stats.h in the words of webrtc-stats. The caller's to release. */
json_t *json_stats_report(const floe_peer *peer);

#endif
