/*
 * io/relay_links.h - a peer's connections to TURN servers over TCP, TLS and DTLS, by the number
 * that the peer gives each in EV_CONNECT.
 *
 * Opens and closes them as the peer asks, hands it what comes, and tells it of each that broke.
 */
#ifndef FLOE_IO_RELAY_LINKS_H
#define FLOE_IO_RELAY_LINKS_H

#include "io/server_link.h"
#include "peer/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_RELAY_LINK_MAX      (2u * FLOE_ICE_SERVER_MAX) /* a server may have two addresses */
#define FLOE_RELAY_LINK_PATIENCE (2 * FLOE_SECOND)          /* with a server that does not read */

typedef struct floe_relay_links floe_relay_links;

typedef struct floe_relay_link { /* private */
    floe_relay_links *links;
    floe_server_link *link; /* NULL: none */
    uint32_t relay;
    bool is_full;         /* since it refused a run, it has taken none */
    floe_time full_until; /* then what it refuses is lost */
    char fault[96];       /* why the last one failed */
} floe_relay_link;

struct floe_relay_links { /* in the caller's memory, not to be moved; the caller sets these: */
    floe_loop *loop;
    floe_peer *peer;
    const char *ca_file;
    const floe_tls_trust *trust; /* NULL: made from ca_file on first need */
    bool is_unverified;
    floe_trace trace;            /* told of certificates; the peer tells the rest */
    void (*writable)(void *ctx); /* after AGAIN: there is room */
    void (*stirred)(
        void *ctx); /* before the peer is told or handed something; NULL: nobody cares */
    void *ctx;
    floe_tls_trust made;                       /* private */
    floe_relay_link link[FLOE_RELAY_LINK_MAX]; /* private */
};

/* The peer hears of it: connected or disconnected. */
void floe_relay_links_open(floe_relay_links *links, uint32_t relay, const floe_path *path,
                           floe_bytes host);
void floe_relay_links_close(floe_relay_links *links, uint32_t relay);
void floe_relay_links_close_all(floe_relay_links *links);
/* AGAIN: no room now; `writable` follows. FULL: none for FLOE_RELAY_LINK_PATIENCE: the run is lost,
 * so that a server that does not read holds up nothing that goes another way. UNKNOWN: there is no
 * such connection (any more). */
FLOE_MUST_USE floe_err floe_relay_links_send(floe_relay_links *links, const floe_transmit *run);
const char *floe_relay_links_get_fault(const floe_relay_links *links, uint32_t relay);

#ifdef __cplusplus
}
#endif
#endif
