/*
 * dtls/dtls_conn.c - drives OpenSSL: when to call it, and what its answers mean; then, the records.
 *
 * Every call that enters OpenSSL first empties its error queue, which is one per thread and not per
 * connection, so that no peer sees another's errors. RFC 6347 §4.2 (handshake, timers), RFC 5246
 * §7.2 (alerts). Read next: sctp/sctp_assoc.h, which runs inside.
 */
#include "dtls/dtls_internal.h"

#include <openssl/err.h>
#include <string.h>
#include <sys/time.h> /* struct timeval, as DTLSv1_get_timeout() fills it */

#include "base/assert.h"

#define TIMER_FIRST_US (100 * FLOE_MS)
#define TIMER_MIN_US   (20 * FLOE_MS) /* OpenSSL takes 15 ms and less for "expired" */
#define TIMER_MAX_US   (3 * FLOE_SECOND)
#define STEP_US        (1 * FLOE_MS) /* a deadline is at least this far off */
#define MTU_MIN        256u
#define MTU_MAX        4096u /* what OpenSSL collects into one datagram */

/* Which states may follow which, as a bit for each. */
static const uint8_t legal_next[] = {
    [FLOE_DTLS_NEW] = 1u << FLOE_DTLS_CONNECTING | 1u << FLOE_DTLS_CLOSED,
    [FLOE_DTLS_CONNECTING] =
        1u << FLOE_DTLS_CONNECTED | 1u << FLOE_DTLS_CLOSED | 1u << FLOE_DTLS_FAILED,
    [FLOE_DTLS_CONNECTED] = 1u << FLOE_DTLS_CLOSED | 1u << FLOE_DTLS_FAILED,
    [FLOE_DTLS_CLOSED] = 0,
    [FLOE_DTLS_FAILED] = 0,
};

static void set_state(floe_dtls_conn *conn, floe_dtls_state state, floe_dtls_cause cause)
{
    FLOE_ASSERT(legal_next[conn->state] & 1u << state);
    floe_trace_put(&conn->trace, (floe_trace_record){.at = conn->now,
                                                     .module = FLOE_MODULE_DTLS,
                                                     .kind = FLOE_TRACE_STATE,
                                                     .a = conn->state,
                                                     .b = (int32_t)state,
                                                     .cause = (int32_t)cause});
    conn->state = (uint8_t)state;
    conn->cause = (uint8_t)cause;
    conn->state_changed = true;
}

static bool is_over(const floe_dtls_conn *conn)
{
    return conn->state == FLOE_DTLS_CLOSED || conn->state == FLOE_DTLS_FAILED;
}

static void enter(floe_dtls_conn *conn, floe_time now)
{
    FLOE_ASSERT(conn->ssl != NULL || conn->keys.seal != NULL);
    FLOE_ASSERT(now >= conn->now);
    conn->now = now;
}

/* What to wait for: OpenSSL's timer and ours while connecting, then a pause in the traffic. */
static void set_deadline(floe_dtls_conn *conn)
{
    struct timeval left;

    conn->deadline = FLOE_TIME_NEVER;
    if (conn->state == FLOE_DTLS_CONNECTED && conn->ssl != NULL && !conn->trimmed) {
        conn->deadline = floe_time_after(conn->now, FLOE_DTLS_IDLE_US);
    }
    if (conn->state != FLOE_DTLS_CONNECTING) {
        return;
    }
    if (DTLSv1_get_timeout(conn->ssl, &left) == 1) {
        uint64_t us = (uint64_t)left.tv_sec * FLOE_SECOND + (uint64_t)left.tv_usec;
        conn->deadline = floe_time_after(conn->now, us < STEP_US ? STEP_US : us);
    }
    conn->deadline = floe_time_min(conn->deadline, conn->give_up);
    conn->deadline = floe_time_min(conn->deadline, conn->doubt);
}

/* A third of a connection's heap is buffers that an idle one has no use for. OpenSSL keeps them
 * while something in them is unread. */
static void trim_if_idle(floe_dtls_conn *conn)
{
    conn->trimmed = !conn->used && SSL_free_buffers(conn->ssl) == 1;
    conn->used = false;
}

