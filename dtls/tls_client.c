/*
 * dtls/tls_client.c - drives OpenSSL as a client of a server, over a stream or datagrams.
 *
 * Every call that enters OpenSSL first empties its error queue, which is one per thread and not per
 * connection. RFC 8489 §6.2.3 (who the server must be), RFC 5246 §7.2 (alerts).
 */
#include "dtls/tls_client.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/time.h> /* struct timeval, as DTLSv1_get_timeout() fills it */

#include "base/addr.h"
#include "base/assert.h"
#include "dtls/dtls_internal.h"
#include "dtls/tls_internal.h"

#define TIMER_MAX_US (3 * FLOE_SECOND)
#define STEP_US      (1 * FLOE_MS) /* a deadline is at least this far off */

static void enter(floe_tls_client *client, floe_time now)
{
    FLOE_ASSERT(client->ssl != NULL && now >= client->now);
    client->now = now;
    ERR_clear_error();
}

static bool is_over(const floe_tls_client *client)
{
    return client->state == FLOE_DTLS_CLOSED || client->state == FLOE_DTLS_FAILED;
}

static void set_deadline(floe_tls_client *client)
{
    struct timeval left;

    client->deadline = FLOE_TIME_NEVER;
    if (client->state != FLOE_DTLS_CONNECTING) {
        return;
    }
    client->deadline = client->give_up;
    if (client->is_datagram && DTLSv1_get_timeout(client->ssl, &left) == 1) {
        uint64_t us = (uint64_t)left.tv_sec * FLOE_SECOND + (uint64_t)left.tv_usec;
        floe_time at = floe_time_after(client->now, us < STEP_US ? STEP_US : us);
        client->deadline = floe_time_min(client->deadline, at);
    }
}

static void set_state(floe_tls_client *client, floe_dtls_state state, floe_tls_cause cause)
{
    client->state = (uint8_t)state;
    client->cause = (uint8_t)cause;
    client->is_changed = true;
    if (is_over(client)) {
        client->pending = (floe_bytes){NULL, 0};
    }
    ERR_clear_error();
    set_deadline(client);
}

/* RFC 6347 §4.2.4.1: double the interval each time. It says to begin with 1 s; a lost hello should
 * not cost that much, and one too many does no harm. */
static unsigned int get_interval(SSL *ssl, unsigned int last_us)
{
    (void)ssl;
    if (last_us == 0) {
        return (unsigned int)FLOE_TLS_FIRST_US;
    }
    return last_us < TIMER_MAX_US / 2 ? last_us * 2 : (unsigned int)TIMER_MAX_US;
}

static floe_tls_cause get_certificate_cause(long result)
{
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return FLOE_TLS_CAUSE_NAME;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return FLOE_TLS_CAUSE_EXPIRED;
    default:
        return FLOE_TLS_CAUSE_UNTRUSTED;
    }
}

/* Why OpenSSL gave up, from the last entry of its error queue. */
static floe_tls_cause get_cause(const floe_tls_client *client)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);

    if (ERR_GET_LIB(error) != ERR_LIB_SSL || ERR_FATAL_ERROR(error)) {
        return FLOE_TLS_CAUSE_CRYPTO;
    }
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return get_certificate_cause(SSL_get_verify_result(client->ssl));
    }
    if (reason == SSL_R_READ_TIMEOUT_EXPIRED) {
        return FLOE_TLS_CAUSE_TIMEOUT;
    }
    /* OpenSSL counts the alerts of the server from here. */
    return reason >= SSL_AD_REASON_OFFSET ? FLOE_TLS_CAUSE_ALERT : FLOE_TLS_CAUSE_PROTOCOL;
}

/* RFC 5246 §7.2.1: a close_notify is answered with one, unless ours has gone out already. */
static void close_with(floe_tls_client *client)
{
    (void)SSL_shutdown(client->ssl);
    set_state(client, FLOE_DTLS_CLOSED, FLOE_TLS_CAUSE_NONE);
}

/* OpenSSL wants more, or this is the end. */
static void judge(floe_tls_client *client, int result)
{
    int error = SSL_get_error(client->ssl, result);

    if (error == SSL_ERROR_ZERO_RETURN && client->state == FLOE_DTLS_CONNECTED) {
        close_with(client);
    } else if (error == SSL_ERROR_ZERO_RETURN) {
        set_state(client, FLOE_DTLS_FAILED, FLOE_TLS_CAUSE_EOF);
    } else if (error != SSL_ERROR_WANT_READ) {
        set_state(client, FLOE_DTLS_FAILED, get_cause(client));
    }
}

