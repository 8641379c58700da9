/*
 * dtls/tls_bio.c - what OpenSSL reads from and writes to as a client of a server.
 *
 * A read takes what client->pending holds: of a datagram all, of a stream what is asked for. A
 * write goes to where a record is being sealed, or else among what waits to be sent.
 */
#include "dtls/tls_internal.h"

#include <openssl/bio.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "dtls/dtls_internal.h"

#define LENGTH_SIZE 2u /* in front of each datagram */

static int read_pending(BIO *bio, char *out, int cap)
{
    floe_tls_client *client = BIO_get_data(bio);
    floe_bytes *pending = &client->pending;
    size_t len = pending->len < (size_t)cap ? pending->len : (size_t)cap;

    BIO_clear_retry_flags(bio);
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, pending->ptr, len);
    /* A datagram longer than the buffer has no record in it that would be taken. */
    size_t taken = client->is_datagram ? pending->len : len;
    *pending = (floe_bytes){pending->ptr + taken, pending->len - taken};
    return (int)len;
}

static bool put_sealed(floe_tls_client *client, floe_bytes record)
{
    if (record.len > client->sealed.len - client->sealed_len) {
        return false;
    }
    memcpy(client->sealed.ptr + client->sealed_len, record.ptr, record.len);
    client->sealed_len += record.len;
    return true;
}

static bool put_out(floe_tls_client *client, floe_bytes bytes)
{
    size_t head = client->is_datagram ? LENGTH_SIZE : 0;
    size_t used = (size_t)(client->out_tail - client->out_head);

    if (head + bytes.len > sizeof client->out - used) {
        return false;
    }
    memmove(client->out, client->out + client->out_head, used);
    if (client->is_datagram) {
        floe_store_u16(client->out + used, (uint16_t)bytes.len);
    }
    memcpy(client->out + used + head, bytes.ptr, bytes.len);
    client->out_head = 0;
    client->out_tail = (uint16_t)(used + head + bytes.len);
    return true;
}

static int write_bytes(BIO *bio, const char *data, int len)
{
    floe_tls_client *client = BIO_get_data(bio);
    floe_bytes bytes = {(const uint8_t *)data, (size_t)len};

    BIO_clear_retry_flags(bio);
    bool is_put = client->sealed.ptr != NULL ? put_sealed(client, bytes) : put_out(client, bytes);
    /* A datagram may be lost, and is repeated; a stream with a hole is broken. */
    return is_put || client->is_datagram ? len : -1;
}

BIO_METHOD *floe_tls_bio_method_new(void)
{
    return floe_dtls_bio_method_make(read_pending, write_bytes);
}

bool floe_tls_client_poll_transmit(floe_tls_client *client, uint8_t *buf, size_t cap, size_t *len)
{
    size_t used = (size_t)(client->out_tail - client->out_head);
    const uint8_t *from = client->out + client->out_head;

    if (used == 0 || cap == 0) {
        return false;
    }
    size_t head = client->is_datagram ? LENGTH_SIZE : 0;
    size_t size = client->is_datagram ? floe_load_u16(from) : used;
    if (size > cap) {
        if (client->is_datagram) {
            return false;
        }
        size = cap;
    }
    memcpy(buf, from + head, size);
    *len = size;
    client->out_head = (uint16_t)(client->out_head + head + size);
    return true;
}
