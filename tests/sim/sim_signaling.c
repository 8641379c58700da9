/*
 * tests/sim/sim_signaling.c - offers, answers, rollbacks, restarts, candidates, channels and
 * closing in any order that dice make, against a table that says what each call must answer.
 *
 * The two programs send each other letters: what one describes, in order, at any later moment. They
 * do what programs must: an answer to an offer that was taken back is thrown away, and taking back
 * is told. Everything else is chance, wrong calls included. In the end both settle and negotiate as
 * often as they are asked to, which must end; then a message goes through. Where an answer was
 * thrown away one side has agreed to what the other has not, and only the table holds from there.
 * 1000 seeds by default; FLOE_SIM_SIGNALING=n plays n, FLOE_SIM_SEED=n that one alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/peer_pair.h"
#include "support/sim_random.h"
#include "support/unit.h"

#define LETTERS 16u
#define STEPS   60u

typedef struct letter {
    floe_peer_sdp_type type;
    uint32_t offer; /* the number of the offer that it is, answers, or takes back */
    char text[3072];
} letter;

typedef struct program { /* what one of them knows, and what its peer has to answer by that */
    floe_peer *peer;
    int other;
    floe_peer_signaling signaling;
    uint32_t local_offer, remote_offer; /* pending; 0: none */
    bool is_agreed;                     /* once at least */
    bool is_ignoring;                   /* the last description, and its candidates */
    uint32_t channels;
    letter out[LETTERS];
    size_t out_len;
} program;

typedef struct play {
    peer_pair *pair;
    sim_random dice;
    program of[2];
    uint32_t offers;
    bool is_torn;      /* an answer was thrown away */
    bool is_restarted; /* somebody has changed credentials */
    bool is_closed;
} play;

static play now;
static uint64_t now_seed;
static uint32_t now_step;
static bool is_playing;

/* ---- the table ---- */

static bool is_over(const program *p)
{
    bool is_over = floe_peer_get_state(p->peer) == FLOE_PEER_CLOSED;
    assert_true(!is_over || now.is_closed); /* nobody closes by himself */
    return is_over;
}

static floe_err expect_local(const program *p, floe_peer_sdp_type type)
{
    static const bool is_legal[3][3] = {
        [FLOE_PEER_STABLE] = {[FLOE_PEER_OFFER] = true},
        [FLOE_PEER_HAVE_LOCAL_OFFER] = {[FLOE_PEER_OFFER] = true, [FLOE_PEER_ROLLBACK] = true},
        [FLOE_PEER_HAVE_REMOTE_OFFER] = {[FLOE_PEER_ANSWER] = true},
    };
    if (is_over(p)) {
        return FLOE_E_CLOSED;
    }
    return is_legal[p->signaling][type] ? FLOE_OK : FLOE_E_STATE;
}

static floe_err expect_remote(const program *p, floe_peer_sdp_type type)
{
    static const bool is_legal[3][3] = {
        [FLOE_PEER_STABLE] = {[FLOE_PEER_OFFER] = true},
        [FLOE_PEER_HAVE_LOCAL_OFFER] = {[FLOE_PEER_ANSWER] = true},
        [FLOE_PEER_HAVE_REMOTE_OFFER] = {[FLOE_PEER_OFFER] = true, [FLOE_PEER_ROLLBACK] = true},
    };
    if (is_over(p)) {
        return FLOE_E_CLOSED;
    }
    if (type == FLOE_PEER_OFFER && p->signaling == FLOE_PEER_HAVE_LOCAL_OFFER) {
        static const floe_err glare[] = {[FLOE_PEER_GLARE_REFUSED] = FLOE_E_STATE,
                                         [FLOE_PEER_GLARE_POLITE] = FLOE_OK,
                                         [FLOE_PEER_GLARE_IMPOLITE] = FLOE_E_UNKNOWN};
        return glare[p->peer->glare];
    }
    return is_legal[p->signaling][type] ? FLOE_OK : FLOE_E_STATE;
}

