/*
 * app/bench_end.h - one end of `floe bench`: a peer, its channels, and what has come.
 *
 * An end that measures opens the channels; its mirror at the other side serves: it returns the
 * binary messages of channels that are labelled "echo", counts those of all others, and answers the
 * text "?" with what it has counted since the last question.
 */
#ifndef FLOE_APP_BENCH_END_H
#define FLOE_APP_BENCH_END_H

#include "io/io_peer.h"

#define BENCH_SDP_MAX     8192u
#define BENCH_MESSAGE_MAX 262144u

typedef struct bench_end {
    floe_io_peer *io;    /* NULL: not open */
    floe_dc_id question; /* measuring: the channel for questions, from bench_end_offer() on */
    floe_dc_id echo;     /* mirror: the channel whose messages go back, or FLOE_DC_NONE */
    bool is_mirror;
    bool is_gathered;         /* the description is whole */
    bool is_answered;         /* .messages and .bytes are the mirror's */
    uint64_t messages, bytes; /* mirror: since the last question; else its answer */
    uint64_t returned;        /* binary messages that came back */
} bench_end;

typedef struct bench_options {
    const floe_dtls_identity *identity; /* lent */
    const floe_io_server *servers;
    size_t server_count;
    size_t buffer; /* of sending, and of receiving */
    bool has_spin;
    uint32_t spin_us;  /* floe_loop_set_spin(), if has_spin */
    bool use_loopback; /* loopback addresses, too */
    bool is_patient;   /* descriptions are carried by people */
} bench_options;

/* False: *why says what is missing. */
bool bench_end_open(bench_end *end, floe_loop *loop, const bench_options *options, bool is_mirror,
                    const char **why);
void bench_end_close(bench_end *end);
/* The one that measures: open the channel for questions, and offer. */
bool bench_end_offer(bench_end *end);
/* Act on what has happened, between two calls of floe_loop_wait(). False: the connection is over.
 */
bool bench_end_drain(bench_end *end);
const char *bench_end_reason(const bench_end *end);
bool bench_end_is_open(const bench_end *end, floe_dc_id channel);
bool bench_end_open_channel(bench_end *end, const char *label, bool is_loose, floe_dc_id *channel);
size_t bench_end_buffered(const bench_end *end, floe_dc_id channel);
/* The answer comes to .messages and .bytes; .is_answered says when. */
bool bench_end_ask(bench_end *end);

#endif
