/*
 * tests/sim/sim_verdict.c - does floe know what is the matter? Faults of every kind are put into
 * whole simulated worlds, and what each of the two peers says of it is compared with the truth, as
 * far as that side can know it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/peer_verdict.h"
#include "stun/stun_msg.h"
#include "support/sim_scene.h"
#include "support/unit.h"

#define SEEDS 5u

#define NOBODY_TURN     "turn:198.51.100.200:3478"
#define NOBODY_TURN_TCP "turn:198.51.100.200:3478?transport=tcp"
#define NEVER           (1000000 * FLOE_SECOND)

#define IS(code) (UINT64_C(1) << FLOE_VERDICT_##code)

_Static_assert(FLOE_VERDICT_CODES <= 64, "a bit each");

static const sim_nat_config cone = {.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};
static const sim_nat_config symmetric = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                         .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                         .ports = SIM_NAT_RANDOM};
static const sim_nat_config no_udp = {.mapping = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .open = SIM_NAT_OPEN_TCP};

/* ---- how a world is made */

static void behind(sim_place places[2], const sim_nat_config *nat, const char *stun,
                   const char *turn)
{
    for (int i = 0; i < 2; i++) {
        places[i].nat = nat;
        places[i].config.stun_url = stun;
        places[i].config.turn_url = turn;
    }
}

static void on_the_core(sim_place places[2])
{
    behind(places, NULL, NULL, NULL);
}

static void behind_cones(sim_place places[2])
{
    behind(places, &cone, SIM_STUN_URL, NULL);
}

static void behind_symmetric_nats(sim_place places[2])
{
    behind(places, &symmetric, SIM_STUN_URL, NULL);
}

static void with_turn(sim_place places[2])
{
    behind(places, &symmetric, NULL, SIM_TURN_URL);
}

static void relayed_only(sim_place places[2])
{
    with_turn(places);
    places[0].config.ice.policy = FLOE_ICE_POLICY_RELAY;
}

static void with_wrong_password(sim_place places[2])
{
    with_turn(places);
    places[0].config.turn_password = places[1].config.turn_password = "wrong";
}

static void with_wrong_password_over_tcp(sim_place places[2])
{
    behind(places, &no_udp, NULL, SIM_TURN_TCP_URL);
    places[0].config.turn_password = places[1].config.turn_password = "wrong";
}

static void with_dead_turn(sim_place places[2])
{
    behind(places, &symmetric, SIM_STUN_URL, NOBODY_TURN);
}

static void with_dead_turn_over_tcp(sim_place places[2])
{
    behind(places, &symmetric, SIM_STUN_URL, NOBODY_TURN_TCP);
}

static void with_unknown_turn(sim_place places[2])
{
    behind(places, &symmetric, SIM_STUN_URL, "turn:turn.example:3478");
}

static void with_unknown_stun(sim_place places[2])
{
    behind(places, &symmetric, "stun:stun.example", NULL);
}

static void without_udp(sim_place places[2])
{
    behind(places, &no_udp, SIM_STUN_URL, NULL);
}

static void without_udp_but_turn(sim_place places[2])
{
    behind(places, &no_udp, SIM_STUN_URL, SIM_TURN_URL);
}

static void without_servers(sim_place places[2])
{
    behind(places, &cone, NULL, NULL);
}

static void relayed_only_without_turn(sim_place places[2])
{
    behind(places, NULL, SIM_STUN_URL, NULL);
    places[0].config.ice.policy = FLOE_ICE_POLICY_RELAY;
}

static void of_two_families(sim_place places[2])
{
    places[0].ips[0] = "2001:db8::10";
}

static void without_answer(sim_place places[2])
{
    places[1].config.letter_delay = NEVER;
}

/* ---- what signalling does to descriptions */

static void change_line(char *description, const char *line)
{
    char *at = strstr(description, line);
    assert_non_null(at);
    at = strchr(at, '\r') - 1;
    *at = *at == '0' ? '1' : '0';
}

static void change_fingerprint(char *description)
{
    change_line(description, "a=fingerprint");
}

static void change_password(char *description)
{
    change_line(description, "a=ice-pwd");
}

static void cut_candidates(char *description)
{
    for (char *at; (at = strstr(description, "a=candidate")) != NULL;) {
        const char *end = strchr(at, '\n') + 1;
        memmove(at, end, strlen(end) + 1);
    }
}

static void only(char *description, const char *candidate)
{
    cut_candidates(description);
    char *at = strstr(description, "a=ice-ufrag");
    assert_non_null(at);
    size_t len = strlen(candidate);
    memmove(at + len, at, strlen(at) + 1);
    memcpy(at, candidate, len);
}

static void only_a_name(char *description)
{
    only(description, "a=candidate:1 1 UDP 2122252543 "
                      "0f1d7a4c-7f6e-4f0b-9f4a-0a2b4c6d8e0f.local 40000 typ host\r\n");
}

static void only_tcp(char *description)
{
    only(description, "a=candidate:1 1 TCP 1518280447 192.0.2.77 9 typ host tcptype active\r\n");
}

