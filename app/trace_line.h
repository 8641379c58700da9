/*
 * app/trace_line.h - a record of a trace as a JSON object, and back. app/README.md has the names.
 */
#ifndef FLOE_APP_TRACE_LINE_H
#define FLOE_APP_TRACE_LINE_H

#include <jansson.h>

#include "base/trace.h"

#define TRACE_LINE_WHY_MAX 96

/* `began` is what "t" counts from. NULL: no memory, or a record of a kind that has no name. */
json_t *trace_line_write(const floe_trace_record *record, floe_time began);
/* False: it is none; `why` says what is wrong, in words that name no file or line. */
bool trace_line_read(floe_trace_record *record, const json_t *line, char why[TRACE_LINE_WHY_MAX]);

#endif