/* To be called before OpenSSL reads or writes: without buffers it would write through NULL. */
static bool prepare(floe_dtls_conn *conn)
{
    ERR_clear_error();
    if (conn->trimmed && SSL_alloc_buffers(conn->ssl) != 1) {
        return false;
    }
    conn->trimmed = false;
    conn->used = true;
    return true;
}

/* RFC 6347 §4.2.4.1: double the interval each time. It also says to start with 1 s; we start lower,
 * as browsers do: the path has just been checked, and a lost hello should not cost a second.
 * OpenSSL asks with 0 for the first interval of a flight and with the last one when it repeats it.
 */
static unsigned int get_interval(SSL *ssl, unsigned int last_us)
{
    floe_dtls_conn *conn = SSL_get_app_data(ssl);

    if (last_us == 0) {
        return conn->first_timer_us;
    }
    conn->stats.flights_repeated++;
    return last_us < TIMER_MAX_US / 2 ? last_us * 2 : (unsigned int)TIMER_MAX_US;
}

/* Why OpenSSL gave up, from the last entry of its error queue. */
static floe_dtls_cause get_cause(const floe_dtls_conn *conn)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);

    if (SSL_get_verify_result(conn->ssl) == X509_V_ERR_CERT_REJECTED) {
        return FLOE_DTLS_CAUSE_FINGERPRINT;
    }
    if (ERR_GET_LIB(error) != ERR_LIB_SSL || ERR_FATAL_ERROR(error)) {
        return FLOE_DTLS_CAUSE_CRYPTO;
    }
    if (reason == SSL_R_READ_TIMEOUT_EXPIRED) {
        return FLOE_DTLS_CAUSE_TIMEOUT;
    }
    /* OpenSSL counts the alerts of the peer from here. */
    return reason >= SSL_AD_REASON_OFFSET ? FLOE_DTLS_CAUSE_ALERT : FLOE_DTLS_CAUSE_PROTOCOL;
}

static void fail(floe_dtls_conn *conn, floe_dtls_cause cause)
{
    set_state(conn, FLOE_DTLS_FAILED, cause);
    ERR_clear_error();
    conn->pending = (floe_bytes){NULL, 0};
    set_deadline(conn);
}

static void finish_handshake(floe_dtls_conn *conn)
{
    const SSL *ssl = conn->ssl;

    /* The check is in the handshake; should OpenSSL ever find a way round it, this is the end. */
    if (!conn->verified) {
        fail(conn, FLOE_DTLS_CAUSE_FINGERPRINT);
        return;
    }
    conn->stats.version = (uint16_t)SSL_version(ssl);
    conn->stats.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
    set_state(conn, FLOE_DTLS_CONNECTED, FLOE_DTLS_CAUSE_NONE);
}

/* From here on OpenSSL is in the way: it holds 58 KB, and its records cost twice the time. */
static void take_over(floe_dtls_conn *conn)
{
    if (conn->state == FLOE_DTLS_CONNECTED && !conn->keeps_openssl &&
        !floe_dtls_established_begin(conn)) {
        fail(conn, FLOE_DTLS_CAUSE_CRYPTO);
    }
}

/* Let OpenSSL have what is pending. It stops after records that it drops, hence the loop. */
static void drive_handshake(floe_dtls_conn *conn)
{
    size_t left;

    do {
        left = conn->pending.len;
        ERR_clear_error();
        int result = SSL_do_handshake(conn->ssl);
        if (result == 1) {
            finish_handshake(conn);
        } else if (SSL_get_error(conn->ssl, result) != SSL_ERROR_WANT_READ) {
            fail(conn, get_cause(conn));
        }
    } while (conn->state == FLOE_DTLS_CONNECTING && conn->pending.len > 0 &&
             conn->pending.len < left);
    if ((int)SSL_get_state(conn->ssl) != conn->doubt_phase) {
        conn->doubt = FLOE_TIME_NEVER;
    }
    take_over(conn);
    ERR_clear_error();
    set_deadline(conn);
}

