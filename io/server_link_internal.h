/*
 * io/server_link_internal.h - what the files of a server link share.
 *
 * server_link.c opens, reads and tells; server_link_send.c is the way out.
 */
#ifndef FLOE_IO_SERVER_LINK_INTERNAL_H
#define FLOE_IO_SERVER_LINK_INTERNAL_H

#include "dtls/tls_client.h"
#include "io/backlog.h"
#include "io/server_link.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "stun/stun_stream.h"

#define FLOE_SERVER_LINK_READ    ((size_t)64 * 1024) /* bytes of a stream that a wake reads */
#define FLOE_SERVER_LINK_MESSAGE 65540u              /* the longest: any ChannelData, padded */

typedef enum floe_server_link_state {
    FLOE_LINK_CONNECTING, /* TCP */
    FLOE_LINK_SECURING,   /* TLS, DTLS */
    FLOE_LINK_OPEN,
    FLOE_LINK_FAILED
} floe_server_link_state;

/* One block of memory; pages of it that a transport has no use for are never touched. */
struct floe_server_link {
    floe_loop *loop;
    floe_server_link_config config; /* host and ca_file are not kept */
    floe_watch watch;               /* fd -1: no socket any more */
    floe_timer timer;
    floe_time give_up; /* when it must be open */
    floe_path path;
    const char *why;
    bool is_untrusted; /* the server's certificate was the fault */
    uint8_t state;     /* floe_server_link_state */
    bool is_told;      /* the handler that this state has was run */
    bool is_short;     /* a send was refused: writable() is owed */
    bool is_heard;     /* something has come from the server */
    bool is_running;   /* the loop has called, and we have not returned */
    bool is_closed;    /* by the owner; to be freed when we return */
    floe_tcp tcp;
    floe_udp udp;
    floe_tls_trust trust; /* empty if the configuration lent one */
    floe_tls_client tls;
    floe_stun_stream stream;
    floe_backlog backlog; /* bytes of a stream, or [u16 length][datagram] */
    uint8_t waiting[FLOE_SERVER_LINK_BACKLOG];
    uint8_t unfinished[FLOE_SERVER_LINK_MESSAGE];
    uint8_t plain[FLOE_TLS_PLAIN_MAX];
    union {
        uint8_t bytes[FLOE_SERVER_LINK_READ];
        floe_udp_batch batch;
    } in;
};

static inline bool floe_server_link_is_stream(const floe_server_link *link)
{
    return link->config.transport == FLOE_TCP || link->config.transport == FLOE_TLS;
}

static inline bool floe_server_link_is_sealed(const floe_server_link *link)
{
    return link->config.transport == FLOE_TLS || link->config.transport == FLOE_DTLS;
}

/* It is over: the socket goes at once; the owner is told by the loop. */
void floe_server_link_fail(floe_server_link *link, const char *why);
/* Give the kernel what waits, what TLS has to say included. */
void floe_server_link_flush(floe_server_link *link);
/* The same, when the socket is ready; and run writable() if that is owed. */
void floe_server_link_resume(floe_server_link *link);

#endif
