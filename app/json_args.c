/* app/json_args.c - typed members of a JSON object, for commands and their options. */
#include "app/json_args.h"

#include <stdio.h>

json_args json_args_begin(const json_t *object)
{
    return (json_args){.object = object};
}

bool json_args_is_ok(const json_args *args)
{
    return args->fault[0] == '\0';
}

void json_args_fail(json_args *args, const char *fault)
{
    if (json_args_is_ok(args)) {
        (void)snprintf(args->fault, sizeof args->fault, "%.120s", fault);
    }
}

static void fail_type(json_args *args, const char *key, const char *type)
{
    char text[sizeof args->fault];
    (void)snprintf(text, sizeof text, "\"%.40s\" must be %.60s", key, type);
    json_args_fail(args, text);
}

/* NULL: absent. */
static const json_t *get(const json_args *args, const char *key)
{
    const json_t *value = json_object_get(args->object, key);
    return json_is_null(value) ? NULL : value;
}

bool json_args_has(const json_args *args, const char *key)
{
    return get(args, key) != NULL;
}

floe_bytes json_args_text(json_args *args, const char *key)
{
    const json_t *value = get(args, key);
    if (value != NULL && !json_is_string(value)) {
        fail_type(args, key, "a string");
        value = NULL;
    }
    if (value == NULL) {
        return (floe_bytes){NULL, 0};
    }
    return (floe_bytes){(const uint8_t *)json_string_value(value), json_string_length(value)};
}

bool json_args_flag(json_args *args, const char *key, bool otherwise)
{
    const json_t *value = get(args, key);
    if (value != NULL && !json_is_boolean(value)) {
        fail_type(args, key, "true or false");
        value = NULL;
    }
    return value != NULL ? json_is_true(value) : otherwise;
}

uint64_t json_args_number(json_args *args, const char *key, uint64_t max, uint64_t otherwise)
{
    const json_t *value = get(args, key);
    if (value == NULL) {
        return otherwise;
    }
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > max) {
        char type[64];
        (void)snprintf(type, sizeof type, "a whole number from 0 to %llu", (unsigned long long)max);
        fail_type(args, key, type);
        return otherwise;
    }
    return (uint64_t)number;
}

const json_t *json_args_object(json_args *args, const char *key)
{
    const json_t *value = get(args, key);
    if (value != NULL && !json_is_object(value)) {
        fail_type(args, key, "an object");
        return NULL;
    }
    return value;
}

const json_t *json_args_array(json_args *args, const char *key)
{
    const json_t *value = get(args, key);
    if (value != NULL && !json_is_array(value)) {
        fail_type(args, key, "an array");
        return NULL;
    }
    return value;
}
