/*
 * io/io_peer_internal.h - what a peer on sockets consists of, for io/io_peer.c, and for
 * io/io_port.c, which drives those that share its sockets.
 */
#ifndef FLOE_IO_IO_PEER_INTERNAL_H
#define FLOE_IO_IO_PEER_INTERNAL_H

#include "io/deadlines.h"
#include "io/ice_tcp_links.h"
#include "io/io_peer.h"
#include "io/io_port.h"
#include "io/io_rest.h"
#include "io/mdns_resolver.h"
#include "io/relay_links.h"
#include "io/resolver.h"
#include "io/socket_set.h"

/* Of a peer on a shared port. */
typedef struct floe_io_guest {
    floe_io_port *port; /* NULL: the peer has sockets of its own */
    uint32_t owner;     /* its number in the demultiplexer */
    floe_deadline deadline;
    floe_io_peer *touched; /* the next of those to look at before the loop sleeps */
    floe_io_peer *news;    /* the next of those with an event that the program has not seen */
    bool is_touched, is_news;
    floe_time advanced_at; /* it has the time of this wake */
} floe_io_guest;

struct floe_io_peer {
    size_t size; /* of the block that begins with this */
    floe_loop *loop;
    floe_span secrets[2];        /* parts of the block with credentials */
    floe_timer timer;            /* of one with sockets of its own */
    floe_dtls_identity identity; /* ours, if the program brought none; else zero */
    bool has_resolver;           /* only a peer that has names to look up needs one */
    bool is_hiding;              /* addresses, behind names */
    bool use_loopback;
    bool has_tcp; /* also to the other side */
    bool has_event;
    floe_peer_event event; /* read ahead of the program, if has_event */
    floe_ip_handling ip_handling;
    const floe_ice_filters *filters;
    floe_transmit
        held; /* what a connection of TCP, TLS or DTLS had no room for; buf NULL: nothing */
    floe_socket_set *sockets; /* its own, or those of the port */
    floe_io_guest guest;
    floe_io_rest rest;
    floe_peer peer;
    /* What few peers need: not touched before. */
    floe_resolver resolver;
    floe_mdns_resolver mdns; /* shared NULL: not begun */
    floe_relay_links links;
    /* What peers with sockets of their own need; those lie right behind it (io_block.c). */
    floe_ice_tcp_link tcp_memory[FLOE_ICE_TCP_LINK_MAX];
    floe_ice_tcp_links tcp;
};

/* Look for an event that the program does not know of. One that it has left unread once before
 * holds up nothing. */
bool floe_io_peer_read_ahead(floe_io_peer *io);
/* A socket is there, or gone; its address is hidden if the program wants that. */
FLOE_MUST_USE floe_err floe_io_peer_add_local(floe_io_peer *io, const floe_addr *local,
                                              uint16_t preference);
void floe_io_peer_remove_local(floe_io_peer *io, const floe_addr *local);
/* Send what it has. False: there is no room. */
bool floe_io_peer_send(floe_io_peer *io);
/* When it is to be woken; it was sent what it has, or there was no room. */
floe_time floe_io_peer_deadline(floe_io_peer *io, bool is_sent);

/* io/io_port.c: a peer comes, with all its sockets, and goes. FULL: as many as there may be. */
FLOE_MUST_USE floe_err floe_io_port_add(floe_io_port *port, floe_io_peer *io);
void floe_io_port_remove(floe_io_peer *io);
/* The program calls it: it has the time of this wake, and is looked at before the loop sleeps. */
void floe_io_port_touch(floe_io_peer *io);
/* This is about to be sent for it. */
void floe_io_port_sent(floe_io_peer *io, const floe_transmit *run);

#endif
