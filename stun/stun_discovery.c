/*
 * stun/stun_discovery.c - what does the NAT between here and a server do?
 *
 * A phase asks up to three questions at once and ends when they are settled; finish() draws the
 * conclusion and begins the next. With A1:P1 the server and A2:P2 its other address, X the first
 * socket and Y the second, one phase after the other:
 *
 *     BINDING    X -> A1:P1                                what are we seen as, and what is A2:P2?
 *     FILTERING  X -> A1:P1, to be answered from A2:P2     anything gets in
 *                X -> A1:P1, to be answered from A1:P2     other ports of a known address get in
 *     MAPPING    X -> A2:P1                                the same mapping as in BINDING?
 *                X -> A2:P2                                or the same as for A2:P1?
 *                X -> A1:P2
 *     SECOND     Y -> A1:P1                                what is Y seen as?
 *     HAIRPIN    X -> Y seen from outside, and back        does either come through?
 *     BIND       X -> A1:P1                                begins a silence of X
 *     SILENCE
 *     ASK        Y -> A1:P1, to be answered to X           does the mapping of X live?
 *
 * Filtering is asked about first, since MAPPING opens the filter for the very addresses. Silence
 * means "filtered" only if these addresses do answer when they are asked themselves, which MAPPING
 * finds out, so a negative verdict waits for that.
 */
#include "stun/stun_discovery.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/floe_config.h"

/* RFC 8489 §6.2.1 doubles the pause between two sends, which is right for a server that does not
 * answer. Here silence is a result: it has to be told from loss, and a person waits for it. So
 * sends are many and evenly spaced: of 16 all are lost once in 50000 where a third of the packets
 * is lost in either direction. */
#define INTERVAL_US UINT32_C(250000)
#define PATIENCE_US UINT32_C(1500000)
#define SENDS_MAX   16

#define FIRST_SILENCE (8 * FLOE_SECOND)

enum { CHANGE_PORT = 2, CHANGE_IP = 4 }; /* RFC 5780 section 7.2 */
enum { SOCKET_X, SOCKET_Y };

enum { BINDING, FILTERING, MAPPING, SECOND, HAIRPIN, BIND, SILENCE, ASK, DONE };

/* The server's address with those parts changed that the flags say. */
static floe_addr change_addr(const floe_stun_discovery *d, unsigned flags)
{
    floe_addr addr = (flags & CHANGE_IP) != 0 ? d->report.other : d->config.server;
    addr.port = (flags & CHANGE_PORT) != 0 ? d->report.other.port : d->config.server.port;
    return addr;
}

static floe_stun_probe *add_probe(floe_stun_discovery *d, unsigned from, const floe_addr *remote)
{
    FLOE_ASSERT(d->probe_count < FLOE_STUN_PROBES);
    /* RFC 5780 §5: requests that begin together do not stay in step. */
    floe_time offset = (floe_time)d->probe_count * d->config.interval_us / FLOE_STUN_PROBES;
    floe_stun_probe *p = &d->probes[d->probe_count++];
    *p = (floe_stun_probe){.next_at = d->now + offset, .remote = *remote, .from = (uint8_t)from};
    d->config.rand.fill(d->config.rand.ctx, p->tid, sizeof p->tid);
    return p;
}

static void tell(floe_stun_discovery *d, floe_stun_discovery_event event)
{
    d->events |= (uint8_t)(1u << event);
}

static void begin_phase(floe_stun_discovery *d, unsigned phase)
{
    d->phase = (uint8_t)phase;
    d->probe_count = 0;
}

static void begin_done(floe_stun_discovery *d)
{
    begin_phase(d, DONE);
    tell(d, FLOE_STUN_DISCOVERY_DONE);
}

static void begin_binding(floe_stun_discovery *d, unsigned phase, unsigned from)
{
    begin_phase(d, phase);
    (void)add_probe(d, from, &d->config.server);
}

static void begin_filtering(floe_stun_discovery *d)
{
    begin_binding(d, FILTERING, SOCKET_X);
    (void)add_probe(d, SOCKET_X, &d->config.server);
    d->probes[0].change = CHANGE_IP | CHANGE_PORT;
    d->probes[1].change = CHANGE_PORT;
}

static void begin_mapping(floe_stun_discovery *d)
{
    static const uint8_t targets[] = {CHANGE_IP, CHANGE_IP | CHANGE_PORT, CHANGE_PORT};
    begin_phase(d, MAPPING);
    for (size_t i = 0; i < sizeof targets; i++) {
        floe_addr remote = change_addr(d, targets[i]);
        (void)add_probe(d, SOCKET_X, &remote);
    }
}

