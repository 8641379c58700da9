/*
 * dtls/tls_trust.c - the OpenSSL contexts of all TLS and DTLS clients, and their authorities.
 *
 * RFC 9325 §3.1.1 and §4.2: TLS 1.2 at least, suites with forward secrecy and authenticated
 * encryption. What depends on the server is set in tls_client.c.
 */
#include "dtls/tls_trust.h"

#include <openssl/err.h>
#include <string.h>

#include "dtls/dtls_internal.h"
#include "dtls/tls_internal.h"

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* of TLS 1.2; those of 1.3 are all of this kind */

/* The alerts of the server, for the report of a failure. */
/* Bytes of a server's certificates: anybody who can forge the server's address can make a DTLS
 * client reserve so much. */
#define CHAIN_MAX 32768

static void note_alert(const SSL *ssl, int where, int value)
{
    floe_tls_client *client = SSL_get_app_data(ssl);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) {
        client->alert = (uint8_t)value;
    }
}

static SSL_CTX *make_context(const SSL_METHOD *kind, int version_min)
{
    SSL_CTX *ctx = SSL_CTX_new(kind);

    if (ctx == NULL) {
        return NULL;
    }
    /* No tickets and no cache: a connection lasts for hours, and resuming one is not worth the
     * state that would have to be kept. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
    SSL_CTX_set_info_callback(ctx, note_alert);
    if (SSL_CTX_set_min_proto_version(ctx, version_min) != 1 ||
        SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static bool load_authorities(SSL_CTX *ctx, const char *ca_file)
{
    return ca_file == NULL ? SSL_CTX_set_default_verify_paths(ctx) == 1
                           : SSL_CTX_load_verify_file(ctx, ca_file) == 1;
}

floe_err floe_tls_trust_init(floe_tls_trust *trust, const char *ca_file)
{
    memset(trust, 0, sizeof *trust);
    ERR_clear_error();
    trust->method = floe_tls_bio_method_new();
    trust->stream = make_context(TLS_client_method(), TLS1_2_VERSION);
    trust->datagram = make_context(DTLS_client_method(), DTLS1_2_VERSION);
    bool is_made = trust->method != NULL && trust->stream != NULL && trust->datagram != NULL &&
                   load_authorities(trust->stream, ca_file);
    if (is_made) {
        SSL_CTX_set1_cert_store(trust->datagram, SSL_CTX_get_cert_store(trust->stream));
    } else {
        floe_tls_trust_free(trust);
    }
    ERR_clear_error();
    return is_made ? FLOE_OK : FLOE_E_CRYPTO;
}

void floe_tls_trust_free(floe_tls_trust *trust)
{
    SSL_CTX_free(trust->stream);
    SSL_CTX_free(trust->datagram);
    BIO_meth_free(trust->method);
    memset(trust, 0, sizeof *trust);
}
