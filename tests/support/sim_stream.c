/* support/sim_stream.c - see support/sim_stream.h. */
#include "support/sim_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "support/unit.h"

#define HEAD 4u /* of a segment: its number; the first has no bytes, and is the SYN */
#define RST  UINT32_MAX

static sim_stream *make(const floe_path *path, bool is_server)
{
    sim_stream *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->path = *path;
    s->is_server = is_server;
    s->give_up_at = FLOE_TIME_NEVER;
    floe_stun_stream_init(&s->framing, FLOE_STUN_FRAMING_TURN,
                          (floe_span){s->memory, sizeof s->memory});
    return s;
}

static bool is_sealed(const sim_stream *s)
{
    return s->path.transport == FLOE_TLS;
}

sim_stream *sim_stream_connect(const floe_path *path, floe_bytes host, const floe_tls_trust *trust,
                               floe_time now)
{
    sim_stream *s = make(path, false);
    s->give_up_at = now + SIM_STREAM_PATIENCE;
    if (is_sealed(s)) {
        floe_tls_client_config config = {.trust = trust, .host = host};
        assert_int_equal(floe_tls_client_init(&s->client, &config, now), FLOE_OK);
    }
    return s;
}

sim_stream *sim_stream_accept(const floe_path *path, const tls_authority *authority,
                              const tls_leaf *leaf)
{
    sim_stream *s = make(path, true);
    if (is_sealed(s)) {
        tls_server_init(&s->server, authority, leaf, false);
        tls_server_open(&s->server);
    } else {
        s->state = SIM_STREAM_OPEN;
    }
    return s;
}

void sim_stream_free(sim_stream *s)
{
    if (s == NULL) {
        return;
    }
    floe_tls_client_free(&s->client);
    if (s->is_server && is_sealed(s)) {
        tls_server_free(&s->server);
    }
    free(s);
}

static uint8_t *room(sim_stream *s, size_t len)
{
    assert_true(s->out_len + len <= sizeof s->out);
    return s->out + s->out_len;
}

/* What TLS has to say by itself, and how it fares. */
static void follow_tls(sim_stream *s)
{
    size_t len;
    floe_dtls_state state;
    floe_tls_cause cause;
    if (s->is_server) {
        s->out_len +=
            tls_server_output(&s->server, s->out + s->out_len, sizeof s->out - s->out_len);
        s->state = SSL_is_init_finished(s->server.ssl) ? SIM_STREAM_OPEN : s->state;
        return;
    }
    while (floe_tls_client_poll_transmit(&s->client, room(s, FLOE_TLS_OUT_MAX), FLOE_TLS_OUT_MAX,
                                         &len)) {
        s->out_len += len;
    }
    while (floe_tls_client_poll_event(&s->client, &state, &cause)) {
        s->state = state == FLOE_DTLS_CONNECTED ? SIM_STREAM_OPEN : s->state;
        s->state = state > FLOE_DTLS_CONNECTED ? SIM_STREAM_BROKEN : s->state;
    }
}

/* The other end's SYN, or its answer to ours. */
static void begin(sim_stream *s, floe_time now)
{
    if (!s->is_server && is_sealed(s)) {
        floe_tls_client_start(&s->client, now);
        follow_tls(s);
    } else {
        s->state = is_sealed(s) ? s->state : SIM_STREAM_OPEN;
    }
}

static void take_plain(sim_stream *s, floe_bytes in, sim_stream_take *take, void *ctx)
{
    floe_bytes message;
    floe_err err;
    while ((err = floe_stun_stream_next(&s->framing, &in, &message)) == FLOE_OK) {
        take(ctx, &s->path, message);
    }
    assert_int_equal(err, FLOE_E_AGAIN); /* only floe and the model of a server talk here */
}

