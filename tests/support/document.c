/* support/document.c - see support/document.h. */
#include "support/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static void write_it(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void document_hold(const char *name, const char *variable, const char *text, size_t len)
{
    char path[1024];
    const char *wish = getenv(variable);
    (void)snprintf(path, sizeof path, "%s/../../docs/%s", FLOE_TEST_DATA, name);
    if (wish != NULL && strcmp(wish, "write") == 0) {
        write_it(path, text, len);
    }
    char *old = malloc(len + 1);
    FILE *file = fopen(path, "r");
    assert_non_null(old);
    assert_non_null(file);
    size_t old_len = fread(old, 1, len + 1, file);
    fclose(file);
    int is_same = old_len == len && memcmp(old, text, len) == 0;
    free(old);
    if (!is_same) {
        fail_msg("docs/%s is not what came out; %s=write writes it", name, variable);
    }
}
