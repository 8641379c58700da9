/*
 * app/trace_file.h - a file that --trace wrote, read back: its attempts to connect, each with a
 * verdict that is made of its records anew.
 */
#ifndef FLOE_APP_TRACE_FILE_H
#define FLOE_APP_TRACE_FILE_H

#include <jansson.h>

#include "base/floe.h"

#define TRACE_FILE_MAX      ((size_t)64 << 20) /* bytes of a file */
#define TRACE_FILE_ATTEMPTS 256u

typedef struct trace_file_fault {
    size_t line; /* from 1 */
    char why[128];
} trace_file_fault;

/* An array of {"begin":{...}, "urls":[...], "records":[...], "missed":n, "verdict":{...}}; NULL:
 * *fault says where and why. */
json_t *trace_file_read(floe_bytes text, trace_file_fault *fault);

#endif
