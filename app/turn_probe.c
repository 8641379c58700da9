/* app/turn_probe.c - see app/turn_probe.h. */
#include "app/turn_probe.h"

#include <string.h>

#include "base/addr.h"
#include "base/rand_os.h"

#define ALLOCATE_PATIENCE (6 * FLOE_SECOND)
#define ANSWER_PATIENCE   (4 * FLOE_SECOND)
#define PING_COUNT        5
#define PING_PAUSE        (300 * FLOE_MS)

static floe_time now_of(const turn_probe *p)
{
    return floe_loop_now(p->loop);
}

static bool fail(turn_probe *p, const char *step, const char *reason)
{
    p->reason = reason;
    turn_report_step(p->report, TURN_FAIL, step, TURN_NO_TIME, NULL, "%s", reason);
    return false;
}

/* One way does not work; another may. */
static bool warn(turn_probe *p, const char *step)
{
    p->reason = p->words;
    turn_report_step(p->report, TURN_WARN, step, TURN_NO_TIME, NULL, "%s", p->words);
    return false;
}

static bool fail_connection(turn_probe *p, const char *step, const char *why)
{
    snprintf(p->words, sizeof p->words, "%s; %s", why,
             turn_words_connect((floe_transport)p->config.link.transport, why));
    return fail(p, step, p->words);
}

static void tell_connection(turn_probe *p, floe_time start)
{
    const floe_server_link_config *link = &p->config.link;
    bool is_secure = link->transport == FLOE_TLS || link->transport == FLOE_DTLS;
    const char *name = turn_words_transport((floe_transport)link->transport);
    if (is_secure && link->is_unverified) {
        turn_report_step(p->report, TURN_WARN, "connected", now_of(p) - start, NULL,
                         "%s, but the certificate was not looked at (--insecure)", name);
    } else if (link->transport != FLOE_UDP) { /* there is no connection to tell of */
        turn_report_step(p->report, TURN_OK, "connected", now_of(p) - start, NULL, "%s%s", name,
                         is_secure ? ", with a certificate that is valid for this name" : "");
    }
}

static bool connect_line(turn_probe *p)
{
    floe_time start = now_of(p);
    floe_err err = turn_line_open(&p->line, p->loop, &p->config);
    if (err == FLOE_E_CRYPTO) {
        return fail(p, "connected",
                    p->config.link.ca_file != NULL
                        ? "the file of --ca can not be read as certificates (PEM)"
                        : "OpenSSL could not be started");
    }
    if (err != FLOE_OK) {
        return fail(p, "connected", "this machine has no way to that address, or no descriptors");
    }
    if (turn_line_wait_open(&p->line, FLOE_SERVER_LINK_PATIENCE + FLOE_SECOND)) {
        tell_connection(p, start);
        return true;
    }
    const char *why = p->line.broken != NULL ? p->line.broken : "nothing answers";
    return floe_server_link_is_open(p->line.link) ? fail(p, "connected", why)
                                                  : fail_connection(p, "connected", why);
}

static void tell_challenge(turn_probe *p, floe_time start)
{
    const turn_line *line = &p->line;
    json_t *details = json_pack("{s:s, s:s}", "realm", line->realm, "software", line->software);
    const char *of = line->software[0] != '\0' ? ", server: " : "";
    turn_report_step(p->report, TURN_OK, "challenge", line->challenged_at - start, details,
                     "realm \"%s\"%s%s", line->realm, of, line->software);
}

static void tell_allocation(turn_probe *p, floe_time start)
{
    const turn_line *line = &p->line;
    const floe_turn_event *e = &line->event[FLOE_TURN_EV_ALLOCATED];
    char relays[2][FLOE_ADDR_TEXT_MAX] = {"", ""}, mapped[FLOE_ADDR_TEXT_MAX];
    json_t *list = json_array();
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        if (e->relay[i].family != 0) {
            json_array_append_new(list, json_string(floe_addr_text(&e->relay[i], relays[count++])));
        }
    }
    json_t *details =
        json_pack("{s:o, s:s, s:i}", "relays", list, "mapped", floe_addr_text(&e->mapped, mapped),
                  "lifetime_s", (int)e->lifetime_s);
    turn_report_step(p->report, TURN_OK, "allocated", now_of(p) - start, details,
                     "relay %s%s%s, for %u s; the server sees this machine as %s", relays[0],
                     count > 1 ? " and " : "", relays[1], e->lifetime_s, mapped);
    for (size_t i = 0; i < 2; i++) {
        const char *odd =
            e->relay[i].family != 0 ? turn_words_relay(&e->relay[i], &p->config.link.server) : NULL;
        if (odd != NULL) {
            turn_report_step(p->report, TURN_WARN, "address", TURN_NO_TIME, NULL, "%s", odd);
        }
    }
    if (line->challenged_at == 0) {
        turn_report_step(p->report, TURN_WARN, "open", TURN_NO_TIME, NULL,
                         "the server asks nobody for a password: everybody can send through it at "
                         "its owner's cost (coturn: lt-cred-mech or use-auth-secret)");
    }
}