static bool set_config(floe_dtls_conn *conn, const floe_dtls_config *config)
{
    uint32_t mtu = config->mtu != 0 ? config->mtu : FLOE_DATAGRAM_MAX;
    uint32_t first = config->first_timer_us != 0 ? config->first_timer_us : TIMER_FIRST_US;
    bool usable = false;

    if (config->identity == NULL || config->identity->ctx == NULL ||
        config->fingerprint_count > FLOE_DTLS_FINGERPRINTS_MAX || mtu < MTU_MIN || mtu > MTU_MAX ||
        first < TIMER_MIN_US || first > TIMER_MAX_US) {
        return false;
    }
    for (uint32_t i = 0; i < config->fingerprint_count; i++) {
        usable = usable || floe_dtls_verify_is_usable(&config->fingerprints[i]);
        conn->fingerprints[i] = config->fingerprints[i];
    }
    conn->fingerprint_count = config->fingerprint_count;
    conn->role = (uint8_t)config->role;
    conn->mtu = mtu;
    conn->first_timer_us = first;
    conn->trace = config->trace;
    return usable;
}

static bool set_ssl(floe_dtls_conn *conn, const floe_dtls_identity *identity)
{
    conn->ssl = SSL_new(identity->ctx);
    BIO *bio = floe_dtls_bio_new(identity, conn);
    if (conn->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        return false;
    }
    SSL_set_bio(conn->ssl, bio, bio);
    SSL_set_app_data(conn->ssl, conn);
    SSL_set_mtu(conn->ssl, (long)conn->mtu);
    DTLS_set_timer_cb(conn->ssl, get_interval);
    if (conn->role == FLOE_DTLS_CLIENT) {
        SSL_set_connect_state(conn->ssl);
    } else {
        SSL_set_accept_state(conn->ssl);
    }
    return true;
}

floe_err floe_dtls_conn_init(floe_dtls_conn *conn, const floe_dtls_config *config, floe_time now)
{
    memset(conn, 0, sizeof *conn);
    conn->now = now;
    conn->deadline = conn->give_up = conn->doubt = FLOE_TIME_NEVER;
    conn->stats.alert = FLOE_DTLS_ALERT_NONE;
    conn->keeps_openssl = FLOE_DTLS_OWN_RECORDS == 0;
    if (!set_config(conn, config)) {
        return FLOE_E_ARG;
    }
    ERR_clear_error();
    if (!set_ssl(conn, config->identity)) {
        floe_dtls_conn_free(conn);
        return FLOE_E_CRYPTO;
    }
    return FLOE_OK;
}

void floe_dtls_conn_free(floe_dtls_conn *conn)
{
    SSL_free(conn->ssl);
    conn->ssl = NULL;
    floe_dtls_keys_free(&conn->keys);
    ERR_clear_error();
}

void floe_dtls_conn_start(floe_dtls_conn *conn, floe_time now)
{
    enter(conn, now);
    if (conn->state != FLOE_DTLS_NEW) {
        return;
    }
    set_state(conn, FLOE_DTLS_CONNECTING, FLOE_DTLS_CAUSE_NONE);
    conn->give_up = floe_time_after(now, FLOE_DTLS_HANDSHAKE_US);
    drive_handshake(conn);
}

/* Before the start only a hello has a meaning, and only for the server. */
static bool is_early_hello(const floe_dtls_conn *conn, const floe_dtls_record *record)
{
    return conn->role == FLOE_DTLS_SERVER && floe_dtls_record_is_client_hello(record);
}

floe_err floe_dtls_conn_input(floe_dtls_conn *conn, floe_time now, floe_bytes datagram)
{
    floe_dtls_record first;
    floe_bytes rest = datagram;

    enter(conn, now);
    if (is_over(conn)) {
        return FLOE_E_CLOSED;
    }
    if (!floe_dtls_record_next(&rest, &first) ||
        (conn->state == FLOE_DTLS_NEW && !is_early_hello(conn, &first))) {
        floe_dtls_bio_drop(conn, datagram.len);
        return FLOE_E_MALFORMED;
    }
    floe_dtls_conn_start(conn, now);
    conn->pending = datagram;
    if (conn->state == FLOE_DTLS_CONNECTING) {
        drive_handshake(conn);
    } else if (conn->ssl != NULL && (conn->deadline <= now || conn->deadline == FLOE_TIME_NEVER)) {
        conn->deadline = floe_time_after(now, FLOE_DTLS_IDLE_US); /* of the pause that follows */
    }
    return FLOE_OK;
}

