/*
 * io/ice_tcp_links.h - a peer's sockets for ICE-TCP: those that listen, and its connections to the
 * other side, by the number that the peer has for each (ice/ice_tcp.h).
 *
 * On the first addresses only: TCP is the way out where nothing else is left, and every candidate
 * costs both sides a place. Anybody may connect: the peer bounds how many that are, and how long
 * one may stay that does not show who it is.
 */
#ifndef FLOE_IO_ICE_TCP_LINKS_H
#define FLOE_IO_ICE_TCP_LINKS_H

#include "io/server_link.h"
#include "peer/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_TCP_ADDR_MAX      2u                /* one of each family, as they are sorted */
#define FLOE_ICE_TCP_LINK_MAX      16u               /* connections, half of them accepted */
#define FLOE_ICE_TCP_LINK_PATIENCE (2 * FLOE_SECOND) /* with a peer that does not read */

typedef struct floe_ice_tcp_links floe_ice_tcp_links;

typedef struct floe_ice_tcp_listener { /* private */
    floe_ice_tcp_links *links;
    floe_addr ip; /* family 0: unused */
    floe_addr local;
    floe_tcp tcp; /* fd -1: nobody listens, there is only an active candidate */
    floe_watch watch;
    floe_timer pause; /* no descriptors: the watch is paused until then */
    bool is_paused;
} floe_ice_tcp_listener;

typedef struct floe_ice_tcp_conn { /* private */
    floe_ice_tcp_links *links;
    floe_server_link *link; /* NULL: none */
    floe_path path;         /* as the peer has it */
    uint32_t request;
    bool is_full;         /* since it refused a run, it has taken none */
    floe_time full_until; /* then what it refuses is lost */
} floe_ice_tcp_conn;

struct floe_ice_tcp_links { /* in the caller's memory, not to be moved; the caller sets these: */
    floe_loop *loop;
    floe_peer *peer;
    bool is_listening;
    void (*writable)(void *ctx); /* after AGAIN: there is room */
    void *ctx;
    floe_ice_tcp_listener listener[FLOE_ICE_TCP_ADDR_MAX]; /* private */
    floe_ice_tcp_conn conn[FLOE_ICE_TCP_LINK_MAX];         /* private */
};

/* Candidates on this IP; nothing if it has them, or others have taken the places. */
void floe_ice_tcp_links_add(floe_ice_tcp_links *links, const floe_addr *ip, uint16_t preference);
/* The address is gone. The peer is told by the caller, as of UDP. */
void floe_ice_tcp_links_remove(floe_ice_tcp_links *links, const floe_addr *ip);
/* For EV_CONNECT and EV_DISCONNECT with this request. The peer hears of it: connected or not. */
void floe_ice_tcp_links_open(floe_ice_tcp_links *links, uint32_t request, const floe_path *path);
void floe_ice_tcp_links_close(floe_ice_tcp_links *links, uint32_t request);
void floe_ice_tcp_links_close_all(floe_ice_tcp_links *links);
/* As floe_relay_links_send(). */
FLOE_MUST_USE floe_err floe_ice_tcp_links_send(floe_ice_tcp_links *links, const floe_transmit *run);

#ifdef __cplusplus
}
#endif
#endif
