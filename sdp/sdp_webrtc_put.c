/*
 * sdp/sdp_webrtc_put.c - writing a data channel's description: see sdp/sdp_webrtc.h.
 *
 * The shape is that of RFC 8829 sections 5.2 and 5.3; the templates show it. Three kinds of section
 * are written: the data channel's; the one that leads its BUNDLE group, if that is another; and all
 * others, which are refused. The leader of the group can not be refused, because the transport of
 * all its members stands and falls with it (RFC 9143 section 7.3.3; Chromium 156 takes no such
 * answer to an offer of "max-bundle", Firefox 153 never starts ICE). It is kept with one format and
 * a=inactive, so that nothing is ever sent for it.
 */
#include "base/addr.h"
#include "base/assert.h"
#include "sdp/sdp_internal.h"

/* RFC 8829 §5.2.1: both options. They stand at the session level, as Firefox has them. The group is
 * that of a data channel alone, or of one behind the leader. */
static const char session_template[] = "v=0\r\n"
                                       "o=- # # IN IP4 127.0.0.1\r\n"
                                       "s=-\r\n"
                                       "t=0 0\r\n"
                                       "a=group:BUNDLE $\r\n"
                                       "a=group:BUNDLE $ $\r\n"
                                       "a=ice-options:trickle ice2\r\n";

static const char section_template[] = "m=$ # $ $\r\n"
                                       "c=IN $ $\r\n"
                                       "a=mid:$\r\n";

static const char credentials_template[] = "a=ice-ufrag:$\r\n"
                                           "a=ice-pwd:$\r\n"
                                           "a=setup:$\r\n";

static const char sctp_template[] = "a=sctp-port:#\r\n"
                                    "a=max-message-size:#\r\n"
                                    "a=sctp-init:$\r\n";

static const char legacy_template[] = "a=sctpmap:# webrtc-datachannel 65535\r\n"
                                      "a=max-message-size:#\r\n";

static const floe_bytes nothing = {NULL, 0};

/* What is going to be written. */
typedef struct plan {
    const floe_sdp_local *local;
    uint32_t section; /* of the data channel; the number after the last for one more */
    uint32_t leader;  /* of its BUNDLE group: carries the transport; may be `section` */
    bool is_bundled, is_legacy;
    floe_bytes mid, leader_mid;
    floe_sdp_media media; /* the m= line that is mirrored */
} plan;

static plan make_plan(const floe_sdp_local *local)
{
    plan p = {.local = local, .is_bundled = true, .mid = local->mid};
    const floe_sdp *mirror = local->mirror;
    p.media.media = FLOE_LIT("application");
    p.media.proto = FLOE_LIT("UDP/DTLS/SCTP");
    p.media.formats = FLOE_LIT("webrtc-datachannel");
    if (mirror == NULL) {
        return p;
    }
    floe_sdp_media media;
    if (!floe_sdp_webrtc_find(mirror, &p.section, &media, &p.is_legacy)) {
        p.section = p.leader = mirror->media_count;
        p.is_legacy = false;
        return p;
    }
    p.media = media;
    (void)floe_sdp_find_attr(mirror, p.section, "mid", &p.mid);
    p.leader = floe_sdp_webrtc_find_transport(mirror, p.section, &p.leader_mid);
    /* RFC 9143 §7.3: only what was offered in a group can be answered in one. */
    floe_bytes first;
    p.is_bundled = floe_sdp_webrtc_is_bundled(mirror, p.mid, &first);
    return p;
}

static void put_session(floe_writer *w, const plan *p)
{
    bool is_led = p->leader != p->section;
    const floe_bytes words[] = {p->is_bundled && !is_led ? p->mid : nothing,
                                is_led ? p->leader_mid : nothing, p->mid};
    const uint64_t numbers[] = {p->local->session_id, p->local->session_version};
    floe_sdp_put_template(w, session_template, words, numbers);
    if (p->local->is_ice_lite) {
        floe_sdp_put_attr(w, "ice-lite", nothing); /* RFC 8839 §5.3: at the session level only */
    }
}