static bool fail_allocation(turn_probe *p)
{
    const turn_line *line = &p->line;
    const floe_turn_event *e = &line->event[FLOE_TURN_EV_FAILED];
    floe_transport transport = (floe_transport)p->config.link.transport;
    char alternate[FLOE_ADDR_TEXT_MAX];
    if (line->broken != NULL) {
        return fail_connection(p, "allocated", line->broken);
    }
    /* An answer that is not authentic counts too: here a person only wants to know. */
    unsigned code = e->code != 0 ? e->code : (unsigned)line->code;
    const char *why = turn_words_allocate(e->cause, code, &p->login, transport);
    if (code == 300 && line->alternate.family != 0) {
        snprintf(p->words, sizeof p->words, "%s: %s (300)", why,
                 floe_addr_text(&line->alternate, alternate));
    } else if (code != 0) {
        snprintf(p->words, sizeof p->words, "%s (%u %s)", why, code,
                 floe_stun_error_reason((int)code));
    } else {
        snprintf(p->words, sizeof p->words, "%s", why);
    }
    return fail(p, "allocated", p->words);
}

static bool allocate(turn_probe *p)
{
    floe_time start = now_of(p);
    bool is_ok = turn_line_wait(&p->line, FLOE_TURN_EV_ALLOCATED, ALLOCATE_PATIENCE);
    if (p->line.challenged_at != 0) {
        tell_challenge(p, start);
    }
    if (!is_ok) {
        return fail_allocation(p);
    }
    tell_allocation(p, p->line.challenged_at != 0 ? p->line.challenged_at : start);
    return true;
}

/* A permission for this peer. False: there is none, and p->words says why. */
static bool permit(turn_probe *p, const floe_addr *peer, floe_time *took)
{
    floe_time start = now_of(p);
    p->line.seen[FLOE_TURN_EV_PEER] = 0;
    if (floe_turn_client_add_peer(&p->line.client, peer) != FLOE_OK) {
        return false;
    }
    turn_line_drain(&p->line);
    if (floe_turn_client_get_head(&p->line.client, peer) == 0) {
        (void)turn_line_wait(&p->line, FLOE_TURN_EV_PEER, ANSWER_PATIENCE);
    }
    *took = now_of(p) - start;
    const floe_turn_event *e = &p->line.event[FLOE_TURN_EV_PEER];
    bool is_ready = floe_turn_client_get_head(&p->line.client, peer) != 0;
    if (!is_ready) {
        turn_words_peer(p->line.seen[FLOE_TURN_EV_PEER] > 0 ? e->code : 0, peer, p->words);
    }
    return is_ready;
}

/* A channel for this peer: faster, but not needed. */
static void bind_channel(turn_probe *p, const floe_addr *peer)
{
    floe_time start = now_of(p);
    p->line.seen[FLOE_TURN_EV_CHANNEL] = 0;
    bool is_asked = floe_turn_client_bind(&p->line.client, peer) == FLOE_OK &&
                    turn_line_wait(&p->line, FLOE_TURN_EV_CHANNEL, ANSWER_PATIENCE);
    const floe_turn_event *e = &p->line.event[FLOE_TURN_EV_CHANNEL];
    bool is_bound = is_asked && e->is_ready;
    unsigned code = is_asked ? e->code : 0;
    if (is_bound) {
        turn_report_step(p->report, TURN_OK, "channel", now_of(p) - start, NULL,
                         "bound: 4 bytes in front of each packet");
    } else {
        turn_report_step(p->report, TURN_WARN, "channel", TURN_NO_TIME, NULL,
                         "the server binds no channel (%u); each packet takes 32 bytes more", code);
    }
}

