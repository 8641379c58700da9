/* support/tls_authority.c - see support/tls_authority.h. */
#include "support/tls_authority.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

static void set_common_name(X509 *cert, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, long serial, long from, long to)
{
    X509 *cert = X509_new();
    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), from));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), to));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    return cert;
}

static void save(tls_authority *authority)
{
    (void)snprintf(authority->path, sizeof authority->path, "/tmp/floe-authority-XXXXXX");
    int fd = mkstemp(authority->path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, authority->cert), 1);
    fclose(file);
}

void tls_authority_init(tls_authority *authority)
{
    authority->key = EVP_EC_gen("P-256");
    assert_non_null(authority->key);
    authority->cert = make_certificate(authority->key, 1, -60, 3600);
    set_common_name(authority->cert, "an authority of a test");
    assert_int_equal(X509_set_issuer_name(authority->cert, X509_get_subject_name(authority->cert)),
                     1);
    add_extension(authority->cert, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(authority->cert, authority->key, EVP_sha256()) > 0);
    save(authority);
}

void tls_authority_free(tls_authority *authority)
{
    unlink(authority->path);
    X509_free(authority->cert);
    EVP_PKEY_free(authority->key);
}

void tls_authority_certify(const tls_authority *authority, const tls_leaf *leaf, SSL_CTX *ctx)
{
    bool is_now = leaf->from == 0 && leaf->to == 0;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_certificate(key, 2, is_now ? -60 : leaf->from, is_now ? 3600 : leaf->to);
    set_common_name(cert, leaf->common_name != NULL ? leaf->common_name : "a server of a test");
    const X509 *issuer = leaf->is_self_signed ? cert : authority->cert;
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)), 1);
    if (leaf->names != NULL) {
        add_extension(cert, NID_subject_alt_name, leaf->names);
    }
    assert_true(X509_sign(cert, leaf->is_self_signed ? key : authority->key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}
