/* app/serve_http.c - the pages of `floe serve`, from memory. */
#include <string.h>

#include "app/serve.h"
#include "app/web_files.h"

/* What is being sent to one visitor; libwebsockets keeps it, of SERVE_VISIT_SIZE bytes, zeroed. */
typedef struct visit {
    const floe_web_file *file;
    size_t sent;
} visit;

#define CHUNK 4096u

static const floe_web_file *find_file(const char *path)
{
    if (strcmp(path, "/") == 0) {
        path = "/index.html";
    }
    for (const floe_web_file *file = floe_web_files; file->path != NULL; file++) {
        if (strcmp(file->path, path) == 0) {
            return file;
        }
    }
    return NULL;
}

static int add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at,
                      unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
                                       (const unsigned char *)value, (int)strlen(value), at, end);
}

/* The page takes nothing from elsewhere, and nobody frames it. */
static int add_policy(struct lws *wsi, unsigned char **at, unsigned char *end)
{
    return add_header(wsi, "content-security-policy:",
                      "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'", at,
                      end) ||
           add_header(wsi, "x-content-type-options:", "nosniff", at, end) ||
           add_header(wsi, "referrer-policy:", "no-referrer", at, end) ||
           add_header(wsi, "cache-control:", "no-cache", at, end);
}

static int refuse(struct lws *wsi, unsigned status)
{
    return lws_return_http_status(wsi, status, NULL) != 0 || lws_http_transaction_completed(wsi)
               ? -1
               : 0;
}

static int open_file(struct lws *wsi, visit *to, const char *path)
{
    unsigned char buf[LWS_PRE + 1024];
    unsigned char *start = buf + LWS_PRE, *at = start, *end = buf + sizeof buf - 1;
    to->file = find_file(path);
    to->sent = 0;
    bool is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    if (!is_head && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0) {
        return refuse(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED);
    }
    if (to->file == NULL) {
        return refuse(wsi, HTTP_STATUS_NOT_FOUND);
    }
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, to->file->content_type, to->file->size,
                                    &at, end) ||
        add_policy(wsi, &at, end) || lws_finalize_write_http_header(wsi, start, &at, end)) {
        return 1;
    }
    if (is_head) {
        to->file = NULL;
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

static int write_chunk(struct lws *wsi, visit *to)
{
    unsigned char buf[LWS_PRE + CHUNK];
    if (to == NULL || to->file == NULL) {
        return 0;
    }
    size_t left = to->file->size - to->sent;
    size_t len = left < CHUNK ? left : CHUNK;
    bool is_last = len == left;
    memcpy(buf + LWS_PRE, to->file->data + to->sent, len);
    if (lws_write(wsi, buf + LWS_PRE, len, is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) !=
        (int)len) {
        return 1;
    }
    to->sent += len;
    if (is_last) {
        to->file = NULL;
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

int serve_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return open_file(wsi, user, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return write_chunk(wsi, user);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1; /* a WebSocket that does not ask for floe-signal */
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}
