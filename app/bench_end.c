/* app/bench_end.c - see app/bench_end.h. */
#include "app/bench_end.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_US (600 * FLOE_SECOND)

bool bench_end_open(bench_end *end, floe_loop *loop, const bench_options *options, bool is_mirror,
                    const char **why)
{
    floe_io_config config = {.servers = options->servers,
                             .server_count = options->server_count,
                             .identity = options->identity,
                             .send_buffer = options->buffer,
                             .recv_buffer = options->buffer,
                             .message_max = BENCH_MESSAGE_MAX,
                             .use_loopback = options->use_loopback};
    if (options->has_spin) {
        floe_loop_set_spin(loop, options->spin_us);
    }
    config.ice.patience_us = options->is_patient ? PATIENCE_US : 0;
    *end = (bench_end){.question = FLOE_DC_NONE, .echo = FLOE_DC_NONE, .is_mirror = is_mirror};
    *why = "";
    floe_err err = floe_io_peer_open(&end->io, loop, &config, why);
    if (err != FLOE_OK && **why == '\0') {
        *why = floe_err_name(err);
    }
    return err == FLOE_OK;
}

void bench_end_close(bench_end *end)
{
    floe_io_peer_close(end->io);
    end->io = NULL;
}

bool bench_end_offer(bench_end *end)
{
    floe_dc_options options = {.label = FLOE_LIT("questions")};
    floe_peer *peer = floe_io_peer_get(end->io);
    return floe_peer_open_channel(peer, &options, &end->question) == FLOE_OK &&
           floe_peer_set_local(peer, FLOE_PEER_OFFER) == FLOE_OK;
}

static void answer(bench_end *end, floe_dc_id channel)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, end->messages, end->bytes);
    floe_bytes bytes = {(const uint8_t *)text, (size_t)len};
    if (floe_peer_send(floe_io_peer_get(end->io), channel, true, bytes) == FLOE_OK) {
        end->messages = 0;
        end->bytes = 0;
    }
}

static void take_answer(bench_end *end)
{
    char text[64], *rest;
    size_t len = floe_peer_copy(floe_io_peer_get(end->io), (uint8_t *)text, sizeof text - 1);
    text[len] = '\0';
    end->messages = strtoull(text, &rest, 10);
    end->bytes = strtoull(rest, NULL, 10);
    end->is_answered = true;
}

/* False: it can't go back yet, and stays. */
static bool take_data(bench_end *end, const floe_dc_message *message)
{
    static uint8_t bytes[BENCH_MESSAGE_MAX];
    floe_peer *peer = floe_io_peer_get(end->io);
    if (!end->is_mirror) {
        end->returned++;
        return true;
    }
    if (message->channel == end->echo) {
        floe_bytes data = {bytes, floe_peer_copy(peer, bytes, sizeof bytes)};
        return floe_peer_send(peer, message->channel, false, data) != FLOE_E_AGAIN;
    }
    end->messages++;
    end->bytes += message->len;
    return true;
}

static void take_messages(bench_end *end)
{
    floe_dc_message message;
    floe_peer *peer = floe_io_peer_get(end->io);
    while (floe_peer_peek(peer, &message)) {
        if (!message.is_text) {
            if (!take_data(end, &message)) {
                return;
            }
        } else if (end->is_mirror) {
            answer(end, message.channel);
        } else {
            take_answer(end);
        }
        floe_peer_release(peer);
    }
}

static void meet_channel(bench_end *end, floe_dc_id channel)
{
    floe_dc_info info;
    if (floe_peer_get_channel(floe_io_peer_get(end->io), channel, &info) == FLOE_OK &&
        floe_bytes_equal(info.options.label, floe_bytes_of("echo"))) {
        end->echo = channel;
    }
}

bool bench_end_drain(bench_end *end)
{
    floe_peer_event event;
    while (floe_io_peer_poll_event(end->io, &event)) {
        if (event.type == FLOE_PEER_EV_CHANNEL) {
            meet_channel(end, event.channel);
        }
        end->is_gathered |=
            event.type == FLOE_PEER_EV_GATHERING && event.gathering == FLOE_ICE_GATHERING_COMPLETE;
    }
    take_messages(end);
    return floe_peer_get_state(floe_io_peer_get(end->io)) < FLOE_PEER_FAILED;
}

const char *bench_end_reason(const bench_end *end)
{
    const char *sentence;
    (void)floe_peer_get_reason(floe_io_peer_get(end->io), &sentence);
    return sentence;
}

bool bench_end_is_open(const bench_end *end, floe_dc_id channel)
{
    floe_dc_info info;
    return floe_peer_get_channel(floe_io_peer_get(end->io), channel, &info) == FLOE_OK &&
           info.state == FLOE_DC_OPEN;
}

bool bench_end_open_channel(bench_end *end, const char *label, bool is_loose, floe_dc_id *channel)
{
    floe_dc_options options = {
        .label = floe_bytes_of(label), .is_unordered = is_loose, .has_max_retransmits = is_loose};
    return floe_peer_open_channel(floe_io_peer_get(end->io), &options, channel) == FLOE_OK;
}

size_t bench_end_buffered(const bench_end *end, floe_dc_id channel)
{
    floe_dc_info info;
    return floe_peer_get_channel(floe_io_peer_get(end->io), channel, &info) == FLOE_OK
               ? info.buffered
               : 0;
}

bool bench_end_ask(bench_end *end)
{
    end->is_answered = false;
    return floe_peer_send(floe_io_peer_get(end->io), end->question, true, floe_bytes_of("?")) ==
           FLOE_OK;
}
