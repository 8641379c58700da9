/* dtls/tls_internal.h - what the files of the TLS client share. */
#ifndef FLOE_DTLS_TLS_INTERNAL_H
#define FLOE_DTLS_TLS_INTERNAL_H

#include "dtls/tls_client.h"

#include <openssl/ssl.h>

BIO_METHOD *floe_tls_bio_method_new(void); /* NULL: no memory */

#endif
