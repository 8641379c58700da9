/*
 * sdp/sdp_candidate.c - see sdp/sdp_candidate.h.
 *
 * Reading has two halves: the six fields that every candidate has, in their order, and then pairs
 * of words in any order, of which four are known and all others are passed over (RFC 8839 §5.1).
 * No field is copied and none is unbounded.
 */
#include "sdp/sdp_candidate.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/text.h"

#define FOUNDATION_MAX 64u
#define HOST_MAX       253u /* a domain name without its final dot */
#define WORD_MAX       256u /* any other word */

static const char *const type_names[] = {"host", "srflx", "prflx", "relay"};
static const char *const tcptype_names[] = {"", "active", "passive", "so"};

/* The index of a word in a list, or -1. */
static int find_name(const char *const *names, int count, floe_bytes word)
{
    for (int i = 0; i < count; i++) {
        if (floe_text_is_word(word, names[i])) {
            return i;
        }
    }
    return -1;
}

/* The candidate itself: without the attribute's name before it and blanks or line ends after it. */
static floe_text strip(floe_bytes text)
{
    while (text.len > 0 && memchr(" \r\n", text.ptr[text.len - 1], 3) != NULL) {
        text.len--;
    }
    floe_text t = floe_text_begin(text);
    (void)floe_text_get_literal(&t, "a=");
    (void)floe_text_get_literal(&t, "candidate:");
    return t;
}

