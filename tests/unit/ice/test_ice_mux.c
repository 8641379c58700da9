/* Unit tests of ice/ice_mux.c. */
#include "ice/ice_mux.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "support/ice_message.h"
#include "support/sim_random.h"
#include "support/unit.h"

#define OWNER_MAX 4u

typedef struct fixture {
    floe_ice_mux mux;
    void *memory;
    sim_random random;
    uint8_t buf[FLOE_DATAGRAM_MAX];
} fixture;

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    f.random = sim_random_begin(1, 0);
    f.memory = malloc(floe_ice_mux_size(OWNER_MAX));
    floe_ice_mux_init(&f.mux, f.memory, OWNER_MAX, sim_random_source(&f.random));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    floe_ice_mux_check_invariants(&f->mux);
    free(f->memory);
    return 0;
}

static floe_path path_from(uint16_t port)
{
    return (floe_path){.local = floe_addr_from_ipv4(192, 0, 2, 1, 7000),
                       .remote = floe_addr_from_ipv4(198, 51, 100, 9, port),
                       .transport = FLOE_UDP};
}

static floe_bytes check_for(fixture *f, const char *username)
{
    ice_message check = ice_message_check(true);
    check.username = username;
    return ice_message_write(&check, f->buf);
}

static void expect(fixture *f, uint16_t port, floe_bytes datagram, uint32_t owner, uint32_t rival)
{
    floe_path path = path_from(port);
    floe_ice_mux_found found = floe_ice_mux_find(&f->mux, &path, datagram);
    assert_int_equal(found.owner, owner);
    assert_int_equal(found.rival, rival);
}

static void take(fixture *f, uint16_t port, uint32_t owner, floe_err expected)
{
    floe_path path = path_from(port);
    assert_int_equal(floe_ice_mux_take(&f->mux, &path, owner), expected);
}

static void add_name(fixture *f, const char *ufrag, uint32_t owner)
{
    assert_int_equal(floe_ice_mux_add_name(&f->mux, floe_bytes_of(ufrag), owner), FLOE_OK);
}

static floe_ice_mux_stats stats_of(const fixture *f)
{
    floe_ice_mux_stats stats;
    floe_ice_mux_get_stats(&f->mux, &stats);
    return stats;
}

static void test_ice_mux_check_goes_to_whom_the_first_half_of_its_username_names(void **state)
{
    fixture *f = *state;
    add_name(f, "anna", 1);
    add_name(f, "bert", 2);
    expect(f, 5000, check_for(f, "anna:bert"), 1, 0);
    expect(f, 5000, check_for(f, "bert:anna"), 2, 0);
    assert_int_equal(stats_of(f).by_name, 2);
}

static void test_ice_mux_check_for_nobody_is_counted_and_changes_nothing(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"carl:anna", "anna", ":anna", "ann:x", "annaa:x", ""};
    add_name(f, "anna", 1);
    floe_ice_mux_stats before = stats_of(f);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect(f, 5000, check_for(f, names[i]), 0, 0);
    }
    expect(f, 5000, check_for(f, NULL), 0, 0);
    before.dropped_unknown = sizeof names / sizeof names[0] + 1;
    floe_ice_mux_stats after = stats_of(f);
    assert_memory_equal(&after, &before, sizeof after);
}

static void test_ice_mux_check_does_not_take_its_path(void **state)
{
    fixture *f = *state;
    add_name(f, "anna", 1);
    expect(f, 5000, check_for(f, "anna:x"), 1, 0);
    expect(f, 5000, FLOE_LIT("\x17 data"), 0, 0);
}

static void test_ice_mux_data_goes_to_who_has_the_path(void **state)
{
    fixture *f = *state;
    take(f, 5000, 1, FLOE_OK);
    take(f, 5001, 2, FLOE_OK);
    expect(f, 5000, FLOE_LIT("\x17 data"), 1, 0);
    expect(f, 5001, FLOE_LIT("\x17 data"), 2, 0);
    expect(f, 5002, FLOE_LIT("\x17 data"), 0, 0);
    assert_int_equal(stats_of(f).by_path, 2);
    assert_int_equal(stats_of(f).dropped_unknown, 1);
}

static void test_ice_mux_path_is_told_apart_by_each_of_its_ends(void **state)
{
    fixture *f = *state;
    floe_path path = path_from(5000);
    take(f, 5000, 1, FLOE_OK);
    path.local.port++;
    assert_int_equal(floe_ice_mux_find(&f->mux, &path, FLOE_LIT("\x17")).owner, 0);
    path = path_from(5000);
    path.remote.ip[3]++;
    assert_int_equal(floe_ice_mux_find(&f->mux, &path, FLOE_LIT("\x17")).owner, 0);
}

