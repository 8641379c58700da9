/*
 * io/server_link.h - a connection to a STUN or TURN server over UDP, TCP, TLS or DTLS: messages in,
 * messages out, on the loop, never blocking (RFC 8489 section 6.2, RFC 8656 section 3.1, RFC 7350).
 * A peer's connection of ICE-TCP is one too, with another framing.
 *
 * Over TCP and TLS the stream is cut into messages here (stun/stun_stream.h); over UDP and DTLS a
 * message is a datagram. TLS and DTLS: the server's certificate must be valid for the host name
 * that was configured (RFC 8489 section 6.2.3), and the name is sent as SNI. Nothing is sent before
 * that has been seen. One block of memory a link. Does not know what a message means. Read next:
 * dtls/tls_client.h, io/io_peer.h.
 */
#ifndef FLOE_IO_SERVER_LINK_H
#define FLOE_IO_SERVER_LINK_H

#include "dtls/tls_trust.h"
#include "io/loop.h"
#include "io/tcp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SERVER_LINK_PATIENCE (10 * FLOE_SECOND)   /* to be open; else it has failed */
#define FLOE_SERVER_LINK_BACKLOG  ((size_t)256 * 1024) /* bytes that wait for a slow network */

typedef struct floe_server_link floe_server_link;

/* The handlers run inside floe_loop_wait() only, and may close the link. Any may be NULL. */
typedef struct floe_server_link_config {
    floe_addr server;  /* required */
    floe_addr local;   /* family 0: any address; port 0: any port */
    uint8_t transport; /* floe_transport */
    uint8_t framing;   /* floe_stun_framing of a stream that comes */
    floe_bytes host;   /* TLS, DTLS: the name, or the literal address, that the certificate must be
                        * for; copied */
    const char *ca_file; /* PEM: trusted instead of the system's authorities; NULL: those */
    /* TLS, DTLS: authorities that were read before and outlive the link, instead of ca_file:
     * reading them takes tens of milliseconds. NULL: the link reads them. */
    const floe_tls_trust *trust;
    bool is_unverified; /* any certificate will do: for a server of one's own in a test */
    void (*opened)(void *ctx, floe_server_link *link);
    /* `message` is the handler's to overwrite, until it returns. */
    void (*received)(void *ctx, floe_server_link *link, floe_span message);
    void (*writable)(void *ctx, floe_server_link *link); /* after AGAIN: there is room */
    /* It could not be opened, or broke; `why` is a sentence for a person, static or valid until the
     * link is closed. Nothing more comes; the owner closes it. */
    void (*failed)(void *ctx, floe_server_link *link, const char *why);
    void *ctx;
} floe_server_link_config;

/* Begin to connect. UDP is open at once (the handler still runs later, inside floe_loop_wait()).
 * ARG: no server address, no host for TLS or DTLS, or this machine has no such local address.
 * FULL: no memory or descriptors. CRYPTO: ca_file can not be read, or OpenSSL failed. */
FLOE_MUST_USE floe_err floe_server_link_open(floe_server_link **link, floe_loop *loop,
                                             const floe_server_link_config *config);
/* A connection that was accepted, from config->server, over TCP; it is open at once. The link owns
 * *tcp from now on, also after an error: FULL. */
FLOE_MUST_USE floe_err floe_server_link_adopt(floe_server_link **link, floe_loop *loop,
                                              const floe_server_link_config *config, floe_tcp *tcp);
void floe_server_link_close(floe_server_link *link); /* orderly (close_notify); NULL is fine */

bool floe_server_link_is_open(const floe_server_link *link);
/* The way to the server: local is what the socket is bound to. Valid once open. */
const floe_path *floe_server_link_get_path(const floe_server_link *link);
/* Did it fail because of the server's certificate? */
bool floe_server_link_is_untrusted(const floe_server_link *link);
/* Messages back to back, `segment` bytes each, the last one shorter, as a run has them: each is a
 * datagram, or goes into the stream as it is (ChannelData with its padding then). It is taken whole
 * or not at all. AGAIN: no room, now; `writable` follows. TOO_BIG: more than half of the backlog,
 * or a datagram that is longer than any. STATE: not open. CLOSED: failed. */
FLOE_MUST_USE floe_err floe_server_link_send(floe_server_link *link, const uint8_t *run, size_t len,
                                             size_t segment);

#ifdef __cplusplus
}
#endif
#endif
