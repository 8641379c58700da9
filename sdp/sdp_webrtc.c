/*
 * sdp/sdp_webrtc.c - reading a data channel's description: see sdp/sdp_webrtc.h.
 *
 * An attribute is looked for in three places: in the data channel's own section; in the section
 * that leads its BUNDLE group, where RFC 9143 wants the transport's attributes and nowhere else; at
 * the session level. The first place that has it wins. Read next: sdp/sdp_webrtc_put.c.
 */
#include "sdp/sdp_webrtc.h"

#include <string.h>

#include "sdp/sdp_internal.h"

#define UFRAG_MIN  4u /* RFC 8839 section 5.4 */
#define PWD_MIN    22u
#define TLS_ID_MAX 255u /* RFC 8842 section 4 */

typedef struct lookup {
    const floe_sdp *sdp;
    floe_sdp_webrtc *out;
    uint32_t places[3];
    floe_bytes at; /* what breaks the rule */
    const char *rule;
} lookup;

bool floe_sdp_webrtc_is_bundled(const floe_sdp *sdp, floe_bytes mid, floe_bytes *first)
{
    size_t cursor = 0;
    floe_bytes group;
    while (floe_sdp_next_attr(sdp, FLOE_SDP_SESSION, "group", &cursor, &group)) {
        floe_text t = floe_text_begin(group);
        if (!floe_text_get_literal(&t, "BUNDLE ")) {
            continue;
        }
        floe_text_get_until(&t, ' ', first);
        floe_bytes member = *first;
        while (!floe_bytes_equal(member, mid) && !floe_text_is_end(&t)) {
            floe_text_get_until(&t, ' ', &member);
        }
        if (mid.len > 0 && floe_bytes_equal(member, mid)) {
            return true;
        }
    }
    return false;
}

/* RFC 8841 §4.2 has two protocols and one format; before it there was DTLS/SCTP with the SCTP port
 * as the format and a=sctpmap to say what it is, which aiortc 1.4 and old libwebrtc still write. */
static bool is_data_channel(const floe_sdp *sdp, uint32_t section, const floe_sdp_media *media,
                            bool *is_legacy)
{
    if (!floe_text_is_word(media->media, "application") ||
        !(floe_text_is_word(media->proto, "UDP/DTLS/SCTP") ||
          floe_text_is_word(media->proto, "TCP/DTLS/SCTP") ||
          floe_text_is_word(media->proto, "DTLS/SCTP"))) {
        return false;
    }
    floe_bytes map;
    uint64_t port;
    *is_legacy = floe_text_is_decimal(media->formats, UINT16_MAX, &port);
    if (!*is_legacy) {
        return floe_sdp_has_word(media->formats, FLOE_LIT("webrtc-datachannel"));
    }
    return !floe_sdp_find_attr(sdp, section, "sctpmap", &map) ||
           floe_sdp_has_word(map, FLOE_LIT("webrtc-datachannel"));
}

static bool is_accepted(const floe_sdp *sdp, uint32_t section, const floe_sdp_media *media)
{
    floe_bytes ignored;
    return media->port != 0 || floe_sdp_find_attr(sdp, section, "bundle-only", &ignored);
}

bool floe_sdp_webrtc_find(const floe_sdp *sdp, uint32_t *section, floe_sdp_media *media,
                          bool *is_legacy)
{
    bool found = false;
    for (uint32_t i = 0; i < sdp->media_count; i++) {
        floe_sdp_media candidate;
        bool legacy;
        if (!floe_sdp_media_of(sdp, i, &candidate) ||
            !is_data_channel(sdp, i, &candidate, &legacy)) {
            continue;
        }
        bool accepted = is_accepted(sdp, i, &candidate);
        if (accepted || !found) {
            found = true;
            *section = i;
            *media = candidate;
            *is_legacy = legacy;
        }
        if (accepted) {
            break;
        }
    }
    return found;
}

static bool breaks(lookup *l, floe_bytes at, const char *rule)
{
    if (at.ptr != NULL) {
        l->at = at;
    }
    l->rule = rule;
    return true;
}

static bool find(const lookup *l, const char *name, floe_bytes *value)
{
    for (size_t i = 0; i < 3; i++) {
        if (floe_sdp_find_attr(l->sdp, l->places[i], name, value)) {
            return true;
        }
    }
    *value = (floe_bytes){NULL, 0};
    return false;
}

