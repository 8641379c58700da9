/* io/relay_links.c - see io/relay_links.h. */
#include "io/relay_links.h"

#include "base/addr.h"
#include "ice/ice_trace.h"

#include <stdio.h>

static void close_link(floe_relay_link *entry)
{
    floe_server_link_close(entry->link);
    entry->link = NULL;
}

static floe_peer *stir(const floe_relay_links *links)
{
    if (links->stirred != NULL) {
        links->stirred(links->ctx);
    }
    return links->peer;
}

static void on_opened(void *ctx, floe_server_link *link)
{
    floe_relay_link *entry = ctx;
    floe_peer_connected(stir(entry->links), entry->relay, &floe_server_link_get_path(link)->local);
}

static void on_received(void *ctx, floe_server_link *link, floe_span message)
{
    const floe_relay_link *entry = ctx;
    floe_peer_input(stir(entry->links), floe_loop_now(entry->links->loop),
                    floe_server_link_get_path(link), message.ptr, message.len, message.len);
}

static void on_writable(void *ctx, floe_server_link *link)
{
    const floe_relay_link *entry = ctx;
    (void)link;
    entry->links->writable(entry->links->ctx);
}

static void fail(floe_relay_link *entry, const char *why)
{
    (void)snprintf(entry->fault, sizeof entry->fault, "%s", why);
    close_link(entry);
    floe_peer_disconnected(stir(entry->links), entry->relay);
}

static void on_failed(void *ctx, floe_server_link *link, const char *why)
{
    const floe_relay_link *entry = ctx;
    if (floe_server_link_is_untrusted(link)) {
        floe_trace_put(&entry->links->trace,
                       (floe_trace_record){.at = floe_loop_now(entry->links->loop),
                                           .module = FLOE_MODULE_PEER,
                                           .kind = FLOE_ICE_TRACE_ANSWER,
                                           .id = (uint16_t)(FLOE_ICE_TRACE_TURN + entry->relay),
                                           .b = -1,
                                           .cause = FLOE_ICE_WHY_CERTIFICATE,
                                           .addr = floe_server_link_get_path(link)->remote});
    }
    fail(ctx, why);
}

/* Once for all of a peer's connections, and not before one is encrypted. */
static floe_err read_trust(floe_relay_links *links, uint8_t transport)
{
    bool is_needed = transport == FLOE_TLS || transport == FLOE_DTLS;
    if (!is_needed || links->trust != NULL) {
        return FLOE_OK;
    }
    floe_err err = floe_tls_trust_init(&links->made, links->ca_file);
    links->trust = err == FLOE_OK ? &links->made : NULL;
    return err;
}

void floe_relay_links_open(floe_relay_links *links, uint32_t relay, const floe_path *path,
                           floe_bytes host)
{
    if (relay >= FLOE_RELAY_LINK_MAX) {
        floe_peer_disconnected(stir(links), relay);
        return;
    }
    floe_relay_link *entry = &links->link[relay];
    floe_err err = read_trust(links, path->transport);
    floe_server_link_config config = {
        .server = path->remote,
        .transport = path->transport,
        .host = host,
        .trust = links->trust,
        .is_unverified = links->is_unverified,
        .opened = on_opened,
        .received = on_received,
        .writable = on_writable,
        .failed = on_failed,
        .ctx = entry,
    };
    close_link(entry);
    entry->links = links;
    entry->relay = relay;
    entry->is_full = false;
    if (err == FLOE_OK) {
        err = floe_server_link_open(&entry->link, links->loop, &config);
    }
    if (err != FLOE_OK) {
        fail(entry, err == FLOE_E_CRYPTO ? "the certificates of authorities can not be read"
                                         : "no connection can be opened");
    }
}

void floe_relay_links_close(floe_relay_links *links, uint32_t relay)
{
    if (relay < FLOE_RELAY_LINK_MAX) {
        close_link(&links->link[relay]);
    }
}

void floe_relay_links_close_all(floe_relay_links *links)
{
    for (uint32_t i = 0; i < FLOE_RELAY_LINK_MAX; i++) {
        close_link(&links->link[i]);
    }
    floe_tls_trust_free(&links->made);
}

static floe_err send_run(floe_relay_link *entry, const floe_transmit *run)
{
    floe_time now = floe_loop_now(entry->links->loop);
    floe_err err = floe_server_link_send(entry->link, run->buf, run->len, run->segment);
    if (err != FLOE_E_AGAIN) {
        entry->is_full = false;
        return err;
    }
    if (!entry->is_full) {
        entry->is_full = true;
        entry->full_until = floe_time_after(now, FLOE_RELAY_LINK_PATIENCE);
    }
    return now < entry->full_until ? FLOE_E_AGAIN : FLOE_E_FULL;
}

floe_err floe_relay_links_send(floe_relay_links *links, const floe_transmit *run)
{
    for (uint32_t i = 0; i < FLOE_RELAY_LINK_MAX; i++) {
        floe_server_link *link = links->link[i].link;
        if (link != NULL && floe_server_link_is_open(link) &&
            floe_path_equal(floe_server_link_get_path(link), &run->path)) {
            return send_run(&links->link[i], run);
        }
    }
    return FLOE_E_UNKNOWN;
}

const char *floe_relay_links_get_fault(const floe_relay_links *links, uint32_t relay)
{
    return relay < FLOE_RELAY_LINK_MAX ? links->link[relay].fault : "";
}
