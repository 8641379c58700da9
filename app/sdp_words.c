/* app/sdp_words.c - see app/sdp_words.h; faults are in app/sdp_words_fault.c. */
#include "app/sdp_words.h"

#include "app/sdp_words_internal.h"
#include "app/terminal.h"
#include "base/text.h"
#include "datachannel/utf8.h"
#include "sdp/sdp_candidate.h"

#define CODEC_MAX 64u /* of one section that are shown */
#define HOST_MAX  45u /* characters of an address that widen the table: the longest IPv6 */

/* RFC 8839 §5.4, RFC 8122 §5: the transport's attributes may stand at the session level. */
static bool find(const floe_sdp *sdp, uint32_t section, const char *name, floe_bytes *value)
{
    return floe_sdp_find_attr(sdp, section, name, value) ||
           floe_sdp_find_attr(sdp, FLOE_SDP_SESSION, name, value);
}

static bool has(const floe_sdp *sdp, uint32_t section, const char *name)
{
    floe_bytes value;
    return find(sdp, section, name, &value);
}

/* The label of a row, in a column of its own. */
static void put_label(FILE *out, const char *label)
{
    (void)fprintf(out, "  %-13s", label);
}

static void put_row(FILE *out, const char *label, floe_bytes value)
{
    put_label(out, label);
    terminal_put(out, value, "?");
    (void)putc('\n', out);
}

static void put_session(FILE *out, const floe_sdp *sdp)
{
    floe_sdp_line origin;
    floe_bytes word[3], value;
    size_t cursor = 0;
    if (floe_sdp_find_line(sdp, FLOE_SDP_SESSION, 'o', &origin)) {
        floe_text t = floe_text_begin(origin.value);
        for (size_t i = 0; i < 3; i++) {
            floe_text_get_until(&t, ' ', &word[i]);
        }
        (void)fputs("session ", out);
        terminal_put(out, word[1], "?");
        (void)fputs(", version ", out);
        terminal_put(out, word[2], "?");
        (void)putc('\n', out);
    }
    while (floe_sdp_next_attr(sdp, FLOE_SDP_SESSION, "group", &cursor, &value)) {
        put_row(out, "group", value);
    }
    if (floe_sdp_find_attr(sdp, FLOE_SDP_SESSION, "ice-lite", &value)) {
        put_row(out, "ICE lite", FLOE_LIT("it only answers checks"));
    }
}

static bool is_data(const floe_sdp_media *media)
{
    return floe_text_is_word(media->media, "application");
}

static const char *get_direction(const floe_sdp *sdp, uint32_t section)
{
    static const char *const directions[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++) {
        if (has(sdp, section, directions[i])) {
            return directions[i];
        }
    }
    return directions[0]; /* RFC 8866 §6.7: where it is not said */
}

static void put_heading(FILE *out, const floe_sdp *sdp, uint32_t section,
                        const floe_sdp_media *media)
{
    floe_bytes mid = {NULL, 0};
    (void)floe_sdp_find_attr(sdp, section, "mid", &mid);
    bool is_bundle_only = has(sdp, section, "bundle-only");
    (void)fprintf(out, "\nsection %u: ", (unsigned)section + 1);
    terminal_put(out, media->media, "?");
    if (mid.len > 0) {
        (void)fputs(", mid ", out);
        terminal_put(out, mid, "?");
    }
    if (media->port == 0 && !is_bundle_only) {
        (void)fputs(", rejected", out);
    } else if (is_data(media)) {
        (void)fputs(", data channels", out);
    } else {
        (void)fprintf(out, ", %s", get_direction(sdp, section));
    }
    (void)fputs(is_bundle_only ? ", only in the bundle\n" : "\n", out);
}

/* "opus/48000/2, VP8/90000, ..." */
static void put_codecs(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    floe_bytes value, payload;
    size_t cursor = 0;
    unsigned count = 0;
    while (count < CODEC_MAX && floe_sdp_next_attr(sdp, section, "rtpmap", &cursor, &value)) {
        floe_text t = floe_text_begin(value);
        floe_text_get_until(&t, ' ', &payload);
        if (count == 0) {
            put_label(out, "codecs");
        } else {
            (void)fputs(", ", out);
        }
        terminal_put(out, floe_text_get_rest(&t), "?");
        count++;
    }
    (void)fputs(count > 0 ? "\n" : "", out);
}

static void put_ice(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    floe_bytes ufrag, pwd = {NULL, 0}, options;
    if (!find(sdp, section, "ice-ufrag", &ufrag)) {
        return;
    }
    (void)find(sdp, section, "ice-pwd", &pwd);
    put_label(out, "ICE");
    (void)fputs("ufrag ", out);
    terminal_put(out, ufrag, "?");
    (void)fprintf(out, ", password of %zu characters", pwd.len);
    if (find(sdp, section, "ice-options", &options)) {
        (void)fputs(", options ", out);
        terminal_put(out, options, "?");
    }
    (void)putc('\n', out);
}