/* The parts that need two sockets, and a NAT. */
static void begin_second(floe_stun_discovery *d)
{
    floe_stun_discovery_report *r = &d->report;
    floe_stun_doubt doubt = r->is_translated ? FLOE_STUN_DOUBT_NOT_ASKED : FLOE_STUN_DOUBT_NO_NAT;
    if (r->is_translated && d->config.local2.family != 0) {
        begin_binding(d, SECOND, SOCKET_Y);
        return;
    }
    r->hairpin_doubt = r->lifetime_doubt = doubt;
    begin_done(d);
}

static void begin_lifetime(floe_stun_discovery *d)
{
    if (d->config.lifetime_max == 0) {
        d->report.lifetime_doubt = FLOE_STUN_DOUBT_NOT_ASKED;
        begin_done(d);
        return;
    }
    begin_binding(d, BIND, SOCKET_X);
}

static bool is_other_usable(const floe_addr *server, const floe_addr *other)
{
    return other->family == server->family && other->port != 0 && other->port != server->port &&
           !floe_addr_ip_equal(other, server) && !floe_addr_is_any(other) &&
           !floe_addr_is_multicast(other) &&
           floe_addr_is_loopback(other) == floe_addr_is_loopback(server);
}

static void finish_binding(floe_stun_discovery *d)
{
    floe_stun_discovery_report *r = &d->report;
    const floe_stun_probe *p = &d->probes[0];
    if (p->outcome != FLOE_STUN_OUTCOME_ANSWERED) {
        r->error = p->error;
        r->binding_doubt = r->mapping_doubt = r->filtering_doubt = r->hairpin_doubt =
            r->lifetime_doubt = p->outcome == FLOE_STUN_OUTCOME_REFUSED ? FLOE_STUN_DOUBT_REFUSED
                                                                        : FLOE_STUN_DOUBT_SILENT;
        begin_done(d);
        return;
    }
    r->mapped = p->mapped;
    r->is_translated = !floe_addr_equal(&r->mapped, &d->config.local);
    r->binding_doubt = FLOE_STUN_DOUBT_NONE;
    tell(d, FLOE_STUN_DISCOVERY_BINDING);
    if (is_other_usable(&d->config.server, &r->other)) {
        begin_filtering(d);
        return;
    }
    r->mapping_doubt = r->filtering_doubt =
        r->other.family == 0 ? FLOE_STUN_DOUBT_NO_OTHER : FLOE_STUN_DOUBT_BAD_OTHER;
    r->other = (floe_addr){.family = 0};
    if (!r->is_translated) {
        r->mapping = FLOE_STUN_RULE_ENDPOINT_INDEPENDENT;
        r->mapping_doubt = FLOE_STUN_DOUBT_NONE;
    }
    begin_second(d);
}

static void set_filtering(floe_stun_discovery *d, floe_stun_rule rule, floe_stun_doubt doubt)
{
    d->report.filtering = rule;
    d->report.filtering_doubt = doubt;
    tell(d, FLOE_STUN_DISCOVERY_FILTERING);
}

static void finish_filtering(floe_stun_discovery *d)
{
    uint8_t any = d->probes[0].outcome, same_ip = d->probes[1].outcome;
    if (any == FLOE_STUN_OUTCOME_ANSWERED) {
        set_filtering(d, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, FLOE_STUN_DOUBT_NONE);
    } else if (any != FLOE_STUN_OUTCOME_SILENT ||
               (same_ip != FLOE_STUN_OUTCOME_SILENT && same_ip != FLOE_STUN_OUTCOME_ANSWERED)) {
        /* RFC 5780 §5: a server may refuse CHANGE-REQUEST with 420; older ones pass it over. */
        set_filtering(d, FLOE_STUN_RULE_UNKNOWN, FLOE_STUN_DOUBT_NOT_HONOURED);
    } else {
        d->report.filtering = same_ip == FLOE_STUN_OUTCOME_ANSWERED
                                  ? FLOE_STUN_RULE_ADDRESS_DEPENDENT
                                  : FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT;
    }
    begin_mapping(d);
}

