/* app/turn_report.c - see app/turn_report.h. */
#include "app/turn_report.h"

#include <stdarg.h>
#include <string.h>

#define LINE_WIDTH 80
#define INDENT     31 /* "  ok    allocated       12.3 ms  " */

void turn_report_wrap(FILE *out, int indent, const char *text)
{
    int column = indent;
    while (*text != '\0') {
        int word = (int)strcspn(text, " ");
        if (column > indent && column + 1 + word > LINE_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", word, text);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    putc('\n', out);
}

void turn_report_title(turn_report *report, const char *title)
{
    if (report->out != NULL) {
        fprintf(report->out, "%s\n", title);
    }
}

static void add_json(turn_report *report, turn_mark mark, const char *name, floe_time took,
                     json_t *details, const char *text)
{
    static const char *const marks[] = {"ok", "warning", "failed"};
    json_t *step = json_pack("{s:s, s:s, s:s}", "step", name, "result", marks[mark], "text", text);
    if (took != TURN_NO_TIME) {
        json_object_set_new(step, "ms", json_real((double)took / 1e3));
    }
    if (details != NULL) {
        json_object_update(step, details);
    }
    json_array_append_new(report->steps, step);
}

void turn_report_step(turn_report *report, turn_mark mark, const char *name, floe_time took,
                      json_t *details, const char *format, ...)
{
    static const char *const marks[] = {"ok", "?", "FAIL"};
    char text[1024], time[24] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (report->out == NULL) {
        add_json(report, mark, name, took, details, text);
    } else {
        if (took != TURN_NO_TIME) {
            snprintf(time, sizeof time, took < FLOE_MS ? "%.2f ms" : "%.1f ms", (double)took / 1e3);
        }
        fprintf(report->out, "  %-5s %-11s %9s  ", marks[mark], name, time);
        turn_report_wrap(report->out, INDENT, text);
        fflush(report->out);
    }
    json_decref(details);
}
