/*
 * tests/sim/sim_matrix.c - every kind of NAT against every other: docs/NAT-MATRIX.md.
 *
 * Each cell is two whole peers in virtual time, without and with a TURN server. What is expected
 * follows from definitions alone (support/nat_rule.h): whether they connect, by which types of
 * candidates, within how long. FLOE_SIM_MATRIX=write in the environment writes the document anew;
 * else the run fails where it is not what came out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/document.h"
#include "support/nat_rule.h"
#include "support/sim_scene.h"
#include "support/unit.h"

#define ROUND_TRIP (44 * FLOE_MS) /* between two hosts, each behind one NAT */

typedef struct kind {
    const char *code, *name;
    sim_nat_config boxes[NAT_RULE_BOXES]; /* from the host outwards */
    size_t box_count;
    bool is_v6_only;
} kind;

#define EI  SIM_NAT_ENDPOINT_INDEPENDENT
#define AD  SIM_NAT_ADDRESS_DEPENDENT
#define APD SIM_NAT_ADDRESS_AND_PORT_DEPENDENT
#define NAT(m, f, extra)                                                                           \
    {                                                                                              \
        .mapping = (m), .filtering = (f), extra                                                    \
    }
#define PORTS(p) .ports = SIM_NAT_##p

static const kind kinds[] = {
    {"--", "no NAT", {{0}}, 0, false},
    {"II", "mapping EI, filtering EI (full cone)", {NAT(EI, EI, PORTS(PRESERVE))}, 1, false},
    {"IA", "mapping EI, filtering AD", {NAT(EI, AD, PORTS(PRESERVE))}, 1, false},
    {"IP",
     "mapping EI, filtering APD (port restricted)",
     {NAT(EI, APD, PORTS(PRESERVE))},
     1,
     false},
    {"AI", "mapping AD, filtering EI", {NAT(AD, EI, PORTS(PRESERVE))}, 1, false},
    {"AA", "mapping AD, filtering AD", {NAT(AD, AD, PORTS(PRESERVE))}, 1, false},
    {"AP", "mapping AD, filtering APD", {NAT(AD, APD, PORTS(PRESERVE))}, 1, false},
    {"PI", "mapping APD, filtering EI", {NAT(APD, EI, PORTS(PRESERVE))}, 1, false},
    {"PA", "mapping APD, filtering AD", {NAT(APD, AD, PORTS(PRESERVE))}, 1, false},
    {"PP", "mapping APD, filtering APD (symmetric)", {NAT(APD, APD, PORTS(PRESERVE))}, 1, false},
    {"Ir", "IP, random ports", {NAT(EI, APD, PORTS(RANDOM))}, 1, false},
    {"Ic", "IP, contiguous ports", {NAT(EI, APD, PORTS(SEQUENTIAL))}, 1, false},
    {"Pr", "PP, random ports", {NAT(APD, APD, PORTS(RANDOM))}, 1, false},
    {"Pc", "PP, contiguous ports", {NAT(APD, APD, PORTS(SEQUENTIAL))}, 1, false},
    {"Po", "PP, ports preserved even if taken", {NAT(APD, APD, PORTS(OVERLOAD))}, 1, false},
    {"C2",
     "IP at home, II at the carrier",
     {NAT(EI, APD, PORTS(PRESERVE)), NAT(EI, EI, PORTS(RANDOM))},
     2,
     false},
    {"Cs",
     "IP at home, Pr at the carrier",
     {NAT(EI, APD, PORTS(PRESERVE)), NAT(APD, APD, PORTS(RANDOM))},
     2,
     false},
    {"Lp", "AI with a pool of addresses, paired", {NAT(AD, EI, .pool = 100)}, 1, false},
    {"La",
     "AI with a pool of addresses, arbitrary",
     {{.mapping = AD, .pool = 100, .is_pool_arbitrary = true}},
     1,
     false},
    {"6I", "NAT64, mapping EI, filtering EI", {NAT(EI, EI, .is_nat64 = true)}, 1, true},
    {"6A", "NAT64, mapping EI, filtering AD", {NAT(EI, AD, .is_nat64 = true)}, 1, true},
    {"u-", "no UDP, TCP only (TURN over TCP)", {NAT(EI, APD, .open = SIM_NAT_OPEN_TCP)}, 1, false},
    {"43",
     "TCP to port 443 only (TURN over TLS)",
     {NAT(EI, APD, .open = SIM_NAT_OPEN_TCP_443)},
     1,
     false},
};

