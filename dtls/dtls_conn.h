/*
 * dtls/dtls_conn.h - DTLS with the peer: OpenSSL behind a datagram BIO of ours, driven by calls,
 * for the handshake; records of our own from then on (FLOE_DTLS_OWN_RECORDS).
 *
 * Owns the handshake, its retransmission, the fingerprint check and the records; knows nothing of
 * SCTP or of sockets. Its memory is the caller's, apart from what OpenSSL allocates inside (see
 * dtls/README.md for how much). RFC 6347 (DTLS 1.2), RFC 8827 section 6.5 (what WebRTC asks of it),
 * RFC 8122 (fingerprints).
 *
 * The drain contract is that of every floe object: change once, drain poll_transmit, poll_event and
 * poll_data, then sleep until the deadline. OpenSSL reads gettimeofday() for its retransmission
 * timer: `now` must advance at the rate of that clock (a simulator interposes gettimeofday() and
 * both are virtual).
 */
#ifndef FLOE_DTLS_DTLS_CONN_H
#define FLOE_DTLS_DTLS_CONN_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "base/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that a sealed record adds in front (13 header + 8 explicit nonce) and behind (16 tag;
 * CHACHA20 needs less). floe_dtls_conn_seal() wants the plaintext at buf + FLOE_DTLS_HEAD. */
#define FLOE_DTLS_HEAD     21u
#define FLOE_DTLS_TAIL     16u
#define FLOE_DTLS_OVERHEAD (FLOE_DTLS_HEAD + FLOE_DTLS_TAIL)

#define FLOE_DTLS_FINGERPRINTS_MAX 4u

/* An unfinished handshake gives up; an alert in plain text is believed; OpenSSL's buffers are given
 * back in a pause of the traffic. */
#define FLOE_DTLS_HANDSHAKE_US  (30 * FLOE_SECOND)
#define FLOE_DTLS_ALERT_WAIT_US (1 * FLOE_SECOND)
#define FLOE_DTLS_IDLE_US       (1 * FLOE_SECOND)

#define FLOE_DTLS_ALERT_NONE 255u /* stats.alert */

typedef enum floe_dtls_role { FLOE_DTLS_CLIENT, FLOE_DTLS_SERVER } floe_dtls_role;

typedef enum floe_dtls_state { /* as the W3C's RTCDtlsTransportState */
                               FLOE_DTLS_NEW,
                               FLOE_DTLS_CONNECTING,
                               FLOE_DTLS_CONNECTED,
                               FLOE_DTLS_CLOSED, /* by close_notify, from either side */
                               FLOE_DTLS_FAILED
} floe_dtls_state;

typedef enum floe_dtls_cause {
    FLOE_DTLS_CAUSE_NONE,
    FLOE_DTLS_CAUSE_FINGERPRINT, /* the peer's certificate is not the one of its description */
    FLOE_DTLS_CAUSE_TIMEOUT,     /* the handshake found no answer */
    FLOE_DTLS_CAUSE_ALERT,       /* the peer refused; stats.alert has its number */
    FLOE_DTLS_CAUSE_PROTOCOL,    /* the peer's handshake was not acceptable */
    FLOE_DTLS_CAUSE_CRYPTO       /* the library failed */
} floe_dtls_cause;

typedef struct floe_dtls_digest {
    uint8_t size; /* 20, 28, 32, 48 or 64: which hash */
    uint8_t value[64];
} floe_dtls_digest;

/* A certificate and its key, self-signed ECDSA P-256, and the OpenSSL context with it. Share one
 * among the peers of a program or make one each; thread-safe for reading once made. */
typedef struct floe_dtls_identity {
    void *ctx;                    /* private: SSL_CTX */
    void *method;                 /* private: BIO_METHOD; here, so that there is no global */
    floe_dtls_digest fingerprint; /* SHA-256 of the certificate */
} floe_dtls_identity;

/* Make a certificate, valid from yesterday for 30 days, with a random serial number and subject.
 * CRYPTO: OpenSSL said no. Free it after the last connection that uses it. */
FLOE_MUST_USE floe_err floe_dtls_identity_init(floe_dtls_identity *identity);
void floe_dtls_identity_free(floe_dtls_identity *identity); /* a zeroed one is fine */

typedef struct floe_dtls_config {
    const floe_dtls_identity *identity; /* outlives the connection */
    floe_dtls_role role;
    /* Of the peer's certificate; any one match will do (RFC 8122 section 5). A SHA-1 (20 bytes) is
     * not accepted. At least one is needed. */
    floe_dtls_digest fingerprints[FLOE_DTLS_FINGERPRINTS_MAX];
    uint32_t fingerprint_count;
    uint32_t mtu; /* of a handshake datagram, 256 to 4096: default FLOE_DATAGRAM_MAX */
    /* Repeat an unanswered flight after: default 100000, at least 20000, doubling up to 3 s. */
    uint32_t first_timer_us;
    floe_trace trace;
} floe_dtls_config;

typedef struct floe_dtls_stats {
    uint64_t records_sent, records_received, dropped;
    uint32_t flights_repeated;
    uint16_t version;   /* 0xfefd: DTLS 1.2 */
    uint8_t alert;      /* the last alert from the peer, 255 if none; during the handshake a hint */
    const char *cipher; /* static text, or NULL */
} floe_dtls_stats;

#define FLOE_DTLS_NONCE 12u

