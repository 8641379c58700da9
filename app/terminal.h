/* app/terminal.h - text of others on a terminal. */
#ifndef FLOE_APP_TERMINAL_H
#define FLOE_APP_TERMINAL_H

#include <stdio.h>

#include "base/floe.h"

/* It must not move the cursor, change colours or pass for a line of ours: control characters but
 * the tab become '?', and so does every byte over 127 of what is not UTF-8. `line_end` stands in
 * for the end of a line. */
void terminal_put(FILE *out, floe_bytes bytes, const char *line_end);

#endif