static void follow(program *p, floe_peer_signaling next)
{
    p->signaling = next;
    if (next != FLOE_PEER_HAVE_LOCAL_OFFER) {
        p->local_offer = 0;
    }
    if (next != FLOE_PEER_HAVE_REMOTE_OFFER) {
        p->remote_offer = 0;
    }
}

static void check_state(const program *p)
{
    floe_peer_signaling have = floe_peer_get_signaling(p->peer);
    assert_true(have == p->signaling || have == FLOE_PEER_SIGNALING_CLOSED);
    assert_true(have != FLOE_PEER_SIGNALING_CLOSED || now.is_closed);
    floe_peer_check_invariants(p->peer);
}

/* ---- what a program does ---- */

static void post(program *p, floe_peer_sdp_type type, uint32_t offer)
{
    assert_true(p->out_len < LETTERS);
    letter *l = &p->out[p->out_len++];
    l->type = type;
    l->offer = offer;
    l->text[0] = '\0';
    if (type != FLOE_PEER_ROLLBACK) {
        const char *text = peer_pair_describe(now.pair, 1 - p->other);
        assert_true(strlen(text) < sizeof l->text);
        strcpy(l->text, text);
    }
}

static void set_local(program *p, floe_peer_sdp_type type)
{
    floe_err want = expect_local(p, type);
    assert_int_equal(floe_peer_set_local(p->peer, type), want);
    if (want != FLOE_OK) {
        return;
    }
    if (type == FLOE_PEER_OFFER) {
        follow(p, FLOE_PEER_HAVE_LOCAL_OFFER);
        p->local_offer = ++now.offers;
        post(p, type, p->local_offer);
    } else {
        post(p, type, type == FLOE_PEER_ANSWER ? p->remote_offer : p->local_offer);
        p->is_agreed |= type == FLOE_PEER_ANSWER;
        follow(p, FLOE_PEER_STABLE);
    }
}

static void set_remote(program *p, const letter *l)
{
    floe_err want = expect_remote(p, l->type);
    floe_err have = floe_peer_set_remote(p->peer, l->type, floe_bytes_of(l->text), NULL);
    p->is_ignoring = want == FLOE_E_UNKNOWN;
    if (have == FLOE_E_MALFORMED && now.is_torn && want == FLOE_OK) {
        return; /* they want the same role in DTLS: peer/README.md */
    }
    assert_int_equal(have, want);
    if (want != FLOE_OK) {
        return;
    }
    if (l->type == FLOE_PEER_OFFER) {
        follow(p, FLOE_PEER_HAVE_REMOTE_OFFER);
        p->remote_offer = l->offer;
    } else {
        p->is_agreed |= l->type == FLOE_PEER_ANSWER;
        follow(p, FLOE_PEER_STABLE);
    }
}

/* The oldest letter arrives. */
static void deliver(program *from)
{
    static letter l;
    program *to = &now.of[from->other];
    if (from->out_len == 0) {
        return;
    }
    l = from->out[0];
    from->out_len--;
    memmove(from->out, from->out + 1, from->out_len * sizeof l);
    bool is_late = (l.type == FLOE_PEER_ANSWER && l.offer != to->local_offer) ||
                   (l.type == FLOE_PEER_ROLLBACK && l.offer != to->remote_offer);
    now.is_torn |= is_late && l.type == FLOE_PEER_ANSWER;
    if (!is_late) {
        set_remote(to, &l);
    }
}

/* A description that comes when it must not, without a letter. */
static void misdeliver(program *p)
{
    static const letter nothing;
    letter wrong = nothing;
    wrong.type = sim_random_chance(&now.dice, 500) ? FLOE_PEER_ANSWER : FLOE_PEER_ROLLBACK;
    if (expect_remote(p, wrong.type) != FLOE_OK) {
        set_remote(p, &wrong);
    }
}