/* Let OpenSSL have what is pending. With datagrams it stops after those that it drops. */
static void drive_handshake(floe_tls_client *client)
{
    size_t left;

    do {
        left = client->pending.len;
        ERR_clear_error();
        int result = SSL_do_handshake(client->ssl);
        if (result == 1) {
            set_state(client, FLOE_DTLS_CONNECTED, FLOE_TLS_CAUSE_NONE);
        } else {
            judge(client, result);
        }
    } while (client->state == FLOE_DTLS_CONNECTING && client->pending.len > 0 &&
             client->pending.len < left);
    ERR_clear_error();
    set_deadline(client);
}

/* RFC 8489 §6.2.3: the certificate must be for the host that was configured. RFC 6066 §3: an
 * address is not sent as a server name. RFC 6125 §7.2: "f*.example" is not a match for anything. */
static bool set_host(SSL *ssl, floe_bytes host, bool is_unverified)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    char name[FLOE_TLS_HOST_MAX + 1];
    floe_addr addr;

    if (is_unverified) {
        SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    }
    if (floe_addr_parse(&addr, host, 0) == FLOE_OK) {
        floe_bytes ip = floe_addr_ip(&addr);
        return X509_VERIFY_PARAM_set1_ip(param, ip.ptr, ip.len) == 1;
    }
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, name, host.len) == 1 &&
           SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool set_ssl(floe_tls_client *client, const floe_tls_client_config *config, floe_bytes host)
{
    static const uint8_t protocols[] = "\x09stun.turn"; /* RFC 7443 §3 */
    const floe_tls_trust *trust = config->trust;

    client->ssl = SSL_new(client->is_datagram ? trust->datagram : trust->stream);
    BIO *bio = floe_dtls_bio_make(trust->method, client);
    if (client->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        return false;
    }
    SSL_set_bio(client->ssl, bio, bio);
    SSL_set_app_data(client->ssl, client);
    SSL_set_connect_state(client->ssl);
    if (client->is_datagram) {
        SSL_set_mtu(client->ssl, FLOE_DATAGRAM_MAX);
        DTLS_set_timer_cb(client->ssl, get_interval);
    }
    return SSL_set_alpn_protos(client->ssl, protocols, sizeof protocols - 1) == 0 &&
           set_host(client->ssl, host, config->is_unverified);
}

floe_err floe_tls_client_init(floe_tls_client *client, const floe_tls_client_config *config,
                              floe_time now)
{
    floe_bytes host = config->host;

    memset(client, 0, sizeof *client);
    client->now = now;
    client->deadline = client->give_up = FLOE_TIME_NEVER;
    client->alert = FLOE_DTLS_ALERT_NONE;
    client->is_datagram = config->is_datagram;
    /* RFC 6066 §3: a name goes without the dot that may end it; no certificate has it either. */
    if (host.len > 0 && host.ptr[host.len - 1] == '.') {
        host.len--;
    }
    /* To OpenSSL a dot in front means any name that ends so. */
    if (host.len == 0 || host.len > FLOE_TLS_HOST_MAX || host.ptr[0] == '.' ||
        memchr(host.ptr, 0, host.len) != NULL) {
        return FLOE_E_ARG;
    }
    ERR_clear_error();
    if (!set_ssl(client, config, host)) {
        floe_tls_client_free(client);
        return FLOE_E_CRYPTO;
    }
    return FLOE_OK;
}

void floe_tls_client_free(floe_tls_client *client)
{
    SSL_free(client->ssl);
    client->ssl = NULL;
    ERR_clear_error();
}

void floe_tls_client_start(floe_tls_client *client, floe_time now)
{
    enter(client, now);
    if (client->state != FLOE_DTLS_NEW) {
        return;
    }
    client->give_up = floe_time_after(now, FLOE_TLS_HANDSHAKE_US);
    set_state(client, FLOE_DTLS_CONNECTING, FLOE_TLS_CAUSE_NONE);
    drive_handshake(client);
}

floe_err floe_tls_client_input(floe_tls_client *client, floe_time now, floe_bytes in)
{
    enter(client, now);
    if (is_over(client)) {
        return FLOE_E_CLOSED;
    }
    if (client->state == FLOE_DTLS_NEW) {
        return FLOE_E_STATE;
    }
    client->pending = in;
    if (client->state == FLOE_DTLS_CONNECTING) {
        drive_handshake(client);
    }
    return FLOE_OK;
}

