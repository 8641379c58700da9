/*
 * tests/sim/sim_fates.c - faults swept, not sampled: every packet of a whole connection in turn is
 * lost, doubled, held back, or has a bit flipped.
 *
 * A life is played once in peace: gathering, checks, DTLS, SCTP, a channel, messages both ways,
 * some seconds of idleness, the end. Then again and again, each time with one fate for one packet,
 * for a few in a row, or for any two. Each time both get connected, every message arrives once and
 * in order, nobody fails, and both know of the end, within the bounds below. A failure prints
 * FLOE_SIM_FATE=life,fate,first,count,second,bit: with that in the environment it is played alone,
 * and its trace printed. FLOE_SIM_FATES=all takes any two packets of the relayed life as well, and
 * sixteen bits of each packet instead of three.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/sim_guard.h"
#include "support/sim_scene.h"
#include "support/unit.h"

/* ---- lives and fates ---- */

static const sim_nat_config port_restricted = {.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT};

typedef struct fate_life {
    const char *name;
    const sim_nat_config *nat; /* of both; NULL: none */
    const char *stun_url, *turn_url;
    floe_ice_policy policy;
} fate_life;

enum { HOST, NAT, RELAY, LIFE_COUNT };

static const fate_life lives[LIFE_COUNT] = {
    [HOST] = {"host", NULL, SIM_STUN_URL, NULL, FLOE_ICE_POLICY_ALL},
    [NAT] = {"nat", &port_restricted, SIM_STUN_URL, NULL, FLOE_ICE_POLICY_ALL},
    [RELAY] = {"relay", NULL, NULL, SIM_TURN_URL, FLOE_ICE_POLICY_RELAY},
};

typedef struct fate_sort {
    const char *name;
    sim_doom_kind kind;
    floe_time hold;
} fate_sort;

enum { DROP, TWICE, BEHIND_ITS_FLIGHT, BEHIND_THE_NEXT, BEHIND_ITS_LIKE, FLIP, SORT_COUNT };

static const fate_sort sorts[SORT_COUNT] = {
    [DROP] = {"lost", SIM_DOOM_DROP, 0},
    [TWICE] = {"doubled", SIM_DOOM_TWICE, 0},
    [BEHIND_ITS_FLIGHT] = {"held for 15 ms", SIM_DOOM_HOLD, 15 * FLOE_MS},
    [BEHIND_THE_NEXT] = {"held for 120 ms", SIM_DOOM_HOLD, 120 * FLOE_MS},
    [BEHIND_ITS_LIKE] = {"held for 1.5 s", SIM_DOOM_HOLD, 1500 * FLOE_MS},
    [FLIP] = {"a bit flipped", SIM_DOOM_FLIP, 0},
};

/* ---- bounds ---- */

#define IDLE (6 * FLOE_SECOND) /* a consent check, or two */

/* One packet that does not come, or comes late, costs what it takes to send it again. The longest
 * first timeout in the stack is SCTP's, of one second, for the association itself (RFC 9260 section
 * 16); DTLS, STUN and TURN repeat after less. Half a second more for what has to be done again
 * because of it. */
#define LATE_BY_ONE (1500 * FLOE_MS)
/* Of a few lost ones each may be the repetition of the one before: STUN's fourth goes out after
 * 0.5 + 1 + 2 s (RFC 8489 section 6.2.1); the rest is for what has to be done again. */
#define LATE_BY_FEW (5 * FLOE_SECOND)
/* Who is told that the other one closes knows within a round trip. Who is not finds out when
 * consent has expired: 30 s (RFC 7675), and 6 s to the check before that. */
#define TOLD   FLOE_SECOND
#define UNTOLD (36 * FLOE_SECOND)

typedef struct fate_course { /* what a life took */
    bool is_done;
    uint64_t packets;       /* sent in all */
    uint64_t packets_alive; /* before the end began */
    floe_time done;         /* all messages there */
    bool is_told;           /* by the other one that this is the end */
} fate_course;

typedef struct fate_tally { /* of a sweep */
    unsigned runs, untold, refused;
    floe_time worst;
} fate_tally;

/* ---- one life ---- */

static void begin(sim_scene *scene, int life, int sort, const sim_doom *fate)
{
    const fate_life *l = &lives[life];
    sim_place places[2];
    memset(places, 0, sizeof places);
    for (int i = 0; i < 2; i++) {
        places[i].nat = l->nat;
        places[i].config.stun_url = l->stun_url;
        places[i].config.turn_url = l->turn_url;
        places[i].config.ice.policy = l->policy;
    }
    sim_scene_init(scene, 1, places);
    snprintf(scene->world->again, sizeof scene->world->again,
             "FLOE_SIM_FATE=%d,%d,%llu,%llu,%llu,%llu (%s, %s)", life, sort,
             (unsigned long long)fate->first, (unsigned long long)fate->count,
             (unsigned long long)fate->second, (unsigned long long)fate->bit, l->name,
             sorts[sort].name);
    scene->world->net.doom = *fate;
    scene->world->net.doom.kind = sorts[sort].kind;
    scene->world->net.doom.hold = sorts[sort].hold;
    sim_scene_add_chat(scene);
}

