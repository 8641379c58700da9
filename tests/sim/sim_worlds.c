/*
 * tests/sim/sim_worlds.c - small worlds, all of them: two ICE agents with two candidates each, and
 * every order in which their packets and their timers can come, and every loss, up to a depth.
 *
 * What happens next in a world is that one of the packets in flight arrives, or that time goes by
 * until the next timer of either agent; what never arrives is lost. Agents are copied by
 * assignment, so a world can be left and come back to: the search goes depth first, with a stack of
 * its own, and does not enter a world twice (same agents, packets, time and dice).
 *
 * In each world the network is then mended: what is in flight is lost (and where the search ends,
 * once more: all of it arrives), and from there on everything comes through. Then within MEND_TIME
 * both must have selected the same pair and be of opposite roles, and must still be a while later.
 * The searches begin at several points of a connection that goes well, so that all phases of it are
 * met: the conflict of roles, checks, nomination.
 *
 * FLOE_SIM_DEPTH=n searches deeper. A failure prints FLOE_SIM_WORLD=setup,events,actions: with that
 * in the environment this world alone is entered.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent.h"
#include "support/sim_random.h"
#include "support/unit.h"

#define DEPTH      6
#define DEPTH_MAX  24
#define FLIGHT_MAX 64u
#define DELAY      (10 * FLOE_MS)
#define SETTLED    (2 * FLOE_SECOND)
/* A check whose packets were all lost so far is repeated after 0.5, 1, 2 and 4 s; by then the other
 * agent's checks, which trigger ours, have come through. */
#define MEND_TIME (8 * FLOE_SECOND)

typedef struct world_packet {
    floe_time at; /* when it arrives where the network is good */
    floe_path path;
    uint32_t to;
    uint32_t len;
    uint8_t bytes[160];
} world_packet;

typedef struct world {
    floe_ice_agent agent[2];
    sim_random random[2]; /* the agents' dice */
    floe_time now;
    uint64_t count;
    world_packet flight[FLIGHT_MAX]; /* the first `count` */
} world;

/* The world that is being played, at a place of its own: the agents know where their dice are. */
static world live;

typedef struct world_setup {
    const char *name;
    floe_ice_role roles[2];
    bool has_equal_ties;
} world_setup;

static const world_setup setups[] = {
    {"roles agreed", {FLOE_ICE_CONTROLLING, FLOE_ICE_CONTROLLED}, false},
    {"both controlling", {FLOE_ICE_CONTROLLING, FLOE_ICE_CONTROLLING}, false},
    {"both controlled", {FLOE_ICE_CONTROLLED, FLOE_ICE_CONTROLLED}, false},
    {"both controlling, equal tie-breakers", {FLOE_ICE_CONTROLLING, FLOE_ICE_CONTROLLING}, true},
    {"both controlled, equal tie-breakers", {FLOE_ICE_CONTROLLED, FLOE_ICE_CONTROLLED}, true},
};

#define SETUPS (sizeof setups / sizeof *setups)

/* Where we are, for the message after a failure. */
static struct {
    bool is_searching, is_talking;
    size_t setup;
    unsigned events;
    char actions[DEPTH_MAX + 1];
} place;

static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"; /* of actions */

/* ---- talking, when a world is entered alone ---- */

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list args;
    if (!place.is_talking) {
        return;
    }
    printf("%10.6f ", (double)live.now / (double)FLOE_SECOND);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static void say_packet(const char *what, const world_packet *packet)
{
    char from[FLOE_ADDR_TEXT_MAX], to[FLOE_ADDR_TEXT_MAX];
    say("%s, %#x, from %s to %s", what, (unsigned)packet->bytes[0] << 8 | packet->bytes[1],
        floe_addr_text(&packet->path.remote, from), floe_addr_text(&packet->path.local, to));
}

/* ---- the world moves ---- */

static void drain(int side)
{
    floe_ice_agent *agent = &live.agent[side];
    uint8_t buf[FLOE_DATAGRAM_MAX];
    floe_transmit out = {.buf = buf, .cap = sizeof buf};
    floe_ice_event event;
    while (floe_ice_agent_poll_transmit(agent, &out)) {
        world_packet *packet = &live.flight[live.count];
        assert_true(live.count < FLIGHT_MAX && out.segment == out.len &&
                    out.len <= sizeof packet->bytes);
        memset(packet, 0, sizeof *packet);
        packet->at = live.now + DELAY;
        packet->path.local = out.path.remote;
        packet->path.remote = out.path.local;
        packet->path.transport = out.path.transport;
        packet->to = (uint32_t)!side;
        packet->len = (uint32_t)out.len;
        memcpy(packet->bytes, buf, out.len);
        live.count++;
        say_packet("sent", packet);
    }
    while (floe_ice_agent_poll_event(agent, &event)) {
    }
    floe_ice_agent_check_invariants(agent);
    assert_true(floe_ice_agent_deadline(agent) > live.now);
}