/* From the relay to its own address and back here. */
static bool relay_to_itself(turn_probe *p, const floe_addr *relay)
{
    floe_time took;
    floe_rand rand = floe_rand_os();
    char addr[FLOE_ADDR_TEXT_MAX];
    if (!permit(p, relay, &took)) {
        return warn(p, "permission");
    }
    turn_report_step(p->report, TURN_OK, "permission", took, NULL, "to relay to %s, itself",
                     floe_addr_ip_text(relay, addr));
    bind_channel(p, relay);
    turn_traffic_init(&p->traffic, &p->line, relay, floe_rand_u64(&rand));
    floe_time start = now_of(p);
    for (int i = 0; i < PING_COUNT && !p->traffic.has_come; i++) {
        turn_traffic_ping(&p->traffic);
        (void)turn_line_run(&p->line, now_of(p) + PING_PAUSE, &p->traffic.has_come);
    }
    if (p->traffic.has_come) {
        turn_report_step(p->report, TURN_OK, "relayed", now_of(p) - start, NULL,
                         "a packet to %s came back", floe_addr_text(relay, addr));
        return true;
    }
    snprintf(p->words, sizeof p->words,
             "nothing that is sent to the server's own relay address %s comes back: two clients "
             "that both use this server do not reach each other (coturn behind a NAT: "
             "external-ip=PUBLIC/PRIVATE)",
             floe_addr_text(relay, addr));
    return warn(p, "relayed");
}

static void hear_relay(void *ctx, const floe_addr *peer, floe_bytes payload)
{
    turn_probe *p = ctx;
    if (turn_traffic_input(&p->traffic, payload) &&
        !floe_addr_equal(peer, &p->line.event[FLOE_TURN_EV_ALLOCATED].relay[peer->family == 6])) {
        p->outside_addr = *peer;
    }
}

static void hear_outside(void *ctx, const floe_path *path, floe_bytes packet)
{
    turn_probe *p = ctx;
    (void)path;
    if (turn_traffic_input(&p->traffic, packet)) {
        p->is_outside_back = true;
    }
}

static void send_outside(turn_probe *p, const floe_addr *relay)
{
    uint8_t buf[100];
    floe_transmit out = {.buf = buf, .cap = sizeof buf, .segment = sizeof buf};
    out.len = turn_traffic_write(&p->traffic, buf, sizeof buf);
    out.path = (floe_path){.local = p->outside.udp.local, .remote = *relay};
    udp_port_send(&p->outside, &out);
}

/* A packet from another socket of ours straight to the relay, and one back: as a partner without a
 * relay does it. The relay tells what address that socket has outside. */
static bool exchange_outside(turn_probe *p, const floe_addr *relay)
{
    floe_rand rand = floe_rand_os();
    bool is_heard = false;
    turn_traffic_init(&p->traffic, &p->line, relay, floe_rand_u64(&rand));
    for (int i = 0; i < PING_COUNT && !p->is_outside_back; i++) {
        if (p->outside_addr.family == 0) {
            send_outside(p, relay);
            is_heard = turn_line_run(&p->line, now_of(p) + PING_PAUSE, &p->traffic.has_come);
        }
        if (is_heard && p->outside_addr.family != 0) {
            p->traffic.peer = p->outside_addr;
            turn_traffic_ping(&p->traffic);
            (void)turn_line_run(&p->line, now_of(p) + PING_PAUSE, &p->is_outside_back);
        }
    }
    return p->is_outside_back;
}

static bool fail_outside(turn_probe *p, const floe_addr *relay)
{
    char addr[FLOE_ADDR_TEXT_MAX];
    floe_addr_text(relay, addr);
    if (p->outside_addr.family == 0) {
        snprintf(p->words, sizeof p->words,
                 "what is sent straight to the relay address %s does not arrive: a firewall in "
                 "front of the server closes its relay ports (coturn: min-port to max-port, "
                 "49152-65535/udp), or this network lets no UDP out; partners without a relay of "
                 "their own are not reached then",
                 addr);
    } else {
        snprintf(p->words, sizeof p->words,
                 "what the relay %s sends does not arrive here, though the other way works: a "
                 "firewall at the server, or here, stops it",
                 addr);
    }
    return warn(p, "outside");
}

static bool relay_to_outside(turn_probe *p)
{
    const floe_turn_event *e = &p->line.event[FLOE_TURN_EV_ALLOCATED];
    const floe_addr *relay = &e->relay[e->mapped.family == 6];
    floe_addr source;
    floe_time took, start;
    char addr[FLOE_ADDR_TEXT_MAX], text[FLOE_ADDR_TEXT_MAX];
    if (relay->family == 0) {
        return false; /* this machine can't send to it */
    }
    if (!permit(p, &e->mapped, &took)) {
        return warn(p, "outside");
    }
    if (!udp_port_find_source(relay, &source) ||
        udp_port_open(&p->outside, p->loop, &p->batch, &source, hear_outside, p) != FLOE_OK) {
        snprintf(p->words, sizeof p->words, "this machine has no way to the relay address %s",
                 floe_addr_text(relay, addr));
        return warn(p, "outside");
    }
    start = now_of(p);
    if (!exchange_outside(p, relay)) {
        return fail_outside(p, relay);
    }
    turn_report_step(p->report, TURN_OK, "outside", now_of(p) - start, NULL,
                     "a packet straight from here to %s arrived, as from %s, and one back",
                     floe_addr_text(relay, addr), floe_addr_text(&p->outside_addr, text));
    return true;
}