static void add_candidate(program *p)
{
    floe_bytes host = FLOE_LIT("candidate:9 1 udp 2130706431 192.0.2.99 9 typ host");
    bool is_end = sim_random_chance(&now.dice, 300);
    bool has_remote = p->is_agreed || p->signaling == FLOE_PEER_HAVE_REMOTE_OFFER;
    floe_err err = floe_peer_add_candidate(p->peer, is_end ? (floe_bytes){NULL, 0} : host,
                                           floe_peer_get_mid(p->peer));
    if (is_over(p)) {
        assert_int_equal(err, FLOE_E_CLOSED);
    } else if (p->is_ignoring) {
        assert_int_equal(err, FLOE_E_UNKNOWN);
    } else if (!has_remote) {
        assert_int_equal(err, FLOE_E_STATE);
    } else {
        assert_true(err == FLOE_OK || (err == FLOE_E_UNKNOWN && now.is_restarted));
    }
}

static void open_channel(program *p)
{
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id id;
    if (p->channels == 2) {
        return;
    }
    floe_err err = floe_peer_open_channel(p->peer, &options, &id);
    assert_int_equal(err, is_over(p) ? FLOE_E_CLOSED : FLOE_OK);
    p->channels++;
}

static void close_peer(program *p)
{
    if (sim_random_chance(&now.dice, 200)) {
        now.is_closed = true;
        floe_peer_close(p->peer, now.pair->now);
        assert_int_equal(floe_peer_get_signaling(p->peer), FLOE_PEER_SIGNALING_CLOSED);
    }
}

static void step(program *p)
{
    uint64_t dice = sim_random_below(&now.dice, 100);
    bool has_room = p->out_len < LETTERS;
    if (dice < 35) {
        deliver(p);
    } else if (dice < 47 && has_room) {
        set_local(p, FLOE_PEER_OFFER);
    } else if (dice < 62 && has_room) {
        set_local(p, FLOE_PEER_ANSWER);
    } else if (dice < 66 && has_room) {
        set_local(p, FLOE_PEER_ROLLBACK);
    } else if (dice < 70) {
        misdeliver(p);
    } else if (dice < 76) {
        add_candidate(p);
    } else if (dice < 80) {
        floe_peer_restart_ice(p->peer);
        now.is_restarted = true;
    } else if (dice < 84) {
        open_channel(p);
    } else if (dice < 85) {
        close_peer(p);
    } else {
        uint64_t longest = dice < 98 ? 50 * FLOE_MS : 2 * FLOE_SECOND;
        peer_pair_run(now.pair, 1 + sim_random_below(&now.dice, longest));
    }
    check_state(&now.of[0]);
    check_state(&now.of[1]);
}

/* ---- the end ---- */

static void settle(void)
{
    while (now.of[0].out_len + now.of[1].out_len > 0) {
        deliver(&now.of[0]);
        deliver(&now.of[1]);
    }
    for (int i = 0; i < 2; i++) {
        letter back = {.type = FLOE_PEER_ROLLBACK};
        if (now.of[i].signaling == FLOE_PEER_HAVE_LOCAL_OFFER) {
            set_local(&now.of[i], FLOE_PEER_ROLLBACK);
        } else if (now.of[i].signaling == FLOE_PEER_HAVE_REMOTE_OFFER) {
            set_remote(&now.of[i], &back);
        }
        now.of[i].out_len = 0;
    }
}

static void negotiate(int from)
{
    program *a = &now.of[from], *b = &now.of[1 - from];
    set_local(a, FLOE_PEER_OFFER);
    deliver(a);
    assert_int_equal(b->signaling, FLOE_PEER_HAVE_REMOTE_OFFER);
    set_local(b, FLOE_PEER_ANSWER);
    deliver(b);
    assert_int_equal(a->signaling, FLOE_PEER_STABLE);
}

/* Who has to offer: whoever wants to, or anybody if they have never agreed. -1: nobody. */
static int find_offerer(void)
{
    int first = (int)sim_random_below(&now.dice, 2);
    for (int i = 0; i < 2; i++) {
        int end = first ^ i;
        if (now.of[end].peer->is_negotiation_needed) {
            return end;
        }
    }
    return now.of[0].is_agreed && now.of[1].is_agreed ? -1 : first;
}