void floe_tls_client_input_end(floe_tls_client *client, floe_time now)
{
    enter(client, now);
    if (client->state == FLOE_DTLS_CONNECTED) {
        set_state(client, FLOE_DTLS_CLOSED, FLOE_TLS_CAUSE_NONE);
    } else if (!is_over(client)) {
        set_state(client, FLOE_DTLS_FAILED, FLOE_TLS_CAUSE_EOF);
    }
}

bool floe_tls_client_poll_data(floe_tls_client *client, uint8_t *buf, size_t cap, size_t *len)
{
    size_t left = SIZE_MAX;

    /* It stops after some of the records that it drops, hence the loop. */
    while (client->state == FLOE_DTLS_CONNECTED && client->pending.len < left) {
        left = client->pending.len;
        ERR_clear_error();
        int result = SSL_read_ex(client->ssl, buf, cap, len);
        if (result == 1) {
            return true;
        }
        judge(client, result);
    }
    ERR_clear_error();
    return false;
}

void floe_tls_client_advance(floe_tls_client *client, floe_time now)
{
    enter(client, now);
    if (now < client->deadline) {
        return;
    }
    if (now >= client->give_up) {
        set_state(client, FLOE_DTLS_FAILED, FLOE_TLS_CAUSE_TIMEOUT);
    } else if (DTLSv1_handle_timeout(client->ssl) < 0) {
        set_state(client, FLOE_DTLS_FAILED, get_cause(client));
    }
    ERR_clear_error();
    set_deadline(client);
}

floe_time floe_tls_client_deadline(const floe_tls_client *client)
{
    return client->deadline;
}

bool floe_tls_client_poll_event(floe_tls_client *client, floe_dtls_state *state,
                                floe_tls_cause *cause)
{
    if (!client->is_changed) {
        return false;
    }
    client->is_changed = false;
    *state = (floe_dtls_state)client->state;
    *cause = (floe_tls_cause)client->cause;
    return true;
}

floe_err floe_tls_client_seal(floe_tls_client *client, floe_bytes plain, uint8_t *out, size_t cap,
                              size_t *len)
{
    size_t written;

    if (client->state != FLOE_DTLS_CONNECTED) {
        return is_over(client) ? FLOE_E_CLOSED : FLOE_E_STATE;
    }
    if (plain.len == 0) {
        return FLOE_E_ARG;
    }
    if (plain.len > FLOE_TLS_PLAIN_MAX || plain.len + FLOE_TLS_OVERHEAD > cap) {
        return FLOE_E_TOO_BIG;
    }
    /* A stream's records are numbered: none may overtake another. */
    if (!client->is_datagram && client->out_head != client->out_tail) {
        return FLOE_E_AGAIN;
    }
    ERR_clear_error();
    client->sealed = (floe_span){out, cap};
    client->sealed_len = 0;
    bool is_sealed = SSL_write_ex(client->ssl, plain.ptr, plain.len, &written) == 1;
    client->sealed = (floe_span){NULL, 0};
    if (!is_sealed || client->sealed_len == 0) {
        set_state(client, FLOE_DTLS_FAILED, get_cause(client));
        return FLOE_E_CRYPTO;
    }
    *len = client->sealed_len;
    return FLOE_OK;
}

void floe_tls_client_close(floe_tls_client *client, floe_time now)
{
    enter(client, now);
    if (!is_over(client)) {
        close_with(client);
    }
}

floe_dtls_state floe_tls_client_get_state(const floe_tls_client *client)
{
    return (floe_dtls_state)client->state;
}

const char *floe_tls_cause_text(floe_tls_cause cause)
{
    static const char *const texts[] = {
        [FLOE_TLS_CAUSE_NONE] = "nothing is wrong",
        [FLOE_TLS_CAUSE_UNTRUSTED] = "the certificate is not signed by a trusted authority",
        [FLOE_TLS_CAUSE_NAME] = "the certificate is for another name",
        [FLOE_TLS_CAUSE_EXPIRED] = "the certificate has expired or is not valid yet",
        [FLOE_TLS_CAUSE_ALERT] = "the server refused the handshake or ended it with an alert",
        [FLOE_TLS_CAUSE_PROTOCOL] = "the server does not speak TLS, or not acceptably",
        [FLOE_TLS_CAUSE_TIMEOUT] = "the server did not answer the TLS handshake in time",
        [FLOE_TLS_CAUSE_EOF] = "the server ended the connection in the TLS handshake",
        [FLOE_TLS_CAUSE_CRYPTO] = "the cryptographic library failed",
    };

    FLOE_ASSERT((size_t)cause < sizeof texts / sizeof *texts);
    return texts[cause];
}
