/*
 * support/tls_link.h - a server link on a loop, with all of its handlers, and the echo that it
 * talks to. Who links this file has a clock_gettime() and calls for sending of its own, so that
 * time passes and the kernel is full when the test says so.
 */
#ifndef FLOE_SUPPORT_TLS_LINK_H
#define FLOE_SUPPORT_TLS_LINK_H

#include "io/server_link.h"
#include "support/tls_echo.h"

#define TLS_LINK_TURNS                                                                             \
    3000                    /* of a millisecond at most: what does not happen in these never will  \
                             */
#define TLS_LINK_HEADER 20u /* of a STUN message */

typedef enum tls_link_moment {
    TLS_LINK_NEVER,
    TLS_LINK_IN_OPENED,
    TLS_LINK_IN_RECEIVED,
    TLS_LINK_IN_WRITABLE,
    TLS_LINK_IN_FAILED
} tls_link_moment;

typedef struct tls_link {
    tls_authority authority;
    tls_leaf leaf; /* of the echo */
    tls_echo echo;
    floe_loop *loop;
    floe_server_link *link;
    floe_server_link_config config; /* where it names no server, open() makes the echo */
    unsigned opened, received, writable, failed; /* how often the handlers ran */
    tls_link_moment close_in;                    /* which of them closes the link */
    const char *why;
    size_t bytes;        /* of all messages */
    size_t len;          /* of the last message */
    uint8_t last[70000]; /* the last message */
} tls_link;

void tls_link_init(tls_link *f);
void tls_link_free(tls_link *f);
void tls_link_open(tls_link *f, floe_transport transport);
void tls_link_turn(tls_link *f); /* of the echo and the loop */
void tls_link_run_turns(tls_link *f, int turns);
/* Fails the test unless the counter, one of the four, comes to be `wanted`, exactly. */
void tls_link_run_until(tls_link *f, const unsigned *counter, unsigned wanted);
/* Open it, and see it fail, once. */
void tls_link_expect_failure(tls_link *f, floe_transport transport, const char *why);

/* A STUN message of 20 + len bytes; len is a multiple of 4. Returns its size. */
size_t tls_link_put(uint8_t *out, size_t len, uint8_t fill);
void tls_link_send(tls_link *f, size_t len, uint8_t fill); /* one of up to 2 KB */
void tls_link_fill(tls_link *f);                           /* until the link refuses more */

void tls_link_wait(int64_t seconds); /* the clock is that much ahead from now on */
/* From now on the kernel takes `count` datagrams, or a run instead of one of them, and no more. */
void tls_link_let_datagrams(const tls_link *f, unsigned count);

#endif
