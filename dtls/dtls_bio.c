/*
 * dtls/dtls_bio.c - what OpenSSL reads records from and writes datagrams to.
 *
 * A read gives one record of the datagram that conn->pending holds, as if each had come in a
 * datagram of its own (RFC 6347 §4.1.1 makes no difference), and passes over those that have no
 * meaning in this phase: see dtls_record.c. A write is one datagram: into conn->sealed where it is
 * a record that is being sealed, else into the flight.
 */
#include "dtls/dtls_internal.h"

#include <openssl/bio.h>
#include <string.h>

#include "base/writer.h"

/* A type of our own: the numbers from BIO_get_new_index() run out after 128 identities. */
#define BIO_TYPE_FLOE (BIO_TYPE_SOURCE_SINK | 127)

#define CHACHA20_OVERHEAD 16u        /* tag */
#define GCM_OVERHEAD      (8u + 16u) /* explicit nonce, tag */
#define VERSION_AT        1u
#define SEQUENCE_AT       5u /* where the six bytes of the record number stand */
#define VERSION_1_2       0xfefdu

static floe_dtls_gate get_gate(const floe_dtls_conn *conn)
{
    OSSL_HANDSHAKE_STATE at = SSL_get_state(conn->ssl);
    const SSL_CIPHER *cipher = SSL_get_current_cipher(conn->ssl);
    floe_dtls_gate gate = {.phase = FLOE_DTLS_PHASE_PLAIN, .role = (floe_dtls_role)conn->role};

    if (conn->state == FLOE_DTLS_CONNECTED) {
        gate.phase = FLOE_DTLS_PHASE_OPEN;
    } else if (at == TLS_ST_CR_CHANGE || at == TLS_ST_SR_CHANGE) {
        gate.phase = FLOE_DTLS_PHASE_CHANGED;
    }
    if (cipher != NULL) {
        gate.overhead = SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305
                            ? CHACHA20_OVERHEAD
                            : GCM_OVERHEAD;
    }
    return gate;
}

/* Anybody can write an alert in plain text, so it is only a hint. It is believed if the handshake
 * comes no further within a time that is longer than a round trip. A server that has not heard a
 * hello yet has nothing that could be refused. */
static void doubt_alert(floe_dtls_conn *conn, uint8_t alert)
{
    OSSL_HANDSHAKE_STATE at = SSL_get_state(conn->ssl);

    conn->stats.alert = alert;
    if (conn->doubt == FLOE_TIME_NEVER && at != TLS_ST_BEFORE) {
        conn->doubt = floe_time_after(conn->now, FLOE_DTLS_ALERT_WAIT_US);
        conn->doubt_phase = (int)at;
    }
}

static void trace(const floe_dtls_conn *conn, floe_trace_kind kind, size_t len, int32_t type)
{
    floe_trace_put(&conn->trace,
                   (floe_trace_record){.at = conn->now,
                                       .module = FLOE_MODULE_DTLS,
                                       .kind = (uint8_t)kind,
                                       .a = (int32_t)len,
                                       .b = type,
                                       .cause = kind == FLOE_TRACE_DROP ? FLOE_E_MALFORMED : 0});
}

void floe_dtls_bio_drop(floe_dtls_conn *conn, size_t len)
{
    conn->stats.dropped++;
    trace(conn, FLOE_TRACE_DROP, len, 0);
}

/* OpenSSL's replay window also counts the records that nobody vouches for: one of them, with a high
 * number, and all that the peer sends later is "too old". It gets numbers of ours instead; repeated
 * messages are known by their own sequence number. From epoch 1 on the number is authenticated.
 *
 * And the version: of a record that does not have the agreed one, OpenSSL drops the header alone
 * and reads the body as records, which dtls_record.c has not seen. */
static void renumber(floe_dtls_conn *conn, uint8_t *record)
{
    conn->plain_count++;
    floe_store_u16(record + VERSION_AT, VERSION_1_2);
    floe_store_u16(record + SEQUENCE_AT, 0);
    floe_store_u32(record + SEQUENCE_AT + 2, conn->plain_count);
}

