/* sdp/sdp.c - see sdp/sdp.h. Lines: their order, walking over them, writing them back. */
#include "sdp/sdp.h"

#include <string.h>

#include "sdp/sdp_internal.h"

/* Where parsing stands. */
typedef struct scan {
    floe_sdp *sdp;
    bool is_fragment;    /* of a description: lines in any order, and only a= and m= count */
    uint32_t line_count; /* lines so far */
    uint32_t seen;       /* lower-case letters so far in this section, a bit each */
    size_t line_at;      /* offset of the line */
    size_t at;           /* where the rule is broken */
    const char *rule;
} scan;

static const char first_lines[] = "the first three lines must be v=, o=, s=";

void floe_sdp_set_fault(floe_sdp_fault *fault, floe_bytes text, size_t at, const char *rule)
{
    floe_sdp_fault found = {1, 1, rule};
    for (size_t i = 0; i < at; i++) {
        bool is_end = text.ptr[i] == '\n';
        found.line += is_end;
        found.column = is_end ? 1 : found.column + 1;
    }
    if (fault != NULL) {
        *fault = found;
    }
}

void floe_sdp_clear_fault(floe_sdp_fault *fault)
{
    if (fault != NULL) {
        *fault = (floe_sdp_fault){0, 0, ""};
    }
}

/* Length of the line end at the start of `bytes`; 0: it does not start with one. */
static size_t line_end(floe_bytes bytes)
{
    if (bytes.len >= 2 && bytes.ptr[0] == '\r' && bytes.ptr[1] == '\n') {
        return 2;
    }
    return bytes.len >= 1 && bytes.ptr[0] == '\n';
}

/* The line that starts at `at`. Blank lines after it belong to its line end, so that a description
 * pasted by hand is taken, and given back, as it is. */
static void view_line(floe_bytes text, size_t at, floe_sdp_line *line)
{
    const uint8_t *start = text.ptr + at;
    size_t left = text.len - at;
    const uint8_t *feed = memchr(start, '\n', left);
    size_t len = feed != NULL ? (size_t)(feed - start) : left;
    size_t raw = len;
    if (feed != NULL && len > 0 && start[len - 1] == '\r') {
        raw = --len;
    }
    size_t end;
    while ((end = line_end((floe_bytes){start + raw, left - raw})) > 0) {
        raw += end;
    }
    line->type = len >= 1 ? (char)start[0] : '\0';
    line->value = len >= 2 ? (floe_bytes){start + 2, len - 2} : (floe_bytes){start + len, 0};
    line->raw = (floe_bytes){start, raw};
}

static bool breaks(scan *s, size_t at, const char *rule)
{
    s->at = at;
    s->rule = rule;
    return true;
}

static bool breaks_form(scan *s, const floe_sdp_line *line)
{
    const uint8_t *start = line->raw.ptr;
    size_t len = (size_t)(line->value.ptr - start) + line->value.len;
    const uint8_t *cr = memchr(start, '\r', len);
    const uint8_t *bad = memchr(start, '\0', cr != NULL ? (size_t)(cr - start) : len);
    bad = bad != NULL ? bad : cr;
    if (bad != NULL) {
        return breaks(s, s->line_at + (size_t)(bad - start),
                      "a line must not have NUL or a lone carriage return");
    }
    char letter = (char)(line->type | 0x20);
    return (letter < 'a' || letter > 'z' || len < 2 || start[1] != '=') &&
           breaks(s, s->line_at, "a line must start with a letter and =");
}

/* RFC 8866 §5: the order is fixed, so that errors show. Real senders keep it for the first three
 * lines and for what belongs to a section, and so much is asked for. */