/* The lines that every section begins with. */
static void put_section_start(floe_writer *w, const plan *p, const floe_sdp_media *media,
                              floe_bytes mid, bool is_refused)
{
    /* RFC 8829 §5.2.1: 0.0.0.0 and port 9 where no candidate is known yet. */
    static const floe_addr unknown = {{0, 0, 0, 0}, 9, 4, 0};
    const floe_addr *addr = &p->local->default_addr;
    char text[FLOE_ADDR_TEXT_MAX];
    if (is_refused || addr->family == 0) {
        addr = &unknown;
    }
    const floe_bytes words[] = {media->media,
                                media->proto,
                                media->formats,
                                floe_bytes_of(addr->family == 6 ? "IP6" : "IP4"),
                                floe_bytes_of(floe_addr_ip_text(addr, text)),
                                mid};
    uint64_t port = is_refused ? 0 : addr->port;
    floe_sdp_put_template(w, section_template, words, &port);
}

static void put_transport(floe_writer *w, const floe_sdp_local *local)
{
    floe_bytes setup = nothing;
    if (local->setup != FLOE_SDP_SETUP_NONE) {
        setup = floe_bytes_of(floe_sdp_setup_name((floe_sdp_setup)local->setup));
    }
    const floe_bytes words[] = {local->ufrag, local->pwd, setup};
    floe_sdp_put_template(w, credentials_template, words, NULL);
    floe_sdp_fingerprint_put(w, &local->fingerprint);
}

static void put_data_section(floe_writer *w, const plan *p)
{
    const floe_sdp_local *local = p->local;
    uint64_t max = local->max_message_size;
    const uint64_t numbers[] = {local->sctp_port, max == UINT64_MAX ? 0 : max};
    floe_sdp_media media = p->media;
    uint8_t digits[5];
    floe_writer port = floe_writer_begin(digits, sizeof digits);
    if (p->is_legacy) {
        floe_writer_put_decimal(&port, local->sctp_port);
        media.formats = floe_writer_view(&port);
    }
    put_section_start(w, p, &media, p->mid, false);
    put_transport(w, local);
    floe_sdp_put_template(w, p->is_legacy ? legacy_template : sctp_template, &local->sctp_init,
                          numbers);
}

/* What the mirror says of one format: a=NAME:FORMAT ... */
static void put_format(floe_writer *w, const plan *p, const char *name, floe_bytes format)
{
    size_t cursor = 0;
    floe_bytes value, word;
    while (floe_sdp_next_attr(p->local->mirror, p->leader, name, &cursor, &value)) {
        floe_text t = floe_text_begin(value);
        floe_text_get_until(&t, ' ', &word);
        if (floe_bytes_equal(word, format)) {
            floe_sdp_put_attr(w, name, value);
        }
    }
}

/* The leader is kept, all others are refused: RFC 8829 §5.3.1, each with its place, protocol and
 * mid. Of the formats, which nobody is going to use, the first serves. */
static void put_other_section(floe_writer *w, const plan *p, uint32_t section)
{
    const floe_sdp *mirror = p->local->mirror;
    bool is_leader = section == p->leader;
    floe_bytes mid = nothing;
    floe_sdp_media media;
    if (!floe_sdp_media_of(mirror, section, &media)) {
        return;
    }
    floe_text formats = floe_text_begin(media.formats);
    floe_text_get_until(&formats, ' ', &media.formats);
    (void)floe_sdp_find_attr(mirror, section, "mid", &mid);
    put_section_start(w, p, &media, mid, !is_leader);
    floe_sdp_put_attr(w, "inactive", nothing);
    if (!is_leader) {
        return;
    }
    put_format(w, p, "rtcp-mux", nothing);
    put_format(w, p, "rtpmap", media.formats);
    put_format(w, p, "fmtp", media.formats);
    put_transport(w, p->local);
}

static void put_sections(floe_writer *w, const plan *p, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (i == p->section) {
            put_data_section(w, p);
        } else {
            put_other_section(w, p, i);
        }
    }
}

void floe_sdp_webrtc_put_head(floe_writer *w, const floe_sdp_local *local)
{
    FLOE_ASSERT(local->sctp_port != 0 && local->ufrag.len > 0 && local->pwd.len > 0);
    plan p = make_plan(local);
    put_session(w, &p);
    put_sections(w, &p, 0, p.leader + 1);
}

void floe_sdp_webrtc_put_tail(floe_writer *w, const floe_sdp_local *local)
{
    plan p = make_plan(local);
    put_sections(w, &p, p.leader + 1, local->mirror != NULL ? local->mirror->media_count : 0);
}
