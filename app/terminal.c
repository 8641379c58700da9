/* app/terminal.c - see app/terminal.h. */
#include "app/terminal.h"

#include "datachannel/utf8.h"

void terminal_put(FILE *out, floe_bytes bytes, const char *line_end)
{
    bool is_utf8 = floe_utf8_is_valid(bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        bool is_c1 = c == 0xc2 && i + 1 < bytes.len && bytes.ptr[i + 1] < 0xa0;
        bool is_shown = c == '\t' || (c >= 0x20 && c != 0x7f && (c < 0x80 || is_utf8) && !is_c1);
        if (c == '\n') {
            (void)fputs(line_end, out);
        } else {
            (void)putc(is_shown ? c : '?', out);
            i += is_c1 && is_utf8;
        }
    }
}