static bool breaks_order(scan *s, const floe_sdp_line *line, const floe_sdp_rule *rule)
{
    bool in_media = s->sdp->media_count > 0;
    if (s->is_fragment) {
        return false;
    }
    if (s->line_count < 3 && line->type != "vos"[s->line_count]) {
        return breaks(s, s->line_at, first_lines);
    }
    if (rule == NULL) {
        return false;
    }
    if (in_media && (rule->where & FLOE_SDP_IN_MEDIA) == 0) {
        return breaks(s, s->line_at, "this line must stand before the first m=");
    }
    uint32_t bit = UINT32_C(1) << (line->type - 'a');
    int once = in_media ? FLOE_SDP_ONCE_IN_MEDIA : FLOE_SDP_ONCE_IN_SESSION;
    if ((s->seen & bit) != 0 && (rule->where & once) != 0) {
        return breaks(s, s->line_at, "this line must not stand twice in a section");
    }
    s->seen |= bit;
    return false;
}

static bool breaks_grammar(scan *s, const floe_sdp_line *line, const floe_sdp_rule *rule)
{
    floe_text t = floe_text_begin(line->value);
    return rule != NULL && !floe_sdp_check(rule, &t) &&
           breaks(s, (size_t)(t.ptr - s->sdp->text.ptr), rule->text);
}

/* RFC 8866 §5.9: a session has a t= line. */
static bool breaks_session(scan *s, size_t end)
{
    if (s->line_count < 3 && !s->is_fragment) {
        return breaks(s, end, first_lines);
    }
    bool has_time =
        s->is_fragment || s->sdp->media_count > 0 || (s->seen & UINT32_C(1) << ('t' - 'a')) != 0;
    return !has_time && breaks(s, end, "t= must stand before the first m=");
}

static floe_err scan_line(scan *s, const floe_sdp_line *line)
{
    floe_sdp *sdp = s->sdp;
    if (breaks_form(s, line)) {
        return FLOE_E_MALFORMED;
    }
    if (line->value.len > FLOE_SDP_LINE_MAX) {
        breaks(s, s->line_at, "a line must not exceed FLOE_SDP_LINE_MAX bytes");
        return FLOE_E_TOO_BIG;
    }
    bool is_passed_over = s->is_fragment && line->type != 'a' && line->type != 'm';
    const floe_sdp_rule *rule = is_passed_over ? NULL : floe_sdp_find_rule(line->type);
    if (breaks_order(s, line, rule) || breaks_grammar(s, line, rule)) {
        return FLOE_E_MALFORMED;
    }
    s->line_count++;
    if (line->type != 'm') {
        return FLOE_OK;
    }
    if (breaks_session(s, s->line_at)) {
        return FLOE_E_MALFORMED;
    }
    if (sdp->media_count == FLOE_SDP_MEDIA_MAX) {
        breaks(s, s->line_at, "sections must not exceed FLOE_SDP_MEDIA_MAX");
        return FLOE_E_TOO_BIG;
    }
    sdp->media_at[sdp->media_count++] = (uint32_t)s->line_at;
    s->seen = 0;
    return FLOE_OK;
}

static floe_err scan_text(scan *s)
{
    floe_bytes text = s->sdp->text;
    if (text.len > FLOE_SDP_SIZE_MAX) {
        breaks(s, FLOE_SDP_SIZE_MAX, "the text must not exceed FLOE_SDP_SIZE_MAX bytes");
        return FLOE_E_TOO_BIG;
    }
    floe_sdp_line line;
    for (; s->line_at < text.len; s->line_at += line.raw.len) {
        view_line(text, s->line_at, &line);
        floe_err err = scan_line(s, &line);
        if (err != FLOE_OK) {
            return err;
        }
    }
    return breaks_session(s, text.len) ? FLOE_E_MALFORMED : FLOE_OK;
}

floe_err floe_sdp_scan(floe_sdp *sdp, floe_bytes text, bool is_fragment, floe_sdp_fault *fault)
{
    memset(sdp, 0, sizeof *sdp);
    sdp->text = text;
    scan s = {.sdp = sdp, .is_fragment = is_fragment};
    floe_err err = scan_text(&s);
    if (err != FLOE_OK) {
        floe_sdp_set_fault(fault, text, s.at, s.rule);
        memset(sdp, 0, sizeof *sdp);
    } else {
        floe_sdp_clear_fault(fault);
    }
    return err;
}

floe_err floe_sdp_parse(floe_sdp *sdp, floe_bytes text, floe_sdp_fault *fault)
{
    return floe_sdp_scan(sdp, text, false, fault);
}

