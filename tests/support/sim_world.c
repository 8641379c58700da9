/* support/sim_world.c - see support/sim_world.h. */
#include "support/sim_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/floe_config.h"
#include "support/unit.h"
#include "support/virtual_clock.h"

#define RUN_MAX    64u
#define IP_AND_UDP 28u
#define DRAIN_MAX  10000u
#define LAST_WORDS 60u /* trace records */

static sim_world *running; /* for the message after a failure */

sim_world *sim_world_new(uint64_t seed)
{
    sim_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->seed = seed;
    world->random = sim_random_begin(seed, 0x1);
    world->now = SIM_WORLD_START;
    sim_net_init(&world->net, seed);
    sim_random_seed_openssl(seed);
    virtual_clock_set(world->now);
    snprintf(world->again, sizeof world->again, "FLOE_SIM_SEED=%llu", (unsigned long long)seed);
    running = world;
    return world;
}

void sim_world_free(sim_world *world)
{
    for (size_t i = 0; i < SIM_LETTERS; i++) {
        free(world->letters[i].text);
    }
    sim_net_free(&world->net);
    free(world);
    running = NULL;
}

int sim_world_teardown(void **state)
{
    (void)state;
    if (running != NULL) {
        double seconds = (double)(running->now - SIM_WORLD_START) / (double)FLOE_SECOND;
        sim_trace_print(&running->trace, stderr, LAST_WORDS, SIM_WORLD_START);
        fprintf(stderr, "failed %.6f s into the simulation; again: %s\n", seconds, running->again);
        running = NULL; /* what the failed test has left is not freed */
    }
    return 0;
}

int sim_world_add(sim_world *world, const sim_actor *actor)
{
    assert_true(world->actor_count < SIM_ACTORS);
    world->actors[world->actor_count] = *actor;
    return world->actor_count++;
}

static int find_actor(const sim_world *world, int host)
{
    for (int i = 0; i < world->actor_count; i++) {
        if (world->actors[i].host == host) {
            return i;
        }
    }
    return -1;
}

static floe_time deadline_of(const sim_actor *actor)
{
    return actor->deadline != NULL ? actor->deadline(actor->self) : FLOE_TIME_NEVER;
}

/* ---- draining ---- */

/* ChannelData, and a TURN Send or Data indication: they have a whole datagram inside. */
static bool is_wrapped(const uint8_t *packet)
{
    return (packet[0] & 0xf0) == 0x40 ||
           (packet[0] == 0 && (packet[1] == 0x16 || packet[1] == 0x17));
}

static void send_run(sim_world *world, const sim_actor *actor, const floe_transmit *out)
{
    assert_true(out->len > 0 && out->segment > 0 && out->len <= out->cap);
    /* What a server puts around it is not for a peer to know. */
    size_t wrapping = is_wrapped(out->buf) ? SIM_DATAGRAM_MAX - FLOE_DATAGRAM_MAX : 0;
    assert_true(out->segment <= FLOE_DATAGRAM_MAX + wrapping ||
                out->segment + IP_AND_UDP <= world->mtu + wrapping);
    for (size_t at = 0; at < out->len; at += out->segment) {
        size_t size = out->len - at < out->segment ? out->len - at : out->segment;
        floe_bytes datagram = {out->buf + at, size};
        sim_net_send(&world->net, world->now, actor->host, &out->path, datagram);
    }
}

static bool transmit_all(sim_world *world, const sim_actor *actor)
{
    uint8_t buf[RUN_MAX * SIM_MTU_MAX];
    /* Callers have buffers of any size; the smallest is one datagram. */
    size_t segments = 1 + (size_t)sim_random_below(&world->random, RUN_MAX);
    size_t least = world->mtu > SIM_DATAGRAM_MAX ? world->mtu : SIM_DATAGRAM_MAX;
    floe_transmit out = {.buf = buf, .cap = segments * least};
    bool is_sent = false;
    for (unsigned i = 0; actor->transmit(actor->self, &out); i++) {
        assert_true(i < DRAIN_MAX);
        send_run(world, actor, &out);
        is_sent = true;
    }
    return is_sent;
}

void sim_world_drain(sim_world *world, int number)
{
    const sim_actor *actor = &world->actors[number];
    bool is_busy = true;
    if (actor->advance != NULL) {
        actor->advance(actor->self, world->now); /* what is due now has its chance */
    }
    for (unsigned i = 0; is_busy; i++) {
        assert_true(i < DRAIN_MAX);
        is_busy = transmit_all(world, actor);
        if (actor->settle != NULL) {
            actor->settle(actor->self);
            is_busy |= transmit_all(world, actor);
        }
    }
    /* The busy-loop detector: who asks to be woken now, or in the past, never sleeps. */
    assert_true(deadline_of(actor) > world->now);
}

/* ---- letters ---- */