static void take_sealed(sim_stream *s, floe_time now, floe_bytes in, sim_stream_take *take,
                        void *ctx)
{
    size_t len;
    if (s->is_server) {
        tls_server_input(&s->server, in);
        follow_tls(s);
        len = s->server.len;
        s->server.len = 0;
        take_plain(s, (floe_bytes){s->server.data, len}, take, ctx);
        return;
    }
    (void)!floe_tls_client_input(&s->client, now, in);
    while (floe_tls_client_poll_data(&s->client, s->plain, sizeof s->plain, &len)) {
        take_plain(s, (floe_bytes){s->plain, len}, take, ctx);
    }
    follow_tls(s);
}

void sim_stream_input(sim_stream *s, floe_time now, floe_bytes segment, sim_stream_take *take,
                      void *ctx)
{
    if (s->state == SIM_STREAM_BROKEN) {
        return;
    }
    assert_true(segment.len >= HEAD);
    if (floe_load_u32(segment.ptr) != s->received) {
        s->state = SIM_STREAM_BROKEN;
        return;
    }
    floe_bytes in = {segment.ptr + HEAD, segment.len - HEAD};
    if (s->received++ == 0) {
        begin(s, now);
    } else if (is_sealed(s)) {
        take_sealed(s, now, in, take, ctx);
    } else {
        take_plain(s, in, take, ctx);
    }
}

void sim_stream_send(sim_stream *s, floe_bytes message)
{
    assert_int_equal(s->state, SIM_STREAM_OPEN);
    size_t len = message.len;
    uint8_t *out = room(s, message.len + FLOE_TLS_OVERHEAD);
    if (!is_sealed(s)) {
        memcpy(out, message.ptr, message.len);
    } else if (s->is_server) {
        tls_server_send(&s->server, message);
        len = tls_server_output(&s->server, out, sizeof s->out - s->out_len);
    } else {
        assert_int_equal(
            floe_tls_client_seal(&s->client, message, out, message.len + FLOE_TLS_OVERHEAD, &len),
            FLOE_OK);
    }
    s->out_len += len;
}

bool sim_stream_poll_transmit(sim_stream *s, floe_transmit *out)
{
    /* The client begins, and the server answers before it says anything. */
    bool is_syn = s->sent == 0 && (!s->is_server || s->received > 0);
    bool is_reset = s->state == SIM_STREAM_BROKEN && s->sent != RST;
    if (!is_reset &&
        (s->state == SIM_STREAM_BROKEN || (!is_syn && (s->out_len == 0 || s->sent == 0)))) {
        return false;
    }
    s->sent = is_reset ? RST - 1 : s->sent;
    size_t len = is_syn || is_reset ? 0 : s->out_len;
    len = len < SIM_STREAM_SEGMENT - HEAD ? len : SIM_STREAM_SEGMENT - HEAD;
    floe_store_u32(out->buf, is_reset ? RST : s->sent);
    s->sent++;
    memcpy(out->buf + HEAD, s->out, len);
    memmove(s->out, s->out + len, s->out_len - len);
    s->out_len -= len;
    out->len = out->segment = HEAD + len;
    out->path = s->path;
    out->path.transport = FLOE_TCP;
    return true;
}

void sim_stream_advance(sim_stream *s, floe_time now)
{
    if (s->state == SIM_STREAM_OPENING && now >= s->give_up_at) {
        s->state = SIM_STREAM_BROKEN;
    }
    if (!s->is_server && is_sealed(s)) {
        floe_tls_client_advance(&s->client, now);
        follow_tls(s);
    }
}

floe_time sim_stream_deadline(const sim_stream *s)
{
    if (s->state == SIM_STREAM_BROKEN || s->is_server) {
        return FLOE_TIME_NEVER;
    }
    floe_time at = s->state == SIM_STREAM_OPENING ? s->give_up_at : FLOE_TIME_NEVER;
    return is_sealed(s) ? floe_time_min(at, floe_tls_client_deadline(&s->client)) : at;
}