static floe_time next_timer(void)
{
    return floe_time_min(floe_ice_agent_deadline(&live.agent[0]),
                         floe_ice_agent_deadline(&live.agent[1]));
}

static void pass_time(floe_time until)
{
    live.now = until > live.now ? until : live.now;
    for (int side = 0; side < 2; side++) {
        if (floe_ice_agent_deadline(&live.agent[side]) <= live.now) {
            floe_ice_agent_advance(&live.agent[side], live.now);
            drain(side);
        }
    }
}

static void deliver(uint64_t i)
{
    world_packet packet = live.flight[i];
    live.count--;
    memmove(&live.flight[i], &live.flight[i + 1], (live.count - i) * sizeof *live.flight);
    floe_bytes bytes = {packet.bytes, packet.len};
    say_packet("arrives", &packet);
    (void)!floe_ice_agent_input(&live.agent[packet.to], live.now, &packet.path, bytes);
    drain((int)packet.to);
}

/* Action 0: time goes by; i: packet i - 1 arrives. */
static void act(uint64_t action)
{
    if (action == 0) {
        say("time goes by");
        pass_time(next_timer());
    } else {
        deliver(action - 1);
    }
}

/* ---- the beginning ---- */

static void begin(const world_setup *setup)
{
    memset(&live, 0, sizeof live);
    for (int side = 0; side < 2; side++) {
        live.random[side] = sim_random_begin((uint64_t)side, 0x3001d);
        const floe_ice_config config = {.role = setup->roles[side],
                                        .rand = sim_random_source(&live.random[side])};
        assert_int_equal(floe_ice_agent_init(&live.agent[side], &config, 0), FLOE_OK);
        for (unsigned n = 0; n < 2; n++) {
            uint8_t last = (uint8_t)(100 * side + (int)n + 1);
            floe_addr addr = floe_addr_from_ipv4(192, 0, 2, last, (uint16_t)(5000 + n));
            floe_err err =
                floe_ice_agent_add_local(&live.agent[side], &addr, (uint16_t)(65535 - n));
            assert_int_equal(err, FLOE_OK);
        }
        floe_ice_agent_end_local(&live.agent[side]);
    }
    if (setup->has_equal_ties) {
        live.agent[1].tie_breaker = live.agent[0].tie_breaker;
    }
}

static void tell(int side)
{
    floe_ice_agent *to = &live.agent[side];
    const floe_ice_agent *from = &live.agent[!side];
    floe_bytes ufrag, pwd;
    floe_ice_cand cand;
    floe_ice_agent_get_local(from, &ufrag, &pwd);
    assert_int_equal(floe_ice_agent_set_remote(to, ufrag, pwd, false), FLOE_OK);
    for (size_t cursor = 0; floe_ice_agent_next_local(from, &cursor, &cand);) {
        assert_int_equal(floe_ice_agent_add_remote(to, &cand), FLOE_OK);
    }
    floe_ice_agent_end_remote(to);
}

/* What a good network does next: the earliest arrival or timer. False: not by `until`. */
static bool go_well(floe_time until)
{
    floe_time at = next_timer();
    uint64_t first = live.count;
    for (uint64_t i = 0; i < live.count; i++) {
        if (live.flight[i].at < at) {
            at = live.flight[i].at;
            first = i;
        }
    }
    if (at > until) {
        return false;
    }
    live.now = at > live.now ? at : live.now;
    if (first < live.count) {
        deliver(first);
    }
    pass_time(live.now);
    return true;
}

/* A world that has gone well for so many events. */
static void enter(size_t setup, unsigned events)
{
    begin(&setups[setup]);
    tell(0);
    tell(1);
    drain(0);
    drain(1);
    for (unsigned i = 0; i < events; i++) {
        assert_true(go_well(10 * FLOE_SECOND));
    }
}

/* ---- the end ---- */

static bool has_agreed(void)
{
    floe_ice_stats a, b;
    for (int side = 0; side < 2; side++) {
        if (floe_ice_agent_get_state(&live.agent[side]) != FLOE_ICE_COMPLETED) {
            return false;
        }
    }
    floe_ice_agent_get_stats(&live.agent[0], &a);
    floe_ice_agent_get_stats(&live.agent[1], &b);
    return floe_addr_equal(&a.local.addr, &b.remote.addr) &&
           floe_addr_equal(&a.remote.addr, &b.local.addr) &&
           floe_ice_agent_get_role(&live.agent[0]) != floe_ice_agent_get_role(&live.agent[1]);
}

