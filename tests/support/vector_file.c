/* support/vector_file.c - see support/vector_file.h. */
#include "support/vector_file.h"

#include <stdlib.h>
#include <string.h>

#include "support/hex.h"
#include "support/unit.h"

FILE *vector_file_open(const char *file_name)
{
    char path[512];
    int len = snprintf(path, sizeof path, "%s/%s", FLOE_TEST_DATA, file_name);
    assert_in_range(len, 1, sizeof path - 1);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

/* The hexadecimal lines up to a line that is not indented, as many bytes as announced. */
static void read_bytes(FILE *file, size_t announced, vector *v)
{
    char line[256];
    size_t len = 0;
    while (len < announced && fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(line[0], ' ');
        len += hex_decode(line, v->memory + len, sizeof v->memory - len).len;
    }
    assert_int_equal(len, announced);
    v->bytes = (floe_bytes){v->memory, len};
}

bool vector_file_next(FILE *file, vector *v)
{
    char line[1024];
    v->name[0] = '\0';
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "name: ", 6) == 0) {
            line[strcspn(line, "\r\n")] = '\0';
            (void)snprintf(v->name, sizeof v->name, "%.127s", line + 6);
        }
        if (strncmp(line, "bytes: ", 7) == 0) {
            assert_int_not_equal(v->name[0], '\0');
            read_bytes(file, strtoul(line + 7, NULL, 10), v);
            return true;
        }
    }
    return false;
}

void vector_file_find(const char *file_name, const char *name, vector *v)
{
    FILE *file = vector_file_open(file_name);
    bool found = false;
    while (!found && vector_file_next(file, v)) {
        found = strcmp(v->name, name) == 0;
    }
    (void)fclose(file);
    if (!found) {
        fail_msg("%s has no vector \"%s\"", file_name, name);
    }
}
