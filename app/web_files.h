/*
 * app/web_files.h - the pages of web/, which the build turns into C (cmake/embed_web.cmake).
 */
#ifndef FLOE_APP_WEB_FILES_H
#define FLOE_APP_WEB_FILES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_web_file {
    const char *path;          /* "/index.html": the name of the file in web/ */
    const char *content_type;  /* as in the HTTP header */
    const unsigned char *data; /* a NUL follows, so that text may be used as a string */
    size_t size;               /* without that NUL */
} floe_web_file;

/* Ends with an entry whose path is NULL. */
extern const floe_web_file floe_web_files[];
/* Likewise, of web/trace/: what floe trace makes its page of. */
extern const floe_web_file floe_trace_files[];

#ifdef __cplusplus
}
#endif
#endif
