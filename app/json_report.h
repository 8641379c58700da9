/* app/json_report.h - what a peer is and has, as JSON. Each value is the caller's to release. */
#ifndef FLOE_APP_JSON_REPORT_H
#define FLOE_APP_JSON_REPORT_H

#include "peer/peer.h"

#include <jansson.h>

/* A new object {"ev": name}. */
json_t *json_report_event(const char *name);
/* Bytes from the peer as a string; where they are not UTF-8, each that is not ASCII becomes '?'. */
json_t *json_report_text(floe_bytes bytes);
/* Lower-case hexadecimal of the SHA-256. */
json_t *json_report_sha256(floe_bytes bytes);

/* Label, id, options and counters of a channel into an object. */
void json_report_channel(json_t *object, const floe_dc_info *info, bool with_counters);
/* {"ev":"pair",...} */
json_t *json_report_pair(const floe_peer *peer);
/* {"ev":"stats",...} without what io/ counts. */
json_t *json_report_stats(const floe_peer *peer);

#endif
