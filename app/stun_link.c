/* app/stun_link.c - see app/stun_link.h. */
#include "app/stun_link.h"

#include <stdio.h>

#include "app/turn_words.h"
#include "base/addr.h"
#include "base/floe_config.h"
#include "base/rand_os.h"
#include "io/server_link.h"
#include "stun/stun_txn.h"

#define PATIENCE        (1500 * FLOE_MS)
#define BETWEEN_SAMPLES (50 * FLOE_MS)

typedef struct stun_link { /* a connection to one address */
    floe_loop *loop;
    floe_server_link *link;
    stun_tally tally;
    floe_stun_txn txn;
    floe_time connected_us;
    bool is_open, is_answered;
    const char *broken;
} stun_link;

static void on_opened(void *ctx, floe_server_link *link)
{
    stun_link *l = ctx;
    l->tally.local = floe_server_link_get_path(link)->local;
    l->is_open = true;
}

static void on_received(void *ctx, floe_server_link *link, floe_span message)
{
    stun_link *l = ctx;
    floe_stun_msg msg;
    (void)link;
    if (!l->is_answered &&
        floe_stun_msg_parse(&msg, (floe_bytes){message.ptr, message.len}) == FLOE_OK &&
        msg.method == FLOE_STUN_BINDING && floe_stun_txn_is_match(&l->txn, &msg)) {
        l->is_answered =
            stun_tally_add(&l->tally, &msg, floe_stun_txn_rtt_us(&l->txn, floe_loop_now(l->loop)));
    }
}

static void on_failed(void *ctx, floe_server_link *link, const char *why)
{
    stun_link *l = ctx;
    (void)link;
    l->broken = why;
}

static void wait_for(stun_link *l, const bool *flag, floe_time patience)
{
    floe_time end = floe_loop_now(l->loop) + patience;
    while (!*flag && l->broken == NULL && floe_loop_now(l->loop) < end) {
        floe_loop_wait(l->loop, (int)((end - floe_loop_now(l->loop) + FLOE_MS - 1) / FLOE_MS));
    }
}

static void ask(stun_link *l)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_stun_writer w;
    floe_bytes packet;
    floe_rand rand = floe_rand_os();
    floe_time now = floe_loop_now(l->loop);
    floe_stun_txn_begin(&l->txn, &rand, 0, now);
    floe_stun_writer_begin(&w, buf, sizeof buf, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, l->txn.tid);
    l->is_answered = false;
    if (floe_stun_writer_end(&w, &packet) == FLOE_OK &&
        floe_server_link_send(l->link, packet.ptr, packet.len, packet.len) == FLOE_OK) {
        floe_stun_txn_sent(&l->txn, now);
        wait_for(l, &l->is_answered, PATIENCE);
    }
}

static void ask_all(stun_link *l, const stun_link_options *options)
{
    static const bool never = false;
    for (unsigned i = 0; i < options->samples && l->broken == NULL && l->tally.error == 0; i++) {
        l->tally.sent++;
        ask(l);
        wait_for(l, &never, BETWEEN_SAMPLES);
    }
    if (l->broken != NULL) {
        l->tally.silence = l->broken;
    }
}

static void connect_and_ask(stun_link *l, const stun_link_options *options, const floe_addr *server)
{
    floe_server_link_config config = {.server = *server,
                                      .transport = options->target->transport,
                                      .host = floe_bytes_of(options->target->host),
                                      .ca_file = options->ca_file,
                                      .is_unverified = options->is_unverified,
                                      .opened = on_opened,
                                      .received = on_received,
                                      .failed = on_failed,
                                      .ctx = l};
    floe_time start = floe_loop_now(l->loop);
    floe_err err = floe_server_link_open(&l->link, l->loop, &config);
    l->tally.server = *server;
    l->tally.silence = "no answer";
    if (err != FLOE_OK) {
        l->tally.silence = err == FLOE_E_CRYPTO && options->ca_file != NULL
                               ? "the file of --ca can not be read as certificates (PEM)"
                               : "this machine has no way to that address";
        return;
    }
    wait_for(l, &l->is_open, FLOE_SERVER_LINK_PATIENCE + FLOE_SECOND);
    l->connected_us = floe_loop_now(l->loop) - start;
    ask_all(l, options);
    floe_server_link_close(l->link);
}

static void print_link(stun_link *l, floe_transport transport)
{
    char server[FLOE_ADDR_TEXT_MAX];
    floe_addr_text(&l->tally.server, server);
    const char *over = turn_words_transport(transport);
    if (!l->is_open) {
        printf("%s over %s: %s\n", server, over, l->tally.silence);
        return;
    }
    printf("%s over %s, connected in %.1f ms, sees\n", server, over, (double)l->connected_us / 1e3);
    stun_tally_print_head();
    stun_tally_print(&l->tally);
}

size_t stun_link_run(floe_loop *loop, const stun_link_options *options)
{
    const stun_target *target = options->target;
    json_t *results = json_array();
    size_t answered = 0;
    for (size_t i = 0; i < target->count; i++) {
        stun_link l = {.loop = loop};
        connect_and_ask(&l, options, &target->addrs[i]);
        answered += l.tally.answers > 0 ? 1 : 0;
        if (options->use_json) {
            json_t *o = stun_tally_json(&l.tally);
            if (l.is_open) {
                json_object_set_new(o, "connect_ms", json_real((double)l.connected_us / 1e3));
            }
            json_array_append_new(results, o);
        } else {
            print_link(&l, (floe_transport)target->transport);
        }
    }
    if (options->use_json) {
        stun_target_print_json(json_pack("{s:s, s:s, s:O}", "host", target->host, "transport",
                                         turn_words_transport((floe_transport)target->transport),
                                         "results", results));
    }
    json_decref(results);
    return answered;
}
