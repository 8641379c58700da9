/* Tests of sctp/sctp_pmtu.c: the search as a state machine, against paths that carry so much. */
#include "sctp/sctp_pmtu.h"

#include "support/unit.h"

#define BASE  1160u
#define USUAL 1432u /* of 1500, over IPv4, UDP and DTLS */
#define JUMBO 8932u /* of 9000 */

static floe_sctp_pmtu pmtu;
static floe_sctp_pmtu *const p = &pmtu;

typedef struct outcome {
    unsigned probes;
    floe_time took;
} outcome;

static int set_up(void **state)
{
    (void)state;
    floe_sctp_pmtu_init(p, BASE);
    return 0;
}

/* Go on until nothing is due for a minute; the path carries packets of up to `carries` bytes, and a
 * round trip takes no time. */
static outcome search(size_t carries)
{
    outcome o = {0};
    for (uint64_t wait = 0; wait < 60 * FLOE_SECOND; o.took += wait) {
        if (p->is_due) {
            assert_true(p->probe % 4 == 0 && p->probe <= p->limit);
            o.probes++;
            floe_sctp_pmtu_on_sent(p);
            if (p->probe <= carries) {
                floe_sctp_pmtu_on_answer(p);
            }
        }
        wait = floe_sctp_pmtu_wait(p, 200 * FLOE_MS);
        if (p->is_due || wait == 0 || wait >= 60 * FLOE_SECOND) {
            if (!p->is_due) {
                return o;
            }
            wait = 0;
            continue;
        }
        floe_sctp_pmtu_on_timeout(p);
    }
    return o;
}

static outcome search_anew(size_t carries, uint16_t usual, uint16_t limit)
{
    floe_sctp_pmtu_begin(p, usual, limit);
    assert_int_equal(p->size, BASE);
    return search(carries);
}

static void test_sctp_pmtu_finds_the_usual_size_with_two_probes(void **state)
{
    (void)state;
    outcome o = search_anew(USUAL, USUAL, USUAL);
    assert_int_equal(p->size, USUAL);
    assert_int_equal(p->state, FLOE_SCTP_PMTU_COMPLETE);
    assert_int_equal(o.probes, 2);                  /* of the base size, and of this one */
    assert_int_equal(floe_sctp_pmtu_wait(p, 1), 0); /* there is nothing more to be had */
}

static void test_sctp_pmtu_finds_any_size_in_between(void **state)
{
    (void)state;
    for (uint16_t carries = BASE; carries <= USUAL; carries = (uint16_t)(carries + 4)) {
        outcome o = search_anew(carries, USUAL, USUAL);
        assert_int_equal(p->state, FLOE_SCTP_PMTU_COMPLETE);
        assert_true(p->size <= carries && p->size + FLOE_SCTP_PMTU_STEP + 4u > carries);
        assert_true(o.probes <= 1 + 6 * FLOE_SCTP_PMTU_TRIES);
        assert_true(o.took <= 20 * FLOE_SECOND);
    }
}

static void test_sctp_pmtu_finds_jumbo_frames_or_stays_with_the_usual_ones(void **state)
{
    (void)state;
    outcome o = search_anew(JUMBO, USUAL + 3, JUMBO + 3); /* packets are multiples of four */
    assert_int_equal(p->size, JUMBO);
    assert_int_equal(o.probes, 3);
    o = search_anew(USUAL, USUAL, JUMBO);
    assert_int_equal(p->size, USUAL);
    assert_int_equal(o.probes, 2 + FLOE_SCTP_PMTU_TRIES);
    (void)search_anew(1212, USUAL, JUMBO);
    assert_true(p->size <= 1212 && p->size > 1192);
}

static void test_sctp_pmtu_finds_a_link_of_its_own_below_the_usual(void **state)
{
    (void)state;
    outcome o = search_anew(1300, USUAL, 1302);
    assert_int_equal(p->size, 1300);
    assert_int_equal(o.probes, 2);
}

static void test_sctp_pmtu_is_off_without_room_above_the_base_size(void **state)
{
    (void)state;
    for (uint16_t limit = 0; limit <= BASE; limit = (uint16_t)(limit + BASE)) {
        outcome o = search_anew(JUMBO, USUAL, limit);
        assert_int_equal(o.probes, 0);
        assert_int_equal(p->state, FLOE_SCTP_PMTU_DISABLED);
        floe_sctp_pmtu_on_timeout(p);
        assert_false(p->is_due);
    }
}

static void test_sctp_pmtu_goes_back_to_the_base_size_from_a_black_hole(void **state)
{
    (void)state;
    (void)search_anew(USUAL, USUAL, USUAL);
    floe_sctp_pmtu_on_black_hole(p);
    assert_int_equal(p->size, BASE);
    assert_int_equal(p->state, FLOE_SCTP_PMTU_BASE);
    assert_true(p->is_due);
    (void)search(1300);
    assert_true(p->size <= 1300 && p->size > 1280);
}

static void test_sctp_pmtu_is_back_after_two_probes_if_it_was_bad_luck(void **state)
{
    (void)state;
    (void)search_anew(1300, USUAL, USUAL);
    uint16_t size = p->size;
    floe_sctp_pmtu_on_black_hole(p);
    assert_int_equal(search(1300).probes, 2);
    assert_int_equal(p->size, size);
}

static void test_sctp_pmtu_does_not_take_a_black_hole_at_the_base_size(void **state)
{
    (void)state;
    (void)search_anew(BASE, USUAL, USUAL);
    floe_sctp_pmtu_on_black_hole(p);
    assert_int_equal(p->state, FLOE_SCTP_PMTU_COMPLETE);
    assert_false(p->is_due);
}