static void tamper_with(sim_place places[2], void (*tamper)(char *description))
{
    for (int i = 0; i < 2; i++) {
        places[i].nat = &cone; /* nor does a check reveal the other side */
        places[i].config.tamper = tamper;
        places[i].config.candidate_delay = NEVER;
    }
}

static void with_another_certificate(sim_place places[2])
{
    places[0].config.tamper = change_fingerprint;
}

static void with_another_password(sim_place places[2])
{
    places[0].config.tamper = change_password;
}

static void without_candidates(sim_place places[2])
{
    tamper_with(places, cut_candidates);
}

static void with_names(sim_place places[2])
{
    tamper_with(places, only_a_name);
}

static void with_tcp(sim_place places[2])
{
    tamper_with(places, only_tcp);
}

/* ---- what happens to a world that is there */

static void refuse_all(sim_scene *scene)
{
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        scene->turn.models[i].fail_method = FLOE_STUN_ALLOCATE;
        scene->turn.models[i].fail_code = 486;
        scene->turn.models[i].fail_count = 1000;
    }
}

static void forbid_all(sim_scene *scene)
{
    for (size_t i = 0; i < SIM_TURN_CLIENTS; i++) {
        scene->turn.models[i].fail_method = FLOE_STUN_CREATE_PERMISSION;
        scene->turn.models[i].fail_code = 403;
        scene->turn.models[i].fail_count = 1000;
    }
}

static void deafen(sim_scene *scene)
{
    scene->world->net.nodes[scene->hosts[1]].down.link.is_down = true;
}

static void take_away(sim_scene *scene)
{
    sim_net_set_down(&scene->world->net, scene->hosts[1], true);
}

static void drop_large(sim_scene *scene)
{
    scene->world->net.nodes[scene->hosts[1]].up.link.mtu = 200;
    scene->world->net.nodes[scene->hosts[1]].down.link.mtu = 200;
}

static void close_first(sim_scene *scene)
{
    floe_peer_close(scene->peers[0]->peer, scene->world->now);
    sim_peer_drain(scene->peers[0]);
}

/* ---- the table */

typedef struct fault {
    const char *name;
    void (*make)(sim_place places[2]);
    void (*begin)(sim_scene *scene); /* before the offer; or NULL */
    void (*later)(sim_scene *scene); /* after `later_at`; or NULL */
    floe_time later_at, until;
    bool is_ended; /* both give up at the end: the user closes */
    uint64_t expected[2];
} fault;

#define FAILED_AT (100 * FLOE_SECOND)
#define SOON      (25 * FLOE_MS)