void floe_dtls_bio_count_got(floe_dtls_conn *conn, const floe_dtls_record *record)
{
    trace(conn, FLOE_TRACE_GOT, record->whole.len, record->type);
    conn->stats.records_received++;
}

static int give(floe_dtls_conn *conn, const floe_dtls_record *record, uint8_t *out)
{
    memcpy(out, record->whole.ptr, record->whole.len);
    if (record->epoch == 0) {
        renumber(conn, out);
    }
    floe_dtls_keys_note_given(&conn->keys, record);
    floe_dtls_bio_count_got(conn, record);
    conn->unproven += record->type == FLOE_DTLS_DATA ? 1u : 0u;
    return (int)record->whole.len;
}

static int read_record(BIO *bio, char *out, int cap)
{
    floe_dtls_conn *conn = BIO_get_data(bio);
    floe_dtls_record record;
    uint8_t alert;

    BIO_clear_retry_flags(bio);
    while (conn->pending.len > 0) {
        size_t left = conn->pending.len;
        if (!floe_dtls_record_next(&conn->pending, &record)) {
            floe_dtls_bio_drop(conn, left);
            break;
        }
        floe_dtls_gate gate = get_gate(conn);
        if (floe_dtls_record_is_welcome(&record, &gate) && record.whole.len <= (size_t)cap) {
            return give(conn, &record, (uint8_t *)out);
        }
        if (gate.phase == FLOE_DTLS_PHASE_PLAIN &&
            floe_dtls_record_is_plain_alert(&record, &alert)) {
            doubt_alert(conn, alert);
        } else {
            floe_dtls_bio_drop(conn, record.whole.len);
        }
    }
    BIO_set_retry_read(bio);
    return -1;
}

void floe_dtls_bio_count_sent(floe_dtls_conn *conn, floe_bytes datagram, uint64_t records)
{
    trace(conn, FLOE_TRACE_SENT, datagram.len, datagram.ptr[0]);
    conn->stats.records_sent += records;
}

static uint64_t note_records(floe_dtls_conn *conn, floe_bytes datagram)
{
    floe_dtls_record record;
    uint64_t count = 0;

    while (floe_dtls_record_next(&datagram, &record)) {
        floe_dtls_keys_note_sent(&conn->keys, &record);
        count++;
    }
    return count;
}

static int write_datagram(BIO *bio, const char *data, int len)
{
    floe_dtls_conn *conn = BIO_get_data(bio);
    floe_bytes datagram = {(const uint8_t *)data, (size_t)len};

    BIO_clear_retry_flags(bio);
    floe_dtls_bio_count_sent(conn, datagram, note_records(conn, datagram));
    if (conn->sealed.ptr != NULL && datagram.ptr[0] == FLOE_DTLS_DATA) {
        if (datagram.len > conn->sealed.len) {
            return -1;
        }
        memcpy(conn->sealed.ptr, datagram.ptr, datagram.len);
        conn->sealed_len = datagram.len;
    } else if (!floe_dtls_flight_put(conn, datagram)) {
        floe_dtls_bio_drop(conn, datagram.len);
    }
    return len;
}

/* "Flushed" is all that OpenSSL needs to hear; the MTU was set by SSL_set_mtu(). */
static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *floe_dtls_bio_method_make(floe_dtls_bio_read *read, floe_dtls_bio_write *write)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_FLOE, "floe memory");

    if (method == NULL) {
        return NULL;
    }
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
}

BIO *floe_dtls_bio_make(const BIO_METHOD *method, void *owner)
{
    BIO *bio = BIO_new(method);

    if (bio != NULL) {
        BIO_set_data(bio, owner);
        BIO_set_init(bio, 1);
    }
    return bio;
}

BIO_METHOD *floe_dtls_bio_method_new(void)
{
    return floe_dtls_bio_method_make(read_record, write_datagram);
}

BIO *floe_dtls_bio_new(const floe_dtls_identity *identity, floe_dtls_conn *conn)
{
    return floe_dtls_bio_make(identity->method, conn);
}