/* What either would send now is taken by the other. */
static void check_paths(void)
{
    for (int side = 0; side < 2; side++) {
        floe_path path;
        if (floe_ice_agent_get_path(&live.agent[side], &path)) {
            floe_path back = {path.remote, path.local, path.transport};
            assert_true(floe_ice_agent_accept(&live.agent[!side], live.now, &back));
        }
    }
}

typedef struct world_tally {
    uint64_t worlds, known, mended, steps;
    floe_time worst; /* from mending to agreement */
} world_tally;

/* From now on everything comes through. */
static void mend(world_tally *tally)
{
    floe_time start = live.now;
    for (uint64_t i = 0; i < live.count; i++) {
        live.flight[i].at = live.now + DELAY;
    }
    floe_time since = FLOE_TIME_NEVER; /* have agreed, without a break */
    do {
        since = !has_agreed() ? FLOE_TIME_NEVER : floe_time_min(since, live.now);
        tally->steps++;
    } while ((since == FLOE_TIME_NEVER || live.now - since < SETTLED) &&
             go_well(start + MEND_TIME + SETTLED));
    say("settled, role %d, state %d and role %d, state %d", floe_ice_agent_get_role(&live.agent[0]),
        floe_ice_agent_get_state(&live.agent[0]), floe_ice_agent_get_role(&live.agent[1]),
        floe_ice_agent_get_state(&live.agent[1]));
    assert_true(since <= start + MEND_TIME);
    check_paths();
    tally->mended++;
    tally->worst = since - start > tally->worst ? since - start : tally->worst;
}

/* ---- worlds that were met ---- */

#define MET_SIZE (UINT64_C(1) << 22)

typedef struct met_world {
    uint64_t hash; /* 0: free */
    uint32_t left; /* depth that was left to it */
} met_world;

static met_world *met;

static uint64_t hash_bytes(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t hash = len;
    for (; len >= sizeof hash; p += sizeof hash, len -= sizeof hash) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
        hash ^= hash >> 32;
    }
    return hash;
}

/* In which order packets were sent does not matter: they may come in any. */
static uint64_t hash_world(void)
{
    uint64_t hash = hash_bytes(&live, offsetof(world, count));
    for (uint64_t i = 0; i < live.count; i++) {
        const world_packet *packet = &live.flight[i];
        hash += hash_bytes(&packet->path, sizeof *packet - offsetof(world_packet, path));
    }
    return hash == 0 ? 1 : hash;
}

/* Whether this world was met with as much depth left; else it is noted. */
static bool was_met(unsigned left)
{
    uint64_t hash = hash_world();
    uint64_t at = hash % MET_SIZE;
    for (unsigned i = 0; i < 64; i++, at = (at + 1) % MET_SIZE) {
        met_world *slot = &met[at];
        if (slot->hash == hash && slot->left >= left) {
            return true;
        }
        if (slot->hash == 0 || slot->hash == hash) {
            *slot = (met_world){hash, left};
            return false;
        }
    }
    return false; /* crowded: it is entered again */
}

/* ---- the search ---- */

typedef struct frame {
    world world;
    uint64_t next; /* action */
} frame;

static frame *stack;

static size_t size_of_world(const world *w)
{
    return offsetof(world, flight) + w->count * sizeof *w->flight;
}

static void save(frame *f)
{
    memcpy(&f->world, &live, size_of_world(&live));
}

static void restore(const frame *f)
{
    memcpy(&live, &f->world, size_of_world(&f->world));
}

/* The world on top of the stack, with what is in flight lost, or arriving. */
static void try_to_mend(unsigned depth, bool is_last, world_tally *tally)
{
    check_paths();
    restore(&stack[depth]);
    live.count = 0;
    mend(tally);
    if (is_last) {
        restore(&stack[depth]);
        mend(tally);
    }
}

static void push(unsigned depth, unsigned depth_max, world_tally *tally)
{
    save(&stack[depth]);
    stack[depth].next = 0;
    tally->worlds++;
    try_to_mend(depth, depth == depth_max, tally);
}

static void name_action(unsigned depth, uint64_t action)
{
    assert_true(action < sizeof letters - 1);
    place.actions[depth] = letters[action];
    place.actions[depth + 1] = '\0';
}