/* RFC 8839 §5.4 has letters, digits, + and /. The others are seen in the field and do no harm; a
 * colon would, in the USERNAME of a check. */
static bool is_credential(floe_bytes text, size_t min)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        uint8_t letter = c | 0x20;
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr("+/-=_#", c) == NULL)) {
            return false;
        }
    }
    return text.len >= min && text.len <= FLOE_ICE_CREDENTIAL_MAX;
}

/* The section whose transport this one shares: RFC 9143 §7.1.3 leaves the credentials out of the
 * others, browsers repeat them there, and only equal ones are the same transport. */
static void choose_transport(lookup *l)
{
    floe_sdp_webrtc *out = l->out;
    floe_bytes first, mid, ours, theirs;
    if (!floe_sdp_webrtc_is_bundled(l->sdp, out->mid, &first)) {
        return;
    }
    uint32_t leader = 0;
    while (leader < l->sdp->media_count &&
           !(floe_sdp_find_attr(l->sdp, leader, "mid", &mid) && floe_bytes_equal(mid, first))) {
        leader++;
    }
    if (leader == l->sdp->media_count) {
        return;
    }
    bool own = floe_sdp_find_attr(l->sdp, out->section, "ice-ufrag", &ours);
    if (!own || (floe_sdp_find_attr(l->sdp, leader, "ice-ufrag", &theirs) &&
                 floe_bytes_equal(ours, theirs))) {
        l->places[1] = out->transport_section = leader;
        out->transport_mid = first;
    }
}

static bool breaks_mid(lookup *l)
{
    floe_sdp_webrtc *out = l->out;
    bool found = floe_sdp_find_attr(l->sdp, out->section, "mid", &out->mid);
    out->transport_mid = out->mid;
    return found && !floe_sdp_is_word(out->mid, 'T') &&
           breaks(l, out->mid, "a=mid must be a token");
}

static bool breaks_ice(lookup *l)
{
    floe_sdp_webrtc *out = l->out;
    floe_bytes value;
    (void)find(l, "ice-ufrag", &out->ufrag);
    (void)find(l, "ice-pwd", &out->pwd);
    out->is_ice_lite = find(l, "ice-lite", &value);
    out->is_end_of_candidates = find(l, "end-of-candidates", &value);
    for (size_t i = 0; i < 3; i++) {
        if (floe_sdp_find_attr(l->sdp, l->places[i], "ice-options", &value)) {
            out->is_trickle |= floe_sdp_has_word(value, FLOE_LIT("trickle"));
        }
    }
    if (!is_credential(out->ufrag, UFRAG_MIN)) {
        return breaks(l, out->ufrag, "a=ice-ufrag must be there, of 4 to 256 letters and digits");
    }
    return !is_credential(out->pwd, PWD_MIN) &&
           breaks(l, out->pwd, "a=ice-pwd must be there, of 22 to 256 letters and digits");
}

static bool breaks_setup(lookup *l)
{
    floe_sdp_webrtc *out = l->out;
    floe_bytes value;
    if (find(l, "tls-id", &out->tls_id) && out->tls_id.len > TLS_ID_MAX) {
        return breaks(l, out->tls_id, "a=tls-id must not be longer than 255 characters");
    }
    if (!find(l, "setup", &value)) {
        return false;
    }
    for (uint8_t i = FLOE_SDP_SETUP_ACTPASS; i <= FLOE_SDP_SETUP_HOLDCONN; i++) {
        if (floe_text_is_word(value, floe_sdp_setup_name((floe_sdp_setup)i))) {
            out->setup = i;
            return false;
        }
    }
    return breaks(l, value, "a=setup must be actpass, active, passive or holdconn");
}

/* Keep them in order of strength; where there are too many, the weakest goes. */
static void keep_fingerprint(floe_sdp_webrtc *out, const floe_sdp_fingerprint *print)
{
    uint32_t at = 0;
    while (at < out->fingerprint_count && out->fingerprints[at].hash >= print->hash) {
        at++;
    }
    if (at == FLOE_SDP_FINGERPRINT_MAX) {
        return;
    }
    if (out->fingerprint_count < FLOE_SDP_FINGERPRINT_MAX) {
        out->fingerprint_count++;
    }
    for (uint32_t i = out->fingerprint_count - 1; i > at; i--) {
        out->fingerprints[i] = out->fingerprints[i - 1];
    }
    out->fingerprints[at] = *print;
}

