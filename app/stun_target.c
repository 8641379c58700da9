/* app/stun_target.c - see app/stun_target.h. */
#include "app/stun_target.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "io/resolver.h"

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

static bool is_uri(const char *text)
{
    static const char *const schemes[] = {"stun:", "stuns:", "turn:", "turns:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (strlen(text) > len &&
            floe_text_is_word((floe_bytes){(const uint8_t *)text, len}, schemes[i])) {
            return true;
        }
    }
    return false;
}

/* The floe_transport of this name; -1: none. */
static int find_transport(const char *name)
{
    static const char *const names[] = {"udp", "tcp", "tls", "dtls"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool parse_uri(stun_target *target, const char *text, bool is_secure, const char **why)
{
    char url[FLOE_STUN_HOST_MAX + 64];
    floe_stun_uri uri;
    floe_addr literal;
    bool is_bare_ipv6 =
        strchr(text, ':') != NULL && floe_addr_parse(&literal, floe_bytes_of(text), 0) == FLOE_OK;
    const char *scheme = is_uri(text) ? "" : is_secure ? "stuns:" : "stun:";
    int len = snprintf(url, sizeof url, "%s%s%s%s", scheme, is_bare_ipv6 ? "[" : "", text,
                       is_bare_ipv6 ? "]" : "");
    *target = (stun_target){.count = 0};
    if (len < 0 || (size_t)len >= sizeof url) {
        return refuse(why, "host is longer than a DNS name can be");
    }
    if (floe_stun_uri_parse(&uri, floe_bytes_of(url), why) != FLOE_OK) {
        return false;
    }
    if (uri.is_turn) {
        return refuse(why, "that is a TURN server; \"floe turn\" tries it");
    }
    memcpy(target->host, uri.host.ptr, uri.host.len);
    target->port = uri.port;
    target->transport = uri.transport;
    return true;
}

bool stun_target_parse_over(stun_target *target, const char *text, const char *transport,
                            const char **why)
{
    int wanted = transport != NULL ? find_transport(transport) : -1;
    if (transport != NULL && wanted < 0) {
        return refuse(why, "the transports are udp, tcp, tls and dtls");
    }
    bool is_secure = wanted == FLOE_TLS || wanted == FLOE_DTLS;
    if (!parse_uri(target, text, is_secure, why)) {
        return false;
    }
    if (wanted >= 0 && is_secure != (target->transport == FLOE_TLS)) {
        return refuse(why, "stun: goes with udp and tcp, stuns: with tls and dtls");
    }
    target->transport = wanted >= 0 ? (uint8_t)wanted : target->transport;
    return true;
}

bool stun_target_parse(stun_target *target, const char *text, const char **why)
{
    return stun_target_parse_over(target, text, NULL, why) &&
           (target->transport == FLOE_UDP ||
            refuse(why, "only stun: is asked here, over UDP; most servers for stuns: answer to "
                        "stun:HOST:3478 as well"));
}

typedef struct lookup {
    stun_target *target;
    bool is_over;
} lookup;

static void on_answer(void *ctx, uint32_t request, const floe_addr *addr)
{
    lookup *l = ctx;
    stun_target *target = l->target;
    (void)request;
    l->is_over = l->is_over || addr->family == 0;
    bool is_new = addr->family != 0 && target->count < STUN_TARGET_ADDRS &&
                  (target->count == 0 || target->addrs[0].family != addr->family);
    if (is_new) {
        target->addrs[target->count] = *addr;
        target->addrs[target->count++].port = target->port;
    }
}

bool stun_target_resolve(stun_target *target, floe_loop *loop, const char **why)
{
    lookup l = {.target = target};
    floe_resolver resolver;
    floe_resolver_init(&resolver, loop, NULL, on_answer, &l);
    floe_resolver_ask(&resolver, 0, floe_bytes_of(target->host));
    while (!l.is_over) {
        floe_loop_wait(loop, -1);
    }
    floe_resolver_free(&resolver);
    return target->count > 0 ||
           refuse(why, "no address is known for this name; check the spelling, and whether this "
                       "machine has a name server that answers");
}

bool stun_target_parse_local(floe_addr *addr, const char *text, uint16_t default_port,
                             const char **why)
{
    floe_bytes host = floe_bytes_of(text), digits = {NULL, 0};
    const char *colon = strrchr(text, ':');
    uint64_t port = default_port;
    *addr = (floe_addr){.family = 0};
    bool has_port =
        colon != NULL && (strchr(text, ':') == colon || (colon > text && colon[-1] == ']'));
    if (has_port) {
        host.len = (size_t)(colon - text);
        digits = floe_bytes_of(colon + 1);
        if (!floe_text_is_decimal(digits, UINT16_MAX, &port)) {
            return refuse(why, "a port is 0 to 65535");
        }
    }
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = (floe_bytes){host.ptr + 1, host.len - 2};
    }
    if (host.len > 0 && floe_addr_parse(addr, host, 0) != FLOE_OK) {
        return refuse(why, "not an address of this machine: write it in numbers, ADDRESS:PORT");
    }
    addr->port = (uint16_t)port;
    return true;
}

void stun_target_print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(value);
}

int stun_target_fail(const stun_target *target, const char *command, bool use_json,
                     const char *text)
{
    if (use_json) {
        stun_target_print_json(json_pack("{s:s, s:s}", "host", target->host, "error", text));
    }
    fprintf(stderr, "floe %s: %s: %s\n", command, target->host, text);
    return 1;
}
