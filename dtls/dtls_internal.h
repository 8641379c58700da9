/*
 * dtls/dtls_internal.h - what the files of this folder share.
 *
 * dtls_record.c knows the outside of records and nothing of OpenSSL; dtls_flight.c is the ring of
 * datagrams to send; dtls_bio.c is what OpenSSL reads from and writes to; dtls_verify.c compares
 * fingerprints; dtls_identity.c makes the certificate; dtls_conn.c drives them all.
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

BIO_METHOD *floe_dtls_bio_method_new(void); /* NULL: no memory */
BIO *floe_dtls_bio_new(const floe_dtls_identity *identity, floe_dtls_conn *conn);
void floe_dtls_bio_drop(floe_dtls_conn *conn, size_t len); /* count and trace */

/* SHA-224, -256, -384 and -512; false for everything else, SHA-1 included. */
bool floe_dtls_verify_is_usable(const floe_dtls_digest *digest);
bool floe_dtls_verify_is_match(const X509 *cert, const floe_dtls_digest *digests, uint32_t count);
/* For SSL_CTX_set_cert_verify_callback(): the whole of the check. */
int floe_dtls_verify_certificate(X509_STORE_CTX *store, void *unused);

#endif