#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- one cell ---- */

typedef struct outcome {
    bool is_connected;
    uint8_t local[2], remote[2];
    floe_time taken; /* until both were connected, or both had given up */
} outcome;

static const char *turn_url(const kind *k)
{
    sim_nat_open open = k->boxes[0].open;
    if (k->is_v6_only) {
        return "turn:[64:ff9b::c633:6409]:3478";
    }
    return open == SIM_NAT_OPEN_TCP       ? SIM_TURN_TCP_URL
           : open == SIM_NAT_OPEN_TCP_443 ? SIM_TURN_TLS_URL
                                          : SIM_TURN_URL;
}

static void fill_place(sim_place *place, int n, const kind *k, bool has_turn)
{
    static const char *const addresses[2][3] = {{"203.0.113.5", "10.0.0.1", "2001:db8:a::1"},
                                                {"203.0.114.5", "10.1.0.1", "2001:db8:b::1"}};
    static const char *const outside[2][NAT_RULE_BOXES] = {{"203.0.113.10", "100.64.0.2"},
                                                           {"203.0.114.10", "100.64.1.2"}};
    memset(place, 0, sizeof *place);
    place->ips[0] = addresses[n][k->is_v6_only ? 2 : k->box_count > 0];
    for (size_t i = 0; i < k->box_count; i++) {
        place->boxes[i].nat = &k->boxes[i];
        place->boxes[i].ip = outside[n][k->box_count - 1 - i];
    }
    place->config.stun_url = k->is_v6_only ? "stun:[64:ff9b::c000:235]:3478" : SIM_STUN_URL;
    place->config.turn_url = has_turn ? turn_url(k) : NULL;
}

static outcome play(sim_scene *scene)
{
    outcome o = {.is_connected = false};
    floe_time start = scene->world->now;
    sim_scene_add_chat(scene);
    o.is_connected = sim_scene_play(scene, 30 * FLOE_SECOND);
    if (!o.is_connected) {
        assert_true(sim_scene_wait(scene, FLOE_PEER_FAILED, 60 * FLOE_SECOND));
        o.taken = scene->world->now - start;
        return o;
    }
    o.taken = sim_scene_connected_at(scene) - start;
    sim_world_run(scene->world, 2 * FLOE_SECOND); /* a better pair may be found late */
    for (int n = 0; n < 2; n++) {
        floe_peer_stats stats;
        floe_peer_get_stats(scene->peers[n]->peer, &stats);
        o.local[n] = stats.ice.local.type;
        o.remote[n] = stats.ice.remote.type;
    }
    return o;
}

/* ---- what is expected ---- */

static nat_rule_host rule_host(const kind *k, bool has_turn)
{
    nat_rule_host host = {.is_v6_only = k->is_v6_only, .has_relay = has_turn};
    for (size_t i = 0; i < k->box_count; i++) {
        host.boxes[i] = &k->boxes[i];
    }
    return host;
}

static const char *text_of(const outcome *o, char out[64])
{
    snprintf(out, 64, "%s/%s, %s/%s", floe_ice_type_name((floe_ice_type)o->local[0]),
             floe_ice_type_name((floe_ice_type)o->remote[0]),
             floe_ice_type_name((floe_ice_type)o->local[1]),
             floe_ice_type_name((floe_ice_type)o->remote[1]));
    return o->is_connected ? out : "none";
}

/* RFC 8445 §7.2.5.3.1: an address that a check shows before a server does is peer-reflexive. */
static bool is_type(uint8_t got, uint8_t wanted)
{
    return got == wanted || (got == FLOE_ICE_PRFLX && wanted == FLOE_ICE_SRFLX);
}

static unsigned count_relays(const uint8_t local[2])
{
    return (local[0] == FLOE_ICE_RELAY ? 1u : 0u) + (local[1] == FLOE_ICE_RELAY ? 1u : 0u);
}

