/* tests of app/rooms.c */
#include <string.h>

#include "app/rooms.h"
#include "support/unit.h"

#define ROOMS 3

typedef struct fixture {
    room table[ROOMS];
    rooms all;
    int a, b, c, d; /* members: only their addresses matter */
} fixture;

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    f.all = (rooms){f.table, ROOMS};
    *state = &f;
    return 0;
}

static void test_rooms_join_makes_the_room(void **state)
{
    fixture *f = *state;
    room *in = NULL;
    assert_int_equal(rooms_join(&f->all, "demo", &f->a, &in), ROOMS_OK);
    assert_string_equal(in->name, "demo");
    assert_int_equal(rooms_count(&f->all), 1);
    assert_null(rooms_get_other(in, &f->a));
}

static void test_rooms_second_member_sees_the_first(void **state)
{
    fixture *f = *state;
    room *first, *second;
    assert_int_equal(rooms_join(&f->all, "demo", &f->a, &first), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "demo", &f->b, &second), ROOMS_OK);
    assert_ptr_equal(first, second);
    assert_ptr_equal(rooms_get_other(first, &f->a), &f->b);
    assert_ptr_equal(rooms_get_other(first, &f->b), &f->a);
}

static void test_rooms_third_member_is_refused_and_changes_nothing(void **state)
{
    fixture *f = *state;
    room *in, *third = NULL;
    assert_int_equal(rooms_join(&f->all, "demo", &f->a, &in), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "demo", &f->b, &in), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "demo", &f->c, &third), ROOMS_ROOM_FULL);
    assert_null(third);
    assert_ptr_equal(rooms_get_other(in, &f->a), &f->b);
}

static void test_rooms_member_can_leave_and_come_back(void **state)
{
    fixture *f = *state;
    room *in;
    assert_int_equal(rooms_join(&f->all, "demo", &f->a, &in), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "demo", &f->b, &in), ROOMS_OK);
    rooms_leave(in, &f->a);
    assert_null(rooms_get_other(in, &f->b));
    assert_int_equal(rooms_join(&f->all, "demo", &f->c, &in), ROOMS_OK);
    assert_ptr_equal(rooms_get_other(in, &f->c), &f->b);
}

static void test_rooms_empty_room_makes_place_for_another(void **state)
{
    fixture *f = *state;
    room *one, *in;
    assert_int_equal(rooms_join(&f->all, "one", &f->a, &one), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "two", &f->b, &in), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "three", &f->c, &in), ROOMS_OK);
    assert_int_equal(rooms_join(&f->all, "four", &f->d, &in), ROOMS_TABLE_FULL);
    rooms_leave(one, &f->a);
    assert_int_equal(rooms_join(&f->all, "four", &f->d, &in), ROOMS_OK);
    assert_int_equal(rooms_count(&f->all), 3);
}

static void test_rooms_refuse_names_that_are_empty_long_or_strange(void **state)
{
    fixture *f = *state;
    char longest[ROOM_NAME_MAX + 2];
    room *in;
    memset(longest, 'x', sizeof longest);
    longest[ROOM_NAME_MAX + 1] = '\0';
    assert_int_equal(rooms_join(&f->all, "", &f->a, &in), ROOMS_BAD_NAME);
    assert_int_equal(rooms_join(&f->all, "a b", &f->a, &in), ROOMS_BAD_NAME);
    assert_int_equal(rooms_join(&f->all, "<script>", &f->a, &in), ROOMS_BAD_NAME);
    assert_int_equal(rooms_join(&f->all, longest, &f->a, &in), ROOMS_BAD_NAME);
    longest[ROOM_NAME_MAX] = '\0';
    assert_int_equal(rooms_join(&f->all, longest, &f->a, &in), ROOMS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rooms_join_makes_the_room, setup),
        cmocka_unit_test_setup(test_rooms_second_member_sees_the_first, setup),
        cmocka_unit_test_setup(test_rooms_third_member_is_refused_and_changes_nothing, setup),
        cmocka_unit_test_setup(test_rooms_member_can_leave_and_come_back, setup),
        cmocka_unit_test_setup(test_rooms_empty_room_makes_place_for_another, setup),
        cmocka_unit_test_setup(test_rooms_refuse_names_that_are_empty_long_or_strange, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