/* Whoever shows up with a thousand ports has more than his share only as long as there is room. */
static void test_ice_mux_who_has_less_than_his_share_of_paths_finds_room(void **state)
{
    fixture *f = *state;
    const uint16_t all = OWNER_MAX * FLOE_ICE_MUX_PATHS;
    for (uint16_t i = 0; i < all; i++) {
        take(f, (uint16_t)(5000 + i), 1, FLOE_OK);
    }
    take(f, 4000, 1, FLOE_E_FULL);
    for (uint16_t owner = 2; owner <= OWNER_MAX; owner++) {
        for (uint16_t i = 0; i < FLOE_ICE_MUX_PATHS; i++) {
            assert_true(floe_ice_mux_make_room(&f->mux, owner));
            take(f, (uint16_t)(6000 + 100 * owner + i), owner, FLOE_OK);
            take(f, 4000, owner, FLOE_E_FULL);
        }
        assert_false(floe_ice_mux_make_room(&f->mux, owner));
    }
    assert_false(floe_ice_mux_make_room(&f->mux, 1));
    assert_int_equal(stats_of(f).paths, all);
    for (uint16_t i = 0; i < FLOE_ICE_MUX_PATHS; i++) {
        expect(f, (uint16_t)(6200 + i), FLOE_LIT("\x17 data"), 2, 0);
    }
    floe_ice_mux_remove(&f->mux, 1);
    assert_int_equal(stats_of(f).paths, all - FLOE_ICE_MUX_PATHS);
    take(f, 4000, 1, FLOE_OK);
}

static void test_ice_mux_path_of_somebody_else_can_not_be_taken(void **state)
{
    fixture *f = *state;
    add_name(f, "bert", 2);
    take(f, 5000, 1, FLOE_OK);
    take(f, 5000, 1, FLOE_OK);
    take(f, 5000, 2, FLOE_E_STATE);
    expect(f, 5000, FLOE_LIT("\x17 data"), 1, 0);
    expect(f, 5000, check_for(f, "bert:x"), 2, 1);
    floe_path path = path_from(5000);
    floe_ice_mux_release(&f->mux, &path);
    take(f, 5000, 2, FLOE_OK);
    expect(f, 5000, check_for(f, "bert:x"), 2, 0);
}

/* Two agents ask one server from one address. */
static void test_ice_mux_response_goes_to_who_has_asked(void **state)
{
    fixture *f = *state;
    ice_message message = {.cls = FLOE_STUN_REQUEST};
    for (uint8_t i = 1; i <= 2; i++) {
        memset(message.tid, i, sizeof message.tid);
        floe_ice_mux_sent(&f->mux, ice_message_write(&message, f->buf), i);
        floe_ice_mux_sent(&f->mux, ice_message_write(&message, f->buf), i);
    }
    message.cls = FLOE_STUN_SUCCESS;
    for (uint8_t i = 2; i > 0; i--) {
        memset(message.tid, i, sizeof message.tid);
        expect(f, 3478, ice_message_write(&message, f->buf), i, 0);
    }
    assert_int_equal(stats_of(f).by_request, 2);
}

static void test_ice_mux_response_that_nobody_knows_goes_to_who_has_the_path(void **state)
{
    fixture *f = *state;
    ice_message response = {.cls = FLOE_STUN_SUCCESS, .tid = {7}};
    expect(f, 5000, ice_message_write(&response, f->buf), 0, 0);
    take(f, 5000, 3, FLOE_OK);
    expect(f, 5000, ice_message_write(&response, f->buf), 3, 0);
}

static void test_ice_mux_forgets_the_oldest_requests(void **state)
{
    fixture *f = *state;
    ice_message request = {.cls = FLOE_STUN_REQUEST};
    ice_message response = {.cls = FLOE_STUN_SUCCESS};
    unsigned known = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        request.tid[0] = (uint8_t)i;
        request.tid[4] = (uint8_t)(i >> 8);
        floe_ice_mux_sent(&f->mux, ice_message_write(&request, f->buf), 1);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        response.tid[0] = (uint8_t)i;
        response.tid[4] = (uint8_t)(i >> 8);
        floe_path path = path_from(5000);
        bool is_known =
            floe_ice_mux_find(&f->mux, &path, ice_message_write(&response, f->buf)).owner == 1;
        known += is_known;
        assert_true(is_known || i < 1000 - FLOE_ICE_MUX_REQUESTS * OWNER_MAX);
    }
    assert_int_equal(known, FLOE_ICE_MUX_REQUESTS * OWNER_MAX);
}