/* All is well, and stays so. */
static void live(sim_scene *scene)
{
    sim_world_run(scene->world, IDLE);
    for (int i = 0; i < 2; i++) {
        assert_true(sim_peer_is_state(scene->peers[i], FLOE_PEER_CONNECTED));
        assert_int_equal(scene->peers[i]->state_at[FLOE_PEER_FAILED], FLOE_TIME_NEVER);
        assert_int_equal(scene->traffic.sides[i].received[0], scene->traffic.plans[0].count);
    }
}

static void die(sim_scene *scene, fate_course *course)
{
    course->packets_alive = scene->world->net.stats.sent;
    floe_peer_close(scene->peers[0]->peer, scene->world->now);
    sim_peer_drain(scene->peers[0]);
    course->is_told = sim_scene_wait(scene, FLOE_PEER_CLOSED, TOLD);
    if (!course->is_told) {
        sim_world_run(scene->world, UNTOLD);
        assert_true(sim_peer_is_state(scene->peers[0], FLOE_PEER_CLOSED));
        assert_true(sim_peer_is_state(scene->peers[1], FLOE_PEER_FAILED));
    }
    course->packets = scene->world->net.stats.sent;
}

/* A packet was changed that nothing protects: it may end the connection, but not in silence. */
static bool may_be_refused(sim_scene *scene, int sort)
{
    const sim_doom *fate = &scene->world->net.doom;
    const char *sentence = "";
    if (sort != FLIP || sim_guard_is_protected((floe_bytes){fate->bytes, fate->len})) {
        return false;
    }
    sim_world_run(scene->world, 80 * FLOE_SECOND); /* ICE's patience, twice */
    for (int i = 0; i < 2; i++) {
        assert_true(sim_peer_is_state(scene->peers[i], FLOE_PEER_FAILED));
        assert_int_not_equal(floe_peer_get_reason(scene->peers[i]->peer, &sentence),
                             FLOE_PEER_FAULT_NONE);
        assert_true(strlen(sentence) > 0);
        assert_int_equal(scene->traffic.sides[i].received[0], 0);
    }
    return true;
}

static fate_course play(int life, int sort, const sim_doom *fate, floe_time patience)
{
    sim_scene scene;
    fate_course course = {0};
    begin(&scene, life, sort, fate);
    floe_time start = scene.world->now;
    course.is_done = sim_scene_play(&scene, patience);
    course.done = scene.world->now - start;
    if (course.is_done) {
        live(&scene);
        die(&scene, &course);
    } else {
        assert_true(may_be_refused(&scene, sort));
    }
    sim_scene_free(&scene);
    return course;
}

/* ---- sweeps ---- */

/* The life in which nothing happens to any packet. */
static fate_course peace_of(int life)
{
    static fate_course peace[LIFE_COUNT];
    const sim_doom none = {0};
    if (!peace[life].is_done) {
        peace[life] = play(life, DROP, &none, 5 * FLOE_SECOND);
        assert_true(peace[life].is_told);
    }
    return peace[life];
}

static void play_one(int life, int sort, const sim_doom *fate, fate_tally *tally)
{
    fate_course peace = peace_of(life);
    bool is_one = fate->count + (fate->second != 0) == 1;
    floe_time late = is_one ? LATE_BY_ONE : LATE_BY_FEW;
    fate_course course = play(life, sort, fate, peace.done + late);
    uint64_t last = fate->second != 0 ? fate->second : fate->first + fate->count - 1;
    if (course.is_done && !course.is_told && last <= course.packets_alive) {
        fail_msg("nothing was lost at the end, and yet the end was not told");
    }
    tally->runs++;
    tally->refused += !course.is_done;
    tally->untold += course.is_done && !course.is_told;
    tally->worst = course.is_done && course.done > tally->worst ? course.done : tally->worst;
}

static void report(int life, const char *what, const fate_tally *tally)
{
    print_message("%-5s %-22s %5u lives, the longest %.3f s to the last message (in peace %.3f s); "
                  "%u ended by a bit, %u by silence\n",
                  lives[life].name, what, tally->runs, (double)tally->worst / (double)FLOE_SECOND,
                  (double)peace_of(life).done / (double)FLOE_SECOND, tally->refused, tally->untold);
}

/* Each packet, and the `count` - 1 that follow it. */
static void sweep(int life, int sort, uint64_t count)
{
    fate_tally tally = {0};
    char what[64];
    for (uint64_t first = 1; first <= peace_of(life).packets; first++) {
        const sim_doom fate = {.first = first, .count = count};
        play_one(life, sort, &fate, &tally);
    }
    snprintf(what, sizeof what, "%s, %llu", sorts[sort].name, (unsigned long long)count);
    report(life, what, &tally);
}

