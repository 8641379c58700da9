/*
 * app/turn_report.h - how `floe turn` tells its steps: a line each as they happen, or one JSON
 * object at the end. Texts come here finished.
 */
#ifndef FLOE_APP_TURN_REPORT_H
#define FLOE_APP_TURN_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "base/floe.h"

typedef enum turn_mark { TURN_OK, TURN_WARN, TURN_FAIL } turn_mark;

#define TURN_NO_TIME FLOE_TIME_NEVER

typedef struct turn_report {
    FILE *out;     /* for people; NULL: JSON */
    json_t *steps; /* of the address at hand; JSON only */
} turn_report;

/* What comes is about this. */
void turn_report_title(turn_report *report, const char *title);
/* A step: `details` (may be NULL) are members of its JSON object, and are released. `took` is
 * TURN_NO_TIME where time means nothing. */
void turn_report_step(turn_report *report, turn_mark mark, const char *name, floe_time took,
                      json_t *details, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Write words in lines that leave `indent` columns free, the first line excepted. */
void turn_report_wrap(FILE *out, int indent, const char *text);

#endif
