/*
 * examples/callbacks.c - the style of a browser: handlers that are called. Answers an offer, and
 * sends everything back. Paste the offer, then an empty line; give its answer to the other side.
 */
#include "io/io_callbacks.h"

#include <stdio.h>
#include <string.h>

static uint8_t bytes[65536]; /* a description */

/* The description that is pasted, up to an empty line. */
static floe_bytes read_description(void)
{
    char *line = (char *)bytes;
    size_t end = 0;
    while (fgets(line + end, (int)(sizeof bytes - end), stdin) != NULL && line[end] != '\n' &&
           line[end] != '\r') {
        end += strlen(line + end);
    }
    return (floe_bytes){bytes, end};
}

static void on_candidate(void *ctx, floe_peer *peer, const char *candidate, floe_bytes mid)
{
    floe_peer_sdp_type type;
    size_t len;
    (void)ctx;
    (void)mid;
    if (candidate[0] == '\0' &&
        floe_peer_get_local(peer, &type, bytes, sizeof bytes, &len) == FLOE_OK) {
        printf("%.*s\n", (int)len, (const char *)bytes);
        fflush(stdout);
    }
}

static bool on_message(void *ctx, floe_peer *peer, const floe_dc_message *message, floe_bytes data)
{
    (void)ctx;
    return floe_peer_send(peer, message->channel, message->is_text, data) != FLOE_E_AGAIN;
}

static void on_state(void *ctx, floe_peer *peer, floe_peer_state state)
{
    bool *is_over = ctx;
    (void)peer;
    *is_over = state >= FLOE_PEER_FAILED;
}

int main(void)
{
    static const floe_io_handlers handlers = {
        .on_candidate = on_candidate, .on_message = on_message, .on_state = on_state};
    floe_io_config config = {.use_loopback = true};
    floe_io_callbacks callbacks;
    floe_loop *loop;
    floe_io_peer *io;
    bool is_over = false;
    floe_bytes offer = read_description();
    if (floe_loop_open(&loop) != FLOE_OK ||
        floe_io_peer_open(&io, loop, &config, NULL) != FLOE_OK) {
        return 1;
    }
    floe_peer *peer = floe_io_peer_get(io);
    floe_io_callbacks_start(&callbacks, loop, io, &handlers, &is_over);
    bool is_well = floe_peer_set_remote(peer, FLOE_PEER_OFFER, offer, NULL) == FLOE_OK &&
                   floe_peer_set_local(peer, FLOE_PEER_ANSWER) == FLOE_OK;
    while (is_well && !is_over) {
        floe_loop_wait(loop, -1);
    }
    floe_io_callbacks_stop(&callbacks);
    floe_io_peer_close(io);
    floe_loop_close(loop);
    return is_well ? 0 : 1;
}