static bool is_thorough(void)
{
    const char *how = getenv("FLOE_SIM_FATES");
    return how != NULL && strcmp(how, "all") == 0;
}

/* Whether a single fate was asked for; then it has been played, and its trace printed. */
static bool has_played_alone(void)
{
    const char *text = getenv("FLOE_SIM_FATE");
    unsigned long long n[4];
    int life, sort;
    if (text == NULL) {
        return false;
    }
    int fields =
        sscanf(text, "%d,%d,%llu,%llu,%llu,%llu", &life, &sort, &n[0], &n[1], &n[2], &n[3]);
    assert_true(fields == 6 && life >= 0 && life < LIFE_COUNT && sort >= 0 && sort < SORT_COUNT);
    const sim_doom fate = {.first = n[0], .count = n[1], .second = n[2], .bit = n[3]};
    fate_tally tally = {0};
    play_one(life, sort, &fate, &tally);
    report(life, "alone", &tally);
    return true;
}

static void sweep_lives(int end, int sort, uint64_t count)
{
    for (int life = 0; life < end && getenv("FLOE_SIM_FATE") == NULL; life++) {
        sweep(life, sort, count);
    }
}

static void sweep_all_lives(int sort, uint64_t count)
{
    sweep_lives(LIFE_COUNT, sort, count);
}

/* ---- tests ---- */

static void test_sim_fates_one_that_is_named_is_played(void **state)
{
    (void)state;
    (void)has_played_alone();
}

static void test_sim_fates_any_packet_may_be_lost(void **state)
{
    (void)state;
    sweep_all_lives(DROP, 1);
}

static void test_sim_fates_any_packet_may_come_twice(void **state)
{
    (void)state;
    sweep_all_lives(TWICE, 1);
}

static void test_sim_fates_any_packet_may_come_late(void **state)
{
    (void)state;
    for (int sort = BEHIND_ITS_FLIGHT; sort <= BEHIND_ITS_LIKE; sort++) {
        sweep_all_lives(sort, 1);
    }
}

static void test_sim_fates_any_few_packets_in_a_row_may_be_lost(void **state)
{
    (void)state;
    sweep_all_lives(DROP, 2);
    sweep_all_lives(DROP, 3);
    /* Not of the relayed life: that TURN server's fifth answer would come after 7.5 s, and it is
     * waited for, with the end of candidates, for five (ice/README.md). */
    sweep_lives(RELAY, DROP, 4);
}

static void test_sim_fates_any_few_packets_in_a_row_may_be_doubled_or_late(void **state)
{
    (void)state;
    sweep_all_lives(TWICE, 3);
    sweep_all_lives(BEHIND_THE_NEXT, 3);
}

static void test_sim_fates_any_two_packets_may_be_lost(void **state)
{
    (void)state;
    for (int life = 0; life < (is_thorough() ? LIFE_COUNT : RELAY); life++) {
        fate_tally tally = {0};
        uint64_t count = getenv("FLOE_SIM_FATE") == NULL ? peace_of(life).packets : 0;
        for (uint64_t first = 1; first <= count; first++) {
            for (uint64_t second = first + 1; second <= count; second++) {
                const sim_doom fate = {.first = first, .count = 1, .second = second};
                play_one(life, DROP, &fate, &tally);
            }
        }
        report(life, "any two lost", &tally);
    }
}

static void test_sim_fates_any_bit_may_be_wrong(void **state)
{
    (void)state;
    uint64_t bits = is_thorough() ? 16 : 3;
    for (int life = 0; life < LIFE_COUNT; life++) {
        fate_tally tally = {0};
        uint64_t count = getenv("FLOE_SIM_FATE") == NULL ? peace_of(life).packets : 0;
        for (uint64_t i = 0; i < count * bits; i++) {
            sim_random dice = sim_random_begin(i, 0xb17);
            const sim_doom fate = {
                .first = i / bits + 1, .count = 1, .bit = sim_random_below(&dice, 8 * SIM_PACKET)};
            play_one(life, FLIP, &fate, &tally);
        }
        report(life, sorts[FLIP].name, &tally);
    }
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_fates_one_that_is_named_is_played),
        SIM(test_sim_fates_any_packet_may_be_lost),
        SIM(test_sim_fates_any_packet_may_come_twice),
        SIM(test_sim_fates_any_packet_may_come_late),
        SIM(test_sim_fates_any_few_packets_in_a_row_may_be_lost),
        SIM(test_sim_fates_any_few_packets_in_a_row_may_be_doubled_or_late),
        SIM(test_sim_fates_any_two_packets_may_be_lost),
        SIM(test_sim_fates_any_bit_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
