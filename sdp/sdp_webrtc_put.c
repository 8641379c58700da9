/*
 * sdp/sdp_webrtc_put.c - writing a data channel's description: see sdp/sdp_webrtc.h.
 *
 * The shape is that of RFC 8829 sections 5.2 and 5.3, in the order that Chromium writes it.
 */
#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "sdp/sdp_internal.h"

/* The data channel's section as it is going to be. */
typedef struct plan {
    uint32_t section; /* before it stand those of the mirror with smaller numbers */
    bool is_legacy;
    bool is_bundled;
    floe_bytes mid;
    floe_bytes proto, formats;
} plan;

static plan make_plan(const floe_sdp_local *local)
{
    plan p = {
        0, false, true, local->mid, FLOE_LIT("UDP/DTLS/SCTP"), FLOE_LIT("webrtc-datachannel")};
    const floe_sdp *mirror = local->mirror;
    if (mirror == NULL) {
        return p;
    }
    floe_sdp_media media;
    floe_bytes mid, first;
    p.section = mirror->media_count;
    if (!floe_sdp_webrtc_find(mirror, &p.section, &media, &p.is_legacy)) {
        return p;
    }
    /* RFC 8829 §5.3.1: an answer has the protocol and the formats of the offer. */
    p.proto = media.proto;
    p.formats = media.formats;
    if (floe_sdp_find_attr(mirror, p.section, "mid", &mid) && mid.len > 0) {
        p.mid = mid;
    }
    /* RFC 9143 §7.3: only what was offered in a group can be answered in one. */
    p.is_bundled = floe_sdp_webrtc_is_bundled(mirror, p.mid, &first);
    return p;
}

static void put_number(floe_writer *w, const char *before, uint64_t number, const char *after)
{
    floe_writer_put_text(w, before);
    floe_writer_put_decimal(w, number);
    floe_writer_put_text(w, after);
}

static void put_field(floe_writer *w, const char *before, floe_bytes field)
{
    floe_writer_put_text(w, before);
    floe_writer_put_bytes(w, field);
}

static void put_session(floe_writer *w, const floe_sdp_local *local, const plan *p)
{
    put_number(w, "v=0\r\no=- ", local->session_id, "");
    put_number(w, " ", local->session_version, " IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
    if (p->is_bundled && p->mid.len > 0) {
        put_field(w, "a=group:BUNDLE ", p->mid);
        floe_writer_put_text(w, "\r\n");
    }
    /* RFC 8829 §5.2.1: both options, at the session level. */
    floe_writer_put_text(w, "a=ice-options:trickle ice2\r\n");
}

static void put_connection(floe_writer *w, const floe_addr *addr)
{
    /* RFC 8829 §5.2.1: 0.0.0.0 and port 9 where no candidate is known yet. */
    char text[FLOE_ADDR_TEXT_MAX];
    floe_writer_put_text(w, addr->family == 6 ? "\r\nc=IN IP6 " : "\r\nc=IN IP4 ");
    floe_writer_put_text(w, addr->family == 0 ? "0.0.0.0" : floe_addr_ip_text(addr, text));
    floe_writer_put_text(w, "\r\n");
}

/* Media sections are refused: port 0, one format for the grammar's sake, and the mid. */
static void put_rejected(floe_writer *w, const floe_sdp *mirror, uint32_t section)
{
    static const floe_addr nowhere = {{0}, 0, 0, 0};
    floe_sdp_media media;
    floe_bytes mid, format;
    if (!floe_sdp_media_of(mirror, section, &media)) {
        return;
    }
    floe_text formats = floe_text_begin(media.formats);
    floe_text_get_until(&formats, ' ', &format);
    put_field(w, "m=", media.media);
    put_field(w, " 0 ", media.proto);
    put_field(w, " ", format);
    put_connection(w, &nowhere);
    if (floe_sdp_find_attr(mirror, section, "mid", &mid) && mid.len > 0) {
        floe_sdp_put_attr(w, "mid", mid);
    }
    floe_writer_put_text(w, "a=inactive\r\n");
}

static void put_media(floe_writer *w, const floe_sdp_local *local, const plan *p)
{
    const floe_addr *addr = &local->default_addr;
    put_number(w, "m=application ", addr->family == 0 ? 9 : addr->port, " ");
    floe_writer_put_bytes(w, p->proto);
    if (p->is_legacy) {
        put_number(w, " ", local->sctp_port, "");
    } else {
        put_field(w, " ", p->formats);
    }
    put_connection(w, addr);
    if (p->mid.len > 0) {
        floe_sdp_put_attr(w, "mid", p->mid);
    }
}

static void put_transport(floe_writer *w, const floe_sdp_local *local)
{
    floe_sdp_put_attr(w, "ice-ufrag", local->ufrag);
    floe_sdp_put_attr(w, "ice-pwd", local->pwd);
    floe_sdp_fingerprint_put(w, &local->fingerprint);
    if (local->setup != FLOE_SDP_SETUP_NONE) {
        floe_sdp_put_attr(w, "setup",
                          floe_bytes_of(floe_sdp_setup_name((floe_sdp_setup)local->setup)));
    }
}

static void put_sctp(floe_writer *w, const floe_sdp_local *local, const plan *p)
{
    uint64_t max = local->max_message_size;
    if (p->is_legacy) {
        put_number(w, "a=sctpmap:", local->sctp_port, " webrtc-datachannel 65535\r\n");
    } else {
        put_number(w, "a=sctp-port:", local->sctp_port, "\r\n");
    }
    put_number(w, "a=max-message-size:", max == UINT64_MAX ? 0 : max, "\r\n");
}

void floe_sdp_webrtc_put_head(floe_writer *w, const floe_sdp_local *local)
{
    plan p = make_plan(local);
    FLOE_ASSERT(local->sctp_port != 0 && local->max_message_size != 0);
    put_session(w, local, &p);
    for (uint32_t i = 0; i < p.section; i++) {
        put_rejected(w, local->mirror, i);
    }
    put_media(w, local, &p);
    put_transport(w, local);
    put_sctp(w, local, &p);
}

void floe_sdp_webrtc_put_tail(floe_writer *w, const floe_sdp_local *local)
{
    plan p = make_plan(local);
    uint32_t count = local->mirror != NULL ? local->mirror->media_count : 0;
    for (uint32_t i = p.section + 1; i < count; i++) {
        put_rejected(w, local->mirror, i);
    }
}
