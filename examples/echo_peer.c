/*
 * examples/echo_peer.c - opens a data channel to whoever answers its offer, and sends everything
 * back. Give the offer that it prints to the other side; paste the answer, then an empty line.
 */
#include "io/io_peer.h"

#include <stdio.h>
#include <string.h>

static uint8_t bytes[262144]; /* the largest message, or a description */

/* Print our offer and read the answer to it. */
static bool exchange(floe_peer *peer, floe_loop *loop)
{
    floe_peer_sdp_type type;
    size_t len, end;
    if (floe_peer_get_local(peer, &type, bytes, sizeof bytes, &len) != FLOE_OK) {
        return false;
    }
    printf("%.*s\n", (int)len, (const char *)bytes);
    fflush(stdout);
    char *line = (char *)bytes;
    for (end = 0; fgets(line + end, (int)(sizeof bytes - end), stdin) != NULL;) {
        if (line[end] == '\n' || line[end] == '\r') {
            break;
        }
        end += strlen(line + end);
    }
    floe_loop_wait(loop, 0); /* time has passed: the peer is told before it goes on */
    return floe_peer_set_remote(peer, FLOE_PEER_ANSWER, (floe_bytes){bytes, end}, NULL) == FLOE_OK;
}

/* What can not be sent back yet stays where it is, which slows the other side down. */
static void echo(floe_peer *peer)
{
    floe_dc_message message;
    while (floe_peer_peek(peer, &message)) {
        floe_bytes data = {bytes, message.len};
        (void)floe_peer_copy(peer, bytes, sizeof bytes);
        if (floe_peer_send(peer, message.channel, message.is_text, data) == FLOE_E_AGAIN) {
            return;
        }
        floe_peer_release(peer);
    }
}

int main(void)
{
    floe_loop *loop;
    floe_io_peer *io;
    floe_dc_id channel;
    floe_peer_event event;
    floe_io_config config = {.use_loopback = true};
    floe_dc_options options = {.label = FLOE_LIT("echo")};
    if (floe_loop_open(&loop) != FLOE_OK ||
        floe_io_peer_open(&io, loop, &config, NULL) != FLOE_OK) {
        return 1;
    }
    floe_peer *peer = floe_io_peer_get(io);
    bool is_well = floe_peer_open_channel(peer, &options, &channel) == FLOE_OK &&
                   floe_peer_set_local(peer, FLOE_PEER_OFFER) == FLOE_OK;
    while (is_well && floe_peer_get_state(peer) < FLOE_PEER_FAILED) {
        floe_loop_wait(loop, -1);
        while (floe_io_peer_poll_event(io, &event)) {
            if (event.type == FLOE_PEER_EV_GATHERING &&
                event.gathering == FLOE_ICE_GATHERING_COMPLETE) {
                is_well = exchange(peer, loop);
            }
        }
        echo(peer);
    }
    floe_io_peer_close(io);
    floe_loop_close(loop);
    return is_well ? 0 : 1;
}
