/* tests of app/nat_words.c */
#include <stdlib.h>
#include <string.h>

#include "app/nat_words.h"
#include "base/addr.h"
#include "support/unit.h"

typedef struct fixture {
    floe_stun_discovery_config config;
    floe_stun_discovery_report report;
    char *text;
    size_t len;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.text = NULL};
    f.config.server = floe_addr_from_ipv4(203, 0, 113, 10, 3478);
    f.config.local = floe_addr_from_ipv4(10, 0, 0, 2, 40000);
    f.report.mapped = floe_addr_from_ipv4(198, 51, 100, 7, 50000);
    f.report.is_translated = true;
    f.report.mapping = FLOE_STUN_RULE_ENDPOINT_INDEPENDENT;
    f.report.filtering = FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT;
    f.report.lifetime_doubt = FLOE_STUN_DOUBT_NOT_ASKED;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    free(f->text);
    return 0;
}

static bool says(fixture *f, const char *what)
{
    free(f->text);
    f->text = NULL;
    FILE *out = open_memstream(&f->text, &f->len);
    assert_non_null(out);
    nat_words_print(out, &f->config, &f->report);
    fclose(out);
    return strstr(f->text, what) != NULL;
}

static void test_nat_words_name_address_mapping_and_filtering(void **state)
{
    fixture *f = *state;
    assert_true(says(f, "from 10.0.0.2, as 203.0.113.10:3478 sees it"));
    assert_true(says(f, "Address: 198.51.100.7, by translation (NAT); port 40000 here is port "
                        "50000 there"));
    assert_true(says(f, "Mapping: endpoint-independent:"));
    assert_true(says(f, "Filtering: address-and-port-dependent:"));
    assert_true(says(f, "Hairpinning: no:"));
    assert_false(says(f, "Lifetime"));
}

/* As measured between every two kinds of NAT: a changing port meets a filter by port. */
static void test_nat_words_say_with_whom_a_direct_connection_works(void **state)
{
    static const struct {
        floe_stun_rule mapping, filtering;
        const char *want;
    } cells[] = {
        {FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, "every partner"},
        {FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, FLOE_STUN_RULE_ADDRESS_DEPENDENT, "every partner"},
        {FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT,
         "most partners, but not with one behind a router that changes ports"},
        {FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, FLOE_STUN_RULE_UNKNOWN, "may take a relay"},
        {FLOE_STUN_RULE_ADDRESS_DEPENDENT, FLOE_STUN_RULE_ENDPOINT_INDEPENDENT, "known ports only"},
        {FLOE_STUN_RULE_ADDRESS_DEPENDENT, FLOE_STUN_RULE_ADDRESS_DEPENDENT, "works only with"},
        {FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT, FLOE_STUN_RULE_UNKNOWN, "works only with"},
        {FLOE_STUN_RULE_UNKNOWN, FLOE_STUN_RULE_UNKNOWN, "can not be said"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        f->report.mapping = cells[i].mapping;
        f->report.filtering = cells[i].filtering;
        assert_non_null(strstr(nat_meaning(&f->report), cells[i].want));
    }
}

static void test_nat_words_say_what_can_not_be_told_and_why(void **state)
{
    fixture *f = *state;
    f->report.mapping = f->report.filtering = FLOE_STUN_RULE_UNKNOWN;
    f->report.mapping_doubt = f->report.filtering_doubt = FLOE_STUN_DOUBT_NO_OTHER;
    assert_true(says(f, "Mapping: can not be told: this server has only one address"));
    assert_true(says(f, "Filtering: can not be told: this server has only one address"));
    assert_true(says(f, "Whether a direct connection works can not be said"));
}

static void test_nat_words_have_a_clause_for_every_doubt(void **state)
{
    (void)state;
    for (int i = FLOE_STUN_DOUBT_NONE; i <= FLOE_STUN_DOUBT_NO_NAT; i++) {
        size_t len = strlen(nat_doubt_text((floe_stun_doubt)i));
        assert_true(len > 0);
        assert_int_not_equal(nat_doubt_text((floe_stun_doubt)i)[len - 1], '.');
    }
}

static void test_nat_words_tell_of_no_translation(void **state)
{
    fixture *f = *state;
    f->report.is_translated = false;
    f->report.hairpin_doubt = FLOE_STUN_DOUBT_NO_NAT;
    assert_true(says(f, "nothing translates it"));
    assert_false(says(f, "Mapping"));
    assert_false(says(f, "Hairpinning"));
}

static void test_nat_words_warn_of_a_server_inside(void **state)
{
    fixture *f = *state;
    f->report.mapped = floe_addr_from_ipv4(100, 64, 0, 9, 1);
    assert_true(says(f, "no address of the internet"));
    assert_non_null(strstr(nat_meaning(&f->report), "only a server there can tell"));
}

static void test_nat_words_tell_what_the_server_would_not_say(void **state)
{
    fixture *f = *state;
    f->report.binding_doubt = FLOE_STUN_DOUBT_SILENT;
    assert_true(says(f, "Nothing can be told: the server does not answer"));
    f->report.binding_doubt = FLOE_STUN_DOUBT_REFUSED;
    f->report.error = 401;
    assert_true(says(f, "answers with error 401"));
}

static void test_nat_words_tell_the_lifetime(void **state)
{
    fixture *f = *state;
    f->report.lifetime_doubt = FLOE_STUN_DOUBT_NONE;
    f->report.lifetime_min = 30 * FLOE_SECOND;
    f->report.lifetime_max = 31 * FLOE_SECOND + 1;
    assert_true(says(f, "forgotten after 30 to 32 s"));
    f->report.lifetime_max = FLOE_TIME_NEVER;
    assert_true(says(f, "still there after 30 s"));
    f->report.lifetime_doubt = FLOE_STUN_DOUBT_NOT_HONOURED;
    assert_true(says(f, "Lifetime: can not be told"));
}

static void test_nat_words_json_has_values_or_reasons(void **state)
{
    fixture *f = *state;
    f->report.filtering_doubt = FLOE_STUN_DOUBT_OTHER_SILENT;
    json_t *o = nat_words_json(&f->config, &f->report);
    assert_string_equal(json_string_value(json_object_get(o, "mapped")), "198.51.100.7:50000");
    assert_string_equal(json_string_value(json_object_get(o, "mapping")), "endpoint-independent");
    assert_null(json_object_get(o, "mapping_reason"));
    assert_true(json_is_null(json_object_get(o, "filtering")));
    assert_non_null(json_string_value(json_object_get(o, "filtering_reason")));
    assert_true(json_is_false(json_object_get(o, "hairpin")));
    assert_true(json_is_null(json_object_get(o, "other")));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nat_words_name_address_mapping_and_filtering, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_say_with_whom_a_direct_connection_works,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_say_what_can_not_be_told_and_why, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_have_a_clause_for_every_doubt, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_tell_of_no_translation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_warn_of_a_server_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_tell_what_the_server_would_not_say, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_tell_the_lifetime, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nat_words_json_has_values_or_reasons, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
