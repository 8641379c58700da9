/*
 * stun/stun_uri.c - see stun/stun_uri.h.
 *
 *     scheme ":" ( name / IPv4 / "[" IPv6 "]" ) [ ":" port ] [ "?transport=" ( "udp" / "tcp" ) ]
 *
 * Each step takes its part of the text and returns what is wrong with it, or NULL.
 */
#include "stun/stun_uri.h"

#include <string.h>

#include "base/addr.h"
#include "base/text.h"

#define PORT_PLAIN  3478 /* RFC 7064 section 3.2, RFC 7065 section 3.2 */
#define PORT_SECURE 5349

static const char *parse_scheme(floe_stun_uri *uri, floe_bytes scheme)
{
    bool is_turns = floe_text_is_word(scheme, "turns");
    bool is_stuns = floe_text_is_word(scheme, "stuns");
    uri->is_turn = is_turns || floe_text_is_word(scheme, "turn");
    uri->port = is_turns || is_stuns ? PORT_SECURE : PORT_PLAIN;
    uri->transport = is_turns || is_stuns ? FLOE_TLS : FLOE_UDP;
    if (!uri->is_turn && !is_stuns && !floe_text_is_word(scheme, "stun")) {
        return "scheme is not stun, stuns, turn or turns";
    }
    return NULL;
}

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

static const char *parse_name(floe_stun_uri *uri, floe_text *t)
{
    floe_bytes name = {t->ptr, 0};
    while (name.len < t->left && t->ptr[name.len] != ':') {
        if (!is_name_char(t->ptr[name.len])) {
            return "host has a character that a DNS name does not have";
        }
        name.len++;
    }
    if (name.len == 0) {
        return "host is missing";
    }
    if (name.len > FLOE_STUN_HOST_MAX) {
        return "host is longer than a DNS name can be";
    }
    *t = (floe_text){t->ptr + name.len, t->left - name.len};
    uri->host = name;
    return NULL;
}

static const char *parse_ipv6(floe_stun_uri *uri, floe_text *t)
{
    floe_addr addr;
    size_t left = t->left;
    floe_text_get_until(t, ']', &uri->host);
    bool is_closed = uri->host.len < left;
    /* The text ::ffff:192.0.2.1 is an IPv6 address too, though its value is IPv4: look for the
     * colon that a plain IPv4 address has not. */
    bool is_ipv6 = floe_addr_parse(&addr, uri->host, 0) == FLOE_OK;
    floe_bytes part;
    floe_text inside = floe_text_begin(uri->host);
    floe_text_get_until(&inside, ':', &part);
    if (!is_closed || !is_ipv6 || part.len == uri->host.len) {
        return "host in brackets is not an IPv6 address";
    }
    return NULL;
}

static const char *parse_host_port(floe_stun_uri *uri, floe_bytes text)
{
    floe_text t = floe_text_begin(text);
    const char *fault = floe_text_get_char(&t, '[') ? parse_ipv6(uri, &t) : parse_name(uri, &t);
    if (fault != NULL || floe_text_is_end(&t)) {
        return fault;
    }
    uint64_t port;
    if (!floe_text_get_char(&t, ':') ||
        !floe_text_is_decimal(floe_text_get_rest(&t), UINT16_MAX, &port) || port == 0) {
        return "port is not 1 to 65535";
    }
    uri->port = (uint16_t)port;
    return NULL;
}

static const char *parse_query(floe_stun_uri *uri, floe_bytes query)
{
    bool is_secure = uri->transport == FLOE_TLS;
    /* RFC 7064 §3.1: only TURN has a transport to choose. */
    if (!uri->is_turn) {
        return "a stun or stuns URI takes no ?transport=";
    }
    if (floe_text_is_word(query, "transport=udp")) {
        uri->transport = is_secure ? FLOE_DTLS : FLOE_UDP;
        return NULL;
    }
    if (floe_text_is_word(query, "transport=tcp")) {
        uri->transport = is_secure ? FLOE_TLS : FLOE_TCP;
        return NULL;
    }
    return "after ? stands something else than transport=udp or transport=tcp";
}

static const char *parse(floe_stun_uri *uri, floe_bytes text)
{
    floe_bytes scheme, host_port;
    floe_text t = floe_text_begin(text);
    floe_text_get_until(&t, ':', &scheme);
    const char *fault = parse_scheme(uri, scheme);
    if (fault != NULL) {
        return fault;
    }
    size_t left = t.left;
    floe_text_get_until(&t, '?', &host_port);
    bool has_query = host_port.len < left;
    fault = parse_host_port(uri, host_port);
    if (fault != NULL || !has_query) {
        return fault;
    }
    return parse_query(uri, floe_text_get_rest(&t));
}

floe_err floe_stun_uri_parse(floe_stun_uri *uri, floe_bytes text, const char **why)
{
    floe_stun_uri parsed = {.port = 0};
    memset(uri, 0, sizeof *uri);
    *why = parse(&parsed, text);
    if (*why != NULL) {
        return FLOE_E_MALFORMED;
    }
    *uri = parsed;
    return FLOE_OK;
}
