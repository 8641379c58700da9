/* support/sdp_reading.c - see support/sdp_reading.h. */
#include "support/sdp_reading.h"

#include <string.h>

#include "support/unit.h"

int sdp_reading_setup(void **state)
{
    static sdp_reading f;
    memset(&f, 0, sizeof f);
    *state = &f;
    return 0;
}

int sdp_reading_teardown(void **state)
{
    sdp_reading *f = *state;
    sdp_file_free(&f->file);
    return 0;
}

floe_err sdp_reading_again(sdp_reading *f)
{
    memset(&f->desc, 0xff, sizeof f->desc);
    if (floe_sdp_parse(&f->sdp, f->file.text, &f->fault) != FLOE_OK) {
        fail_msg("%u:%u %s", f->fault.line, f->fault.column, f->fault.rule);
    }
    return floe_sdp_webrtc_read(&f->desc, &f->sdp, &f->fault);
}

void sdp_reading_load(sdp_reading *f, const char *name)
{
    sdp_file_free(&f->file);
    sdp_file_read(&f->file, name);
}

floe_err sdp_reading_file(sdp_reading *f, const char *name)
{
    sdp_reading_load(f, name);
    return sdp_reading_again(f);
}

floe_err sdp_reading_changed(sdp_reading *f, const char *start, const char *with)
{
    sdp_reading_load(f, SDP_READING_CHROMIUM);
    sdp_file_replace(&f->file, start, with);
    return sdp_reading_again(f);
}

unsigned sdp_reading_count_candidates(const sdp_reading *f)
{
    unsigned count = 0;
    size_t cursor = 0;
    floe_bytes text;
    while (floe_sdp_webrtc_next_candidate(&f->sdp, &f->desc, &cursor, &text)) {
        count++;
    }
    assert_false(floe_sdp_webrtc_next_candidate(&f->sdp, &f->desc, &cursor, &text));
    return count;
}

void sdp_reading_check_text(floe_bytes bytes, const char *text)
{
    if (!floe_bytes_equal(bytes, floe_bytes_of(text))) {
        fail_msg("\"%.*s\" is not \"%s\"", (int)bytes.len, (const char *)bytes.ptr, text);
    }
}