/* Which of the two relays is used where one is enough is a matter of a few milliseconds. */
static bool is_as_expected(const outcome *o, const nat_rule_verdict *v)
{
    if (!v->is_connected || !o->is_connected) {
        return o->is_connected == v->is_connected;
    }
    unsigned relays = count_relays(v->local);
    bool is_same = relays == count_relays(o->local);
    for (int n = 0; n < 2 && relays == 0; n++) {
        is_same =
            is_same && is_type(o->local[n], v->local[n]) && is_type(o->remote[n], v->remote[n]);
    }
    return is_same;
}

/* True: what came out is what the rule says. */
static bool compare(const outcome *o, const nat_rule_verdict *v, const char *what)
{
    char got[64], wanted[64];
    outcome rule = {.is_connected = v->is_connected};
    memcpy(rule.local, v->local, sizeof rule.local);
    memcpy(rule.remote, v->remote, sizeof rule.remote);
    if (is_as_expected(o, v)) {
        return true;
    }
    print_error("%s: %s, expected %s in %u rounds\n", what, text_of(o, got), text_of(&rule, wanted),
                v->rounds);
    return false;
}

/* ---- how long it may take ---- */

#define LETTERS  (80 * FLOE_MS) /* offer, answer, candidates */
#define RTO      (500 * FLOE_MS) /* RFC 8445 section 14.3: a check that a filter stopped goes again */
#define GRACE    FLOE_SECOND     /* for a direct way, where a relay is there already */
#define PATIENCE (39500 * FLOE_MS) /* RFC 8863 section 4 */

/* A round trip to the server, one for each round of checks, and six for nomination, DTLS and SCTP.
 * For a relay four for TCP and TLS, four for the allocation and its permission; and each of those
 * after is twice as long. */
static floe_time limit_of(const nat_rule_verdict *v)
{
    floe_time round_trips = 7 + v->rounds;
    floe_time direct = LETTERS + RTO + round_trips * ROUND_TRIP;
    return count_relays(v->local) == 0 ? direct : direct + GRACE + (8 + round_trips) * ROUND_TRIP;
}

static bool is_in_time(const outcome *o, const nat_rule_verdict *v)
{
    /* A check of the peer that comes late has the patience begin anew, once. */
    return v->is_connected ? o->taken <= limit_of(v)
                           : o->taken >= PATIENCE && o->taken <= PATIENCE + 20 * FLOE_SECOND;
}

/* ---- the matrix ---- */

static outcome results[2][KINDS][KINDS];

static bool play_cell(sim_place places[2], const nat_rule_host hosts[2], nat_rule_near near,
                      const char *what, outcome *o)
{
    sim_scene scene;
    sim_scene_init(&scene, floe_ice_hash(floe_bytes_of(what)), places);
    *o = play(&scene);
    sim_scene_free(&scene);
    nat_rule_verdict v = nat_rule_judge(hosts, near);
    if (!is_in_time(o, &v)) {
        print_error("%s: %llu ms\n", what, (unsigned long long)(o->taken / FLOE_MS));
        return false;
    }
    return compare(o, &v, what);
}

static void play_all(bool has_turn)
{
    unsigned faults = 0;
    for (size_t i = 0; i < KINDS * KINDS; i++) {
        const kind *const k[2] = {&kinds[i / KINDS], &kinds[i % KINDS]};
        const nat_rule_host hosts[2] = {rule_host(k[0], has_turn), rule_host(k[1], has_turn)};
        sim_place places[2];
        char what[64];
        for (int n = 0; n < 2; n++) {
            fill_place(&places[n], n, k[n], has_turn);
        }
        snprintf(what, sizeof what, "%s x %s%s", k[0]->code, k[1]->code, has_turn ? ", TURN" : "");
        outcome *o = &results[has_turn][i / KINDS][i % KINDS];
        faults += !play_cell(places, hosts, NAT_RULE_NOTHING, what, o);
    }
    assert_int_equal(faults, 0);
}

/* Each check of a symmetric NAT shows another end. */
#define NEEDS_ROOM() UNIT_NEEDS(FLOE_ICE_REMOTE_MAX >= 16)

static void test_sim_matrix_without_a_relay(void **state)
{
    (void)state;
    NEEDS_ROOM();
    play_all(false);
}