bool floe_sdp_next(const floe_sdp *sdp, uint32_t section, size_t *cursor, floe_sdp_line *line)
{
    if (section != FLOE_SDP_SESSION && section >= sdp->media_count) {
        return false;
    }
    uint32_t after = section + 1; /* of the session: 0 */
    size_t begin = section == FLOE_SDP_SESSION ? 0 : sdp->media_at[section];
    size_t end = after < sdp->media_count ? sdp->media_at[after] : sdp->text.len;
    if (*cursor >= end - begin) {
        return false;
    }
    view_line(sdp->text, begin + *cursor, line);
    *cursor += line->raw.len;
    return true;
}

bool floe_sdp_find_line(const floe_sdp *sdp, uint32_t section, char type, floe_sdp_line *line)
{
    size_t cursor = 0;
    while (floe_sdp_next(sdp, section, &cursor, line)) {
        if (line->type == type) {
            return true;
        }
    }
    return false;
}

/* Is it a=name, or a=name:value? */
static bool has_name(const floe_sdp_line *line, floe_bytes name)
{
    const uint8_t *text = line->value.ptr;
    return line->type == 'a' && line->value.len >= name.len && text[0] == name.ptr[0] &&
           (line->value.len == name.len || text[name.len] == ':') &&
           memcmp(text, name.ptr, name.len) == 0;
}

bool floe_sdp_next_attr(const floe_sdp *sdp, uint32_t section, const char *name, size_t *cursor,
                        floe_bytes *value)
{
    floe_bytes wanted = floe_bytes_of(name);
    floe_sdp_line line;
    while (floe_sdp_next(sdp, section, cursor, &line)) {
        if (has_name(&line, wanted)) {
            size_t skip = wanted.len + 1;
            *value = line.value.len > wanted.len
                         ? (floe_bytes){line.value.ptr + skip, line.value.len - skip}
                         : (floe_bytes){NULL, 0};
            return true;
        }
    }
    return false;
}

bool floe_sdp_find_attr(const floe_sdp *sdp, uint32_t section, const char *name, floe_bytes *value)
{
    size_t cursor = 0;
    return floe_sdp_next_attr(sdp, section, name, &cursor, value);
}

bool floe_sdp_line_attr(const floe_sdp_line *line, floe_sdp_attr *attr)
{
    if (line->type != 'a') {
        return false;
    }
    floe_text t = floe_text_begin(line->value);
    floe_text_get_until(&t, ':', &attr->name);
    bool has_value = attr->name.len < line->value.len;
    attr->value = has_value ? floe_text_get_rest(&t) : (floe_bytes){NULL, 0};
    return true;
}

bool floe_sdp_media_of(const floe_sdp *sdp, uint32_t section, floe_sdp_media *media)
{
    floe_sdp_line line;
    if (section == FLOE_SDP_SESSION || !floe_sdp_find_line(sdp, section, 'm', &line)) {
        return false;
    }
    floe_text t = floe_text_begin(line.value);
    return floe_sdp_get_media(&t, media);
}

void floe_sdp_put_line(floe_writer *w, char type, const char *value)
{
    floe_writer_put_u8(w, (uint8_t)type);
    floe_writer_put_text(w, "=");
    floe_writer_put_text(w, value);
    floe_writer_put_text(w, "\r\n");
}

void floe_sdp_put_attr(floe_writer *w, const char *name, floe_bytes value)
{
    floe_writer_put_text(w, "a=");
    floe_writer_put_text(w, name);
    if (value.ptr != NULL) {
        floe_writer_put_text(w, ":");
        floe_writer_put_bytes(w, value);
    }
    floe_writer_put_text(w, "\r\n");
}

void floe_sdp_put(floe_writer *w, const floe_sdp *sdp)
{
    floe_sdp_line line;
    for (uint32_t i = 0; i <= sdp->media_count; i++) {
        size_t cursor = 0;
        while (floe_sdp_next(sdp, i - 1, &cursor, &line)) { /* of 0: FLOE_SDP_SESSION */
            floe_writer_put_bytes(w, line.raw);
        }
    }
}
