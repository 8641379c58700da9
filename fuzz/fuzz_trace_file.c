/*
 * fuzz/fuzz_trace_file.c - oracle: a file is taken, or refused with a line of it and a reason; of
 * what is taken each record is read again as it was written.
 */
#include <stdlib.h>
#include <string.h>

#include "app/trace_file.h"
#include "app/trace_line.h"

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_records(const json_t *records)
{
    size_t i;
    const json_t *line;
    json_array_foreach(records, i, line)
    {
        floe_trace_record record;
        char why[TRACE_LINE_WHY_MAX];
        must(trace_line_read(&record, line, why));
        json_t *again = trace_line_write(&record, 0);
        must(json_equal(line, again));
        json_decref(again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    trace_file_fault fault;
    json_t *attempts = trace_file_read((floe_bytes){data, size}, &fault);
    if (attempts == NULL) {
        must(fault.line >= 1 && fault.line <= size + 1 && fault.why[0] != '\0');
        return 0;
    }
    size_t i;
    json_t *attempt;
    must(json_array_size(attempts) > 0);
    json_array_foreach(attempts, i, attempt)
    {
        const json_t *verdict = json_object_get(attempt, "verdict");
        must(json_string_length(json_object_get(verdict, "text")) > 0);
        check_records(json_object_get(attempt, "records"));
    }
    json_decref(attempts);
    return 0;
}
