/*
 * dtls/dtls_internal.h - what the files of this folder share.
 *
 * dtls_record.c knows the outside of records and nothing of OpenSSL; dtls_flight.c is the ring of
 * datagrams to send; dtls_bio.c is what OpenSSL reads from and writes to; dtls_verify.c compares
 * fingerprints; dtls_identity.c makes the certificate; dtls_keys.c protects records once the
 * handshake is over, and dtls_established.c knows what they may say; dtls_conn.c drives them all.
 */
#ifndef FLOE_DTLS_DTLS_INTERNAL_H
#define FLOE_DTLS_DTLS_INTERNAL_H

#include "dtls/dtls_conn.h"

#include <openssl/ssl.h>

/* RFC 6347 §4.1: the bytes in front of every record. */
#define FLOE_DTLS_RECORD_HEADER 13u
/* RFC 5246 §6.2.1 and §6.2.3: the bytes of a record, and what encryption may add to them. */
#define FLOE_DTLS_PLAIN_MAX 16384u
#define FLOE_DTLS_BODY_MAX  (FLOE_DTLS_PLAIN_MAX + 2048u)
/* Longest handshake message that is taken. The longest legitimate one is a certificate, 0.3 to
 * 2 KB, or a post-quantum hello, 1.5 KB. OpenSSL reserves this much at the first fragment. */
#define FLOE_DTLS_MESSAGE_MAX 8192u

typedef enum floe_dtls_content { /* RFC 5246 §6.2.1 */
                                 FLOE_DTLS_CHANGE_CIPHER = 20,
                                 FLOE_DTLS_ALERT = 21,
                                 FLOE_DTLS_HANDSHAKE = 22,
                                 FLOE_DTLS_DATA = 23
} floe_dtls_content;

typedef struct floe_dtls_record {
    uint8_t type; /* floe_dtls_content, or anything else that came */
    uint16_t epoch;
    floe_bytes whole, body;
} floe_dtls_record;

/* RFC 6347 §4.1: a record number has 48 bits. */
#define FLOE_DTLS_NUMBER_MAX ((UINT64_C(1) << 48) - 1)
/* RFC 9147 §4.5.3: records that fail to authenticate, before the key counts as worn out. */
#define FLOE_DTLS_FORGERIES_MAX (UINT64_C(1) << 36)

/* What reading an established association brought. */
typedef enum floe_dtls_news {
    FLOE_DTLS_NEWS_NONE, /* the datagram is used up */
    FLOE_DTLS_NEWS_DATA,
    FLOE_DTLS_NEWS_CLOSE,   /* close_notify */
    FLOE_DTLS_NEWS_ALERT,   /* a fatal one */
    FLOE_DTLS_NEWS_WORN_OUT /* too many forgeries */
} floe_dtls_news;

typedef enum floe_dtls_phase {
    FLOE_DTLS_PHASE_PLAIN,   /* handshake messages in plain text, up to ChangeCipherSpec */
    FLOE_DTLS_PHASE_CHANGED, /* the peer's Finished, encrypted, comes next */
    FLOE_DTLS_PHASE_OPEN     /* everything is encrypted */
} floe_dtls_phase;

/* What decides which records have a meaning at the moment. */
typedef struct floe_dtls_gate {
    floe_dtls_phase phase;
    floe_dtls_role role; /* ours */
    size_t overhead;     /* bytes that encryption adds to each record of the peer */
} floe_dtls_gate;

/* Take the next record off *rest. False: none, or no record at all; then *rest is empty. */
bool floe_dtls_record_next(floe_bytes *rest, floe_dtls_record *record);
/* Whether OpenSSL should see the record: it has a meaning now and its lengths agree. */
bool floe_dtls_record_is_welcome(const floe_dtls_record *record, const floe_dtls_gate *gate);
/* An alert in plain text that would end the connection if it were believed. */
bool floe_dtls_record_is_plain_alert(const floe_dtls_record *record, uint8_t *alert);
bool floe_dtls_record_is_client_hello(const floe_dtls_record *record);

/* One or more whole records to send. False: no room, and they are lost, as the network might lose
 * them. */
bool floe_dtls_flight_put(floe_dtls_conn *conn, floe_bytes records);
bool floe_dtls_flight_get(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len);

/* Keys of the finished handshake, of either end. False: OpenSSL failed; *keys is empty. */
bool floe_dtls_keys_take(floe_dtls_keys *keys, SSL *ssl);
void floe_dtls_keys_free(floe_dtls_keys *keys); /* an empty one is fine */
size_t floe_dtls_keys_get_overhead(const floe_dtls_keys *keys);
/* Before the keys are taken: each record that OpenSSL sends, and that it is given. Numbers go on
 * where it stops. */
void floe_dtls_keys_note_sent(floe_dtls_keys *keys, const floe_dtls_record *record);
void floe_dtls_keys_note_given(floe_dtls_keys *keys, const floe_dtls_record *record);
/* As floe_dtls_conn_seal(), of any type; room for FLOE_DTLS_OVERHEAD. False: OpenSSL failed, or the
 * record numbers are used up. */
bool floe_dtls_keys_seal(floe_dtls_keys *keys, uint8_t type, uint8_t *buf, size_t plain_len,
                         size_t *len);
/* buf may be up to FLOE_DTLS_HEAD behind where the record begins, or before it. False: forged,
 * replayed or too long for cap; what was in buf is gone. */
bool floe_dtls_keys_open(floe_dtls_keys *keys, const floe_dtls_record *record, uint8_t *buf,
                         size_t cap, size_t *len);

/* Take over from OpenSSL, which is freed. False: it failed, and is still there. */
bool floe_dtls_established_begin(floe_dtls_conn *conn);
/* Read conn->pending up to the first record that matters. */
floe_dtls_news floe_dtls_established_read(floe_dtls_conn *conn, uint8_t *buf, size_t cap,
                                          size_t *len);
void floe_dtls_established_close(floe_dtls_conn *conn); /* send close_notify */

/* Any BIO of ours, the TLS client's too; `owner` is its BIO_get_data(). NULL: no memory. */
typedef int floe_dtls_bio_read(BIO *bio, char *out, int cap);
typedef int floe_dtls_bio_write(BIO *bio, const char *data, int len);
BIO_METHOD *floe_dtls_bio_method_make(floe_dtls_bio_read *read, floe_dtls_bio_write *write);
BIO *floe_dtls_bio_make(const BIO_METHOD *method, void *owner);

BIO_METHOD *floe_dtls_bio_method_new(void); /* NULL: no memory */
BIO *floe_dtls_bio_new(const floe_dtls_identity *identity, floe_dtls_conn *conn);
/* Count and trace. */
void floe_dtls_bio_drop(floe_dtls_conn *conn, size_t len);
void floe_dtls_bio_count_got(floe_dtls_conn *conn, const floe_dtls_record *record);
void floe_dtls_bio_count_sent(floe_dtls_conn *conn, floe_bytes datagram, uint64_t records);

/* SHA-224, -256, -384 and -512; false for everything else, SHA-1 included. */
bool floe_dtls_verify_is_usable(const floe_dtls_digest *digest);
bool floe_dtls_verify_is_match(const X509 *cert, const floe_dtls_digest *digests, uint32_t count);
/* For SSL_CTX_set_cert_verify_callback(): the whole of the check. */
int floe_dtls_verify_certificate(X509_STORE_CTX *store, void *unused);

#endif
