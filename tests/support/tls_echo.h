/*
 * support/tls_echo.h - a server on a socket of 127.0.0.1 that sends back what comes, over UDP, TCP,
 * TLS or DTLS. It has no thread: the test calls tls_echo_serve() in turn with the loop.
 */
#ifndef FLOE_SUPPORT_TLS_ECHO_H
#define FLOE_SUPPORT_TLS_ECHO_H

#include "base/floe.h"
#include "support/tls_server.h"

typedef struct tls_echo {
    floe_transport transport;
    int listener; /* -1: a datagram server, or no more clients */
    int fd;       /* of the one client, or of the datagrams */
    floe_addr addr;
    floe_addr client;
    bool is_mute;    /* takes clients, and neither reads nor writes */
    bool is_silent;  /* reads, and answers nothing */
    bool is_ended;   /* the client has ended its stream */
    size_t got;      /* plain bytes that came */
    size_t send_max; /* bytes of a stream sent at one time; 0: all */
    size_t waiting;  /* bytes of a stream that are still to be sent */
    uint8_t out[1 << 20];
    tls_server tls;
} tls_echo;

/* `authority` and `leaf` may be NULL where there is no TLS. */
void tls_echo_open(tls_echo *echo, floe_transport transport, const tls_authority *authority,
                   const tls_leaf *leaf);
void tls_echo_close(tls_echo *echo);
void tls_echo_serve(tls_echo *echo);
/* Plain bytes for the client: a message, a part of one, or several. */
void tls_echo_send(tls_echo *echo, floe_bytes plain);
void tls_echo_hang_up(tls_echo *echo); /* end the stream; with close_notify over TLS */

#endif