/* As often as it is asked for, and never unasked; four times are enough for whatever was left. */
static void negotiate_until_nobody_asks(void)
{
    int from;
    for (int round = 0; (from = find_offerer()) >= 0; round++) {
        assert_true(round < 4);
        negotiate(from);
        if (sim_random_chance(&now.dice, 500)) {
            peer_pair_run(now.pair, 2 * FLOE_SECOND);
        }
    }
    peer_pair_run(now.pair, 2 * FLOE_SECOND);
    assert_int_equal(find_offerer(), -1);
}

static void check_talk(void)
{
    floe_dc_options options = {.label = FLOE_LIT("last")};
    floe_dc_message message;
    floe_dc_id id;
    floe_peer *a = now.of[0].peer, *b = now.of[1].peer;
    assert_int_equal(floe_peer_get_state(a), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_get_state(b), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_open_channel(a, &options, &id), FLOE_OK);
    peer_pair_run(now.pair, FLOE_SECOND);
    assert_int_equal(floe_peer_send(a, id, true, FLOE_LIT("word")), FLOE_OK);
    peer_pair_run(now.pair, FLOE_SECOND);
    assert_true(floe_peer_peek(b, &message));
    assert_int_equal(message.len, 4);
}

static void begin(uint64_t seed)
{
    memset(&now, 0, sizeof now);
    sim_random_seed_openssl(seed);
    now_seed = seed;
    is_playing = true;
    now.dice = sim_random_begin(seed, 0);
    now.pair = peer_pair_new();
    now.pair->random = seed;
    for (int i = 0; i < 2; i++) {
        now.of[i] = (program){.peer = &now.pair->end[i].peer, .other = 1 - i};
    }
    int polite = (int)sim_random_below(&now.dice, 3); /* 2: the programs decide */
    if (polite < 2) {
        now.of[polite].peer->glare = FLOE_PEER_GLARE_POLITE;
        now.of[1 - polite].peer->glare = FLOE_PEER_GLARE_IMPOLITE;
    }
}

/* True if it had to be connected in the end, and was. */
static bool play_seed(uint64_t seed)
{
    begin(seed);
    uint32_t steps = 1 + (uint32_t)sim_random_below(&now.dice, STEPS);
    for (now_step = 0; now_step < steps; now_step++) {
        step(&now.of[sim_random_below(&now.dice, 2)]);
    }
    if (!now.is_closed) {
        settle();
    }
    bool must_connect = !now.is_closed && !now.is_torn;
    if (must_connect) {
        negotiate_until_nobody_asks();
        check_talk();
    }
    for (int i = 0; i < 2; i++) {
        now.is_closed = true;
        floe_peer_close(now.of[i].peer, now.pair->now);
        peer_pair_run(now.pair, FLOE_SECOND);
        assert_int_equal(floe_peer_get_state(now.of[i].peer), FLOE_PEER_CLOSED);
    }
    peer_pair_free(now.pair);
    is_playing = false;
    return must_connect;
}

static int tell(void **state)
{
    (void)state;
    if (is_playing) {
        fprintf(stderr, "after %u steps; again: FLOE_SIM_SEED=%llu\n", now_step,
                (unsigned long long)now_seed);
    }
    return 0;
}

static void test_sim_signaling_in_any_order_follows_the_table_and_connects(void **state)
{
    (void)state;
    UNIT_NEEDS(FLOE_DC_CHANNEL_MAX > 4);
    const char *only = getenv("FLOE_SIM_SEED"), *many = getenv("FLOE_SIM_SIGNALING");
    uint64_t count = many != NULL ? strtoull(many, NULL, 10) : 1000, connected = 0;
    if (only != NULL) {
        (void)play_seed(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= count; seed++) {
        connected += play_seed(seed);
    }
    printf("%llu of %llu had to be connected, and were\n", (unsigned long long)connected,
           (unsigned long long)count);
    assert_true(connected >= count / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sim_signaling_in_any_order_follows_the_table_and_connects,
                                  tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