/* RFC 8122 §5: those of the session count only for sections that have none of their own. */
static bool breaks_fingerprint(lookup *l)
{
    floe_bytes value;
    for (size_t i = 0; i < 3 && l->out->fingerprint_count == 0; i++) {
        size_t cursor = 0;
        while (floe_sdp_next_attr(l->sdp, l->places[i], "fingerprint", &cursor, &value)) {
            floe_sdp_fingerprint print;
            floe_err err = floe_sdp_fingerprint_parse(&print, value);
            if (err == FLOE_E_MALFORMED) {
                return breaks(l, value, "a=fingerprint must have the length of its hash");
            }
            if (err == FLOE_OK) {
                keep_fingerprint(l->out, &print);
            }
        }
    }
    return l->out->fingerprint_count == 0 &&
           breaks(l, (floe_bytes){NULL, 0}, "a=fingerprint must be there, of a known hash");
}

static bool breaks_sctp(lookup *l, const floe_sdp_media *media)
{
    floe_sdp_webrtc *out = l->out;
    floe_bytes value;
    uint64_t number = UINT64_MAX;
    bool found = floe_sdp_find_attr(l->sdp, out->section, "sctp-port", &value);
    if (!found && out->is_legacy_sctpmap) {
        value = media->formats;
    } else if (!found) {
        return breaks(l, (floe_bytes){NULL, 0}, "a=sctp-port must be there");
    }
    if (!floe_text_is_decimal(value, UINT16_MAX, &number)) {
        return breaks(l, value, "a=sctp-port must be 0 to 65535");
    }
    out->sctp_port = (uint16_t)number;
    out->is_rejected |= number == 0;
    if (!floe_sdp_find_attr(l->sdp, out->section, "max-message-size", &value)) {
        return false;
    }
    if (!floe_text_is_decimal(value, UINT64_MAX, &number)) {
        return breaks(l, value, "a=max-message-size must be a number");
    }
    out->max_message_size = number == 0 ? UINT64_MAX : number;
    return false;
}

static bool breaks_any(lookup *l)
{
    floe_sdp_webrtc *out = l->out;
    floe_sdp_media media;
    if (!floe_sdp_webrtc_find(l->sdp, &out->section, &media, &out->is_legacy_sctpmap)) {
        return false;
    }
    l->at = media.media;
    l->places[0] = l->places[1] = out->transport_section = out->section;
    out->is_rejected = !is_accepted(l->sdp, out->section, &media);
    if (breaks_mid(l) || out->is_rejected) {
        return l->rule != NULL;
    }
    choose_transport(l);
    return breaks_ice(l) || breaks_setup(l) || breaks_fingerprint(l) || breaks_sctp(l, &media);
}

floe_err floe_sdp_webrtc_read(floe_sdp_webrtc *out, const floe_sdp *sdp, floe_sdp_fault *fault)
{
    memset(out, 0, sizeof *out);
    out->max_message_size = 65536; /* RFC 8841 §6.1: where it is not said */
    lookup l = {sdp, out, {0, 0, FLOE_SDP_SESSION}, {NULL, 0}, NULL};
    if (breaks_any(&l)) {
        floe_sdp_set_fault(fault, sdp->text, l.at.ptr, l.rule);
        memset(out, 0, sizeof *out);
        return FLOE_E_MALFORMED;
    }
    if (l.at.ptr == NULL) {
        floe_sdp_set_fault(fault, sdp->text, sdp->text.ptr + sdp->text.len,
                           "there must be a section for data channels");
        memset(out, 0, sizeof *out);
        return FLOE_E_UNSUPPORTED;
    }
    if (fault != NULL) {
        *fault = (floe_sdp_fault){0, 0, ""};
    }
    return FLOE_OK;
}

bool floe_sdp_webrtc_next_candidate(const floe_sdp *sdp, const floe_sdp_webrtc *desc,
                                    size_t *cursor, floe_bytes *candidate)
{
    (void)cursor;
    (void)candidate;
    (void)desc;
    (void)sdp;
    return false;
}