static bool is_visible(const floe_text *t)
{
    for (size_t i = 0; i < t->left; i++) {
        if (t->ptr[i] < ' ' || t->ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

static bool get_number(floe_text *t, uint32_t max, uint32_t *number)
{
    uint64_t value;
    if (!floe_text_get_decimal(t, max, &value)) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

/* A domain name by its characters. A last label of digits alone is a broken IPv4 address. */
static bool is_name(floe_bytes host)
{
    bool is_number = true;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!digit && !letter && c != '-' && c != '_' && c != '.') {
            return false;
        }
        is_number = c == '.' || (is_number && digit);
    }
    return !is_number;
}

/* Foundation, component, transport, priority, address, port. Everything is looked at before a line
 * is called unsupported, so that a broken one is called broken. */
static floe_err get_fields(floe_text *t, floe_sdp_candidate *cand)
{
    floe_bytes transport;
    uint32_t port;
    if (!floe_text_get_token(t, FOUNDATION_MAX, &cand->foundation) || !floe_text_get_char(t, ' ') ||
        !get_number(t, 256, &cand->component) || !floe_text_get_char(t, ' ') ||
        !floe_text_get_token(t, WORD_MAX, &transport) || !floe_text_get_char(t, ' ') ||
        !get_number(t, UINT32_MAX, &cand->priority) || !floe_text_get_char(t, ' ') ||
        !floe_text_get_token(t, HOST_MAX, &cand->host) || !floe_text_get_char(t, ' ') ||
        !get_number(t, UINT16_MAX, &port)) {
        return FLOE_E_MALFORMED;
    }
    if (cand->component == 0 || port == 0) {
        return FLOE_E_MALFORMED;
    }
    cand->port = (uint16_t)port;
    cand->is_tcp = floe_text_is_word(transport, "tcp");
    bool is_address = floe_addr_parse(&cand->addr, cand->host, cand->port) == FLOE_OK;
    if (!is_address && memchr(cand->host.ptr, ':', cand->host.len) == NULL &&
        !is_name(cand->host)) {
        return FLOE_E_MALFORMED;
    }
    /* RFC 8839 §5.1: a line with an address of an unknown kind (an IPv6 zone) is passed over. */
    bool is_known = is_address || is_name(cand->host);
    return is_known && (cand->is_tcp || floe_text_is_word(transport, "udp")) ? FLOE_OK
                                                                             : FLOE_E_UNSUPPORTED;
}

static floe_err get_type(floe_text *t, floe_sdp_candidate *cand)
{
    floe_bytes word;
    if (!floe_text_get_literal(t, " typ ") || !floe_text_get_token(t, WORD_MAX, &word)) {
        return FLOE_E_MALFORMED;
    }
    int type = find_name(type_names, 4, word);
    if (type < 0) {
        return FLOE_E_UNSUPPORTED;
    }
    cand->type = (uint8_t)type;
    return FLOE_OK;
}

/* What one pair says. Only what is believed later is checked. */
static floe_err take_pair(floe_sdp_candidate *cand, floe_bytes name, floe_bytes value)
{
    uint64_t port;
    if (floe_text_is_word(name, "raddr")) {
        if (floe_addr_parse(&cand->related, value, cand->related.port) != FLOE_OK) {
            cand->related.family = 0; /* a name hides the address, which nothing here needs */
        }
    } else if (floe_text_is_word(name, "rport")) {
        if (!floe_text_is_decimal(value, UINT16_MAX, &port)) {
            return FLOE_E_MALFORMED;
        }
        cand->related.port = (uint16_t)port;
    } else if (floe_text_is_word(name, "ufrag")) {
        cand->ufrag = value;
    } else if (floe_text_is_word(name, "tcptype") && cand->is_tcp) {
        int tcptype = find_name(tcptype_names, 4, value);
        if (tcptype <= FLOE_SDP_TCP_NONE) {
            return FLOE_E_UNSUPPORTED;
        }
        cand->tcptype = (uint8_t)tcptype;
    }
    return FLOE_OK;
}

/* Pairs of words up to the end. A last name may lack its value, as the grammar allows it to be
 * empty; KVS and old libwebrtc count on that. */
static floe_err get_pairs(floe_text *t, floe_sdp_candidate *cand)
{
    floe_err err = FLOE_OK;
    while (!floe_text_is_end(t)) {
        floe_bytes name;
        floe_bytes value = {NULL, 0};
        if (!floe_text_get_char(t, ' ') || !floe_text_get_token(t, WORD_MAX, &name)) {
            return FLOE_E_MALFORMED;
        }
        if (floe_text_get_char(t, ' ') && floe_text_peek(t) != ' ' &&
            !floe_text_get_token(t, WORD_MAX, &value)) {
            return FLOE_E_MALFORMED;
        }
        floe_err pair = take_pair(cand, name, value);
        if (pair == FLOE_E_MALFORMED) {
            return pair;
        }
        err = pair != FLOE_OK ? pair : err;
    }
    return err;
}

static floe_err parse(floe_sdp_candidate *cand, floe_text t)
{
    if (!is_visible(&t)) {
        return FLOE_E_MALFORMED;
    }
    floe_err fields = get_fields(&t, cand);
    if (fields == FLOE_E_MALFORMED) {
        return fields;
    }
    /* RFC 6544 §4.5 demands a tcptype; libwebrtc takes passive where there is none. */
    cand->tcptype = cand->is_tcp ? FLOE_SDP_TCP_PASSIVE : FLOE_SDP_TCP_NONE;
    floe_err type = get_type(&t, cand);
    if (type == FLOE_E_MALFORMED) {
        return type;
    }
    floe_err pairs = get_pairs(&t, cand);
    if (pairs != FLOE_OK) {
        return pairs;
    }
    if (cand->related.family == 0) {
        cand->related.port = 0;
    }
    return fields != FLOE_OK ? fields : type;
}

floe_err floe_sdp_candidate_parse(floe_sdp_candidate *cand, floe_bytes text)
{
    memset(cand, 0, sizeof *cand);
    floe_err err = parse(cand, strip(text));
    if (err != FLOE_OK) {
        memset(cand, 0, sizeof *cand);
    }
    return err;
}

static void put_number(floe_writer *w, const char *before, uint64_t number)
{
    floe_writer_put_text(w, before);
    floe_writer_put_decimal(w, number);
}

static void put_related(floe_writer *w, const floe_sdp_candidate *cand)
{
    /* RFC 8839 §5.1: a hidden related address is the unspecified one of the family, port 9. */
    const char *hidden = cand->addr.family == 6 ? "::" : "0.0.0.0";
    char text[FLOE_ADDR_TEXT_MAX];
    bool known = cand->related.family != 0;
    floe_writer_put_text(w, " raddr ");
    floe_writer_put_text(w, known ? floe_addr_ip_text(&cand->related, text) : hidden);
    put_number(w, " rport ", known ? cand->related.port : 9);
}

void floe_sdp_candidate_put(floe_writer *w, const floe_sdp_candidate *cand)
{
    char text[FLOE_ADDR_TEXT_MAX];
    FLOE_ASSERT(cand->type <= FLOE_SDP_CAND_RELAY && cand->tcptype <= FLOE_SDP_TCP_SO);
    FLOE_ASSERT(cand->is_tcp == (cand->tcptype != FLOE_SDP_TCP_NONE));
    floe_writer_put_text(w, "candidate:");
    floe_writer_put_bytes(w, cand->foundation);
    put_number(w, " ", cand->component);
    floe_writer_put_text(w, cand->is_tcp ? " tcp" : " udp");
    put_number(w, " ", cand->priority);
    floe_writer_put_text(w, " ");
    if (cand->addr.family != 0) {
        floe_writer_put_text(w, floe_addr_ip_text(&cand->addr, text));
    } else {
        floe_writer_put_bytes(w, cand->host);
    }
    put_number(w, " ", cand->port);
    floe_writer_put_text(w, " typ ");
    floe_writer_put_text(w, type_names[cand->type]);
    if (cand->type != FLOE_SDP_CAND_HOST || cand->related.family != 0) {
        put_related(w, cand);
    }
    if (cand->is_tcp) {
        floe_writer_put_text(w, " tcptype ");
        floe_writer_put_text(w, tcptype_names[cand->tcptype]);
    }
    if (cand->ufrag.len > 0) {
        floe_writer_put_text(w, " ufrag ");
        floe_writer_put_bytes(w, cand->ufrag);
    }
}

bool floe_sdp_candidate_is_mdns(const floe_sdp_candidate *cand)
{
    static const char suffix[] = ".local";
    size_t len = sizeof suffix - 1;
    floe_bytes host = cand->host;
    return host.len > len &&
           floe_text_is_word((floe_bytes){host.ptr + host.len - len, len}, suffix);
}
