/*
 * app/json_args.h - typed members of a JSON object, for commands and their options.
 *
 * The error is sticky: a command reads all that it wants and asks once. Members that are not asked
 * for are not looked at; null counts as absent.
 */
#ifndef FLOE_APP_JSON_ARGS_H
#define FLOE_APP_JSON_ARGS_H

#include "base/floe.h"

#include <jansson.h>

typedef struct json_args {
    const json_t *object;
    char fault[128]; /* "": all is well */
} json_args;

json_args json_args_begin(const json_t *object);
bool json_args_has(const json_args *args, const char *key);
/* A view into the object, NUL-terminated (but it may contain NUL); empty with ptr NULL where it is
 * absent. */
floe_bytes json_args_text(json_args *args, const char *key);
bool json_args_flag(json_args *args, const char *key, bool otherwise);
/* A whole number from 0 to max. */
uint64_t json_args_number(json_args *args, const char *key, uint64_t max, uint64_t otherwise);
/* NULL: absent. */
const json_t *json_args_object(json_args *args, const char *key);
const json_t *json_args_array(json_args *args, const char *key);

/* Say what is wrong, if nothing has been said yet. */
void json_args_fail(json_args *args, const char *fault);
bool json_args_is_ok(const json_args *args);

#endif