static void put_dtls(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    static const struct {
        const char *setup, *words;
    } roles[] = {
        {"actpass", "either side may begin"},
        {"active", "this side begins: the client"},
        {"passive", "the other side begins: this is the server"},
        {"holdconn", "not for now"},
    };
    floe_bytes value;
    size_t cursor = 0;
    if (find(sdp, section, "setup", &value)) {
        put_label(out, "setup");
        terminal_put(out, value, "?");
        for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
            if (floe_text_is_word(value, roles[i].setup)) {
                (void)fprintf(out, " (%s)", roles[i].words);
            }
        }
        (void)putc('\n', out);
    }
    bool is_own = floe_sdp_find_attr(sdp, section, "fingerprint", &value);
    while (floe_sdp_next_attr(sdp, is_own ? section : FLOE_SDP_SESSION, "fingerprint", &cursor,
                              &value)) {
        put_row(out, "fingerprint", value);
    }
}

static void put_sctp(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    floe_bytes value;
    uint64_t size = 0;
    if (floe_sdp_find_attr(sdp, section, "sctp-port", &value)) {
        put_row(out, "SCTP port", value);
    }
    if (floe_sdp_find_attr(sdp, section, "sctpmap", &value)) {
        put_row(out, "SCTP, old form", value);
    }
    put_label(out, "messages");
    if (!floe_sdp_find_attr(sdp, section, "max-message-size", &value)) {
        (void)fputs("up to 65536 bytes (it is not said)\n", out);
    } else if (floe_text_is_decimal(value, UINT64_MAX, &size) && size == 0) {
        (void)fputs("of any size\n", out);
    } else {
        (void)fputs("up to ", out);
        terminal_put(out, value, "?");
        (void)fputs(" bytes\n", out);
    }
}

static void put_candidate(FILE *out, const floe_sdp_candidate *cand, int width)
{
    static const char *const types[] = {"host", "srflx", "prflx", "relay"};
    static const char *const tcptypes[] = {"", " active", " passive", " so"};
    int padding = width > (int)cand->host.len ? width - (int)cand->host.len : 0;
    (void)fprintf(out, "    %-5s  %s%-*s  ", types[cand->type], cand->is_tcp ? "tcp" : "udp", 8,
                  tcptypes[cand->tcptype]);
    terminal_put(out, cand->host, "?");
    (void)fprintf(out, "%*s  %5u  %10u", padding, "", cand->port, (unsigned)cand->priority);
    if (cand->component != 1) {
        (void)fprintf(out, "  component %u", (unsigned)cand->component);
    }
    (void)putc('\n', out);
}

/* How wide the column of addresses is. */
static int measure_hosts(const floe_sdp *sdp, uint32_t section)
{
    floe_sdp_candidate cand;
    floe_bytes line;
    size_t cursor = 0;
    size_t width = sizeof "address" - 1;
    while (floe_sdp_next_attr(sdp, section, "candidate", &cursor, &line)) {
        if (floe_sdp_candidate_parse(&cand, line) == FLOE_OK && cand.host.len > width) {
            width = cand.host.len < HOST_MAX ? cand.host.len : HOST_MAX;
        }
    }
    return (int)width;
}

static void put_candidates(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    int width = measure_hosts(sdp, section);
    floe_sdp_candidate cand;
    floe_bytes line;
    size_t cursor = 0;
    unsigned others = 0, count = 0;
    bool is_end = has(sdp, section, "end-of-candidates");
    while (floe_sdp_next_attr(sdp, section, "candidate", &cursor, &line)) {
        if (floe_sdp_candidate_parse(&cand, line) != FLOE_OK) {
            others++;
            continue;
        }
        if (count++ == 0) {
            put_row(out, "candidates", is_end ? FLOE_LIT("all of them") : FLOE_LIT("so far"));
            (void)fprintf(out, "    %-5s  %-11s  %-*s  %5s  %10s\n", "type", "transport", width,
                          "address", "port", "priority");
        }
        put_candidate(out, &cand, width);
    }
    if (count == 0 && has(sdp, section, "ice-ufrag")) {
        put_row(out, "candidates", is_end ? FLOE_LIT("none") : FLOE_LIT("none yet"));
    }
    if (others > 0) {
        (void)fprintf(out, "    and %u of no known kind\n", others);
    }
}

static void put_section(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    floe_sdp_media media;
    if (!floe_sdp_media_of(sdp, section, &media)) {
        return;
    }
    put_heading(out, sdp, section, &media);
    put_row(out, "protocol", media.proto);
    put_codecs(out, sdp, section);
    if (media.port == 0 && !has(sdp, section, "bundle-only")) {
        return;
    }
    if (is_data(&media)) {
        put_sctp(out, sdp, section);
    }
    put_ice(out, sdp, section);
    put_dtls(out, sdp, section);
    put_candidates(out, sdp, section);
}

unsigned sdp_words_print(FILE *out, floe_bytes text)
{
    floe_sdp sdp;
    floe_sdp_fault fault = {1, 1, "it is empty"};
    if (text.len == 0 || floe_sdp_parse(&sdp, text, &fault) != FLOE_OK) {
        sdp_words_put_fault(out, text, &fault);
        return 1;
    }
    put_session(out, &sdp);
    for (uint32_t i = 0; i < sdp.media_count; i++) {
        put_section(out, &sdp, i);
    }
    return sdp_words_put_faults(out, &sdp);
}
