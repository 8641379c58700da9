/* support/sim_wires.c - see support/sim_wires.h. */
#include "support/sim_wires.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

#define FIRST_PORT 50000u

void sim_wires_init(sim_wires *wires, floe_peer *peer, const floe_tls_trust *trust)
{
    memset(wires, 0, sizeof *wires);
    wires->peer = peer;
    wires->trust = trust;
}

void sim_wires_close(sim_wires *wires, uint32_t request)
{
    assert_true(request < SIM_WIRES);
    sim_stream_free(wires->streams[request]);
    wires->streams[request] = NULL;
}

void sim_wires_free(sim_wires *wires)
{
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        sim_wires_close(wires, i);
    }
}

void sim_wires_open(sim_wires *wires, floe_time now, const floe_peer_event *event,
                    const floe_addr *from)
{
    floe_path path = event->path;
    assert_true(path.transport == FLOE_TCP || path.transport == FLOE_TLS);
    sim_wires_close(wires, event->request);
    path.local = *from;
    path.local.port = (uint16_t)(FIRST_PORT + wires->opened++);
    wires->streams[event->request] = sim_stream_connect(&path, event->host, wires->trust, now);
    wires->is_told[event->request] = false;
}

static void take(void *ctx, const floe_path *path, floe_bytes message)
{
    sim_wires *wires = ctx;
    uint8_t copy[SIM_STREAM_MESSAGE];
    memcpy(copy, message.ptr, message.len);
    floe_peer_input(wires->peer, wires->now, path, copy, message.len, message.len);
}

void sim_wires_input(sim_wires *wires, floe_time now, const floe_path *path, floe_bytes segment)
{
    wires->now = now;
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        sim_stream *stream = wires->streams[i];
        if (stream != NULL && floe_addr_equal(&stream->path.local, &path->local)) {
            sim_stream_input(stream, now, segment, take, wires);
            return;
        }
    }
}

void sim_wires_tell(sim_wires *wires)
{
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        sim_stream *stream = wires->streams[i];
        if (stream != NULL && stream->state == SIM_STREAM_OPEN && !wires->is_told[i]) {
            wires->is_told[i] = true;
            floe_peer_connected(wires->peer, i, &stream->path.local);
        } else if (stream != NULL && stream->state == SIM_STREAM_BROKEN) {
            sim_wires_close(wires, i);
            floe_peer_disconnected(wires->peer, i);
        }
    }
}

bool sim_wires_send(sim_wires *wires, const floe_transmit *run)
{
    if (run->path.transport == FLOE_UDP) {
        return false;
    }
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        sim_stream *stream = wires->streams[i];
        if (stream == NULL || !floe_path_equal(&stream->path, &run->path) ||
            stream->state != SIM_STREAM_OPEN) {
            continue;
        }
        for (size_t at = 0; at < run->len; at += run->segment) {
            size_t left = run->len - at;
            size_t len = left < run->segment ? left : run->segment;
            sim_stream_send(stream, (floe_bytes){run->buf + at, len});
        }
    }
    return true;
}

bool sim_wires_poll_transmit(sim_wires *wires, floe_transmit *out)
{
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        if (wires->streams[i] != NULL && sim_stream_poll_transmit(wires->streams[i], out)) {
            return true;
        }
    }
    return false;
}

void sim_wires_advance(sim_wires *wires, floe_time now)
{
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        if (wires->streams[i] != NULL) {
            sim_stream_advance(wires->streams[i], now);
        }
    }
}

floe_time sim_wires_deadline(const sim_wires *wires)
{
    floe_time at = FLOE_TIME_NEVER;
    for (uint32_t i = 0; i < SIM_WIRES; i++) {
        if (wires->streams[i] != NULL) {
            at = floe_time_min(at, sim_stream_deadline(wires->streams[i]));
        }
    }
    return at;
}
