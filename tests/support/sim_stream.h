/*
 * support/sim_stream.h - one end of a TCP connection between simulated hosts, with TLS on it or
 * not, that carries the messages of TURN (RFC 8656 section 3.1, 12.5).
 *
 * Segments are numbered: where one is missing, which only a partition or a firewall can cause, the
 * connection is broken, and the other end is told. TLS is real: ours at the client, plain OpenSSL
 * at the server.
 */
#ifndef FLOE_SUPPORT_SIM_STREAM_H
#define FLOE_SUPPORT_SIM_STREAM_H

#include "base/floe.h"
#include "dtls/tls_client.h"
#include "stun/stun_stream.h"
#include "support/tls_server.h"

#define SIM_STREAM_OUT      65536u
#define SIM_STREAM_MESSAGE  4096u
#define SIM_STREAM_SEGMENT  1200u
#define SIM_STREAM_PATIENCE (10 * FLOE_SECOND) /* for the connection to stand */

typedef enum sim_stream_state {
    SIM_STREAM_OPENING,
    SIM_STREAM_OPEN,
    SIM_STREAM_BROKEN
} sim_stream_state;

typedef struct sim_stream {
    floe_path path; /* as the layer above names it: FLOE_TCP or FLOE_TLS */
    sim_stream_state state;
    bool is_server;
    floe_time give_up_at;
    uint32_t sent, received; /* segments */
    floe_tls_client client;
    tls_server server;
    floe_stun_stream framing;
    size_t out_len;
    uint8_t out[SIM_STREAM_OUT]; /* bytes for the other end */
    uint8_t memory[SIM_STREAM_MESSAGE];
    uint8_t plain[FLOE_TLS_PLAIN_MAX];
} sim_stream;

typedef void sim_stream_take(void *ctx, const floe_path *path, floe_bytes message);

/* A client's end, which says SYN. With path->transport FLOE_TLS the server must be `host`. */
sim_stream *sim_stream_connect(const floe_path *path, floe_bytes host, const floe_tls_trust *trust,
                               floe_time now);
/* A server's end, for a client of which a packet has come. `leaf` is for TLS. */
sim_stream *sim_stream_accept(const floe_path *path, const tls_authority *authority,
                              const tls_leaf *leaf);
void sim_stream_free(sim_stream *stream); /* NULL is fine */

/* A segment that came; `take` is called with each message that is complete. */
void sim_stream_input(sim_stream *stream, floe_time now, floe_bytes segment, sim_stream_take *take,
                      void *ctx);
void sim_stream_send(sim_stream *stream, floe_bytes message); /* of an open one */
/* The next segment. */
bool sim_stream_poll_transmit(sim_stream *stream, floe_transmit *out);
void sim_stream_advance(sim_stream *stream, floe_time now);
floe_time sim_stream_deadline(const sim_stream *stream);

#endif
