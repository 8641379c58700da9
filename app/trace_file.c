/* app/trace_file.c - see app/trace_file.h. Nothing of a line goes on that was not read. */
#include "app/trace_file.h"

#include <stdio.h>
#include <string.h>

#include "app/trace_line.h"
#include "base/addr.h"
#include "peer/peer_verdict.h"

typedef struct reading {
    json_t *attempts;
    json_t *attempt; /* the last of them */
    floe_verdict_facts facts;
    trace_file_fault *fault;
} reading;

static bool refuse(const reading *r, const char *why)
{
    (void)snprintf(r->fault->why, sizeof r->fault->why, "%s", why);
    return false;
}

static void copy_text(json_t *to, const json_t *from, const char *name)
{
    const json_t *text = json_object_get(from, name);
    if (json_is_string(text)) {
        json_object_set_new(to, name, json_string(json_string_value(text)));
    }
}

static void put_addr(json_t *object, const char *name, const floe_addr *addr)
{
    char text[FLOE_ADDR_TEXT_MAX];
    if (addr->family != 0) {
        json_object_set_new(object, name, json_string(floe_addr_text(addr, text)));
    }
}

static void finish(reading *r)
{
    char text[FLOE_VERDICT_TEXT_MAX];
    if (r->attempt == NULL) {
        return;
    }
    floe_verdict v = floe_verdict_get(&r->facts);
    bool is_good = v.code >= FLOE_VERDICT_DIRECT && v.code <= FLOE_VERDICT_RELAYED;
    bool is_over = v.code == FLOE_VERDICT_CLOSED || v.code == FLOE_VERDICT_CLOSED_BY_PEER;
    json_t *verdict =
        json_pack("{s:s, s:s, s:s, s:b}", "code", floe_verdict_code_name(v.code), "text",
                  floe_verdict_text(&v, text), "mood",
                  is_good || (is_over && v.was_connected) ? "good" : (v.is_final ? "bad" : "open"),
                  "connected", (int)v.was_connected);
    if (v.was_connected) {
        json_object_set_new(verdict, "after_ms", json_integer(v.after_ms));
    }
    put_addr(verdict, "local", &v.local);
    put_addr(verdict, "remote", &v.remote);
    put_addr(verdict, "server", &v.server);
    json_object_set_new(r->attempt, "verdict", verdict);
}

static bool begin(reading *r, const json_t *line)
{
    finish(r);
    if (json_array_size(r->attempts) >= TRACE_FILE_ATTEMPTS) {
        return refuse(r, "more attempts than can be shown");
    }
    json_t *head = json_object();
    static const char *const names[] = {"floe", "by", "at", "with"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        copy_text(head, line, names[i]);
    }
    r->attempt = json_pack("{s:o, s:[], s:[], s:i}", "begin", head, "urls", "records", "missed", 0);
    json_array_append_new(r->attempts, r->attempt);
    floe_verdict_init(&r->facts);
    return r->attempt != NULL;
}

static bool take_url(reading *r, const json_t *line)
{
    const json_t *id = json_object_get(line, "id");
    const char *url = json_string_value(json_object_get(line, "url"));
    if (!json_is_integer(id) || url == NULL) {
        return refuse(r, "\"url\" needs \"id\" and \"url\"");
    }
    json_array_append_new(json_object_get(r->attempt, "urls"),
                          json_pack("{s:I, s:s}", "id", json_integer_value(id), "url", url));
    return true;
}

static bool take_record(reading *r, const json_t *line)
{
    floe_trace_record record;
    if (!trace_line_read(&record, line, r->fault->why)) {
        return false;
    }
    floe_verdict_take(&r->facts, &record);
    json_array_append_new(json_object_get(r->attempt, "records"), trace_line_write(&record, 0));
    return true;
}

static bool take(reading *r, const json_t *line)
{
    const char *kind = json_string_value(json_object_get(line, "k"));
    if (kind == NULL) {
        return refuse(r, "no record: \"k\" is missing");
    }
    if (strcmp(kind, "begin") == 0) {
        return begin(r, line);
    }
    if (r->attempt == NULL) {
        return refuse(r, "no trace: it does not begin with \"begin\"");
    }
    if (strcmp(kind, "url") == 0) {
        return take_url(r, line);
    }
    if (strcmp(kind, "missed") == 0) {
        json_object_set(r->attempt, "missed", json_object_get(line, "records"));
        return json_is_integer(json_object_get(line, "records")) ||
               refuse(r, "\"missed\" needs a number of \"records\"");
    }
    return strcmp(kind, "verdict") == 0 || take_record(r, line); /* that is made anew */
}

static bool take_line(reading *r, floe_bytes line)
{
    json_error_t error;
    json_t *value = json_loadb((const char *)line.ptr, line.len, JSON_REJECT_DUPLICATES, &error);
    bool is_ok;
    if (value == NULL) {
        (void)snprintf(r->fault->why, sizeof r->fault->why, "no JSON: %.100s", error.text);
        return false;
    }
    is_ok = json_is_object(value) ? take(r, value) : refuse(r, "no JSON object");
    json_decref(value);
    return is_ok;
}

static bool is_blank(floe_bytes line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (strchr(" \t\r", line.ptr[i]) == NULL || line.ptr[i] == 0) {
            return false;
        }
    }
    return true;
}

json_t *trace_file_read(floe_bytes text, trace_file_fault *fault)
{
    reading r = {.attempts = json_array(), .fault = fault};
    *fault = (trace_file_fault){0};
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.ptr) - at : text.len - at;
        floe_bytes line = {text.ptr + at, len};
        fault->line++;
        if (!is_blank(line) && !take_line(&r, line)) {
            json_decref(r.attempts);
            return NULL;
        }
        at += len + 1;
    }
    finish(&r);
    if (r.attempt == NULL) {
        fault->line = 1;
        (void)refuse(&r, "the file is empty");
        json_decref(r.attempts);
        return NULL;
    }
    return r.attempts;
}
