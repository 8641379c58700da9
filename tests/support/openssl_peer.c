/* support/openssl_peer.c - see support/openssl_peer.h. */
#include "support/openssl_peer.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "support/unit.h"

static int read_datagram(BIO *bio, char *out, int cap)
{
    openssl_peer *peer = BIO_get_data(bio);
    size_t len = peer->pending.len;

    BIO_clear_retry_flags(bio);
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    assert_true(len <= (size_t)cap);
    memcpy(out, peer->pending.ptr, len);
    peer->pending.len = 0;
    return (int)len;
}

static int write_datagram(BIO *bio, const char *data, int len)
{
    openssl_peer *peer = BIO_get_data(bio);

    assert_true(peer->out_tail < OPENSSL_PEER_DATAGRAMS);
    assert_true((size_t)len <= OPENSSL_PEER_SIZE_MAX);
    memcpy(peer->out[peer->out_tail], data, (size_t)len);
    peer->out_len[peer->out_tail++] = (size_t)len;
    return len;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int accept_any(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static void set_certificate(openssl_peer *peer, openssl_peer_cert kind)
{
    EVP_PKEY *key =
        kind == OPENSSL_PEER_ECDSA_P256 ? EVP_EC_gen("P-256") : EVP_RSA_gen((unsigned)2048);

    peer->cert = X509_new();
    assert_non_null(key);
    assert_non_null(peer->cert);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(peer->cert), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(peer->cert), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(peer->cert), 3600));
    assert_int_equal(X509_set_pubkey(peer->cert, key), 1);
    assert_true(X509_sign(peer->cert, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(peer->ctx, peer->cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(peer->ctx, key), 1);
    EVP_PKEY_free(key);
}

void openssl_peer_init(openssl_peer *peer, floe_dtls_role role, openssl_peer_cert cert)
{
    memset(peer, 0, sizeof *peer);
    peer->role = role;
    peer->ctx = SSL_CTX_new(DTLS_method());
    assert_non_null(peer->ctx);
    SSL_CTX_set_options(peer->ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_verify(peer->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(peer->ctx, accept_any, NULL);
    if (cert != OPENSSL_PEER_NO_CERT) {
        set_certificate(peer, cert);
    }
    peer->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 126, "test datagram");
    assert_non_null(peer->method);
    BIO_meth_set_read(peer->method, read_datagram);
    BIO_meth_set_write(peer->method, write_datagram);
    BIO_meth_set_ctrl(peer->method, control);
}

floe_dtls_digest openssl_peer_fingerprint(const openssl_peer *peer, const EVP_MD *hash)
{
    floe_dtls_digest digest = {0};
    unsigned int size;

    assert_int_equal(X509_digest(peer->cert, hash, digest.value, &size), 1);
    digest.size = (uint8_t)size;
    return digest;
}

void openssl_peer_open(openssl_peer *peer)
{
    BIO *bio = BIO_new(peer->method);

    peer->ssl = SSL_new(peer->ctx);
    assert_non_null(bio);
    assert_non_null(peer->ssl);
    BIO_set_data(bio, peer);
    BIO_set_init(bio, 1);
    SSL_set_bio(peer->ssl, bio, bio);
    SSL_set_mtu(peer->ssl, 1200);
    if (peer->role == FLOE_DTLS_CLIENT) {
        SSL_set_connect_state(peer->ssl);
    } else {
        SSL_set_accept_state(peer->ssl);
    }
}

void openssl_peer_free(openssl_peer *peer)
{
    SSL_free(peer->ssl);
    SSL_CTX_free(peer->ctx);
    X509_free(peer->cert);
    BIO_meth_free(peer->method);
    ERR_clear_error();
    memset(peer, 0, sizeof *peer);
}

void openssl_peer_drive(openssl_peer *peer)
{
    ERR_clear_error();
    if (SSL_in_init(peer->ssl)) {
        (void)SSL_do_handshake(peer->ssl);
    }
    while (!SSL_in_init(peer->ssl) &&
           SSL_read_ex(peer->ssl, peer->data, sizeof peer->data, &peer->len) == 1) {
        peer->messages++;
    }
    ERR_clear_error();
}

void openssl_peer_input(openssl_peer *peer, floe_bytes datagram)
{
    peer->pending = datagram;
    openssl_peer_drive(peer);
}

bool openssl_peer_next(openssl_peer *peer, floe_bytes *datagram)
{
    if (peer->out_head == peer->out_tail) {
        peer->out_head = peer->out_tail = 0;
        return false;
    }
    *datagram = (floe_bytes){peer->out[peer->out_head], peer->out_len[peer->out_head]};
    peer->out_head++;
    return true;
}

void openssl_peer_send(openssl_peer *peer, floe_bytes plain)
{
    size_t written;

    ERR_clear_error();
    assert_int_equal(SSL_write_ex(peer->ssl, plain.ptr, plain.len, &written), 1);
}
