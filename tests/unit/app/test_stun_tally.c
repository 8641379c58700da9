/* tests of app/stun_tally.c */
#include "app/stun_tally.h"

#include "base/addr.h"
#include "support/unit.h"

static const uint8_t tid[FLOE_STUN_TID_SIZE] = "twelve bytes";

typedef struct response {
    uint8_t buf[256];
    floe_stun_msg msg;
} response;

static void make(response *r, floe_stun_class cls, uint16_t type, const floe_addr *mapped)
{
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, r->buf, sizeof r->buf, cls, FLOE_STUN_BINDING, tid);
    if (cls == FLOE_STUN_ERROR) {
        floe_stun_writer_put_error(&w, 420);
    } else if (mapped != NULL) {
        floe_stun_writer_put_addr(&w, type, mapped);
    }
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    assert_int_equal(floe_stun_msg_parse(&r->msg, packet), FLOE_OK);
}

static void test_stun_tally_takes_either_kind_of_mapped_address(void **state)
{
    floe_addr mapped = floe_addr_from_ipv4(198, 51, 100, 7, 50000);
    stun_tally tally = {.sent = 2};
    response r;
    (void)state;
    make(&r, FLOE_STUN_SUCCESS, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped);
    assert_true(stun_tally_add(&tally, &r.msg, 20));
    make(&r, FLOE_STUN_SUCCESS, FLOE_STUN_MAPPED_ADDRESS, &mapped);
    assert_true(stun_tally_add(&tally, &r.msg, 10));
    assert_true(floe_addr_equal(&tally.mapped, &mapped));
    assert_int_equal(tally.answers, 2);
}

static void test_stun_tally_does_not_count_an_answer_without_an_address(void **state)
{
    stun_tally tally = {.sent = 1};
    response r;
    (void)state;
    make(&r, FLOE_STUN_SUCCESS, 0, NULL);
    assert_false(stun_tally_add(&tally, &r.msg, 20));
    assert_int_equal(tally.answers, 0);
}

static void test_stun_tally_holds_no_more_than_it_has_room_for(void **state)
{
    floe_addr mapped = floe_addr_from_ipv4(198, 51, 100, 7, 50000);
    stun_tally tally = {.sent = 0};
    response r;
    (void)state;
    make(&r, FLOE_STUN_SUCCESS, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped);
    for (int i = 0; i < STUN_SAMPLES_MAX; i++) {
        assert_true(stun_tally_add(&tally, &r.msg, 1));
    }
    assert_false(stun_tally_add(&tally, &r.msg, 1));
}

static void test_stun_tally_tells_least_median_and_most(void **state)
{
    floe_addr mapped = floe_addr_from_ipv4(198, 51, 100, 7, 50000);
    stun_tally tally = {.sent = 4, .local = mapped, .server = mapped};
    static const uint32_t rtts[] = {3000, 1000, 2000};
    response r;
    double least, median, most;
    int is_translated;
    (void)state;
    make(&r, FLOE_STUN_SUCCESS, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped);
    for (size_t i = 0; i < 3; i++) {
        assert_true(stun_tally_add(&tally, &r.msg, rtts[i]));
    }
    json_t *o = stun_tally_json(&tally);
    assert_int_equal(json_unpack(o, "{s:b, s:{s:f, s:f, s:f}}", "translated", &is_translated,
                                 "rtt_ms", "min", &least, "median", &median, "max", &most),
                     0);
    assert_false(is_translated);
    assert_true(least == 1.0 && median == 2.0 && most == 3.0);
    json_decref(o);
}

static void test_stun_tally_tells_why_there_is_no_answer(void **state)
{
    stun_tally tally = {.sent = 1, .silence = "no answer"};
    response r;
    (void)state;
    json_t *o = stun_tally_json(&tally);
    assert_string_equal(json_string_value(json_object_get(o, "error")), "no answer");
    json_decref(o);
    make(&r, FLOE_STUN_ERROR, 0, NULL);
    assert_true(stun_tally_add(&tally, &r.msg, 1));
    o = stun_tally_json(&tally);
    assert_int_equal(json_integer_value(json_object_get(o, "code")), 420);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_tally_takes_either_kind_of_mapped_address),
        cmocka_unit_test(test_stun_tally_does_not_count_an_answer_without_an_address),
        cmocka_unit_test(test_stun_tally_holds_no_more_than_it_has_room_for),
        cmocka_unit_test(test_stun_tally_tells_least_median_and_most),
        cmocka_unit_test(test_stun_tally_tells_why_there_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
