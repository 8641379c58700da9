/* app/trace_log.c - see app/trace_log.h. */
#include "app/trace_log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "app/trace_line.h"
#include "ice/ice_trace.h"

#define APPLICATION_DATA 23 /* RFC 6347: a DTLS record of what the program sends */

bool trace_log_open(trace_log *log, const char *path, const char *by)
{
    memset(log, 0, sizeof *log);
    log->path = path;
    log->by = by;
    floe_verdict_init(&log->facts);
    if (path == NULL) {
        return true;
    }
    log->file = fopen(path, "we");
    if (log->file == NULL) {
        (void)fprintf(stderr, "%s: --trace %s: %s\n", by, path, strerror(errno));
    }
    return log->file != NULL;
}

static void put_line(const trace_log *log, json_t *line)
{
    if (line != NULL) {
        (void)json_dumpf(line, log->file,
                         JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
        (void)fputc('\n', log->file);
    }
    json_decref(line);
}

/* What the program sends and receives is not what the stack decides. */
static bool is_data(const floe_trace_record *record)
{
    bool is_packet = record->kind == FLOE_TRACE_SENT || record->kind == FLOE_TRACE_GOT;
    return is_packet && (record->module == FLOE_MODULE_SCTP ||
                         (record->module == FLOE_MODULE_DTLS && record->b == APPLICATION_DATA));
}

static void take(void *ctx, const floe_trace_record *record)
{
    trace_log *log = ctx;
    if (is_data(record)) {
        return;
    }
    floe_verdict_take(&log->facts, record);
    if (log->file != NULL) {
        floe_trace_ring_put(&log->ring, record);
    }
}

floe_trace trace_log_sink(trace_log *log)
{
    return (floe_trace){take, log};
}

/* Servers are numbered in the order of their URLs, STUN and TURN apart. */
static void name_servers(const trace_log *log, const json_t *ice)
{
    unsigned stun = 0, turn = FLOE_ICE_TRACE_TURN;
    size_t i;
    json_t *entry;
    json_array_foreach(ice, i, entry)
    {
        const json_t *urls = json_object_get(entry, "urls");
        size_t count = json_is_array(urls) ? json_array_size(urls) : 1;
        for (size_t k = 0; k < count; k++) {
            const json_t *url = json_is_array(urls) ? json_array_get(urls, k) : urls;
            const char *text = json_string_value(url);
            if (text != NULL) {
                unsigned *number = strncmp(text, "turn", 4) == 0 ? &turn : &stun;
                put_line(log, json_pack("{s:s, s:i, s:s}", "k", "url", "id", (int)(*number)++,
                                        "url", text));
            }
        }
    }
}

void trace_log_begin(trace_log *log, const char *with, const json_t *ice)
{
    trace_log_end(log);
    floe_verdict_init(&log->facts);
    log->is_begun = true;
    if (log->file == NULL) {
        return;
    }
    floe_trace_ring_init(&log->ring, log->records, TRACE_LOG_RING, log->kept,
                         FLOE_TRACE_KEPT_DEFAULT);
    log->cursor = (floe_trace_cursor){0};
    log->began = FLOE_TIME_NEVER;
    log->told_missed = 0;
    char at[32];
    time_t now = time(NULL);
    struct tm utc;
    (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    put_line(log, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "k", "begin", "version", 1, "floe",
                            FLOE_VERSION, "by", log->by, "at", at, "with", with));
    name_servers(log, ice);
}

void trace_log_drain(trace_log *log)
{
    floe_trace_record record;
    bool is_news = false;
    if (log->file == NULL || !log->is_begun) {
        return;
    }
    while (floe_trace_ring_next(&log->ring, &log->cursor, &record)) {
        log->began = floe_time_min(log->began, record.at);
        put_line(log, trace_line_write(&record, log->began));
        is_news = true;
    }
    if (log->cursor.missed > log->told_missed) {
        put_line(log, json_pack("{s:s, s:I}", "k", "missed", "records",
                                (json_int_t)(log->cursor.missed - log->told_missed)));
        log->told_missed = log->cursor.missed;
    }
    if (is_news) {
        (void)fflush(log->file);
    }
}

void trace_log_end(trace_log *log)
{
    char text[FLOE_VERDICT_TEXT_MAX];
    if (!log->is_begun) {
        return;
    }
    trace_log_drain(log);
    log->is_begun = false;
    if (log->file != NULL) {
        floe_verdict verdict = floe_verdict_get(&log->facts);
        put_line(log, json_pack("{s:s, s:s, s:s}", "k", "verdict", "code",
                                floe_verdict_code_name(verdict.code), "text",
                                floe_verdict_text(&verdict, text)));
        (void)fflush(log->file);
    }
}

void trace_log_close(trace_log *log)
{
    trace_log_end(log);
    if (log->file != NULL && fclose(log->file) != 0) {
        (void)fprintf(stderr, "%s: --trace %s: %s\n", log->by, log->path, strerror(errno));
    }
    log->file = NULL;
}

floe_verdict trace_log_verdict(const trace_log *log)
{
    return floe_verdict_get(&log->facts);
}
