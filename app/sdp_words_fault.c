/* app/sdp_words_fault.c - what is wrong with a session description, with the place. */
#include <string.h>

#include "app/sdp_words_internal.h"
#include "app/terminal.h"
#include "base/text.h"
#include "sdp/sdp_candidate.h"

#define SHOWN_MAX 90u /* characters of a line that are shown */

/* Where `at` stands in the text. */
static floe_sdp_fault locate(floe_bytes text, const uint8_t *at, const char *rule)
{
    floe_sdp_fault fault = {1, 1, rule};
    for (const uint8_t *c = text.ptr; c < at; c++) {
        fault.line += *c == '\n';
        fault.column = *c == '\n' ? 1 : fault.column + 1;
    }
    return fault;
}

static floe_bytes get_line(floe_bytes text, uint32_t number)
{
    floe_text t = floe_text_begin(text);
    floe_bytes line = {NULL, 0};
    for (uint32_t i = 0; i < number; i++) {
        floe_text_get_until(&t, '\n', &line);
    }
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

void sdp_words_put_fault(FILE *out, floe_bytes text, const floe_sdp_fault *fault)
{
    floe_bytes line = get_line(text, fault->line);
    size_t column = fault->column > 0 ? fault->column - 1 : 0;
    size_t start = column > SHOWN_MAX ? column - SHOWN_MAX / 2 : 0;
    (void)fprintf(out, "line %u, column %u: %s\n", (unsigned)fault->line, (unsigned)fault->column,
                  fault->rule);
    if (start >= line.len) {
        return;
    }
    floe_bytes shown = {line.ptr + start, line.len - start};
    shown.len = shown.len < SHOWN_MAX ? shown.len : SHOWN_MAX;
    (void)fputs("    ", out);
    terminal_put(out, shown, "?");
    (void)fprintf(out, "\n    %*s^\n", (int)(column - start), "");
}

/* The description as floe reads it for its data channel. */
static unsigned put_reading_fault(FILE *out, const floe_sdp *sdp)
{
    floe_sdp_webrtc desc;
    floe_sdp_fault fault;
    floe_err err = floe_sdp_webrtc_read(&desc, sdp, &fault);
    if (err == FLOE_E_UNSUPPORTED) {
        (void)fputs("\nno data channel in it: floe has no use for it\n", out);
    }
    if (err != FLOE_E_MALFORMED) {
        return 0;
    }
    (void)putc('\n', out);
    sdp_words_put_fault(out, sdp->text, &fault);
    return 1;
}

static unsigned put_candidate_faults(FILE *out, const floe_sdp *sdp, uint32_t section)
{
    floe_sdp_candidate cand;
    floe_bytes line;
    size_t cursor = 0;
    unsigned count = 0;
    while (floe_sdp_next_attr(sdp, section, "candidate", &cursor, &line)) {
        if (floe_sdp_candidate_parse(&cand, line) == FLOE_E_MALFORMED) {
            floe_sdp_fault fault =
                locate(sdp->text, line.ptr,
                       "a candidate must be: foundation, component, transport, priority, address, "
                       "port, typ, type; then pairs of words");
            (void)putc('\n', out);
            sdp_words_put_fault(out, sdp->text, &fault);
            count++;
        }
    }
    return count;
}

static bool has_mid(const floe_sdp *sdp, floe_bytes mid)
{
    floe_bytes value;
    for (uint32_t i = 0; i < sdp->media_count; i++) {
        if (floe_sdp_find_attr(sdp, i, "mid", &value) && floe_bytes_equal(value, mid)) {
            return true;
        }
    }
    return false;
}

/* RFC 5888 §5: what a group names are sections. */
static unsigned put_group_faults(FILE *out, const floe_sdp *sdp)
{
    floe_bytes group, mid;
    size_t cursor = 0;
    unsigned count = 0;
    while (floe_sdp_next_attr(sdp, FLOE_SDP_SESSION, "group", &cursor, &group)) {
        floe_text t = floe_text_begin(group);
        floe_text_get_until(&t, ' ', &mid);
        while (!floe_text_is_end(&t)) {
            floe_text_get_until(&t, ' ', &mid);
            if (mid.len > 0 && !has_mid(sdp, mid)) {
                floe_sdp_fault fault =
                    locate(sdp->text, mid.ptr, "a group must name the mids of sections");
                (void)putc('\n', out);
                sdp_words_put_fault(out, sdp->text, &fault);
                count++;
            }
        }
    }
    return count;
}

unsigned sdp_words_put_faults(FILE *out, const floe_sdp *sdp)
{
    unsigned count = put_reading_fault(out, sdp) + put_group_faults(out, sdp);
    for (uint32_t i = 0; i < sdp->media_count; i++) {
        count += put_candidate_faults(out, sdp, i);
    }
    return count;
}