/* RFC 5246 §7.2.1: a close_notify is answered with one. Where it has been sent already, or the
 * handshake is unfinished, OpenSSL sends none. */
static void close_with(floe_dtls_conn *conn)
{
    if (conn->keys.seal != NULL) {
        floe_dtls_established_close(conn);
    } else if (prepare(conn)) {
        (void)SSL_shutdown(conn->ssl);
    }
    ERR_clear_error();
    conn->pending = (floe_bytes){NULL, 0};
    set_state(conn, FLOE_DTLS_CLOSED, FLOE_DTLS_CAUSE_NONE);
    set_deadline(conn);
}

/* OpenSSL has no data for us. Other than "more, please" means that the connection has ended. */
static void end_reading(floe_dtls_conn *conn, int error)
{
    if (error == SSL_ERROR_ZERO_RETURN) {
        close_with(conn);
    } else if (error != SSL_ERROR_WANT_READ) {
        fail(conn, get_cause(conn));
    }
}

static bool read_record(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len)
{
    if (!prepare(conn)) {
        fail(conn, FLOE_DTLS_CAUSE_CRYPTO);
        return false;
    }
    int result = SSL_read_ex(conn->ssl, buf, cap, len);
    if (result != 1) {
        end_reading(conn, SSL_get_error(conn->ssl, result));
        return false;
    }
    conn->unproven -= conn->unproven > 0 ? 1u : 0u;
    return true;
}

static bool poll_openssl(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len)
{
    size_t left = SIZE_MAX;

    /* It stops after some of the records that it drops, hence the loop. */
    while (conn->state == FLOE_DTLS_CONNECTED && conn->pending.len < left &&
           (conn->pending.len > 0 || SSL_pending(conn->ssl) > 0)) {
        left = conn->pending.len;
        if (read_record(conn, buf, cap, len)) {
            return true;
        }
    }
    /* RFC 6347 §4.1.2.7: those that were forged or replayed are dropped in silence. */
    conn->stats.dropped += conn->unproven;
    conn->unproven = 0;
    ERR_clear_error();
    return false;
}

bool floe_dtls_conn_poll_data(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len)
{
    if (conn->state != FLOE_DTLS_CONNECTED || conn->keys.seal == NULL) {
        return conn->state == FLOE_DTLS_CONNECTED && poll_openssl(conn, buf, cap, len);
    }
    switch (floe_dtls_established_read(conn, buf, cap, len)) {
    case FLOE_DTLS_NEWS_DATA:
        return true;
    case FLOE_DTLS_NEWS_CLOSE:
        close_with(conn);
        break;
    case FLOE_DTLS_NEWS_ALERT:
        fail(conn, FLOE_DTLS_CAUSE_ALERT);
        break;
    case FLOE_DTLS_NEWS_WORN_OUT:
        fail(conn, FLOE_DTLS_CAUSE_CRYPTO);
        break;
    default:
        break;
    }
    return false;
}

void floe_dtls_conn_advance(floe_dtls_conn *conn, floe_time now)
{
    enter(conn, now);
    if (now < conn->deadline) {
        return;
    }
    if (conn->state == FLOE_DTLS_CONNECTED) {
        trim_if_idle(conn);
    } else if (now >= conn->give_up) {
        fail(conn, FLOE_DTLS_CAUSE_TIMEOUT);
    } else if (now >= conn->doubt) {
        fail(conn, FLOE_DTLS_CAUSE_ALERT);
    } else if (conn->state == FLOE_DTLS_CONNECTING) {
        ERR_clear_error();
        if (DTLSv1_handle_timeout(conn->ssl) < 0) {
            fail(conn, get_cause(conn));
        }
    }
    ERR_clear_error();
    set_deadline(conn);
}

floe_time floe_dtls_conn_deadline(const floe_dtls_conn *conn)
{
    return conn->deadline;
}

