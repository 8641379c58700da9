/*
 * sdp/sdp_webrtc.c - reading a data channel's description: see sdp/sdp_webrtc.h.
 *
 * An attribute is looked for in three places: in the data channel's own section; in the section
 * that leads its BUNDLE group, where RFC 9143 wants the transport's attributes and nowhere else; at
 * the session level. The first place that has it wins. Which sections these are, is the matter of
 * sdp/sdp_webrtc_section.c. Read next: sdp/sdp_webrtc_put.c.
 */
#include "sdp/sdp_webrtc.h"

#include <string.h>

#include "sdp/sdp_internal.h"

#define UFRAG_MIN  4u /* RFC 8839 section 5.4 */
#define PWD_MIN    22u
#define TLS_ID_MAX 255u /* RFC 8842 section 4 */

#define DEFAULT_MESSAGE_SIZE 65536u /* RFC 8841 section 6.1: where it is not said */

/* What is read. */
typedef enum attr_id {
    ATTR_MID,
    ATTR_SCTP_PORT,
    ATTR_MAX_MESSAGE_SIZE,
    ATTR_UFRAG, /* from here on: of the transport, in any place */
    ATTR_PWD,
    ATTR_SETUP,
    ATTR_TLS_ID,
    ATTR_FINGERPRINT,
    ATTR_ICE_OPTIONS,
    ATTR_ICE_LITE,
    ATTR_END_OF_CANDIDATES,
    ATTR_COUNT
} attr_id;

#define NAMED(text) text, sizeof(text) - 1

/* The rule is for those whose value can be wrong, or which must be there. */
static const struct {
    char name[18];
    uint8_t len;
    const char *rule;
} attrs[ATTR_COUNT] = {
    [ATTR_MID] = {NAMED("mid"), "a=mid must be a token"},
    [ATTR_SCTP_PORT] = {NAMED("sctp-port"), "a=sctp-port must be 0 to 65535"},
    [ATTR_MAX_MESSAGE_SIZE] = {NAMED("max-message-size"), "a=max-message-size must be a number"},
    [ATTR_UFRAG] = {NAMED("ice-ufrag"), "a=ice-ufrag must be 4 to 256 letters and digits"},
    [ATTR_PWD] = {NAMED("ice-pwd"), "a=ice-pwd must be 22 to 256 letters and digits"},
    [ATTR_SETUP] = {NAMED("setup"), "a=setup must be actpass, active, passive or holdconn"},
    [ATTR_TLS_ID] = {NAMED("tls-id"), "a=tls-id must not exceed 255 characters"},
    [ATTR_FINGERPRINT] = {NAMED("fingerprint"),
                          "a=fingerprint must be: a known hash, bytes of its length"},
    [ATTR_ICE_OPTIONS] = {NAMED("ice-options"), NULL},
    [ATTR_ICE_LITE] = {NAMED("ice-lite"), NULL},
    [ATTR_END_OF_CANDIDATES] = {NAMED("end-of-candidates"), NULL},
};

#define PLACE_COUNT 3

typedef struct lookup {
    const floe_sdp *sdp;
    uint32_t places[PLACE_COUNT]; /* sections */
    bool found[ATTR_COUNT];
    floe_bytes values[ATTR_COUNT];
    uint32_t fingerprint_place; /* once one was found */
    bool is_trickle;
} lookup;

static attr_id find_id(floe_bytes name)
{
    size_t id = 0;
    while (id < ATTR_COUNT &&
           (attrs[id].len != name.len || memcmp(attrs[id].name, name.ptr, name.len) != 0)) {
        id++;
    }
    return (attr_id)id;
}

/* All that one place says of what was not said in those before it. */
static void look_into(lookup *l, size_t place)
{
    size_t cursor = 0;
    floe_sdp_line line;
    floe_sdp_attr attr;
    while (floe_sdp_next(l->sdp, l->places[place], &cursor, &line)) {
        attr_id id = floe_sdp_line_attr(&line, &attr) ? find_id(attr.name) : ATTR_COUNT;
        if (id == ATTR_COUNT || (id < ATTR_UFRAG && place > 0)) {
            continue;
        }
        /* RFC 8839 §5.6: at both levels, and both count. */
        l->is_trickle |=
            id == ATTR_ICE_OPTIONS && floe_sdp_has_word(attr.value, FLOE_LIT("trickle"));
        if (!l->found[id]) {
            l->found[id] = true;
            l->values[id] = attr.value;
            l->fingerprint_place = id == ATTR_FINGERPRINT ? l->places[place] : l->fingerprint_place;
        }
    }
}

static void look_up(lookup *l)
{
    look_into(l, 0);
    if (l->places[1] != l->places[0]) {
        look_into(l, 1);
    }
    look_into(l, 2);
}

static bool is_credential(floe_bytes text, size_t min)
{
    return text.len >= min && text.len <= FLOE_ICE_CREDENTIAL_MAX && floe_sdp_is_word(text, 'C');
}

static bool read_setup(floe_sdp_webrtc *out, const lookup *l)
{
    for (uint8_t i = FLOE_SDP_SETUP_ACTPASS; i <= FLOE_SDP_SETUP_HOLDCONN; i++) {
        if (floe_text_is_word(l->values[ATTR_SETUP], floe_sdp_setup_name((floe_sdp_setup)i))) {
            out->setup = i;
            return true;
        }
    }
    return !l->found[ATTR_SETUP];
}