static floe_stun_rule judge_mapping(const floe_stun_discovery *d)
{
    const floe_stun_probe *ip = &d->probes[0], *both = &d->probes[1];
    bool is_ip_known = ip->outcome == FLOE_STUN_OUTCOME_ANSWERED;
    if (!d->report.is_translated ||
        (is_ip_known && floe_addr_equal(&ip->mapped, &d->report.mapped))) {
        return FLOE_STUN_RULE_ENDPOINT_INDEPENDENT;
    }
    if (!is_ip_known || both->outcome != FLOE_STUN_OUTCOME_ANSWERED) {
        return FLOE_STUN_RULE_UNKNOWN;
    }
    return floe_addr_equal(&both->mapped, &ip->mapped) ? FLOE_STUN_RULE_ADDRESS_DEPENDENT
                                                       : FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT;
}

static void finish_mapping(floe_stun_discovery *d)
{
    floe_stun_discovery_report *r = &d->report;
    r->mapping = judge_mapping(d);
    r->mapping_doubt =
        r->mapping == FLOE_STUN_RULE_UNKNOWN ? FLOE_STUN_DOUBT_OTHER_SILENT : FLOE_STUN_DOUBT_NONE;
    tell(d, FLOE_STUN_DISCOVERY_MAPPING);
    if (r->filtering_doubt == FLOE_STUN_DOUBT_PENDING) {
        bool is_port_silent = d->probes[2].outcome != FLOE_STUN_OUTCOME_ANSWERED;
        bool is_silent = d->probes[1].outcome != FLOE_STUN_OUTCOME_ANSWERED ||
                         (r->filtering != FLOE_STUN_RULE_ADDRESS_DEPENDENT && is_port_silent);
        set_filtering(d, is_silent ? FLOE_STUN_RULE_UNKNOWN : r->filtering,
                      is_silent ? FLOE_STUN_DOUBT_OTHER_SILENT : FLOE_STUN_DOUBT_NONE);
    }
    begin_second(d);
}

static void finish_second(floe_stun_discovery *d)
{
    floe_addr mapped2 = d->probes[0].mapped;
    if (d->probes[0].outcome != FLOE_STUN_OUTCOME_ANSWERED) {
        d->report.hairpin_doubt = d->report.lifetime_doubt = FLOE_STUN_DOUBT_SILENT;
        begin_done(d);
        return;
    }
    /* Each opens its filter for the other, as ICE does. */
    begin_phase(d, HAIRPIN);
    (void)add_probe(d, SOCKET_X, &mapped2);
    (void)add_probe(d, SOCKET_Y, &d->report.mapped);
}

static void finish_hairpin(floe_stun_discovery *d)
{
    d->report.has_hairpin = d->probes[0].outcome == FLOE_STUN_OUTCOME_ANSWERED ||
                            d->probes[1].outcome == FLOE_STUN_OUTCOME_ANSWERED;
    d->report.hairpin_doubt = FLOE_STUN_DOUBT_NONE;
    tell(d, FLOE_STUN_DISCOVERY_HAIRPIN);
    begin_lifetime(d);
}

static void finish_lifetime(floe_stun_discovery *d, floe_stun_doubt doubt)
{
    d->report.lifetime_doubt = doubt;
    tell(d, FLOE_STUN_DISCOVERY_LIFETIME);
    begin_done(d);
}

static void finish_bind(floe_stun_discovery *d)
{
    if (d->probes[0].outcome != FLOE_STUN_OUTCOME_ANSWERED) {
        finish_lifetime(d, FLOE_STUN_DOUBT_SILENT);
        return;
    }
    begin_phase(d, SILENCE);
}

static void finish_silence(floe_stun_discovery *d)
{
    uint16_t port = d->probes[0].mapped.port;
    begin_binding(d, ASK, SOCKET_Y);
    d->probes[0].response_port = port;
}

/* RFC 5780 §4.6: double the silence until a mapping does not survive it, then search between. */
static floe_time choose_silence(const floe_stun_discovery *d)
{
    const floe_stun_discovery_report *r = &d->report;
    if (r->lifetime_max != FLOE_TIME_NEVER) {
        return r->lifetime_min + (r->lifetime_max - r->lifetime_min) / 2;
    }
    floe_time longer = r->lifetime_min == 0 ? FIRST_SILENCE : 2 * r->lifetime_min;
    return floe_time_min(longer, d->config.lifetime_max);
}

