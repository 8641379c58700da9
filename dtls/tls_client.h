/*
 * dtls/tls_client.h - TLS (a byte stream) or DTLS (datagrams) towards a server: the client's end.
 *
 * The server is who it says if its certificate is valid for the configured host name, signed by an
 * authority of the trust object, in time. RFC 8446 and 5246 (TLS 1.3, 1.2), RFC 6347 (DTLS 1.2),
 * RFC 8489 section 6.2.3 with RFC 6125 (the name), RFC 7443 (ALPN "stun.turn"). Knows nothing of
 * sockets and of what is carried. DTLS with a peer, known by its fingerprint, is dtls_conn.h.
 *
 * The drain contract is that of every floe object: change once, drain poll_data, poll_transmit and
 * poll_event, then sleep until the deadline. OpenSSL reads gettimeofday() for its retransmission
 * timer: `now` must advance at the rate of that clock.
 */
#ifndef FLOE_DTLS_TLS_CLIENT_H
#define FLOE_DTLS_TLS_CLIENT_H

#include "dtls/dtls_conn.h"
#include "dtls/tls_trust.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_TLS_HOST_MAX     255u   /* bytes of a host name */
#define FLOE_TLS_PLAIN_MAX    16384u /* plain bytes of one record, in or out */
#define FLOE_TLS_OVERHEAD     96u    /* what sealing adds at most, a change of keys included */
#define FLOE_TLS_OUT_MAX      4096u  /* bytes of the handshake that wait to be sent */
#define FLOE_TLS_HANDSHAKE_US (10 * FLOE_SECOND) /* an unfinished handshake gives up */
#define FLOE_TLS_FIRST_US     (250 * FLOE_MS)    /* DTLS: repeat a flight; doubles up to 3 s */

typedef enum floe_tls_cause {
    FLOE_TLS_CAUSE_NONE,
    FLOE_TLS_CAUSE_UNTRUSTED, /* no authority that is trusted has signed the certificate */
    FLOE_TLS_CAUSE_NAME,      /* the certificate is for another host */
    FLOE_TLS_CAUSE_EXPIRED,   /* it is no longer, or not yet, valid */
    FLOE_TLS_CAUSE_ALERT,     /* the server refused; `alert` has its number */
    FLOE_TLS_CAUSE_PROTOCOL,  /* what came is not acceptable, or not TLS at all */
    FLOE_TLS_CAUSE_TIMEOUT,   /* the handshake found no answer */
    FLOE_TLS_CAUSE_EOF,       /* the stream ended in the middle of the handshake */
    FLOE_TLS_CAUSE_CRYPTO     /* the library failed */
} floe_tls_cause;

typedef struct floe_tls_client_config {
    const floe_tls_trust *trust; /* outlives the client */
    floe_bytes host; /* a name, or a literal address without brackets; only read during init */
    bool is_datagram;
    bool is_unverified; /* any certificate will do: for a server of one's own in a test */
} floe_tls_client_config;

/* Must stay where it is between init and free: OpenSSL holds its address. Fields are private, but
 * for reading `alert`. */
typedef struct floe_tls_client {
    void *ssl; /* SSL, allocated by init, released by free */
    floe_time now, deadline, give_up;
    floe_bytes pending; /* what came and OpenSSL has not read */
    floe_span sealed;   /* where a record that is being sealed goes */
    size_t sealed_len;
    uint8_t state, cause; /* floe_dtls_state, floe_tls_cause */
    uint8_t alert;        /* the last alert from the server, 255 if none */
    bool is_datagram, is_changed;
    uint16_t out_head, out_tail;   /* a stream's bytes, or [u16 length][datagram] ... */
    uint8_t out[FLOE_TLS_OUT_MAX]; /* ... from head to tail */
} floe_tls_client;

/* Nothing is sent before floe_tls_client_start(). ARG: no host, or one that is too long or has a
 * NUL. CRYPTO: OpenSSL has no memory. */
FLOE_MUST_USE floe_err floe_tls_client_init(floe_tls_client *client,
                                            const floe_tls_client_config *config, floe_time now);
void floe_tls_client_free(floe_tls_client *client); /* a zeroed one, or a freed one, is fine */
void floe_tls_client_start(floe_tls_client *client, floe_time now); /* send the hello; idempotent */

/* Bytes of the stream, or one datagram. Then call poll_data until false, before `in` goes away.
 * CLOSED: the connection is over. STATE: not started. */
FLOE_MUST_USE floe_err floe_tls_client_input(floe_tls_client *client, floe_time now, floe_bytes in);
/* The stream has ended. Without a close_notify before it is CLOSED all the same: what is carried
 * here says itself where it ends. In the handshake: FAILED. */
void floe_tls_client_input_end(floe_tls_client *client, floe_time now);
/* What came, decrypted, into buf[0..cap); cap of FLOE_TLS_PLAIN_MAX holds any record. A stream may
 * be cut anywhere; a datagram comes as a whole. False: no more. */
bool floe_tls_client_poll_data(floe_tls_client *client, uint8_t *buf, size_t cap, size_t *len);

void floe_tls_client_advance(floe_tls_client *client, floe_time now);
floe_time floe_tls_client_deadline(const floe_tls_client *client);

/* What the handshake, or the end, has to send: bytes of the stream, as many as fit, or one
 * datagram, cap >= FLOE_DATAGRAM_MAX. False: none. */
bool floe_tls_client_poll_transmit(floe_tls_client *client, uint8_t *buf, size_t cap, size_t *len);
/* True once after a change of state. */
bool floe_tls_client_poll_event(floe_tls_client *client, floe_dtls_state *state,
                                floe_tls_cause *cause);

/* Seal plain bytes into a record at out[0..cap), which is sent as it is: into the stream, or as a
 * datagram. AGAIN: poll_transmit has something that must go out first. STATE: not connected yet.
 * TOO_BIG: more than FLOE_TLS_PLAIN_MAX, or cap < plain.len + FLOE_TLS_OVERHEAD. ARG: nothing to
 * seal. CLOSED. CRYPTO: the library failed, and so has the connection. */
FLOE_MUST_USE floe_err floe_tls_client_seal(floe_tls_client *client, floe_bytes plain, uint8_t *out,
                                            size_t cap, size_t *len);

void floe_tls_client_close(floe_tls_client *client, floe_time now); /* send close_notify */
floe_dtls_state floe_tls_client_get_state(const floe_tls_client *client);
const char *floe_tls_cause_text(floe_tls_cause cause); /* for a person: "the certificate ..." */

#ifdef __cplusplus
}
#endif
#endif