/* Private: the protection of records, both ways. Numbers are those of records of epoch 1. */
typedef struct floe_dtls_keys {
    void *seal, *open; /* EVP_CIPHER_CTX with a key; NULL: OpenSSL has the association */
    uint8_t seal_iv[FLOE_DTLS_NONCE], open_iv[FLOE_DTLS_NONCE]; /* AES-GCM: 4 bytes of salt */
    bool is_gcm;                                                /* else ChaCha20-Poly1305 */
    uint64_t next;         /* number of the next record to send */
    uint64_t next_plain;   /* likewise of epoch 0 */
    uint64_t nonce_offset; /* from a record's epoch and number to its explicit nonce */
    uint64_t highest;      /* number received */
    uint64_t window;       /* bit n: highest - n was received */
    uint64_t failures;     /* records that did not authenticate */
} floe_dtls_keys;

/* Must stay where it is between init and free: OpenSSL holds its address. */
typedef struct floe_dtls_conn {
    void *ssl; /* private: SSL, allocated by init, released by free or once connected */
    floe_dtls_keys keys;
    floe_time now;
    floe_time deadline;
    floe_bytes pending;   /* private: the datagram that the BIO reads next */
    floe_span sealed;     /* private: where the BIO writes a record that is being sealed */
    size_t sealed_len;    /* private: how much it wrote there */
    floe_time give_up;    /* private: when an unfinished handshake has failed */
    floe_time doubt;      /* private: when an alert that nothing vouches for is believed */
    int doubt_phase;      /* private: how far the handshake was when it came */
    uint32_t plain_count; /* private: records in plain text that OpenSSL took */
    uint32_t unproven;    /* private: records of data that OpenSSL took and has not given back */
    floe_dtls_digest fingerprints[FLOE_DTLS_FINGERPRINTS_MAX];
    uint32_t fingerprint_count;
    uint32_t first_timer_us;
    uint32_t mtu;
    floe_trace trace;
    floe_dtls_stats stats;
    uint8_t role, state, cause;
    bool state_changed;
    bool verified;        /* private: the peer's certificate has the right fingerprint */
    bool trimmed;         /* private: OpenSSL's buffers were given back */
    bool used;            /* private: there was traffic since the last deadline */
    bool keeps_openssl;   /* private: for the records as well, as a reference */
    uint8_t finished[24]; /* private: our last message of the handshake, as a server's */
    /* private: [u16 length][datagram] from head to tail, the newest at last */
    uint16_t flight_head, flight_tail, flight_last;
    uint8_t flight[FLOE_DTLS_FLIGHT_MAX];
} floe_dtls_conn;

/* Start a connection: nothing is sent until floe_dtls_conn_start(), but input is accepted from now
 * on: a client's hello that comes early starts the server, for where it came from is a path. ARG:
 * no fingerprint that is accepted, or another field out of range. CRYPTO: OpenSSL has no memory. */
FLOE_MUST_USE floe_err floe_dtls_conn_init(floe_dtls_conn *conn, const floe_dtls_config *config,
                                           floe_time now);
void floe_dtls_conn_free(floe_dtls_conn *conn); /* a zeroed one, or a freed one, is fine */

/* Begin: the client sends its hello. Call when there is a path. Idempotent. A handshake that is
 * unfinished FLOE_DTLS_HANDSHAKE_US after this has failed. */
void floe_dtls_conn_start(floe_dtls_conn *conn, floe_time now);

/* One datagram whose first byte is 20 to 63, from a validated pair. Then call poll_data until
 * false, before `datagram` goes away. MALFORMED: dropped, and counted. CLOSED: the connection is
 * over. */
FLOE_MUST_USE floe_err floe_dtls_conn_input(floe_dtls_conn *conn, floe_time now,
                                            floe_bytes datagram);
/* The next application record of that datagram, decrypted into buf[0..cap); cap of 16384, or the
 * size of the datagram, holds any, and what does not fit is dropped. buf may be where the datagram
 * begins: what is still to be read stands behind. FLOE_DTLS_HEAD further on it costs least, for
 * there a record's text stands already. False: no more. */
bool floe_dtls_conn_poll_data(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len);

void floe_dtls_conn_advance(floe_dtls_conn *conn, floe_time now);
floe_time floe_dtls_conn_deadline(const floe_dtls_conn *conn);

/* The next handshake or alert datagram, into buf[0..cap), cap >= mtu. False: none. The path is the
 * caller's business. */
bool floe_dtls_conn_poll_transmit(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len);
/* True once after each change of state. */
bool floe_dtls_conn_poll_event(floe_dtls_conn *conn, floe_dtls_state *state,
                               floe_dtls_cause *cause);

/* Seal plain bytes that stand at buf + FLOE_DTLS_HEAD into one record that begins at buf: the
 * copy-free way to fill a run. *len is the record's size, at most plain_len + FLOE_DTLS_OVERHEAD,
 * which must be <= cap. ARG: plain_len is 0. STATE: not connected yet. TOO_BIG: cap, or more than
 * FLOE_DTLS_RECORD_MAX. CLOSED. CRYPTO: the library failed, and so has the connection. */
FLOE_MUST_USE floe_err floe_dtls_conn_seal(floe_dtls_conn *conn, uint8_t *buf, size_t plain_len,
                                           size_t cap, size_t *len);

/* Send close_notify; the state is CLOSED at once. */
void floe_dtls_conn_close(floe_dtls_conn *conn, floe_time now);
floe_dtls_state floe_dtls_conn_get_state(const floe_dtls_conn *conn);
const char *floe_dtls_state_name(floe_dtls_state state); /* the W3C's: "connecting" */
const char *floe_dtls_cause_text(floe_dtls_cause cause); /* a sentence for a person */

#ifdef __cplusplus
}
#endif
#endif