void sim_world_post(sim_world *world, int to, floe_time delay, int kind, const char *text)
{
    for (size_t i = 0; i < SIM_LETTERS; i++) {
        sim_letter *letter = &world->letters[i];
        if (letter->text == NULL) {
            *letter = (sim_letter){world->now + delay, world->letter_order++, to, kind, NULL};
            letter->text = strdup(text);
            assert_non_null(letter->text);
            return;
        }
    }
    fail_msg("too many letters on their way");
}

static sim_letter *first_letter(sim_world *world)
{
    sim_letter *first = NULL;
    for (size_t i = 0; i < SIM_LETTERS; i++) {
        sim_letter *letter = &world->letters[i];
        if (letter->text != NULL && (first == NULL || letter->at < first->at ||
                                     (letter->at == first->at && letter->order < first->order))) {
            first = letter;
        }
    }
    return first;
}

static void deliver_letter(sim_world *world, sim_letter *letter)
{
    int to = letter->to;
    char *text = letter->text;
    letter->text = NULL;
    world->actors[to].read(world->actors[to].self, letter->kind, text);
    free(text);
    sim_world_drain(world, to);
}

/* ---- arrivals ---- */

/* Several datagrams that arrive at once, as the kernel's GRO hands them over. */
typedef struct arrival {
    int host;
    floe_path path;
    size_t len, segment;
    uint8_t bytes[RUN_MAX * SIM_PACKET];
} arrival;

static void append(arrival *run, const sim_datagram *datagram)
{
    memcpy(run->bytes + run->len, datagram->bytes, datagram->len);
    run->len += datagram->len;
}

static bool belongs_to(const sim_world *world, const arrival *run, const sim_datagram *datagram)
{
    return datagram->host == run->host && floe_path_equal(&datagram->path, &run->path) &&
           datagram->len > 0 && datagram->len <= run->segment && run->len % run->segment == 0 &&
           run->len + datagram->len <= sizeof run->bytes && world->steps % 3 != 0;
}

static void deliver(sim_world *world, arrival *run)
{
    int number = find_actor(world, run->host);
    if (number < 0) {
        return; /* nobody listens there */
    }
    const sim_actor *actor = &world->actors[number];
    actor->input(actor->self, world->now, &run->path, run->bytes, run->len, run->segment);
    sim_world_drain(world, number);
}

static void deliver_due(sim_world *world)
{
    static arrival run;
    sim_datagram datagram;
    bool has_next = sim_net_poll(&world->net, world->now, &datagram);
    while (has_next) {
        run.host = datagram.host;
        run.path = datagram.path;
        run.segment = datagram.len;
        run.len = 0;
        do {
            append(&run, &datagram);
            has_next = sim_net_poll(&world->net, world->now, &datagram);
        } while (has_next && belongs_to(world, &run, &datagram));
        deliver(world, &run);
    }
}

/* ---- time ---- */

static void set_time(sim_world *world, floe_time now)
{
    if (now > world->now) {
        world->now = now;
        world->steps_here = 0;
        virtual_clock_set(now);
    }
    assert_true(world->steps_here++ < DRAIN_MAX); /* time must pass */
}

bool sim_world_step(sim_world *world, floe_time until)
{
    sim_letter *letter = first_letter(world);
    floe_time at = sim_net_next(&world->net);
    at = floe_time_min(at, letter == NULL ? FLOE_TIME_NEVER : letter->at);
    for (int i = 0; i < world->actor_count; i++) {
        at = floe_time_min(at, deadline_of(&world->actors[i]));
    }
    if (at > until || at == FLOE_TIME_NEVER) {
        return false;
    }
    assert_true(at >=
                world->now); /* nobody's timer was overlooked, nothing came before it was sent */
    set_time(world, at);
    world->steps++;
    deliver_due(world);
    if (letter != NULL && letter->at <= world->now) {
        deliver_letter(world, letter);
    }
    for (int i = 0; i < world->actor_count; i++) {
        const sim_actor *actor = &world->actors[i];
        if (deadline_of(actor) <= world->now) {
            actor->advance(actor->self, world->now);
            sim_world_drain(world, i);
        }
    }
    return true;
}

static bool is_never(void *ctx)
{
    (void)ctx;
    return false;
}

void sim_world_run(sim_world *world, floe_time duration)
{
    (void)sim_world_run_until(world, duration, is_never, NULL);
}

bool sim_world_run_until(sim_world *world, floe_time duration, bool (*done)(void *ctx), void *ctx)
{
    floe_time end = world->now + duration;
    bool is_done = done(ctx);
    while (!is_done && sim_world_step(world, end)) {
        is_done = done(ctx);
    }
    if (!is_done) {
        set_time(world, end);
    }
    return is_done;
}

void sim_world_for_seeds(uint64_t first, uint64_t count, void (*simulate)(uint64_t seed))
{
    const char *only = getenv("FLOE_SIM_SEED");
    if (only != NULL) {
        simulate(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = first; seed < first + count; seed++) {
        simulate(seed);
    }
}
