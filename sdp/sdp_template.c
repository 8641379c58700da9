/*
 * sdp/sdp_template.c - templates: what is written stands in the source as it stands on the wire
 * (sdp/sdp_internal.h). Used by sdp/sdp_webrtc_put.c and sdp/sdp_candidate.c.
 */
#include "sdp/sdp_internal.h"

void floe_sdp_put_template(floe_writer *w, const char *template_text, const floe_bytes *words,
                           const uint64_t *numbers)
{
    size_t line_at = w->len;
    bool is_left_out = false;
    for (const char *p = template_text; *p != '\0'; p++) {
        if (*p == '$') {
            is_left_out |= words->len == 0;
            floe_writer_put_bytes(w, *words++);
        } else if (*p == '#') {
            floe_writer_put_decimal(w, *numbers++);
        } else {
            floe_writer_put_u8(w, (uint8_t)*p);
        }
        if (*p == '\n') {
            w->len = is_left_out ? line_at : w->len;
            line_at = w->len;
            is_left_out = false;
        }
    }
}
