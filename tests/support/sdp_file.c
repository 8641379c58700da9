/* support/sdp_file.c - see support/sdp_file.h. */
#include "support/sdp_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

static void path_of(const char *name, char *path, size_t cap)
{
    int len = snprintf(path, cap, "%s/sdp/%s", FLOE_TEST_DATA, name);
    assert_in_range(len, 1, cap - 1);
}

/* Memory of exactly the text's size, so that a sanitizer sees the first byte beyond it. */
static void take(sdp_file *file, const char *text, size_t len)
{
    uint8_t *memory = malloc(len > 0 ? len : 1);
    assert_non_null(memory);
    memcpy(memory, text, len);
    free(file->memory);
    file->memory = memory;
    file->text = (floe_bytes){memory, len};
}

void sdp_file_read(sdp_file *file, const char *name)
{
    static char buf[65536];
    char path[512];
    path_of(name, path, sizeof path);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fail_msg("%s is not there", path);
    }
    size_t len = fread(buf, 1, sizeof buf, stream);
    (void)fclose(stream);
    memset(file, 0, sizeof *file);
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    take(file, buf, len);
}

void sdp_file_free(sdp_file *file)
{
    free(file->memory);
    memset(file, 0, sizeof *file);
}

unsigned sdp_file_for_each(sdp_file_kind kind, void (*check)(const sdp_file *file))
{
    char path[512];
    unsigned count = 0;
    path_of("", path, sizeof path);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        bool is_text = strstr(entry->d_name, ".txt") != NULL;
        bool is_trickle = strstr(entry->d_name, "-trickle.txt") != NULL;
        if (is_text && is_trickle == (kind == SDP_FILE_TRICKLE)) {
            sdp_file file;
            sdp_file_read(&file, entry->d_name);
            check(&file);
            sdp_file_free(&file);
            count++;
        }
    }
    (void)closedir(folder);
    return count;
}

/* Offset of the first line that starts so. */
static size_t find_line(const sdp_file *file, const char *start)
{
    size_t len = strlen(start);
    for (size_t i = 0; i + len <= file->text.len; i++) {
        bool is_start = i == 0 || file->text.ptr[i - 1] == '\n';
        if (is_start && memcmp(file->text.ptr + i, start, len) == 0) {
            return i;
        }
    }
    fail_msg("%s has no line %s", file->name, start);
    return 0;
}

void sdp_file_replace(sdp_file *file, const char *start, const char *with)
{
    size_t at = find_line(file, start);
    const uint8_t *feed = memchr(file->text.ptr + at, '\n', file->text.len - at);
    size_t end = feed != NULL ? (size_t)(feed - file->text.ptr) + 1 : file->text.len;
    size_t with_len = with != NULL ? strlen(with) : 0;
    char *text = malloc(file->text.len + with_len + 1);
    assert_non_null(text);
    memcpy(text, file->text.ptr, at);
    memcpy(text + at, with != NULL ? with : "", with_len);
    memcpy(text + at + with_len, file->text.ptr + end, file->text.len - end);
    take(file, text, at + with_len + file->text.len - end);
    free(text);
}

void sdp_file_use_lf(sdp_file *file)
{
    size_t len = 0;
    for (size_t i = 0; i < file->text.len; i++) {
        if (file->memory[i] != '\r') {
            file->memory[len++] = file->memory[i];
        }
    }
    char *text = malloc(len + 1);
    assert_non_null(text);
    memcpy(text, file->memory, len);
    take(file, text, len);
    free(text);
}
