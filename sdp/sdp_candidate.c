/*
 * sdp/sdp_candidate.c - see sdp/sdp_candidate.h.
 *
 * Reading has two halves: the seven fields that every candidate has, in their order, and then pairs
 * of words in any order, of which four are known and all others are passed over (RFC 8839 §5.1).
 * No field is copied and none is unbounded.
 */
#include "sdp/sdp_candidate.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/text.h"
#include "sdp/sdp_internal.h"

#define FOUNDATION_MAX 64u
#define HOST_MAX       253u /* a domain name without its final dot */

static const char type_names[][6] = {"host", "srflx", "prflx", "relay"};
static const char tcptype_names[][8] = {"none", "active", "passive", "so"};

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

/* Where the candidate is. UNSUPPORTED: RFC 8839 §5.1 has addresses of an unknown kind (with an IPv6
 * zone, say) passed over; a colon tells them from a broken name. */
static floe_err take_host(floe_sdp_candidate *cand, floe_bytes host)
{
    cand->host = host;
    if (host.len > HOST_MAX) {
        return FLOE_E_MALFORMED;
    }
    if (floe_addr_parse(&cand->addr, host, cand->port) == FLOE_OK || floe_sdp_is_name(host)) {
        return FLOE_OK;
    }
    return memchr(host.ptr, ':', host.len) != NULL ? FLOE_E_UNSUPPORTED : FLOE_E_MALFORMED;
}

static floe_err take_transport(floe_sdp_candidate *cand, floe_bytes transport)
{
    cand->is_tcp = floe_text_is_word(transport, "tcp");
    /* RFC 6544 §4.5 demands a tcptype; libwebrtc takes passive where there is none. */
    cand->tcptype = cand->is_tcp ? FLOE_SDP_TCP_PASSIVE : FLOE_SDP_TCP_NONE;
    return cand->is_tcp || floe_text_is_word(transport, "udp") ? FLOE_OK : FLOE_E_UNSUPPORTED;
}

static floe_err take_type(floe_sdp_candidate *cand, floe_bytes type)
{
    while (!floe_text_is_word(type, type_names[cand->type])) {
        if (cand->type++ == FLOE_SDP_CAND_RELAY) {
            return FLOE_E_UNSUPPORTED;
        }
    }
    return FLOE_OK;
}

static floe_err take_tcptype(floe_sdp_candidate *cand, floe_bytes tcptype)
{
    cand->tcptype = FLOE_SDP_TCP_ACTIVE;
    while (!floe_text_is_word(tcptype, tcptype_names[cand->tcptype])) {
        if (cand->tcptype++ == FLOE_SDP_TCP_SO) {
            return FLOE_E_UNSUPPORTED;
        }
    }
    return FLOE_OK;
}

/* Of two results the one that says more: MALFORMED, then UNSUPPORTED. */
static floe_err worse(floe_err a, floe_err b)
{
    return a == FLOE_OK || b == FLOE_E_MALFORMED ? b : a;
}

static floe_err get_fields(floe_text *t, floe_sdp_candidate *cand)
{
    floe_bytes field[7]; /* foundation, component, transport, priority, address, port, type */
    uint64_t component, priority, port;
    if (!floe_sdp_match(t, "V D V D V D typ V", field) || field[0].len > FOUNDATION_MAX ||
        !floe_text_is_decimal(field[1], 256, &component) || component == 0 ||
        !floe_text_is_decimal(field[3], UINT32_MAX, &priority) ||
        !floe_text_is_decimal(field[5], UINT16_MAX, &port) || port == 0) {
        return FLOE_E_MALFORMED;
    }
    cand->foundation = field[0];
    cand->component = (uint32_t)component;
    cand->priority = (uint32_t)priority;
    cand->port = (uint16_t)port;
    return worse(take_host(cand, field[4]),
                 worse(take_transport(cand, field[2]), take_type(cand, field[6])));
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
        return take_tcptype(cand, value);
    }
    return FLOE_OK;
}

/* Pairs of words up to the end. The last name may lack its value, as the grammar lets it be empty
 * and other stacks pass over it. */
static floe_err get_pairs(floe_text *t, floe_sdp_candidate *cand)
{
    floe_err err = FLOE_OK;
    while (!floe_text_is_end(t)) {
        floe_bytes name;
        floe_bytes value = {NULL, 0};
        if (!floe_sdp_match(t, " V", &name)) {
            return FLOE_E_MALFORMED;
        }
        if (floe_text_get_char(t, ' ') && floe_text_peek(t) != ' ' &&
            !floe_sdp_match(t, "V", &value)) {
            return FLOE_E_MALFORMED;
        }
        err = worse(err, take_pair(cand, name, value));
    }
    return err;
}

floe_err floe_sdp_candidate_parse(floe_sdp_candidate *cand, floe_bytes text)
{
    memset(cand, 0, sizeof *cand);
    floe_text t = strip(text);
    floe_err err = get_fields(&t, cand);
    if (err != FLOE_E_MALFORMED) {
        err = worse(err, get_pairs(&t, cand));
    }
    if (err != FLOE_OK) {
        memset(cand, 0, sizeof *cand);
    }
    if (cand->related.family == 0) {
        memset(&cand->related, 0, sizeof cand->related);
    }
    return err;
}

void floe_sdp_candidate_put(floe_writer *w, const floe_sdp_candidate *cand)
{
    FLOE_ASSERT(cand->type <= FLOE_SDP_CAND_RELAY && cand->tcptype <= FLOE_SDP_TCP_SO);
    FLOE_ASSERT(cand->is_tcp == (cand->tcptype != FLOE_SDP_TCP_NONE));
    char host[FLOE_ADDR_TEXT_MAX], related[FLOE_ADDR_TEXT_MAX];
    const floe_bytes words[] = {
        cand->foundation, floe_bytes_of(cand->is_tcp ? "tcp" : "udp"),
        cand->addr.family != 0 ? floe_bytes_of(floe_addr_ip_text(&cand->addr, host)) : cand->host,
        floe_bytes_of(type_names[cand->type])};
    const uint64_t numbers[] = {cand->component, cand->priority, cand->port};
    floe_sdp_put_template(w, "candidate:$ # $ # $ # typ $", words, numbers);
    if (cand->type != FLOE_SDP_CAND_HOST || cand->related.family != 0) {
        /* RFC 8839 §5.1: a hidden related address is the unspecified one of the family, port 9. */
        bool is_known = cand->related.family != 0;
        const char *hidden = cand->addr.family == 6 ? "::" : "0.0.0.0";
        floe_bytes raddr =
            floe_bytes_of(is_known ? floe_addr_ip_text(&cand->related, related) : hidden);
        uint64_t rport = is_known ? cand->related.port : 9;
        floe_sdp_put_template(w, " raddr $ rport #", &raddr, &rport);
    }
    if (cand->is_tcp) {
        floe_bytes tcptype = floe_bytes_of(tcptype_names[cand->tcptype]);
        floe_sdp_put_template(w, " tcptype $", &tcptype, NULL);
    }
    if (cand->ufrag.len > 0) {
        floe_sdp_put_template(w, " ufrag $", &cand->ufrag, NULL);
    }
    if (cand->network_cost > 0) {
        uint64_t cost = cand->network_cost;
        floe_sdp_put_template(w, " network-cost #", NULL, &cost);
    }
}

bool floe_sdp_candidate_is_mdns(const floe_sdp_candidate *cand)
{
    floe_bytes host = cand->host;
    size_t skip = host.len - 6;
    return host.len > 6 && floe_text_is_word((floe_bytes){host.ptr + skip, 6}, ".local");
}
