/* sctp/sctp_cookie.c - see sctp/sctp_cookie.h. */
#include "sctp/sctp_cookie.h"

#include "base/assert.h"
#include "base/reader.h"
#include "base/writer.h"

#define BODY_SIZE (FLOE_SCTP_COOKIE_SIZE - FLOE_SHA256_SIZE)

/* Written first, so that a cookie of another layout never verifies. */
static const uint8_t layout[8] = {'f', 'l', 'o', 'e', 's', 'c', 0, 3};

static void sign(const uint8_t secret[FLOE_SCTP_COOKIE_SECRET], const uint8_t *body,
                 uint8_t mac[FLOE_SHA256_SIZE])
{
    floe_bytes part = {body, BODY_SIZE};
    floe_hmac_sha256((floe_bytes){secret, FLOE_SCTP_COOKIE_SECRET}, &part, 1, mac);
}

void floe_sctp_cookie_put(const floe_sctp_cookie *cookie,
                          const uint8_t secret[FLOE_SCTP_COOKIE_SECRET],
                          uint8_t out[FLOE_SCTP_COOKIE_SIZE])
{
    floe_writer w = floe_writer_begin(out, BODY_SIZE);
    floe_writer_put_bytes(&w, (floe_bytes){layout, sizeof layout});
    floe_writer_put_u64(&w, cookie->created);
    floe_writer_put_u32(&w, cookie->local_tag);
    floe_writer_put_u32(&w, cookie->peer_tag);
    floe_writer_put_u32(&w, cookie->local_tsn);
    floe_writer_put_u32(&w, cookie->peer_tsn);
    floe_writer_put_u32(&w, cookie->local_tie);
    floe_writer_put_u32(&w, cookie->peer_tie);
    floe_writer_put_u32(&w, cookie->peer_rwnd);
    floe_writer_put_u16(&w, cookie->peer_out_streams);
    floe_writer_put_u16(&w, cookie->peer_in_streams);
    floe_writer_put_u16(&w, cookie->local_port);
    floe_writer_put_u16(&w, cookie->remote_port);
    floe_writer_put_u8(&w, cookie->has_forward_tsn);
    floe_writer_put_u8(&w, cookie->has_reconfig);
    floe_writer_put_u8(&w, cookie->has_zero_checksum);
    floe_writer_put_u8(&w, cookie->interleaving);
    floe_writer_put_zeros(&w, BODY_SIZE - w.len);
    FLOE_ASSERT(floe_writer_is_ok(&w) && w.len == BODY_SIZE);
    sign(secret, out, out + BODY_SIZE);
}

floe_err floe_sctp_cookie_parse(floe_sctp_cookie *cookie,
                                const uint8_t secret[FLOE_SCTP_COOKIE_SECRET], floe_bytes bytes)
{
    uint8_t mac[FLOE_SHA256_SIZE];
    if (bytes.len != FLOE_SCTP_COOKIE_SIZE) {
        return FLOE_E_AUTH;
    }
    sign(secret, bytes.ptr, mac);
    if (!floe_secret_equal(mac, bytes.ptr + BODY_SIZE, sizeof mac)) {
        return FLOE_E_AUTH;
    }
    floe_reader r = floe_reader_begin(bytes);
    (void)floe_reader_get_bytes(&r, sizeof layout); /* signed: it is ours */
    cookie->created = floe_reader_get_u64(&r);
    cookie->local_tag = floe_reader_get_u32(&r);
    cookie->peer_tag = floe_reader_get_u32(&r);
    cookie->local_tsn = floe_reader_get_u32(&r);
    cookie->peer_tsn = floe_reader_get_u32(&r);
    cookie->local_tie = floe_reader_get_u32(&r);
    cookie->peer_tie = floe_reader_get_u32(&r);
    cookie->peer_rwnd = floe_reader_get_u32(&r);
    cookie->peer_out_streams = floe_reader_get_u16(&r);
    cookie->peer_in_streams = floe_reader_get_u16(&r);
    cookie->local_port = floe_reader_get_u16(&r);
    cookie->remote_port = floe_reader_get_u16(&r);
    cookie->has_forward_tsn = floe_reader_get_u8(&r);
    cookie->has_reconfig = floe_reader_get_u8(&r);
    cookie->has_zero_checksum = floe_reader_get_u8(&r);
    cookie->interleaving = floe_reader_get_u8(&r);
    return floe_reader_is_ok(&r) ? FLOE_OK : FLOE_E_AUTH;
}