static void search(unsigned depth_max, world_tally *tally)
{
    unsigned depth = 0;
    push(0, depth_max, tally);
    for (;;) {
        frame *top = &stack[depth];
        if (depth == depth_max || top->next > top->world.count) {
            if (depth == 0) {
                return;
            }
            depth--;
            continue;
        }
        restore(top);
        name_action(depth, top->next);
        act(top->next++);
        if (was_met(depth_max - depth - 1)) {
            tally->known++;
            continue;
        }
        push(++depth, depth_max, tally);
    }
}

/* ---- tests ---- */

static unsigned depth_wanted(void)
{
    const char *text = getenv("FLOE_SIM_DEPTH");
    unsigned depth = text == NULL ? DEPTH : (unsigned)strtoul(text, NULL, 10);
    assert_true(depth <= DEPTH_MAX);
    return depth;
}

/* How many events it takes a good network to connect them. */
static unsigned count_events(size_t setup)
{
    unsigned events = 0;
    enter(setup, 0);
    while (!has_agreed()) {
        assert_true(go_well(MEND_TIME));
        events++;
    }
    return events;
}

static bool is_alone(void)
{
    return getenv("FLOE_SIM_WORLD") != NULL;
}

static void explore(size_t setup)
{
    world_tally tally = {0};
    unsigned depth = depth_wanted();
    unsigned events = is_alone() ? 0 : count_events(setup);
    place.is_searching = true;
    place.setup = setup;
    memset(met, 0, MET_SIZE * sizeof *met);
    for (place.events = 0; place.events < events; place.events += (depth + 1) / 2) {
        place.actions[0] = '\0';
        enter(setup, place.events);
        search(depth, &tally);
    }
    place.is_searching = false;
    print_message("%s: %llu worlds up to depth %u (%llu more were met before), %llu mended in "
                  "%llu steps, agreed at the latest %.3f s later\n",
                  setups[setup].name, (unsigned long long)tally.worlds, depth,
                  (unsigned long long)tally.known, (unsigned long long)tally.mended,
                  (unsigned long long)tally.steps, (double)tally.worst / (double)FLOE_SECOND);
}

static int set_up(void **state)
{
    (void)state;
    met = malloc(MET_SIZE * sizeof *met);
    stack = malloc((DEPTH_MAX + 1) * sizeof *stack);
    return met != NULL && stack != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(met);
    free(stack);
    return 0;
}

static int say_where(void **state)
{
    (void)state;
    if (place.is_searching) {
        fprintf(stderr, "in the setup \"%s\"; again: FLOE_SIM_WORLD=%zu,%u,%s\n",
                setups[place.setup].name, place.setup, place.events, place.actions);
    }
    place.is_searching = false;
    return 0;
}

static void test_sim_worlds_one_that_is_named_is_entered(void **state)
{
    char actions[DEPTH_MAX + 1] = "";
    size_t setup;
    unsigned events;
    world_tally tally = {0};
    (void)state;
    if (!is_alone()) {
        return;
    }
    int fields = sscanf(getenv("FLOE_SIM_WORLD"), "%zu,%u,%24[0-9a-z]", &setup, &events, actions);
    assert_true(fields >= 2 && setup < SETUPS);
    enter(setup, events);
    place.is_talking = true;
    for (size_t i = 0; actions[i] != '\0'; i++) {
        act((uint64_t)(strchr(letters, actions[i]) - letters));
    }
    save(&stack[0]);
    say("what is in flight is lost");
    try_to_mend(0, false, &tally);
    say("once more, and what is in flight arrives");
    restore(&stack[0]);
    mend(&tally);
    place.is_talking = false;
}

static void test_sim_worlds_of_agreed_roles_all_end_well(void **state)
{
    (void)state;
    explore(0);
}

static void test_sim_worlds_of_two_who_control_all_end_well(void **state)
{
    (void)state;
    explore(1);
}

static void test_sim_worlds_of_two_who_are_controlled_all_end_well(void **state)
{
    (void)state;
    explore(2);
}

static void test_sim_worlds_of_two_who_control_with_equal_tie_breakers_all_end_well(void **state)
{
    (void)state;
    explore(3);
}

static void test_sim_worlds_of_two_controlled_with_equal_tie_breakers_all_end_well(void **state)
{
    (void)state;
    explore(4);
}

#define SIM(test) cmocka_unit_test_teardown(test, say_where)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_worlds_one_that_is_named_is_entered),
        SIM(test_sim_worlds_of_agreed_roles_all_end_well),
        SIM(test_sim_worlds_of_two_who_control_all_end_well),
        SIM(test_sim_worlds_of_two_who_are_controlled_all_end_well),
        SIM(test_sim_worlds_of_two_who_control_with_equal_tie_breakers_all_end_well),
        SIM(test_sim_worlds_of_two_controlled_with_equal_tie_breakers_all_end_well),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
