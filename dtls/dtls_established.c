/*
 * dtls/dtls_established.c - the association once its handshake is over, without OpenSSL's record
 * layer: data, alerts, and what else a peer may still send.
 *
 * RFC 5246 §7.2 (alerts), RFC 6347 §4.2.4 (the last flight is sent again to a peer that has missed
 * it). What it has to remember of a handshake is its keys and 24 bytes, so all of OpenSSL's memory
 * is given back. Read next: dtls_conn.c.
 */
#include "dtls/dtls_internal.h"

#include <string.h>

#include "base/writer.h"

#define ALERT_WARNING          1u
#define ALERT_FATAL            2u
#define ALERT_CLOSE_NOTIFY     0u
#define ALERT_NO_RENEGOTIATION 100u

#define HELLO_REQUEST 0u
#define CLIENT_HELLO  1u
#define FINISHED      20u

#define CHANGE_CIPHER_SIZE (FLOE_DTLS_RECORD_HEADER + 1u)

bool floe_dtls_established_begin(floe_dtls_conn *conn)
{
    if (!floe_dtls_keys_take(&conn->keys, conn->ssl)) {
        return false;
    }
    SSL_free(conn->ssl);
    conn->ssl = NULL;
    return true;
}

/* Seal bytes of the protocol's own behind `used` bytes of a datagram, and send it. */
static void send_sealed(floe_dtls_conn *conn, uint8_t *datagram, size_t used, uint8_t type,
                        floe_bytes plain)
{
    size_t len;

    memcpy(datagram + used + FLOE_DTLS_HEAD, plain.ptr, plain.len);
    if (!floe_dtls_keys_seal(&conn->keys, type, datagram + used, plain.len, &len)) {
        return;
    }
    floe_dtls_bio_count_sent(conn, (floe_bytes){datagram, used + len}, used > 0 ? 2 : 1);
    if (!floe_dtls_flight_put(conn, (floe_bytes){datagram, used + len})) {
        floe_dtls_bio_drop(conn, used + len);
    }
}

static void send_alert(floe_dtls_conn *conn, uint8_t description)
{
    const uint8_t alert[2] = {ALERT_WARNING, description};
    uint8_t datagram[sizeof alert + FLOE_DTLS_OVERHEAD];

    send_sealed(conn, datagram, 0, FLOE_DTLS_ALERT, (floe_bytes){alert, sizeof alert});
}

void floe_dtls_established_close(floe_dtls_conn *conn)
{
    send_alert(conn, ALERT_CLOSE_NOTIFY);
}

/* RFC 6347 §4.2.4: a client that repeats its Finished has not got ours. The messages are the same,
 * the record numbers are new. */
static void repeat_last_flight(floe_dtls_conn *conn)
{
    uint8_t datagram[CHANGE_CIPHER_SIZE + sizeof conn->finished + FLOE_DTLS_OVERHEAD];
    floe_writer w = floe_writer_begin(datagram, CHANGE_CIPHER_SIZE);

    floe_writer_put_u8(&w, FLOE_DTLS_CHANGE_CIPHER);
    floe_writer_put_u16(&w, 0xfefd);
    floe_writer_put_u16(&w, 0);
    floe_writer_put_u16(&w, (uint16_t)(conn->keys.next_plain >> 32));
    floe_writer_put_u32(&w, (uint32_t)conn->keys.next_plain);
    floe_writer_put_u16(&w, 1);
    floe_writer_put_u8(&w, 1);
    conn->keys.next_plain++;
    conn->stats.flights_repeated++;
    send_sealed(conn, datagram, CHANGE_CIPHER_SIZE, FLOE_DTLS_HANDSHAKE,
                (floe_bytes){conn->finished, sizeof conn->finished});
}

/* Whatever comes is of the peer itself. A client has seen the server's Finished, or would not be
 * here, and has nothing to repeat: two ends that both answered would never fall silent. */
static void take_handshake(floe_dtls_conn *conn, floe_bytes message)
{
    bool is_server = conn->role == FLOE_DTLS_SERVER;

    if (message.len == 0) {
        return;
    }
    if (is_server && message.ptr[0] == FINISHED) {
        repeat_last_flight(conn);
    } else if (message.ptr[0] == (is_server ? CLIENT_HELLO : HELLO_REQUEST)) {
        /* RFC 8827 §6.5, RFC 5746 §5: no second handshake. */
        send_alert(conn, ALERT_NO_RENEGOTIATION);
    }
}

/* RFC 5246 §7.2.2: warnings other than close_notify change nothing. */
static floe_dtls_news take_alert(floe_dtls_conn *conn, floe_bytes alert)
{
    if (alert.len != 2 || (alert.ptr[0] != ALERT_WARNING && alert.ptr[0] != ALERT_FATAL)) {
        floe_dtls_bio_drop(conn, alert.len);
        return FLOE_DTLS_NEWS_NONE;
    }
    conn->stats.alert = alert.ptr[1];
    if (alert.ptr[1] == ALERT_CLOSE_NOTIFY) {
        return FLOE_DTLS_NEWS_CLOSE;
    }
    return alert.ptr[0] == ALERT_FATAL ? FLOE_DTLS_NEWS_ALERT : FLOE_DTLS_NEWS_NONE;
}

static floe_dtls_news take_record(floe_dtls_conn *conn, uint8_t type, floe_bytes plain)
{
    switch (type) {
    case FLOE_DTLS_DATA:
        return plain.len > 0 ? FLOE_DTLS_NEWS_DATA : FLOE_DTLS_NEWS_NONE;
    case FLOE_DTLS_ALERT:
        return take_alert(conn, plain);
    default:
        take_handshake(conn, plain);
        return FLOE_DTLS_NEWS_NONE;
    }
}

floe_dtls_news floe_dtls_established_read(floe_dtls_conn *conn, uint8_t *buf, size_t cap,
                                          size_t *len)
{
    const floe_dtls_gate gate = {FLOE_DTLS_PHASE_OPEN, (floe_dtls_role)conn->role,
                                 floe_dtls_keys_get_overhead(&conn->keys)};
    floe_dtls_record record;
    floe_dtls_news news = FLOE_DTLS_NEWS_NONE;

    while (news == FLOE_DTLS_NEWS_NONE && conn->pending.len > 0) {
        size_t left = conn->pending.len;
        if (!floe_dtls_record_next(&conn->pending, &record)) {
            floe_dtls_bio_drop(conn, left);
        } else if (floe_dtls_record_is_welcome(&record, &gate) &&
                   floe_dtls_keys_open(&conn->keys, &record, buf, cap, len)) {
            floe_dtls_bio_count_got(conn, &record);
            news = take_record(conn, record.type, (floe_bytes){buf, *len});
        } else {
            /* RFC 6347 §4.1.2.7: what is forged or replayed is dropped in silence. */
            floe_dtls_bio_drop(conn, record.whole.len);
            if (conn->keys.failures >= FLOE_DTLS_FORGERIES_MAX) {
                news = FLOE_DTLS_NEWS_WORN_OUT;
            }
        }
    }
    return news;
}
