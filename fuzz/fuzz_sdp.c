/*
 * fuzz/fuzz_sdp.c - any bytes as a session description.
 *
 * Oracle: what parse accepts is given back byte for byte; its lines, section by section, have every
 * byte once and in order; what its grammar promised can be taken apart. What it refuses has a fault
 * at a place inside the text.
 */
#include <string.h>

#include "fuzz/harness.h"
#include "sdp/sdp.h"

static void check_fault(const floe_sdp *sdp, const floe_sdp_fault *fault, floe_bytes text)
{
    static const floe_sdp zero;
    uint32_t line = 1;
    size_t line_at = 0;
    require(memcmp(sdp, &zero, sizeof zero) == 0);
    require(fault->rule != NULL && fault->rule[0] != '\0');
    for (size_t i = 0; i < text.len && line < fault->line; i++) {
        if (text.ptr[i] == '\n') {
            line++;
            line_at = i + 1;
        }
    }
    require(line == fault->line);
    require(fault->column >= 1 && fault->column - 1 <= text.len - line_at);
}

static void check_line(const floe_sdp_line *line)
{
    floe_sdp_attr attr;
    bool is_attr = floe_sdp_line_attr(line, &attr);
    require(is_attr == (line->type == 'a'));
    require(line->raw.ptr[0] == (uint8_t)line->type && line->raw.ptr[1] == '=');
    require(line->value.len == 0 || memchr(line->value.ptr, '\n', line->value.len) == NULL);
    require(line->value.len == 0 || memchr(line->value.ptr, '\0', line->value.len) == NULL);
    if (is_attr) {
        size_t colon = attr.value.ptr != NULL ? 1 : 0;
        require(attr.name.len > 0 && attr.name.len + colon + attr.value.len == line->value.len);
    }
}

static void check_media(const floe_sdp *sdp)
{
    for (uint32_t i = 0; i < sdp->media_count; i++) {
        floe_sdp_media media;
        require(floe_sdp_media_of(sdp, i, &media));
        require(media.media.len > 0 && media.proto.len > 0 && media.formats.len > 0);
        require(media.port_count > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[FLOE_SDP_SIZE_MAX];
    floe_bytes text = {data, size};
    floe_sdp sdp;
    floe_sdp_line line;
    floe_sdp_fault fault;
    floe_err err = floe_sdp_parse(&sdp, text, &fault);
    if (err != FLOE_OK) {
        require(err == FLOE_E_MALFORMED || err == FLOE_E_TOO_BIG);
        check_fault(&sdp, &fault, text);
        return 0;
    }
    require(fault.line == 0 && sdp.media_count <= FLOE_SDP_MEDIA_MAX);
    size_t at = 0;
    for (uint32_t i = 0; i <= sdp.media_count; i++) {
        size_t cursor = 0;
        while (floe_sdp_next(&sdp, i == 0 ? FLOE_SDP_SESSION : i - 1, &cursor, &line)) {
            require(line.raw.ptr == data + at && line.raw.len > 0);
            require((line.type == 'm') == (i > 0 && cursor == line.raw.len));
            check_line(&line);
            at += line.raw.len;
        }
    }
    require(at == size);
    check_media(&sdp);
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_put(&w, &sdp);
    require(floe_writer_is_ok(&w) && w.len == size && memcmp(buf, data, size) == 0);
    return 0;
}