bool floe_dtls_conn_poll_transmit(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len)
{
    FLOE_ASSERT(cap >= conn->mtu);
    return floe_dtls_flight_get(conn, buf, cap, len);
}

bool floe_dtls_conn_poll_event(floe_dtls_conn *conn, floe_dtls_state *state, floe_dtls_cause *cause)
{
    if (!conn->state_changed) {
        return false;
    }
    conn->state_changed = false;
    *state = (floe_dtls_state)conn->state;
    *cause = (floe_dtls_cause)conn->cause;
    return true;
}

static bool seal_by_openssl(floe_dtls_conn *conn, uint8_t *buf, size_t plain_len, size_t cap)
{
    size_t written;

    conn->sealed = (floe_span){buf, cap};
    conn->sealed_len = 0;
    bool is_sealed =
        prepare(conn) && SSL_write_ex(conn->ssl, buf + FLOE_DTLS_HEAD, plain_len, &written) == 1;
    conn->sealed = (floe_span){NULL, 0};
    return is_sealed && conn->sealed_len > 0;
}

static bool seal(floe_dtls_conn *conn, uint8_t *buf, size_t plain_len)
{
    if (!floe_dtls_keys_seal(&conn->keys, FLOE_DTLS_DATA, buf, plain_len, &conn->sealed_len)) {
        return false;
    }
    floe_dtls_bio_count_sent(conn, (floe_bytes){buf, conn->sealed_len}, 1);
    return true;
}

floe_err floe_dtls_conn_seal(floe_dtls_conn *conn, uint8_t *buf, size_t plain_len, size_t cap,
                             size_t *len)
{
    if (conn->state != FLOE_DTLS_CONNECTED) {
        return is_over(conn) ? FLOE_E_CLOSED : FLOE_E_STATE;
    }
    if (plain_len == 0) {
        return FLOE_E_ARG;
    }
    /* The first bound is OpenSSL's, which would end the connection beyond it. */
    if (plain_len > FLOE_DTLS_RECORD_MAX || plain_len + FLOE_DTLS_OVERHEAD > cap) {
        return FLOE_E_TOO_BIG;
    }
    if (conn->keys.seal != NULL ? !seal(conn, buf, plain_len)
                                : !seal_by_openssl(conn, buf, plain_len, cap)) {
        /* A peer may begin a second handshake and leave it there; then OpenSSL seals nothing. */
        bool is_stuck = conn->ssl != NULL && SSL_in_init(conn->ssl);
        fail(conn, is_stuck ? FLOE_DTLS_CAUSE_PROTOCOL : FLOE_DTLS_CAUSE_CRYPTO);
        return FLOE_E_CRYPTO;
    }
    *len = conn->sealed_len;
    return FLOE_OK;
}

void floe_dtls_conn_close(floe_dtls_conn *conn, floe_time now)
{
    enter(conn, now);
    if (!is_over(conn)) {
        close_with(conn);
    }
}

floe_dtls_state floe_dtls_conn_get_state(const floe_dtls_conn *conn)
{
    return (floe_dtls_state)conn->state;
}

const char *floe_dtls_state_name(floe_dtls_state state)
{
    static const char *const names[] = {"new", "connecting", "connected", "closed", "failed"};

    FLOE_ASSERT((size_t)state < sizeof names / sizeof *names);
    return names[state];
}

const char *floe_dtls_cause_text(floe_dtls_cause cause)
{
    static const char *const texts[] = {
        [FLOE_DTLS_CAUSE_NONE] = "Nothing is wrong.",
        [FLOE_DTLS_CAUSE_FINGERPRINT] =
            "The peer's certificate is not the one that its description named.",
        [FLOE_DTLS_CAUSE_TIMEOUT] = "The peer did not answer the handshake in time.",
        [FLOE_DTLS_CAUSE_ALERT] = "The peer refused the handshake or ended it with an alert.",
        [FLOE_DTLS_CAUSE_PROTOCOL] = "The peer's handshake was not acceptable.",
        [FLOE_DTLS_CAUSE_CRYPTO] = "The cryptographic library failed.",
    };

    FLOE_ASSERT((size_t)cause < sizeof texts / sizeof *texts);
    return texts[cause];
}