static void test_sim_matrix_with_relays(void **state)
{
    (void)state;
    NEEDS_ROOM();
    play_all(true);
}

/* ---- luck ---- */

static bool can_connect(const kind *const k[2], bool has_turn, uint64_t seed)
{
    sim_place places[2];
    sim_scene scene;
    for (int n = 0; n < 2; n++) {
        fill_place(&places[n], n, k[n], has_turn);
        places[n].link = (sim_link){.delay = 10 * FLOE_MS, .jitter = 10 * FLOE_MS, .loss = 30};
    }
    sim_scene_init(&scene, seed, places);
    outcome o = play(&scene);
    sim_scene_free(&scene);
    return o.is_connected;
}

static unsigned play_with_loss(bool has_turn, uint64_t seed)
{
    unsigned faults = 0;
    for (size_t i = 0; i < KINDS * KINDS; i++) {
        const kind *const k[2] = {&kinds[i / KINDS], &kinds[i % KINDS]};
        const nat_rule_host hosts[2] = {rule_host(k[0], has_turn), rule_host(k[1], has_turn)};
        bool is_expected = nat_rule_judge(hosts, NAT_RULE_NOTHING).is_connected;
        if (can_connect(k, has_turn, seed * KINDS * KINDS + i) != is_expected) {
            print_error("%s x %s%s, seed %u\n", k[0]->code, k[1]->code, has_turn ? ", TURN" : "",
                        (unsigned)seed);
            faults++;
        }
    }
    return faults;
}

/* Loss and disorder change how long it takes, and not what is possible. FLOE_SIM_MATRIX_SEEDS=n
 * plays all of it n times. */
static void test_sim_matrix_luck_changes_nothing(void **state)
{
    (void)state;
    NEEDS_ROOM();
    unsigned faults = 0;
    const char *wish = getenv("FLOE_SIM_MATRIX_SEEDS");
    unsigned long seeds = wish != NULL ? strtoul(wish, NULL, 10) : 1;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        faults += play_with_loss(false, seed) + play_with_loss(true, seed);
    }
    assert_int_equal(faults, 0);
}

/* ---- two hosts behind one NAT ---- */

/* Kinds 1 to 13 are single NATs. Not the one that overloads ports: of two hosts on one port it can
 * not tell which a server means, which is why RFC 4787 section 4.2 forbids it. */
#define SHARED 13u

enum { LAN, ROUTERS, HAIRPIN, HOMES, HAIRPIN_TURN, ROUTERS_TURN, NEARS };

static const char *const near_names[NEARS] = {
    "one LAN",        "routers between",         "the same, hairpin",
    "homes, hairpin", "the same, hairpin, TURN", "routers between, TURN"};

static outcome shared_results[SHARED + 1][NEARS];

static bool play_shared(const kind *k, int near, outcome *o)
{
    static const sim_nat_config routers[] = {{0}, NAT(EI, APD, PORTS(PRESERVE))};
    const sim_nat_config *router = &routers[near == HOMES];
    static const char *const router_ips[2] = {"192.168.1.1", "192.168.1.2"};
    bool has_turn = near == HAIRPIN_TURN || near == ROUTERS_TURN;
    sim_nat_config nat = k->boxes[0];
    sim_place places[2];
    nat_rule_host hosts[2];
    char what[64];
    nat.hairpin = near != LAN && near != ROUTERS && near != ROUTERS_TURN;
    for (int n = 0; n < 2; n++) {
        fill_place(&places[n], n, k, has_turn);
        hosts[n] = (nat_rule_host){.boxes = {&nat}, .has_relay = has_turn};
        places[n].boxes[0] = (sim_box){&nat, "203.0.113.10"};
        if (near != LAN) {
            places[n].boxes[1] = places[n].boxes[0];
            places[n].boxes[0] = (sim_box){router, router_ips[n]};
            hosts[n].boxes[0] = router;
            hosts[n].boxes[1] = &nat;
        }
    }
    snprintf(what, sizeof what, "%s, %s", k->code, near_names[near]);
    return play_cell(places, hosts, near == LAN ? NAT_RULE_LAN : NAT_RULE_NAT, what, o);
}