static void test_ice_mux_says_when_it_has_no_room_for_a_path(void **state)
{
    fixture *f = *state;
    for (uint16_t i = 0; i < FLOE_ICE_MUX_PATHS * OWNER_MAX; i++) {
        take(f, i, 1, FLOE_OK);
    }
    take(f, 9000, 1, FLOE_E_FULL);
    floe_path path = path_from(3);
    floe_ice_mux_release(&f->mux, &path);
    take(f, 9000, 1, FLOE_OK);
}

/* A restart: checks with the fragment of before it are answered for a while. */
static void test_ice_mux_owner_has_the_two_newest_names(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"n1:x", "n2:x", "n3:x", "n4:x", "n5:x"};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(
            floe_ice_mux_add_name(&f->mux, (floe_bytes){(const uint8_t *)names[i], 2}, 4), FLOE_OK);
        floe_ice_mux_check_invariants(&f->mux);
        for (size_t j = 0; j < 5; j++) {
            expect(f, 5000, check_for(f, names[j]), j == i || j + 1 == i ? 4 : 0, 0);
        }
    }
    add_name(f, "n4", 4);
    assert_int_equal(floe_ice_mux_add_name(&f->mux, FLOE_LIT("n4"), 2), FLOE_E_ARG);
}

static void test_ice_mux_owner_that_goes_leaves_nothing_behind(void **state)
{
    fixture *f = *state;
    ice_message request = {.cls = FLOE_STUN_REQUEST, .tid = {5}};
    ice_message response = {.cls = FLOE_STUN_SUCCESS, .tid = {5}};
    for (uint32_t i = 1; i <= 2; i++) {
        add_name(f, i == 1 ? "anna" : "bert", i);
        take(f, (uint16_t)(5000 + i), i, FLOE_OK);
    }
    floe_ice_mux_sent(&f->mux, ice_message_write(&request, f->buf), 1);
    floe_ice_mux_remove(&f->mux, 1);
    expect(f, 5001, FLOE_LIT("\x17 data"), 0, 0);
    expect(f, 5001, check_for(f, "anna:x"), 0, 0);
    expect(f, 5001, ice_message_write(&response, f->buf), 0, 0);
    expect(f, 5002, FLOE_LIT("\x17 data"), 2, 0);
    expect(f, 5002, check_for(f, "bert:x"), 2, 0);
    assert_int_equal(stats_of(f).paths, 1);
    assert_int_equal(stats_of(f).names, 1);
}

static void test_ice_mux_steps_through_its_paths(void **state)
{
    fixture *f = *state;
    size_t cursor = 0;
    floe_path path;
    uint32_t owner;
    unsigned seen = 0;
    for (uint16_t i = 1; i <= 5; i++) {
        take(f, i, 1 + i % 4u, FLOE_OK);
    }
    while (floe_ice_mux_next(&f->mux, &cursor, &path, &owner)) {
        assert_int_equal(1 + path.remote.port % 4, owner);
        floe_ice_mux_release(&f->mux, &path);
        seen++;
    }
    assert_int_equal(seen, 5);
    assert_int_equal(stats_of(f).paths, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ice_mux_check_goes_to_whom_the_first_half_of_its_username_names),
        TEST(test_ice_mux_check_for_nobody_is_counted_and_changes_nothing),
        TEST(test_ice_mux_check_does_not_take_its_path),
        TEST(test_ice_mux_data_goes_to_who_has_the_path),
        TEST(test_ice_mux_path_is_told_apart_by_each_of_its_ends),
        TEST(test_ice_mux_who_has_less_than_his_share_of_paths_finds_room),
        TEST(test_ice_mux_path_of_somebody_else_can_not_be_taken),
        TEST(test_ice_mux_response_goes_to_who_has_asked),
        TEST(test_ice_mux_response_that_nobody_knows_goes_to_who_has_the_path),
        TEST(test_ice_mux_forgets_the_oldest_requests),
        TEST(test_ice_mux_says_when_it_has_no_room_for_a_path),
        TEST(test_ice_mux_owner_has_the_two_newest_names),
        TEST(test_ice_mux_owner_that_goes_leaves_nothing_behind),
        TEST(test_ice_mux_steps_through_its_paths),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