static void test_sctp_pmtu_asks_again_for_its_size_where_messages_are_given_up(void **state)
{
    (void)state;
    (void)search_anew(USUAL, USUAL, JUMBO);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 1; i < FLOE_SCTP_PMTU_DOUBTS; i++) {
            assert_false(floe_sctp_pmtu_on_doubt(p));
        }
        assert_true(floe_sctp_pmtu_on_doubt(p));
        assert_int_equal(p->probe, USUAL);
        unsigned probes = search(round < 2 ? USUAL : 1300).probes;
        assert_true(round < 2 ? probes == 1 : probes <= 6 * FLOE_SCTP_PMTU_TRIES);
        assert_int_equal(p->state, FLOE_SCTP_PMTU_COMPLETE);
    }
    assert_true(p->size <= 1300 && p->size > 1280);
}

static void test_sctp_pmtu_has_no_doubts_about_the_base_size_or_in_a_search(void **state)
{
    (void)state;
    (void)search_anew(BASE, USUAL, USUAL);
    for (unsigned i = 0; i < 3 * FLOE_SCTP_PMTU_DOUBTS; i++) {
        assert_false(floe_sctp_pmtu_on_doubt(p));
    }
    floe_sctp_pmtu_on_timeout(p);
    assert_int_equal(p->state, FLOE_SCTP_PMTU_SEARCHING);
    for (unsigned i = 0; i < 3 * FLOE_SCTP_PMTU_DOUBTS; i++) {
        assert_false(floe_sctp_pmtu_on_doubt(p));
    }
}

static void test_sctp_pmtu_looks_for_more_every_ten_minutes(void **state)
{
    (void)state;
    (void)search_anew(1300, USUAL, USUAL);
    assert_int_equal(floe_sctp_pmtu_wait(p, 1), FLOE_SCTP_PMTU_RAISE_US);
    floe_sctp_pmtu_on_timeout(p);
    assert_int_equal(search(USUAL).probes, 1);
    assert_int_equal(p->size, USUAL);
}

static void test_sctp_pmtu_of_a_peer_that_answers_no_probe_stays_at_the_base_size(void **state)
{
    (void)state;
    outcome o = search_anew(0, USUAL, USUAL);
    assert_int_equal(p->state, FLOE_SCTP_PMTU_ERROR);
    assert_int_equal(p->size, BASE);
    assert_int_equal(o.probes, FLOE_SCTP_PMTU_TRIES);
    assert_int_equal(floe_sctp_pmtu_wait(p, 1), FLOE_SCTP_PMTU_RAISE_US);
}

static void test_sctp_pmtu_begins_again_when_a_path_is_back(void **state)
{
    (void)state;
    (void)search_anew(USUAL, USUAL, USUAL);
    floe_sctp_pmtu_on_black_hole(p);
    for (unsigned i = 0; i < FLOE_SCTP_PMTU_TRIES; i++) {
        assert_true(p->is_due);
        floe_sctp_pmtu_on_sent(p);
        floe_sctp_pmtu_on_timeout(p);
    }
    assert_int_equal(p->state, FLOE_SCTP_PMTU_ERROR);
    assert_int_equal(floe_sctp_pmtu_wait(p, 1), FLOE_SCTP_PMTU_ERROR_US);
    floe_sctp_pmtu_on_timeout(p);
    assert_int_equal(search(USUAL).probes, 2);
    assert_int_equal(p->size, USUAL);
}

static void test_sctp_pmtu_does_not_believe_an_answer_to_nothing(void **state)
{
    (void)state;
    floe_sctp_pmtu_begin(p, USUAL, USUAL);
    floe_sctp_pmtu_on_answer(p);
    assert_int_equal(p->state, FLOE_SCTP_PMTU_BASE);
    floe_sctp_pmtu_on_timeout(p);
    floe_sctp_pmtu_on_sent(p);
    floe_sctp_pmtu_on_answer(p);
    floe_sctp_pmtu_on_answer(p); /* twice */
    assert_int_equal(p->size, BASE);
    assert_int_equal(p->probe, USUAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_sctp_pmtu_finds_the_usual_size_with_two_probes),
        TEST(test_sctp_pmtu_finds_any_size_in_between),
        TEST(test_sctp_pmtu_finds_jumbo_frames_or_stays_with_the_usual_ones),
        TEST(test_sctp_pmtu_finds_a_link_of_its_own_below_the_usual),
        TEST(test_sctp_pmtu_is_off_without_room_above_the_base_size),
        TEST(test_sctp_pmtu_goes_back_to_the_base_size_from_a_black_hole),
        TEST(test_sctp_pmtu_is_back_after_two_probes_if_it_was_bad_luck),
        TEST(test_sctp_pmtu_does_not_take_a_black_hole_at_the_base_size),
        TEST(test_sctp_pmtu_asks_again_for_its_size_where_messages_are_given_up),
        TEST(test_sctp_pmtu_has_no_doubts_about_the_base_size_or_in_a_search),
        TEST(test_sctp_pmtu_looks_for_more_every_ten_minutes),
        TEST(test_sctp_pmtu_of_a_peer_that_answers_no_probe_stays_at_the_base_size),
        TEST(test_sctp_pmtu_begins_again_when_a_path_is_back),
        TEST(test_sctp_pmtu_does_not_believe_an_answer_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
