/* support/tls_server.c - see support/tls_server.h. */
#include "support/tls_server.h"

#include <openssl/err.h>
#include <string.h>

#include "support/unit.h"

void tls_server_init(tls_server *server, const tls_authority *authority, const tls_leaf *leaf,
                     bool is_datagram)
{
    memset(server, 0, sizeof *server);
    server->is_datagram = is_datagram;
    server->ctx = SSL_CTX_new(is_datagram ? DTLS_server_method() : TLS_server_method());
    assert_non_null(server->ctx);
    SSL_CTX_set_options(server->ctx, SSL_OP_NO_QUERY_MTU);
    tls_authority_certify(authority, leaf, server->ctx);
}

void tls_server_open(tls_server *server)
{
    SSL_free(server->ssl);
    server->len = 0;
    server->is_closed = false;
    server->ssl = SSL_new(server->ctx);
    server->in = BIO_new(BIO_s_mem());
    server->out = BIO_new(BIO_s_mem());
    assert_true(server->ssl != NULL && server->in != NULL && server->out != NULL);
    BIO_set_mem_eof_return(server->in, -1);
    BIO_set_mem_eof_return(server->out, -1);
    SSL_set_bio(server->ssl, server->in, server->out);
    SSL_set_mtu(server->ssl, 1200);
    SSL_set_accept_state(server->ssl);
}

void tls_server_free(tls_server *server)
{
    SSL_free(server->ssl);
    SSL_CTX_free(server->ctx);
    ERR_clear_error();
}

void tls_server_input(tls_server *server, floe_bytes in)
{
    int result = 1;
    size_t len;

    assert_int_equal(BIO_write(server->in, in.ptr, (int)in.len), (int)in.len);
    ERR_clear_error();
    if (SSL_in_init(server->ssl)) {
        (void)SSL_do_handshake(server->ssl);
    }
    while (result == 1 && !SSL_in_init(server->ssl)) {
        assert_true(server->len < sizeof server->data);
        result = SSL_read_ex(server->ssl, server->data + server->len,
                             sizeof server->data - server->len, &len);
        server->len += result == 1 ? len : 0;
    }
    server->is_closed = (SSL_get_shutdown(server->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    ERR_clear_error();
}

size_t tls_server_output(tls_server *server, uint8_t *buf, size_t cap)
{
    int len = BIO_read(server->out, buf, (int)cap);
    return len > 0 ? (size_t)len : 0;
}

void tls_server_send(tls_server *server, floe_bytes plain)
{
    size_t written;
    ERR_clear_error();
    assert_int_equal(SSL_write_ex(server->ssl, plain.ptr, plain.len, &written), 1);
}

void tls_server_close(tls_server *server)
{
    (void)SSL_shutdown(server->ssl);
}

void tls_server_repeat(tls_server *server)
{
    (void)DTLSv1_handle_timeout(server->ssl);
}