static bool is_lifetime_known(const floe_stun_discovery *d)
{
    const floe_stun_discovery_report *r = &d->report;
    if (r->lifetime_max == FLOE_TIME_NEVER) {
        return r->lifetime_min >= d->config.lifetime_max;
    }
    floe_time precision = r->lifetime_max / 16;
    return r->lifetime_max - r->lifetime_min <= (precision > FLOE_SECOND ? precision : FLOE_SECOND);
}

static void finish_ask(floe_stun_discovery *d)
{
    const floe_stun_probe *p = &d->probes[0];
    bool is_alive = p->outcome == FLOE_STUN_OUTCOME_ANSWERED;
    /* RFC 5780 §4.6: an answer that comes to Y means that Y was given the port that X had lost. */
    bool is_gone =
        p->outcome == FLOE_STUN_OUTCOME_SILENT ||
        (p->outcome == FLOE_STUN_OUTCOME_MISPLACED && p->mapped.port == p->response_port);
    /* RFC 5780 §5: a server need not know RESPONSE-PORT. Right after X has sent it has to work. */
    if ((!is_alive && !is_gone) || (is_gone && d->silence == 0)) {
        finish_lifetime(d, FLOE_STUN_DOUBT_NOT_HONOURED);
        return;
    }
    if (is_alive) {
        d->report.lifetime_min = d->silence;
    } else {
        d->report.lifetime_max = d->silence;
    }
    if (is_lifetime_known(d)) {
        finish_lifetime(d, FLOE_STUN_DOUBT_NONE);
        return;
    }
    d->silence = choose_silence(d);
    begin_lifetime(d);
}

static bool is_settled(const floe_stun_discovery *d)
{
    if (d->phase == SILENCE) {
        return d->now >= floe_time_after(d->quiet_since, d->silence);
    }
    bool is_waiting = d->phase == DONE;
    for (size_t i = 0; i < d->probe_count; i++) {
        bool is_answered = d->probes[i].outcome == FLOE_STUN_OUTCOME_ANSWERED;
        /* The first answer to these says it all. */
        if (is_answered && (d->phase == HAIRPIN || (d->phase == FILTERING && i == 0))) {
            return true;
        }
        is_waiting = is_waiting || d->probes[i].outcome == FLOE_STUN_OUTCOME_WAITING;
    }
    return !is_waiting;
}

static void finish(floe_stun_discovery *d)
{
    static void (*const finishers[])(floe_stun_discovery *) = {
        [BINDING] = finish_binding, [FILTERING] = finish_filtering,
        [MAPPING] = finish_mapping, [SECOND] = finish_second,
        [HAIRPIN] = finish_hairpin, [BIND] = finish_bind,
        [SILENCE] = finish_silence, [ASK] = finish_ask,
    };
    /* At most twice in a row: a phase that has just begun waits, save a silence of no length. */
    while (is_settled(d)) {
        finishers[d->phase](d);
    }
}

floe_err floe_stun_discovery_init(floe_stun_discovery *d, const floe_stun_discovery_config *config,
                                  floe_time now)
{
    const floe_addr *local = &config->local, *local2 = &config->local2;
    if (config->rand.fill == NULL || config->server.port == 0 || local->port == 0 ||
        config->server.family == 0 || local->family != config->server.family ||
        floe_addr_is_any(local) || (local2->family != 0 && local2->family != local->family)) {
        return FLOE_E_ARG;
    }
    memset(d, 0, sizeof *d);
    d->now = now;
    d->config = *config;
    d->config.interval_us = config->interval_us != 0 ? config->interval_us : INTERVAL_US;
    d->config.patience_us = config->patience_us != 0 ? config->patience_us : PATIENCE_US;
    d->config.sends_max = config->sends_max != 0 ? config->sends_max : SENDS_MAX;
    d->locals[SOCKET_X] = *local;
    d->locals[SOCKET_Y] = *local2;
    d->report.lifetime_max = FLOE_TIME_NEVER;
    d->report.binding_doubt = d->report.mapping_doubt = d->report.filtering_doubt =
        d->report.hairpin_doubt = d->report.lifetime_doubt = FLOE_STUN_DOUBT_PENDING;
    begin_binding(d, BINDING, SOCKET_X);
    return FLOE_OK;
}

static floe_stun_probe *find_probe(floe_stun_discovery *d, const floe_stun_msg *msg)
{
    for (size_t i = 0; i < d->probe_count; i++) {
        floe_stun_probe *p = &d->probes[i];
        if (p->outcome == FLOE_STUN_OUTCOME_WAITING &&
            memcmp(p->tid, msg->tid, sizeof p->tid) == 0) {
            return p;
        }
    }
    return NULL;
}

