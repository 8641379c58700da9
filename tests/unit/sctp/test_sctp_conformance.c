/* The purposes of tests/conformance: each is a test. */
#include "support/sctp_script.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURPOSES_MAX 512u

static const char *const files[] = {"as.sctp",
                                    "at.sctp",
                                    "imh.sctp",
                                    "dm.sctp",
                                    "fh.sctp",
                                    "e.sctp",
                                    "bdc.sctp",
                                    "d.sctp",
                                    "a.sctp",
                                    "m.sctp",
                                    "rt.sctp",
                                    "rules.sctp",
                                    "pr_handshake.sctp",
                                    "pr_receiver.sctp",
                                    "pr_sender.sctp",
                                    "pr_loss.sctp",
                                    "faults.sctp"};

typedef struct purpose {
    char name[160];
    const char *file;
    int line;
} purpose;

static sctp_script script;
static purpose purposes[PURPOSES_MAX];
static struct CMUnitTest tests[PURPOSES_MAX];
static size_t count;

static void run_purpose(void **state)
{
    const purpose *p = *state;
    sctp_script_run(&script, p->file, p->line);
}

static void add(const char *file, int line, const char *name)
{
    if (count == PURPOSES_MAX) {
        (void)fprintf(stderr, "more than %u purposes\n", PURPOSES_MAX);
        exit(1);
    }
    purpose *p = &purposes[count];
    (void)snprintf(p->name, sizeof p->name, "%.*s", (int)strcspn(name, "\r\n"), name);
    p->file = file;
    p->line = line;
    tests[count++] = (struct CMUnitTest){p->name, run_purpose, NULL, NULL, p};
}

/* A purpose begins with a line "purpose NUMBER RFC: its meaning". */
static void find_purposes(const char *file)
{
    static const char begin[] = "purpose ";
    char path[512], line[SCRIPT_LINE];
    (void)snprintf(path, sizeof path, "%s/../conformance/%s", FLOE_TEST_DATA, file);
    FILE *stream = fopen(path, "r");
    if (stream == NULL) {
        (void)fprintf(stderr, "%s is not there\n", path);
        exit(1);
    }
    for (int number = 1; fgets(line, sizeof line, stream) != NULL; number++) {
        if (strncmp(line, begin, sizeof begin - 1) == 0) {
            add(file, number, line + sizeof begin - 1);
        }
    }
    (void)fclose(stream);
}

int main(void)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        find_purposes(files[i]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
