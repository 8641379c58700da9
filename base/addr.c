/* base/addr.c - see base/addr.h. */
#include "base/addr.h"

#include <string.h>

#include "base/text.h"
#include "base/writer.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

floe_addr floe_addr_from_bytes(floe_bytes ip, uint16_t port)
{
    floe_addr addr = {{0}, 0, 0, 0};
    if (ip.len == 16 && memcmp(ip.ptr, mapped_prefix, sizeof mapped_prefix) == 0) {
        ip = (floe_bytes){ip.ptr + sizeof mapped_prefix, 4};
    }
    if (ip.len == 4 || ip.len == 16) {
        memcpy(addr.ip, ip.ptr, ip.len);
        addr.port = port;
        addr.family = ip.len == 4 ? 4 : 6;
    }
    return addr;
}

floe_addr floe_addr_from_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    const uint8_t ip[4] = {a, b, c, d};
    return floe_addr_from_bytes((floe_bytes){ip, sizeof ip}, port);
}

/* "01" is refused: some readers take it for octal, so it can name two addresses (RFC 6943 §3.1.1).
 */
static bool get_octet(floe_text *t, uint8_t *octet)
{
    bool zero_first = floe_text_peek(t) == '0';
    size_t before = t->left;
    uint64_t value;
    if (!floe_text_get_decimal(t, 255, &value) || (zero_first && before - t->left > 1)) {
        return false;
    }
    *octet = (uint8_t)value;
    return true;
}