static bool is_at(const floe_path *path, const floe_addr *local, const floe_addr *remote)
{
    return floe_addr_equal(&path->local, local) && floe_addr_equal(&path->remote, remote);
}

/* Our own request has come back: by way of the outside, if it is at the other socket. */
static floe_err accept_request(floe_stun_discovery *d, floe_stun_probe *p, const floe_path *path)
{
    if (d->phase != HAIRPIN || !floe_addr_equal(&path->local, &d->locals[1 - p->from])) {
        return FLOE_E_UNKNOWN;
    }
    p->outcome = FLOE_STUN_OUTCOME_ANSWERED;
    return FLOE_OK;
}

static floe_err accept_error(const floe_stun_discovery *d, floe_stun_probe *p,
                             const floe_path *path, const floe_stun_msg *msg)
{
    int code;
    floe_bytes reason;
    if (!is_at(path, &d->locals[p->from], &p->remote)) {
        return FLOE_E_UNKNOWN;
    }
    if (!floe_stun_msg_get_error(msg, &code, &reason)) {
        return FLOE_E_MALFORMED;
    }
    p->error = (uint16_t)code;
    p->outcome = FLOE_STUN_OUTCOME_REFUSED;
    return FLOE_OK;
}

/* What the server sees us as. Servers older than RFC 5389 tell it in MAPPED-ADDRESS alone. */
static bool get_mapped(const floe_stun_msg *msg, floe_addr *mapped, bool *is_rewritten)
{
    floe_addr plain = {.family = 0};
    bool has_plain = floe_stun_msg_get_addr(msg, FLOE_STUN_MAPPED_ADDRESS, &plain);
    if (!floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_MAPPED_ADDRESS, mapped)) {
        *mapped = plain;
    } else if (has_plain && !floe_addr_equal(&plain, mapped)) {
        /* RFC 5780 §3.6: only one of the two looks like an address to whoever rewrites those. */
        *is_rewritten = true;
    }
    return mapped->family != 0 && mapped->port != 0;
}

static floe_err accept_success(floe_stun_discovery *d, floe_stun_probe *p, const floe_path *path,
                               const floe_stun_msg *msg)
{
    static const uint16_t known[] = {
        FLOE_STUN_XOR_MAPPED_ADDRESS, FLOE_STUN_MAPPED_ADDRESS,
        FLOE_STUN_SOURCE_ADDRESS,     FLOE_STUN_CHANGED_ADDRESS,
        FLOE_STUN_MESSAGE_INTEGRITY,  FLOE_STUN_MESSAGE_INTEGRITY_SHA256,
    };
    floe_addr mapped = {.family = 0},
              source = p->change != 0 ? change_addr(d, p->change) : p->remote;
    unsigned reached = p->response_port != 0 ? SOCKET_X : p->from;
    bool is_wanted = is_at(path, &d->locals[reached], &source);
    if (!is_wanted && !is_at(path, &d->locals[p->from], &p->remote)) {
        return FLOE_E_UNKNOWN;
    }
    /* RFC 8489 §6.3.3: what must be understood and is not spoils a response. */
    if (floe_stun_msg_get_unknown(msg, known, sizeof known / sizeof known[0], NULL, 0) > 0) {
        return FLOE_E_UNSUPPORTED;
    }
    bool is_rewritten = false;
    if (!get_mapped(msg, &mapped, &is_rewritten)) {
        return FLOE_E_MALFORMED;
    }
    d->report.is_rewritten = d->report.is_rewritten || is_rewritten;
    p->mapped = mapped;
    p->outcome = is_wanted ? FLOE_STUN_OUTCOME_ANSWERED : FLOE_STUN_OUTCOME_MISPLACED;
    /* Only the first response says which address is the other: some servers do not turn it round in
     * what they send from there. In CHANGED-ADDRESS where they are older than RFC 5780. */
    if (d->phase == BINDING &&
        !floe_stun_msg_get_addr(msg, FLOE_STUN_OTHER_ADDRESS, &d->report.other)) {
        (void)floe_stun_msg_get_addr(msg, FLOE_STUN_CHANGED_ADDRESS, &d->report.other);
    }
    return FLOE_OK;
}

