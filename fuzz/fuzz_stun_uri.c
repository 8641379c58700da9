/*
 * fuzz/fuzz_stun_uri.c - any bytes as the URI of a STUN or TURN server.
 *
 * Oracle: what parse accepts, written down in full, is accepted and means the same.
 */
#include <string.h>

#include "base/writer.h"
#include "fuzz/harness.h"
#include "stun/stun_uri.h"

static floe_bytes write_again(const floe_stun_uri *uri, uint8_t *buf, size_t cap)
{
    floe_writer w = floe_writer_begin(buf, cap);
    bool is_ipv6 = memchr(uri->host.ptr, ':', uri->host.len) != NULL;
    bool is_secure = uri->transport == FLOE_TLS || uri->transport == FLOE_DTLS;
    bool is_udp = uri->transport == FLOE_UDP || uri->transport == FLOE_DTLS;
    floe_writer_put_text(&w, uri->is_turn ? "turn" : "stun");
    floe_writer_put_text(&w, is_secure ? "s:" : ":");
    floe_writer_put_text(&w, is_ipv6 ? "[" : "");
    floe_writer_put_bytes(&w, uri->host);
    floe_writer_put_text(&w, is_ipv6 ? "]:" : ":");
    floe_writer_put_decimal(&w, uri->port);
    if (uri->is_turn) {
        floe_writer_put_text(&w, is_udp ? "?transport=udp" : "?transport=tcp");
    }
    require(floe_writer_is_ok(&w));
    return floe_writer_view(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const floe_stun_uri zero;
    uint8_t buf[FLOE_STUN_HOST_MAX + 64];
    floe_stun_uri uri, again;
    const char *why = "";
    if (floe_stun_uri_parse(&uri, (floe_bytes){data, size}, &why) != FLOE_OK) {
        require(why != NULL && why[0] != '\0' && memcmp(&uri, &zero, sizeof zero) == 0);
        return 0;
    }
    require(why == NULL && uri.port != 0);
    require(uri.host.len > 0 && uri.host.len <= FLOE_STUN_HOST_MAX);
    require(floe_stun_uri_parse(&again, write_again(&uri, buf, sizeof buf), &why) == FLOE_OK);
    require(floe_bytes_equal(uri.host, again.host) && uri.port == again.port);
    require(uri.is_turn == again.is_turn && uri.transport == again.transport);
    return 0;
}
