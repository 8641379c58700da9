/*
 * mdns/mdns_name.h - the names that stand in for addresses of host candidates: a random UUID and
 * ".local" (draft-ietf-mmusic-mdns-ice-candidates section 3.1.1, RFC 4122 section 4.4).
 *
 * Since no other name is made or asked for, a name is kept as its 16 bytes; comparing those
 * ignores case, as DNS wants it. Read next: mdns/mdns_msg.h.
 */
#ifndef FLOE_MDNS_MDNS_NAME_H
#define FLOE_MDNS_MDNS_NAME_H

#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_MDNS_NAME_LEN      42u /* 8-4-4-4-12 digits, ".local" */
#define FLOE_MDNS_NAME_TEXT_MAX (FLOE_MDNS_NAME_LEN + 1)
#define FLOE_MDNS_NAME_LABELS   44u /* the same as DNS labels */

typedef struct floe_mdns_name {
    uint8_t uuid[16];
} floe_mdns_name;

/* A name that nobody has had before: 122 random bits. */
void floe_mdns_name_make(floe_mdns_name *name, const floe_rand *rand);
bool floe_mdns_name_equal(const floe_mdns_name *a, const floe_mdns_name *b);

/* From "1ceecbe9-84be-4415-9e52-deb92dd6e48f.local", in any case. MALFORMED: anything else; *name
 * is unchanged. A UUID's version is not looked at: peers do not all mark theirs. */
FLOE_MUST_USE floe_err floe_mdns_name_parse(floe_mdns_name *name, floe_bytes text);
/* Lower case, NUL-terminated. Returns `out`. */
const char *floe_mdns_name_text(const floe_mdns_name *name, char out[FLOE_MDNS_NAME_TEXT_MAX]);

/* The same from and to the labels of DNS, uncompressed, with the empty one at the end. */
FLOE_MUST_USE floe_err floe_mdns_name_parse_labels(floe_mdns_name *name, floe_bytes labels);
void floe_mdns_name_put_labels(const floe_mdns_name *name, floe_writer *w);

#ifdef __cplusplus
}
#endif
#endif
