/*
 * sdp/sdp_webrtc_put.c - writing a data channel's description: see sdp/sdp_webrtc.h.
 *
 * The shape is that of RFC 8829 sections 5.2 and 5.3, with the attributes of a section in the order
 * in which browsers write them. The templates show it.
 */
#include "base/addr.h"
#include "base/assert.h"
#include "sdp/sdp_internal.h"

/* RFC 8829 §5.2.1: both options. They stand at the session level, as Firefox has them. */
static const char session_template[] = "v=0\r\n"
                                       "o=- # # IN IP4 127.0.0.1\r\n"
                                       "s=-\r\n"
                                       "t=0 0\r\n"
                                       "a=group:BUNDLE $\r\n"
                                       "a=ice-options:trickle ice2\r\n";

/* RFC 8829 §5.3.1: what is refused keeps its place, protocol, formats and mid, and has port 0. */
static const char rejected_template[] = "m=$ 0 $ $\r\n"
                                        "c=IN IP4 0.0.0.0\r\n"
                                        "a=mid:$\r\n"
                                        "a=inactive\r\n";

static const char media_template[] = "m=application # $ $\r\n"
                                     "c=IN $ $\r\n"
                                     "a=mid:$\r\n"
                                     "a=ice-ufrag:$\r\n"
                                     "a=ice-pwd:$\r\n";

static const char sctp_template[] = "a=setup:$\r\n"
                                    "a=sctp-port:#\r\n"
                                    "a=max-message-size:#\r\n";

static const char legacy_template[] = "a=setup:$\r\n"
                                      "a=sctpmap:# webrtc-datachannel 65535\r\n"
                                      "a=max-message-size:#\r\n";

/* The data channel's section as it is going to be. */
typedef struct plan {
    uint32_t section; /* before it stand those of the mirror with smaller numbers */
    bool is_legacy;
    floe_bytes proto, formats, mid;
    floe_bytes group; /* the mid, or empty: not in a BUNDLE group */
} plan;

static plan make_plan(const floe_sdp_local *local)
{
    plan p = {0,          false,     FLOE_LIT("UDP/DTLS/SCTP"), FLOE_LIT("webrtc-datachannel"),
              local->mid, local->mid};
    const floe_sdp *mirror = local->mirror;
    floe_sdp_media media;
    floe_bytes first;
    if (mirror == NULL) {
        return p;
    }
    if (!floe_sdp_webrtc_find(mirror, &p.section, &media, &p.is_legacy)) {
        p.section = mirror->media_count;
        return p;
    }
    /* RFC 8829 §5.3.1: an answer has the protocol and the formats of the offer. */
    p.proto = media.proto;
    p.formats = media.formats;
    (void)floe_sdp_find_attr(mirror, p.section, "mid", &p.mid);
    /* RFC 9143 §7.3: only what was offered in a group can be answered in one. */
    bool is_bundled = floe_sdp_webrtc_is_bundled(mirror, p.mid, &first);
    p.group = is_bundled ? p.mid : (floe_bytes){NULL, 0};
    return p;
}

static void put_rejected(floe_writer *w, const floe_sdp *mirror, uint32_t section)
{
    floe_sdp_media media;
    floe_bytes mid = {NULL, 0};
    if (floe_sdp_media_of(mirror, section, &media)) {
        (void)floe_sdp_find_attr(mirror, section, "mid", &mid);
        const floe_bytes words[] = {media.media, media.proto, media.formats, mid};
        floe_sdp_put_template(w, rejected_template, words, NULL);
    }
}

static void put_media(floe_writer *w, const floe_sdp_local *local, const plan *p)
{
    const floe_addr *addr = &local->default_addr;
    char text[FLOE_ADDR_TEXT_MAX];
    uint8_t digits[5];
    floe_writer number = floe_writer_begin(digits, sizeof digits);
    floe_writer_put_decimal(&number, local->sctp_port);
    /* RFC 8829 §5.2.1: 0.0.0.0 and port 9 where no candidate is known yet. */
    bool is_known = addr->family != 0;
    const floe_bytes words[] = {
        p->proto,
        p->is_legacy ? floe_writer_view(&number) : p->formats,
        floe_bytes_of(addr->family == 6 ? "IP6" : "IP4"),
        floe_bytes_of(is_known ? floe_addr_ip_text(addr, text) : "0.0.0.0"),
        p->mid,
        local->ufrag,
        local->pwd,
    };
    uint64_t port = is_known ? addr->port : 9;
    floe_sdp_put_template(w, media_template, words, &port);
}

static void put_sctp(floe_writer *w, const floe_sdp_local *local, const plan *p)
{
    uint64_t max = local->max_message_size;
    floe_bytes setup = {NULL, 0};
    if (local->setup != FLOE_SDP_SETUP_NONE) {
        setup = floe_bytes_of(floe_sdp_setup_name((floe_sdp_setup)local->setup));
    }
    const uint64_t numbers[] = {local->sctp_port, max == UINT64_MAX ? 0 : max};
    floe_sdp_put_template(w, p->is_legacy ? legacy_template : sctp_template, &setup, numbers);
}

void floe_sdp_webrtc_put_head(floe_writer *w, const floe_sdp_local *local)
{
    FLOE_ASSERT(local->sctp_port != 0 && local->ufrag.len > 0 && local->pwd.len > 0);
    plan p = make_plan(local);
    const uint64_t numbers[] = {local->session_id, local->session_version};
    floe_sdp_put_template(w, session_template, &p.group, numbers);
    for (uint32_t i = 0; i < p.section; i++) {
        put_rejected(w, local->mirror, i);
    }
    put_media(w, local, &p);
    floe_sdp_fingerprint_put(w, &local->fingerprint);
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