static const fault faults[] = {
    {"none: direct", on_the_core, NULL, NULL, 0, FLOE_SECOND, false, {IS(DIRECT), IS(DIRECT)}},
    {"none: NATs", behind_cones, NULL, NULL, 0, 5 * FLOE_SECOND, false, {IS(NAT), IS(NAT)}},
    {"none: TURN", with_turn, NULL, NULL, 0, 10 * FLOE_SECOND, false, {IS(RELAYED), IS(RELAYED)}},
    {"none: policy",
     relayed_only,
     NULL,
     NULL,
     0,
     10 * FLOE_SECOND,
     false,
     {IS(RELAYED), IS(RELAYED)}},
    {"symmetric NATs, no TURN",
     behind_symmetric_nats,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(NO_TURN) | IS(NAT_HARD), IS(NO_TURN) | IS(NAT_HARD)}},
    {"TURN login",
     with_wrong_password,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_LOGIN), IS(TURN_LOGIN)}},
    {"TURN login over TCP",
     with_wrong_password_over_tcp,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_LOGIN), IS(TURN_LOGIN)}},
    {"TURN quota",
     with_turn,
     refuse_all,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_REFUSED), IS(TURN_REFUSED)}},
    {"TURN permission",
     with_turn,
     forbid_all,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_FORBIDDEN), IS(TURN_FORBIDDEN)}},
    {"TURN dead",
     with_dead_turn,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_SILENT), IS(TURN_SILENT)}},
    {"TURN dead over TCP",
     with_dead_turn_over_tcp,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_CONNECTION) | IS(TURN_SILENT), IS(TURN_CONNECTION) | IS(TURN_SILENT)}},
    {"TURN name",
     with_unknown_turn,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(TURN_NAME), IS(TURN_NAME)}},
    {"STUN name", with_unknown_stun, NULL, NULL, 0, FAILED_AT, false, {IS(NAME), IS(NAME)}},
    {"UDP blocked",
     without_udp,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(UDP_BLOCKED), IS(UDP_BLOCKED)}},
    {"UDP blocked, TURN over UDP",
     without_udp_but_turn,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(UDP_BLOCKED), IS(UDP_BLOCKED)}},
    {"no servers",
     without_servers,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(NO_SERVERS), IS(NO_SERVERS)}},
    {"policy without TURN",
     relayed_only_without_turn,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(RELAY_NEEDED), IS(NO_CANDIDATES)}},
    {"two families",
     of_two_families,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(NO_FAMILY), IS(NO_FAMILY)}},
    {"no answer",
     without_answer,
     NULL,
     NULL,
     0,
     60 * FLOE_SECOND,
     true,
     {IS(NO_DESCRIPTION), IS(DTLS_TIMEOUT)}},
    {"certificate",
     with_another_certificate,
     NULL,
     NULL,
     0,
     40 * FLOE_SECOND,
     false,
     {IS(DTLS_FAILED), IS(DTLS_FINGERPRINT)}},
    {"password",
     with_another_password,
     NULL,
     NULL,
     0,
     FAILED_AT,
     true,
     {IS(CREDENTIALS), IS(ONE_WAY)}},
    {"candidates lost",
     without_candidates,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(NO_CANDIDATES), IS(NO_CANDIDATES)}},
    {"names",
     with_names,
     NULL,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(NAMES_UNRESOLVED), IS(NAMES_UNRESOLVED)}},
    {"TCP candidates", with_tcp, NULL, NULL, 0, FAILED_AT, false, {IS(UNUSABLE), IS(UNUSABLE)}},
    {"one way", on_the_core, deafen, NULL, 0, FAILED_AT, false, {IS(ONE_WAY), IS(NO_SERVERS)}},
    {"gone at once",
     on_the_core,
     NULL,
     take_away,
     SOON,
     FAILED_AT,
     false,
     {IS(PEER_GONE) | IS(NO_SERVERS), IS(PEER_GONE) | IS(NO_SERVERS)}},
    {"large packets lost",
     on_the_core,
     drop_large,
     NULL,
     0,
     FAILED_AT,
     false,
     {IS(DTLS_TIMEOUT), IS(DTLS_TIMEOUT)}},
    {"gone for a while",
     on_the_core,
     NULL,
     take_away,
     2 * FLOE_SECOND,
     12 * FLOE_SECOND,
     false,
     {IS(SILENT), IS(SILENT)}},
    {"gone for good",
     on_the_core,
     NULL,
     take_away,
     2 * FLOE_SECOND,
     60 * FLOE_SECOND,
     false,
     {IS(CONSENT_EXPIRED), IS(CONSENT_EXPIRED)}},
    {"closed",
     on_the_core,
     NULL,
     close_first,
     2 * FLOE_SECOND,
     5 * FLOE_SECOND,
     false,
     {IS(CLOSED), IS(CLOSED_BY_PEER)}},
};

#define FAULTS (sizeof faults / sizeof faults[0])

static unsigned judged, right;

static void judge(const fault *f, uint64_t seed, int side, const floe_verdict_facts *facts)
{
    char text[FLOE_VERDICT_TEXT_MAX];
    floe_verdict verdict = floe_verdict_get(facts);
    judged++;
    if ((f->expected[side] >> verdict.code & 1) != 0) {
        right++;
        return;
    }
    (void)printf("  %s, seed %u, side %d: %s: %s\n", f->name, (unsigned)seed, side,
                 floe_verdict_code_name(verdict.code), floe_verdict_text(&verdict, text));
}

static void simulate(const fault *f, uint64_t seed)
{
    static floe_verdict_facts facts[2];
    sim_scene scene;
    sim_place places[2] = {0};
    f->make(places);
    for (int i = 0; i < 2; i++) {
        floe_verdict_init(&facts[i]);
        places[i].config.trace = floe_verdict_sink(&facts[i]);
    }
    sim_scene_init(&scene, seed, places);
    sim_scene_add_chat(&scene);
    if (f->begin != NULL) {
        f->begin(&scene);
    }
    sim_traffic_open(&scene.traffic);
    sim_peer_offer(scene.peers[0]);
    if (f->later != NULL) {
        sim_world_run(scene.world, f->later_at);
        f->later(&scene);
    }
    sim_world_run(scene.world, f->until - f->later_at);
    for (int i = 0; i < 2; i++) {
        if (f->is_ended) {
            floe_peer_close(scene.peers[i]->peer, scene.world->now);
        }
        judge(f, seed, i, &facts[i]);
    }
    sim_scene_free(&scene);
}

static void test_sim_verdict_is_right_in_nineteen_of_twenty_faults(void **state)
{
    UNIT_NEEDS(FLOE_TRACE && FLOE_ICE_REMOTE_MAX >= 16);
    (void)state;
    const char *only_this = getenv("FLOE_SIM_FAULT");
    for (size_t i = 0; i < FAULTS; i++) {
        if (only_this == NULL || strcmp(only_this, faults[i].name) == 0) {
            for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                simulate(&faults[i], seed);
            }
        }
    }
    (void)printf("  %u kinds of fault, %u seeds, both sides: %u of %u verdicts are right\n",
                 (unsigned)FAULTS, SEEDS, right, judged);
    assert_true(judged > 0 && 20 * right >= 19 * judged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sim_verdict_is_right_in_nineteen_of_twenty_faults,
                                  sim_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