static bool get_ipv4(floe_text *t, uint8_t out[4])
{
    return get_octet(t, &out[0]) && floe_text_get_char(t, '.') && get_octet(t, &out[1]) &&
           floe_text_get_char(t, '.') && get_octet(t, &out[2]) && floe_text_get_char(t, '.') &&
           get_octet(t, &out[3]);
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool get_group(floe_text *t, uint8_t out[2])
{
    int digits = 0;
    unsigned value = 0;
    while (digits < 5 && hex_digit(floe_text_peek(t)) >= 0) {
        value = value << 4 | (unsigned)hex_digit(floe_text_peek(t));
        (void)floe_text_get_char(t, (char)floe_text_peek(t));
        digits++;
    }
    floe_store_u16(out, (uint16_t)value);
    return digits >= 1 && digits <= 4;
}

/* After a group: the end, a colon with something behind it, or the one "::" of an address. */
static bool get_separator(floe_text *t, int at, int *gap)
{
    if (floe_text_get_literal(t, "::")) {
        bool is_first = *gap < 0;
        *gap = at;
        return is_first;
    }
    return floe_text_is_end(t) || (floe_text_get_char(t, ':') && !floe_text_is_end(t));
}

/* Groups up to the end; `gap` is where "::" stood, or -1. Returns the bytes written, or -1. */
static int get_groups(floe_text *t, uint8_t out[16], int *gap)
{
    int at = 0;
    *gap = floe_text_get_literal(t, "::") ? 0 : -1;
    while (!floe_text_is_end(t)) {
        floe_text tail = *t;
        if (at <= 12 && get_ipv4(&tail, out + at) && floe_text_is_end(&tail)) {
            return at + 4;
        }
        if (at > 14 || !get_group(t, out + at)) {
            return -1;
        }
        at += 2;
        if (!get_separator(t, at, gap)) {
            return -1;
        }
    }
    return at;
}

static bool get_ipv6(floe_text *t, uint8_t out[16])
{
    uint8_t groups[16] = {0};
    int gap;
    int len = get_groups(t, groups, &gap);
    /* RFC 4291 §2.2: "::" stands for at least one group of zeros. */
    if (len < 0 || (gap < 0 && len != 16) || (gap >= 0 && len > 14)) {
        return false;
    }
    size_t head = gap < 0 ? 16 : (size_t)gap;
    size_t tail = (size_t)len - head;
    memset(out, 0, 16);
    memcpy(out, groups, head);
    memcpy(out + 16 - tail, groups + head, tail);
    return true;
}

floe_err floe_addr_parse(floe_addr *addr, floe_bytes text, uint16_t port)
{
    uint8_t ip[16];
    floe_text t = floe_text_begin(text);
    if (get_ipv4(&t, ip) && floe_text_is_end(&t)) {
        *addr = floe_addr_from_bytes((floe_bytes){ip, 4}, port);
        return FLOE_OK;
    }
    t = floe_text_begin(text);
    if (text.len <= 45 && get_ipv6(&t, ip)) {
        *addr = floe_addr_from_bytes((floe_bytes){ip, 16}, port);
        return FLOE_OK;
    }
    return FLOE_E_MALFORMED;
}

/* RFC 5952 §4.2: the longest run of two or more zero groups, the first one of equals. */
static int longest_zero_run(const uint8_t ip[16], int *length)
{
    int best = -1;
    *length = 1;
    for (int start = 0; start < 8; start++) {
        int end = start;
        while (end < 8 && ip[2 * end] == 0 && ip[2 * end + 1] == 0) {
            end++;
        }
        if (end - start > *length) {
            best = start;
            *length = end - start;
        }
    }
    return best;
}

static void put_group(floe_writer *w, unsigned group)
{
    int digits = group > 0xfff ? 4 : group > 0xff ? 3 : group > 0xf ? 2 : 1;
    floe_writer_put_hex(w, group, digits);
}

static void put_ipv6(floe_writer *w, const uint8_t ip[16])
{
    int length;
    int run = longest_zero_run(ip, &length);
    for (int i = 0; i < 8; i++) {
        if (i == run) {
            floe_writer_put_text(w, "::");
            i += length - 1;
            continue;
        }
        if (i > 0 && i != run + length) {
            floe_writer_put_text(w, ":");
        }
        put_group(w, (unsigned)(ip[2 * i] << 8 | ip[2 * i + 1]));
    }
}

static void put_ip(floe_writer *w, const floe_addr *addr)
{
    if (addr->family == 6) {
        put_ipv6(w, addr->ip);
        return;
    }
    for (int i = 0; addr->family == 4 && i < 4; i++) {
        floe_writer_put_text(w, i > 0 ? "." : "");
        floe_writer_put_decimal(w, addr->ip[i]);
    }
    if (addr->family == 0) {
        floe_writer_put_text(w, "none");
    }
}

const char *floe_addr_ip_text(const floe_addr *addr, char out[FLOE_ADDR_TEXT_MAX])
{
    floe_writer w = floe_writer_begin((uint8_t *)out, FLOE_ADDR_TEXT_MAX);
    put_ip(&w, addr);
    floe_writer_put_u8(&w, 0);
    return out;
}

const char *floe_addr_text(const floe_addr *addr, char out[FLOE_ADDR_TEXT_MAX])
{
    floe_writer w = floe_writer_begin((uint8_t *)out, FLOE_ADDR_TEXT_MAX);
    floe_writer_put_text(&w, addr->family == 6 ? "[" : "");
    put_ip(&w, addr);
    floe_writer_put_text(&w, addr->family == 6 ? "]" : "");
    if (addr->family != 0) {
        floe_writer_put_text(&w, ":");
        floe_writer_put_decimal(&w, addr->port);
    }
    floe_writer_put_u8(&w, 0);
    return out;
}

bool floe_addr_ip_equal(const floe_addr *a, const floe_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool floe_addr_equal(const floe_addr *a, const floe_addr *b)
{
    return a->port == b->port && floe_addr_ip_equal(a, b);
}

bool floe_path_equal(const floe_path *a, const floe_path *b)
{
    return a->transport == b->transport && floe_addr_equal(&a->local, &b->local) &&
           floe_addr_equal(&a->remote, &b->remote);
}

floe_bytes floe_addr_ip(const floe_addr *addr)
{
    size_t len = addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0;
    return (floe_bytes){addr->ip, len};
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

bool floe_addr_is_loopback(const floe_addr *addr)
{
    if (addr->family == 4) {
        return addr->ip[0] == 127;
    }
    return addr->family == 6 && is_zero(addr->ip, 15) && addr->ip[15] == 1;
}

bool floe_addr_is_link_local(const floe_addr *addr)
{
    if (addr->family == 4) {
        return addr->ip[0] == 169 && addr->ip[1] == 254;
    }
    return addr->family == 6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

bool floe_addr_is_private(const floe_addr *addr)
{
    const uint8_t *ip = addr->ip;
    if (addr->family == 4) {
        return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
               (ip[0] == 192 && ip[1] == 168) || (ip[0] == 100 && (ip[1] & 0xc0) == 64);
    }
    return addr->family == 6 && (ip[0] & 0xfe) == 0xfc;
}

bool floe_addr_is_any(const floe_addr *addr)
{
    return addr->family != 0 && is_zero(addr->ip, sizeof addr->ip);
}

bool floe_addr_is_multicast(const floe_addr *addr)
{
    if (addr->family == 4) {
        bool broadcast = (addr->ip[0] & addr->ip[1] & addr->ip[2] & addr->ip[3]) == 255;
        return (addr->ip[0] & 0xf0) == 0xe0 || broadcast;
    }
    return addr->family == 6 && addr->ip[0] == 0xff;
}
