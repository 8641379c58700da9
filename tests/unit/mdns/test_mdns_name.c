/* tests/unit/mdns/test_mdns_name.c - names of candidates as text and as labels. */
#include "mdns/mdns_name.h"

#include <string.h>

#include "support/sim_random.h"
#include "support/unit.h"

#define TEXT "1ceecbe9-84be-4415-9e52-deb92dd6e48f.local"

static floe_err parse(floe_mdns_name *name, const char *text)
{
    return floe_mdns_name_parse(name, floe_bytes_of(text));
}

static void test_mdns_name_text_is_what_was_parsed(void **state)
{
    (void)state;
    floe_mdns_name name;
    char text[FLOE_MDNS_NAME_TEXT_MAX];
    assert_int_equal(parse(&name, TEXT), FLOE_OK);
    assert_int_equal(name.uuid[0], 0x1c);
    assert_int_equal(name.uuid[15], 0x8f);
    assert_string_equal(floe_mdns_name_text(&name, text), TEXT);
}

static void test_mdns_name_parse_ignores_case(void **state)
{
    (void)state;
    floe_mdns_name a, b;
    assert_int_equal(parse(&a, TEXT), FLOE_OK);
    assert_int_equal(parse(&b, "1CEECBE9-84BE-4415-9e52-DEB92dd6e48f.LOCAL"), FLOE_OK);
    assert_true(floe_mdns_name_equal(&a, &b));
    b.uuid[15] ^= 1;
    assert_false(floe_mdns_name_equal(&a, &b));
}

static void test_mdns_name_parse_refuses_every_other_form(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "printer.local",
        "1ceecbe9-84be-4415-9e52-deb92dd6e48f",
        "1ceecbe9-84be-4415-9e52-deb92dd6e48f.local.",
        "1ceecbe9-84be-4415-9e52-deb92dd6e48f-local",
        "1ceecbe9-84be-4415-9e52-deb92dd6e48f.lodge",
        "1ceecbe9-84be-4415-9e52-deb92dd6e48g.local",
        "1ceecbe9-84be-4415-9e52-deb92dd6e4-f.local",
        "1ceecbe9-84be-441549e52-deb92dd6e48f.local",
        "a.1ceecbe9-84be-4415-9e52-deb92dd6e48f.loc",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        floe_mdns_name name, before;
        memset(&name, 0x5a, sizeof name);
        before = name;
        assert_int_equal(parse(&name, others[i]), FLOE_E_MALFORMED);
        assert_memory_equal(&name, &before, sizeof name);
    }
}

/* RFC 4122 section 4.4. */
static void test_mdns_name_make_gives_another_version_4_uuid_each_time(void **state)
{
    (void)state;
    sim_random random = sim_random_begin(1, 0);
    floe_rand rand = sim_random_source(&random);
    floe_mdns_name last = {{0}}, name;
    for (int i = 0; i < 100; i++) {
        floe_mdns_name_make(&name, &rand);
        assert_int_equal(name.uuid[6] >> 4, 4);
        assert_int_equal(name.uuid[8] >> 6, 2);
        assert_false(floe_mdns_name_equal(&name, &last));
        last = name;
    }
}

static floe_bytes labels_of(const floe_mdns_name *name, uint8_t *buf, size_t cap)
{
    floe_writer w = floe_writer_begin(buf, cap);
    floe_mdns_name_put_labels(name, &w);
    assert_true(floe_writer_is_ok(&w));
    return floe_writer_view(&w);
}

static void test_mdns_name_labels_are_two_and_the_root(void **state)
{
    (void)state;
    floe_mdns_name name, again;
    uint8_t buf[64];
    assert_int_equal(parse(&name, TEXT), FLOE_OK);
    floe_bytes labels = labels_of(&name, buf, sizeof buf);
    assert_int_equal(labels.len, FLOE_MDNS_NAME_LABELS);
    assert_memory_equal(labels.ptr,
                        "\x24"
                        "1ceecbe9-84be-4415-9e52-deb92dd6e48f"
                        "\x05local",
                        44);
    assert_int_equal(floe_mdns_name_parse_labels(&again, labels), FLOE_OK);
    assert_true(floe_mdns_name_equal(&name, &again));
}

static void test_mdns_name_parse_labels_wants_exactly_these_two(void **state)
{
    (void)state;
    floe_mdns_name name, again;
    uint8_t buf[64];
    static const struct {
        size_t at;
        uint8_t value;
    } faults[] = {{0, 35}, {37, 4}, {37, 6}, {42, 'x'}, {9, 'a'}};
    assert_int_equal(parse(&name, TEXT), FLOE_OK);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        floe_bytes labels = labels_of(&name, buf, sizeof buf);
        buf[faults[i].at] = faults[i].value;
        assert_int_equal(floe_mdns_name_parse_labels(&again, labels), FLOE_E_MALFORMED);
    }
    floe_bytes labels = labels_of(&name, buf, sizeof buf);
    labels.len--;
    assert_int_equal(floe_mdns_name_parse_labels(&again, labels), FLOE_E_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mdns_name_text_is_what_was_parsed),
        cmocka_unit_test(test_mdns_name_parse_ignores_case),
        cmocka_unit_test(test_mdns_name_parse_refuses_every_other_form),
        cmocka_unit_test(test_mdns_name_make_gives_another_version_4_uuid_each_time),
        cmocka_unit_test(test_mdns_name_labels_are_two_and_the_root),
        cmocka_unit_test(test_mdns_name_parse_labels_wants_exactly_these_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