static floe_err accept(floe_stun_discovery *d, const floe_path *path, const floe_stun_msg *msg)
{
    floe_stun_probe *p = find_probe(d, msg);
    if (p == NULL || p->sends == 0 || msg->method != FLOE_STUN_BINDING) {
        return FLOE_E_UNKNOWN;
    }
    switch (msg->cls) {
    case FLOE_STUN_REQUEST:
        return accept_request(d, p, path);
    case FLOE_STUN_SUCCESS:
        return d->phase == HAIRPIN ? FLOE_E_UNKNOWN : accept_success(d, p, path, msg);
    case FLOE_STUN_ERROR:
        return accept_error(d, p, path, msg);
    default:
        return FLOE_E_UNSUPPORTED;
    }
}

floe_err floe_stun_discovery_input(floe_stun_discovery *d, floe_time now, const floe_path *path,
                                   floe_bytes packet)
{
    floe_stun_discovery_advance(d, now);
    floe_stun_msg msg;
    if (floe_stun_msg_parse(&msg, packet) != FLOE_OK) {
        return FLOE_E_MALFORMED;
    }
    floe_err err = accept(d, path, &msg);
    finish(d);
    return err;
}

void floe_stun_discovery_advance(floe_stun_discovery *d, floe_time now)
{
    FLOE_ASSERT(now >= d->now);
    d->now = now;
    for (size_t i = 0; i < d->probe_count; i++) {
        floe_stun_probe *p = &d->probes[i];
        if (p->outcome == FLOE_STUN_OUTCOME_WAITING && p->sends == d->config.sends_max &&
            p->next_at <= now) {
            p->outcome = FLOE_STUN_OUTCOME_SILENT;
        }
    }
    finish(d);
}

floe_time floe_stun_discovery_deadline(const floe_stun_discovery *d)
{
    floe_time at =
        d->phase == SILENCE ? floe_time_after(d->quiet_since, d->silence) : FLOE_TIME_NEVER;
    for (size_t i = 0; i < d->probe_count; i++) {
        if (d->probes[i].outcome == FLOE_STUN_OUTCOME_WAITING) {
            at = floe_time_min(at, d->probes[i].next_at);
        }
    }
    return at;
}

static void write_request(const floe_stun_probe *p, floe_transmit *out)
{
    floe_stun_writer w;
    floe_bytes packet = {NULL, 0};
    floe_stun_writer_begin(&w, out->buf, out->cap, FLOE_STUN_REQUEST, FLOE_STUN_BINDING, p->tid);
    if (p->change != 0) {
        floe_stun_writer_put_u32(&w, FLOE_STUN_CHANGE_REQUEST, p->change);
    }
    if (p->response_port != 0) {
        /* RFC 5780 §7.5: a port in 16 bits, and two bytes of padding. */
        uint8_t port[] = {(uint8_t)(p->response_port >> 8), (uint8_t)p->response_port};
        floe_stun_writer_put_bytes(&w, FLOE_STUN_RESPONSE_PORT, (floe_bytes){port, sizeof port});
    }
    floe_err err = floe_stun_writer_end(&w, &packet);
    FLOE_ASSERT(err == FLOE_OK);
    out->len = out->segment = packet.len;
}

bool floe_stun_discovery_poll_transmit(floe_stun_discovery *d, floe_transmit *out)
{
    FLOE_ASSERT(out->cap >= FLOE_DATAGRAM_MAX);
    for (size_t i = 0; i < d->probe_count; i++) {
        floe_stun_probe *p = &d->probes[i];
        if (p->outcome != FLOE_STUN_OUTCOME_WAITING || p->next_at > d->now ||
            p->sends == d->config.sends_max) {
            continue;
        }
        write_request(p, out);
        out->path = (floe_path){.local = d->locals[p->from], .remote = p->remote};
        p->sends++;
        bool is_last = p->sends == d->config.sends_max;
        p->next_at = d->now + (is_last ? d->config.patience_us : d->config.interval_us);
        d->quiet_since = p->from == SOCKET_X ? d->now : d->quiet_since;
        return true;
    }
    return false;
}

bool floe_stun_discovery_poll_event(floe_stun_discovery *d, floe_stun_discovery_event *event)
{
    for (unsigned i = 0; i <= FLOE_STUN_DISCOVERY_DONE; i++) {
        if ((d->events >> i & 1) != 0) {
            d->events &= (uint8_t) ~(1u << i);
            *event = (floe_stun_discovery_event)i;
            return true;
        }
    }
    return false;
}

const floe_stun_discovery_report *floe_stun_discovery_get(const floe_stun_discovery *d)
{
    return &d->report;
}