static void test_sim_matrix_behind_one_nat(void **state)
{
    (void)state;
    NEEDS_ROOM();
    unsigned faults = 0;
    for (size_t i = 1; i <= SHARED; i++) {
        for (int near = 0; near < NEARS; near++) {
            faults += !play_shared(&kinds[i], near, &shared_results[i][near]);
        }
    }
    assert_int_equal(faults, 0);
}

/* ---- the document ---- */

static char document[65536];
static size_t document_len;

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(document + document_len, sizeof document - document_len, format, args);
    va_end(args);
    assert_true(len >= 0 && document_len + (size_t)len < sizeof document);
    document_len += (size_t)len;
}

static void put_cell(const outcome *o)
{
    static const char letters[] = "hspr";
    if (o->is_connected) {
        put(" %c%c %u |", letters[o->local[0]], letters[o->remote[0]],
            (unsigned)((o->taken + ROUND_TRIP - 1) / ROUND_TRIP));
    } else {
        put(" - |");
    }
}

static void put_matrix(const char *title, bool has_turn)
{
    put("\n## %s\n\n| |", title);
    for (size_t i = 0; i < KINDS; i++) {
        put(" %s |", kinds[i].code);
    }
    put("\n|---|");
    for (size_t i = 0; i < KINDS; i++) {
        put("---|");
    }
    for (size_t i = 0; i < KINDS; i++) {
        put("\n| **%s** |", kinds[i].code);
        for (size_t k = 0; k < KINDS; k++) {
            put_cell(&results[has_turn][i][k]);
        }
    }
    put("\n");
}

static void put_shared(void)
{
    put("\n## Two hosts behind one NAT\n\n"
        "In one LAN they see each other. With a router of its own before each (full cone), their "
        "way leads through\nthe NAT and back (hairpin), or by a relay. Homes: the routers are port "
        "restricted "
        "ones (IP), and the NAT is their carrier's.\n\n| |");
    for (int near = 0; near < NEARS; near++) {
        put(" %s |", near_names[near]);
    }
    put("\n|---|---|---|---|---|---|---|");
    for (size_t i = 1; i <= SHARED; i++) {
        put("\n| **%s** |", kinds[i].code);
        for (int near = 0; near < NEARS; near++) {
            put_cell(&shared_results[i][near]);
        }
    }
    put("\n");
}

static void put_document(void)
{
    put("# Which NATs let which through\n\n"
        "Written by `FLOE_SIM_MATRIX=write build/dev/sim_matrix`, which plays every cell: two "
        "whole peers in virtual time, an offerer\n(row) and an answerer (column), a STUN server, "
        "and 40 ms of round trip between the hosts, 2 more for each box. The run fails\nwhere a "
        "cell is not what `tests/support/nat_rule.c` derives from RFC 4787 and RFC 8445 alone, "
        "where it takes longer than\nits rounds of checks account for, and where this file is not "
        "what came out.\n\n"
        "A cell has the types of the selected pair as the offerer sees it, its own first: `h` "
        "host, `s` server-reflexive, `p`\npeer-reflexive, `r` relayed; then the time from the "
        "offer until both are connected (signalling, gathering, ICE, DTLS,\nSCTP), in round trips "
        "of 44 ms. `-`: there is no way, and both say `failed` within 60 s.\n\n"
        "EI, AD, APD: endpoint-independent, address-dependent, address-and-port-dependent. Ports "
        "are preserved where nothing else is said.\n\n| | behind |\n|---|---|\n");
    for (size_t i = 0; i < KINDS; i++) {
        put("| **%s** | %s |\n", kinds[i].code, kinds[i].name);
    }
    put_matrix("Without a relay", false);
    put_matrix("With a TURN server for both", true);
    put_shared();
}

/* After the others: of what they found. */
static void test_sim_matrix_document_is_what_came_out(void **state)
{
    (void)state;
    NEEDS_ROOM();
    put_document();
    document_hold("NAT-MATRIX.md", "FLOE_SIM_MATRIX", document, document_len);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_matrix_without_a_relay),
        SIM(test_sim_matrix_with_relays),
        SIM(test_sim_matrix_behind_one_nat),
        SIM(test_sim_matrix_luck_changes_nothing),
        SIM(test_sim_matrix_document_is_what_came_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