/* In order of strength; the weakest goes where there is no room. */
static void add_fingerprint(floe_sdp_webrtc *out, const floe_sdp_fingerprint *print)
{
    uint32_t at = out->fingerprint_count;
    while (at > 0 && out->fingerprints[at - 1].hash < print->hash) {
        at--;
    }
    if (at == FLOE_SDP_FINGERPRINT_MAX) {
        return;
    }
    out->fingerprint_count += out->fingerprint_count < FLOE_SDP_FINGERPRINT_MAX;
    for (uint32_t i = out->fingerprint_count - 1; i > at; i--) {
        out->fingerprints[i] = out->fingerprints[i - 1];
    }
    out->fingerprints[at] = *print;
}

/* RFC 8122 §5: those of the session count only for sections that have none of their own. */
static bool read_fingerprints(floe_sdp_webrtc *out, lookup *l)
{
    floe_bytes *value = &l->values[ATTR_FINGERPRINT];
    size_t cursor = 0;
    while (l->found[ATTR_FINGERPRINT] &&
           floe_sdp_next_attr(l->sdp, l->fingerprint_place, attrs[ATTR_FINGERPRINT].name, &cursor,
                              value)) {
        floe_sdp_fingerprint print;
        floe_err err = floe_sdp_fingerprint_parse(&print, *value);
        if (err == FLOE_E_MALFORMED) {
            return false;
        }
        if (err == FLOE_OK) {
            add_fingerprint(out, &print);
        }
    }
    return out->fingerprint_count > 0;
}

static bool read_sctp_port(floe_sdp_webrtc *out, const lookup *l, const floe_sdp_media *media)
{
    bool is_format = !l->found[ATTR_SCTP_PORT] && out->is_legacy_sctpmap;
    uint64_t port;
    if (!floe_text_is_decimal(is_format ? media->formats : l->values[ATTR_SCTP_PORT], UINT16_MAX,
                              &port)) {
        return false;
    }
    out->sctp_port = (uint16_t)port;
    /* RFC 8841 §10.3: port 0 stands for no association. */
    out->is_rejected = port == 0;
    return true;
}

static bool read_max_message_size(floe_sdp_webrtc *out, const lookup *l)
{
    uint64_t size = DEFAULT_MESSAGE_SIZE;
    if (l->found[ATTR_MAX_MESSAGE_SIZE] &&
        !floe_text_is_decimal(l->values[ATTR_MAX_MESSAGE_SIZE], UINT64_MAX, &size)) {
        return false;
    }
    out->max_message_size = size == 0 ? UINT64_MAX : size;
    return true;
}

/* The first attribute that breaks its rule, or ATTR_COUNT. */
static attr_id read_attrs(floe_sdp_webrtc *out, lookup *l, const floe_sdp_media *media)
{
    out->ufrag = l->values[ATTR_UFRAG];
    out->pwd = l->values[ATTR_PWD];
    out->tls_id = l->values[ATTR_TLS_ID];
    out->is_ice_lite = l->found[ATTR_ICE_LITE];
    out->is_end_of_candidates = l->found[ATTR_END_OF_CANDIDATES];
    out->is_trickle = l->is_trickle;
    if (!is_credential(out->ufrag, UFRAG_MIN)) {
        return ATTR_UFRAG;
    }
    if (!is_credential(out->pwd, PWD_MIN)) {
        return ATTR_PWD;
    }
    if (!read_setup(out, l)) {
        return ATTR_SETUP;
    }
    if (out->tls_id.len > TLS_ID_MAX) {
        return ATTR_TLS_ID;
    }
    if (!read_fingerprints(out, l)) {
        return ATTR_FINGERPRINT;
    }
    if (!read_sctp_port(out, l, media)) {
        return ATTR_SCTP_PORT;
    }
    return read_max_message_size(out, l) ? ATTR_COUNT : ATTR_MAX_MESSAGE_SIZE;
}

static attr_id read_section(floe_sdp_webrtc *out, lookup *l, const floe_sdp_media *media)
{
    bool has_mid = floe_sdp_find_attr(l->sdp, out->section, attrs[ATTR_MID].name, &out->mid);
    l->values[ATTR_MID] = out->mid;
    if (has_mid && !floe_sdp_is_word(out->mid, 'T')) {
        return ATTR_MID;
    }
    out->transport_section =
        floe_sdp_webrtc_find_transport(l->sdp, out->section, &out->transport_mid);
    out->is_rejected = !floe_sdp_webrtc_is_accepted(l->sdp, out->section, media);
    if (out->is_rejected) {
        out->max_message_size = DEFAULT_MESSAGE_SIZE;
        return ATTR_COUNT;
    }
    l->places[0] = out->section;
    l->places[1] = out->transport_section;
    look_up(l);
    return read_attrs(out, l, media);
}

floe_err floe_sdp_webrtc_read(floe_sdp_webrtc *out, const floe_sdp *sdp, floe_sdp_fault *fault)
{
    floe_sdp_media media;
    lookup l = {.sdp = sdp, .places = {0, 0, FLOE_SDP_SESSION}};
    memset(out, 0, sizeof *out);
    floe_sdp_clear_fault(fault);
    if (!floe_sdp_webrtc_find(sdp, &out->section, &media, &out->is_legacy_sctpmap)) {
        memset(out, 0, sizeof *out);
        floe_sdp_set_fault(fault, sdp->text, sdp->text.len,
                           "there must be a section for data channels");
        return FLOE_E_UNSUPPORTED;
    }
    attr_id broken = read_section(out, &l, &media);
    if (broken == ATTR_COUNT) {
        return FLOE_OK;
    }
    const uint8_t *at = l.values[broken].ptr != NULL ? l.values[broken].ptr : media.media.ptr;
    floe_sdp_set_fault(fault, sdp->text, (size_t)(at - sdp->text.ptr), attrs[broken].rule);
    memset(out, 0, sizeof *out);
    return FLOE_E_MALFORMED;
}