static void tell_traffic(turn_probe *p, const turn_traffic_result *r)
{
    unsigned lost = r->sent - r->received;
    json_t *details = json_pack("{s:i, s:i, s:f, s:f, s:f}", "sent", (int)r->sent, "received",
                                (int)r->received, "min_ms", r->rtt_min_us / 1e3, "median_ms",
                                r->rtt_median_us / 1e3, "max_ms", r->rtt_max_us / 1e3);
    turn_report_step(
        p->report, lost * 50 > r->sent ? TURN_WARN : TURN_OK, "round trip", r->rtt_median_us,
        details, "least %.2f, median %.2f, most %.2f ms; %u of %u packets lost",
        r->rtt_min_us / 1e3, r->rtt_median_us / 1e3, r->rtt_max_us / 1e3, lost, r->sent);
    details = json_pack("{s:f, s:b, s:i, s:i}", "mbit_s", r->mbit, "is_lower_bound", r->is_lossless,
                        "sent", (int)r->load_sent, "received", (int)r->load_received);
    turn_report_step(p->report, r->load_received > 0 ? TURN_OK : TURN_WARN, "throughput",
                     TURN_NO_TIME, details, "%s %.1f Mbit/s to the server and back%s",
                     r->is_lossless ? "at least" : "about", r->mbit,
                     r->is_lossless ? ", without loss; no more was tried" : "; it takes no more");
}

static bool measure(turn_probe *p, const floe_addr *peer)
{
    turn_traffic_result result;
    floe_rand rand = floe_rand_os();
    turn_traffic_init(&p->traffic, &p->line, peer, floe_rand_u64(&rand));
    if (!turn_traffic_run(&p->traffic, p->duration, &result)) {
        snprintf(p->words, sizeof p->words, "the connection broke while packets were relayed: %s",
                 p->line.broken != NULL ? p->line.broken : "the allocation is gone");
        return fail(p, "round trip", p->words);
    }
    tell_traffic(p, &result);
    return true;
}

static void refresh(turn_probe *p)
{
    floe_time start = now_of(p);
    if (turn_line_refresh(&p->line, ANSWER_PATIENCE)) {
        turn_report_step(p->report, TURN_OK, "refreshed", now_of(p) - start, NULL,
                         "the allocation lives on");
    } else {
        turn_report_step(p->report, TURN_WARN, "refreshed", TURN_NO_TIME, NULL,
                         "the server does not refresh the allocation (%d): calls end after its "
                         "lifetime",
                         p->line.code);
    }
}

static void release(turn_probe *p)
{
    floe_time start = now_of(p);
    unsigned before = p->line.refreshed;
    floe_turn_client_close(&p->line.client);
    bool is_closed = turn_line_wait(&p->line, FLOE_TURN_EV_CLOSED, ANSWER_PATIENCE) &&
                     p->line.refreshed > before;
    turn_report_step(p->report, is_closed ? TURN_OK : TURN_WARN, "given back",
                     is_closed ? now_of(p) - start : TURN_NO_TIME, NULL, "%s",
                     is_closed ? "the allocation is gone"
                               : "the server does not confirm that the allocation is gone; it "
                                 "counts against the quota until its lifetime ends");
}

static bool use_relay(turn_probe *p)
{
    const floe_turn_event *e = &p->line.event[FLOE_TURN_EV_ALLOCATED];
    floe_addr peer = {.family = 0};
    for (size_t i = 0; i < 2; i++) {
        bool is_working = e->relay[i].family != 0 && relay_to_itself(p, &e->relay[i]);
        if (is_working && peer.family == 0) {
            peer = e->relay[i];
        }
    }
    if (relay_to_outside(p) && peer.family == 0) {
        peer = p->outside_addr;
        bind_channel(p, &peer);
    }
    return peer.family != 0 && measure(p, &peer);
}

bool turn_probe_run(turn_probe *p)
{
    p->config.received = hear_relay;
    p->config.ctx = p;
    bool is_relaying = false;
    if (connect_line(p) && allocate(p)) {
        is_relaying = use_relay(p);
        if (p->line.broken == NULL) {
            refresh(p);
            release(p);
        }
    }
    udp_port_close(&p->outside);
    turn_line_close(&p->line);
    return is_relaying;
}
