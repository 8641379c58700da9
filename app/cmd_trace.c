/* app/cmd_trace.c - `floe trace FILE`: a trace that --trace wrote, as a page that explains itself.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/terminal.h"
#include "app/trace_file.h"
#include "app/web_files.h"

static const char usage[] =
    "usage: floe trace FILE [-o OUT.html]\n"
    "\n"
    "Says in a sentence why the connection of a trace came about or did not, and what helps. With\n"
    "-o it draws the trace as one page that needs nothing else: candidates, servers and the peer\n"
    "as lanes, each check with what came of it, the states of the pairs. FILE is what floe chat,\n"
    "peer or pair wrote with --trace; - is standard input, and -o - standard output.\n"
    "\n"
    "A trace has addresses, user names in rooms and URLs of servers, but no password.\n"
    "\n"
    "Exit status: 0 it was drawn, 1 the file is no trace, 2 it could not be read or written.\n";

static uint8_t *read_all(FILE *in, size_t *len)
{
    size_t cap = 65536;
    uint8_t *text = malloc(cap);
    *len = 0;
    while (text != NULL && *len <= TRACE_FILE_MAX) {
        size_t got = fread(text + *len, 1, cap - *len, in);
        *len += got;
        if (got == 0) {
            break;
        }
        if (*len == cap) {
            uint8_t *more = realloc(text, cap *= 2);
            if (more == NULL) {
                free(text);
            }
            text = more;
        }
    }
    if (text != NULL && (ferror(in) || *len > TRACE_FILE_MAX)) {
        errno = ferror(in) ? errno : EFBIG;
        free(text);
        return NULL;
    }
    return text;
}

static const floe_web_file *find_file(const char *path)
{
    const floe_web_file *file = floe_trace_files;
    while (file->path != NULL && strcmp(file->path, path) != 0) {
        file++;
    }
    return file;
}

/* The data stands in a script element: nothing in it may end that. */
static void put_data(FILE *out, const json_t *attempts)
{
    char *text = json_dumps(attempts, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII |
                                          JSON_REAL_PRECISION(12));
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c == '<') {
            (void)fputs("\\u003c", out);
        } else {
            (void)fputc(*c, out);
        }
    }
    free(text);
}

/* trace.html, with what its three marks stand for. */
static void put_page(FILE *out, const json_t *attempts)
{
    static const char *const marks[] = {"/*STYLE*/", "/*DATA*/", "/*SCRIPT*/"};
    static const char *const files[] = {"/trace.css", NULL, "/trace.js"};
    const char *page = (const char *)find_file("/trace.html")->data;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *mark = strstr(page, marks[i]);
        (void)fwrite(page, 1, (size_t)(mark - page), out);
        if (files[i] != NULL) {
            (void)fwrite(find_file(files[i])->data, 1, find_file(files[i])->size, out);
        } else {
            put_data(out, attempts);
        }
        page = mark + strlen(marks[i]);
    }
    (void)fputs(page, out);
}

static void say_verdicts(const json_t *attempts)
{
    size_t i;
    json_t *attempt;
    json_array_foreach(attempts, i, attempt)
    {
        const json_t *verdict = json_object_get(attempt, "verdict");
        const char *with =
            json_string_value(json_object_get(json_object_get(attempt, "begin"), "with"));
        if (with != NULL && with[0] != '\0') {
            terminal_put(stdout, floe_bytes_of(with), "?");
            (void)fputs(": ", stdout);
        }
        (void)printf("%s\n", json_string_value(json_object_get(verdict, "text")));
    }
}

static int write_page(const json_t *attempts, const char *name)
{
    FILE *out = strcmp(name, "-") == 0 ? stdout : fopen(name, "wb");
    if (out == NULL) {
        (void)fprintf(stderr, "floe trace: %s: %s\n", name, strerror(errno));
        return 2;
    }
    put_page(out, attempts);
    bool is_bad = ferror(out) != 0;
    is_bad |= out != stdout ? fclose(out) != 0 : fflush(out) != 0;
    if (is_bad) {
        (void)fprintf(stderr, "floe trace: %s: it could not be written\n", name);
    }
    return is_bad ? 2 : 0;
}

static int run(const char *name, const char *out)
{
    bool is_stdin = strcmp(name, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(name, "rb");
    size_t len = 0;
    uint8_t *text = in != NULL ? read_all(in, &len) : NULL;
    if (text == NULL) {
        (void)fprintf(stderr, "floe trace: %s: %s\n", name, strerror(errno));
    }
    if (in != NULL && !is_stdin) {
        (void)fclose(in);
    }
    if (text == NULL) {
        return 2;
    }
    trace_file_fault fault;
    json_t *attempts = trace_file_read((floe_bytes){text, len}, &fault);
    free(text);
    if (attempts == NULL) {
        (void)fprintf(stderr, "floe trace: %s:%zu: ", name, fault.line);
        terminal_put(stderr, floe_bytes_of(fault.why), "?");
        (void)fputc('\n', stderr);
        return 1;
    }
    if (out == NULL || strcmp(out, "-") != 0) {
        say_verdicts(attempts);
    }
    int status = out != NULL ? write_page(attempts, out) : 0;
    json_decref(attempts);
    return status;
}

int cmd_trace(int argc, char **argv)
{
    static const struct option names[] = {
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *out = NULL;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "o:h", names, NULL)) != -1) {
        if (option == 'h' || option == '?') {
            (void)fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
        out = optarg;
    }
    if (optind != argc - 1) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return run(argv[optind], out);
}
