/*
 * sdp/sdp_webrtc_section.c - which section is the data channel's, and which carries its transport.
 *
 * Under BUNDLE the two can differ (RFC 9143): the members of a group share the transport of the
 * section that leads it, whose mid stands first in a=group. Used by sdp/sdp_webrtc.c for reading
 * and by sdp/sdp_webrtc_put.c for writing.
 */
#include "sdp/sdp_internal.h"

bool floe_sdp_webrtc_is_bundled(const floe_sdp *sdp, floe_bytes mid, floe_bytes *first)
{
    size_t cursor = 0;
    floe_bytes group;
    while (floe_sdp_next_attr(sdp, FLOE_SDP_SESSION, "group", &cursor, &group)) {
        floe_text t = floe_text_begin(group);
        if (floe_text_get_literal(&t, "BUNDLE ") &&
            floe_sdp_has_word((floe_bytes){t.ptr, t.left}, mid)) {
            floe_text_get_until(&t, ' ', first);
            return true;
        }
    }
    return false;
}

/* RFC 8841 §4.2 has two protocols and one format; before it there was DTLS/SCTP with the SCTP port
 * as the format and a=sctpmap to say what it is, which aiortc 1.4 and old libwebrtc still write. A
 * rejected section need not say it. */
static bool is_data_channel(const floe_sdp *sdp, uint32_t section, const floe_sdp_media *media,
                            bool *is_legacy)
{
    floe_text proto = floe_text_begin(media->proto);
    if (!floe_text_get_literal(&proto, "UDP/")) {
        (void)floe_text_get_literal(&proto, "TCP/");
    }
    if (!floe_bytes_equal(media->media, FLOE_LIT("application")) ||
        !floe_bytes_equal(floe_text_get_rest(&proto), FLOE_LIT("DTLS/SCTP"))) {
        return false;
    }
    floe_bytes map = media->formats;
    uint64_t port;
    *is_legacy = floe_text_is_decimal(media->formats, UINT16_MAX, &port);
    if (*is_legacy && !floe_sdp_find_attr(sdp, section, "sctpmap", &map)) {
        return media->port == 0;
    }
    return floe_sdp_has_word(map, FLOE_LIT("webrtc-datachannel"));
}

bool floe_sdp_webrtc_is_accepted(const floe_sdp *sdp, uint32_t section, const floe_sdp_media *media)
{
    floe_bytes ignored;
    return media->port != 0 || floe_sdp_find_attr(sdp, section, "bundle-only", &ignored);
}

bool floe_sdp_webrtc_find(const floe_sdp *sdp, uint32_t *section, floe_sdp_media *media,
                          bool *is_legacy)
{
    for (int pass = 0; pass < 2; pass++) { /* the accepted ones, then any */
        for (*section = 0; floe_sdp_media_of(sdp, *section, media); ++*section) {
            if (is_data_channel(sdp, *section, media, is_legacy) &&
                (pass > 0 || floe_sdp_webrtc_is_accepted(sdp, *section, media))) {
                return true;
            }
        }
    }
    return false;
}

/* Browsers repeat the credentials in every bundled section; only equal ones are one transport. */
static bool shares_transport(const floe_sdp *sdp, uint32_t section, uint32_t leader)
{
    floe_bytes ours, theirs;
    return !floe_sdp_find_attr(sdp, section, "ice-ufrag", &ours) ||
           (floe_sdp_find_attr(sdp, leader, "ice-ufrag", &theirs) &&
            floe_bytes_equal(ours, theirs));
}

/* RFC 9143 §7.1.3: the section that leads the group has what all of its members share. */
uint32_t floe_sdp_webrtc_find_transport(const floe_sdp *sdp, uint32_t section, floe_bytes *mid)
{
    floe_bytes own = {NULL, 0};
    floe_bytes first;
    floe_sdp_media media;
    (void)floe_sdp_find_attr(sdp, section, "mid", &own);
    bool is_led = floe_sdp_webrtc_is_bundled(sdp, own, &first) && !floe_bytes_equal(first, own);
    for (uint32_t i = 0; is_led && floe_sdp_media_of(sdp, i, &media); i++) {
        if (floe_sdp_find_attr(sdp, i, "mid", mid) && floe_bytes_equal(*mid, first) &&
            media.port != 0 && shares_transport(sdp, section, i)) {
            return i;
        }
    }
    *mid = own;
    return section;
}

bool floe_sdp_webrtc_next_candidate(const floe_sdp *sdp, const floe_sdp_webrtc *desc,
                                    size_t *cursor, floe_bytes *candidate)
{
    /* The cursor runs through the section's lines and on, past a gap, through those of the other;
     * no section is longer than the whole text. */
    size_t own_end = sdp->text.len;
    if (*cursor < own_end) {
        if (floe_sdp_next_attr(sdp, desc->section, "candidate", cursor, candidate)) {
            return true;
        }
        *cursor = own_end;
    }
    size_t inner = *cursor - own_end;
    bool found = desc->transport_section != desc->section &&
                 floe_sdp_next_attr(sdp, desc->transport_section, "candidate", &inner, candidate);
    *cursor = own_end + inner;
    return found;
}
