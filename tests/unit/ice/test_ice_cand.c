/* Tests of ice/ice_cand.c: priorities, candidates from text and to text. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_cand.h"
#include "support/unit.h"

static floe_err from_text(floe_ice_cand *cand, const char *text)
{
    floe_sdp_candidate sdp;
    floe_err err = floe_sdp_candidate_parse(&sdp, floe_bytes_of(text));
    return err != FLOE_OK ? err : floe_ice_cand_from_sdp(cand, &sdp);
}

static void assert_text(const floe_ice_cand *cand, const char *ufrag, const char *expected)
{
    uint8_t buf[300];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_ice_cand_put(&w, cand, 0, floe_bytes_of(ufrag), floe_bytes_of(""));
    assert_true(floe_writer_is_ok(&w));
    floe_writer_put_u8(&w, 0);
    assert_string_equal((const char *)buf, expected);
}

static void test_ice_cand_line_says_its_cost_unless_it_is_nothing(void **state)
{
    (void)state;
    uint8_t buf[300] = {0};
    floe_writer w = floe_writer_begin(buf, sizeof buf - 1);
    floe_ice_cand cand = {.addr = floe_addr_from_ipv4(192, 0, 2, 1, 9), .foundation = 1};
    floe_ice_cand_put(&w, &cand, 49, FLOE_LIT("frag"), floe_bytes_of(""));
    assert_string_equal((const char *)buf,
                        "candidate:1 1 udp 0 192.0.2.1 9 typ host ufrag frag network-cost 49");
    assert_text(&cand, "frag", "candidate:1 1 udp 0 192.0.2.1 9 typ host ufrag frag");
}

static void test_ice_cand_priorities_are_those_of_rfc_8445(void **state)
{
    (void)state;
    assert_int_equal(floe_ice_priority(FLOE_ICE_HOST, 65535), 2130706431);
    assert_int_equal(floe_ice_priority(FLOE_ICE_SRFLX, 65535), 1694498815);
    assert_int_equal(floe_ice_priority(FLOE_ICE_PRFLX, 65535), 1862270975);
    assert_int_equal(floe_ice_priority(FLOE_ICE_RELAY, 65535), 16777215);
    assert_int_equal(floe_ice_priority(FLOE_ICE_RELAY, 0), 255);
}

static void test_ice_cand_types_are_ordered_whatever_the_local_preference(void **state)
{
    (void)state;
    assert_true(floe_ice_priority(FLOE_ICE_HOST, 0) > floe_ice_priority(FLOE_ICE_PRFLX, 65535));
    assert_true(floe_ice_priority(FLOE_ICE_PRFLX, 0) > floe_ice_priority(FLOE_ICE_SRFLX, 65535));
    assert_true(floe_ice_priority(FLOE_ICE_SRFLX, 0) > floe_ice_priority(FLOE_ICE_RELAY, 65535));
}

static void test_ice_cand_is_read_from_a_line_of_chromium(void **state)
{
    (void)state;
    floe_ice_cand cand;
    char text[FLOE_ADDR_TEXT_MAX];
    assert_int_equal(
        from_text(&cand, "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr "
                         "0.0.0.0 rport 0 generation 0 ufrag EEtu network-id 3 network-cost 10"),
        FLOE_OK);
    assert_string_equal(floe_addr_text(&cand.addr, text), "203.0.113.7:46154");
    assert_int_equal(cand.priority, 1677729535);
    assert_int_equal(cand.type, FLOE_ICE_SRFLX);
    assert_int_equal(cand.transport, FLOE_UDP);
}

static void test_ice_cand_types_of_text_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        floe_ice_type type;
    } rows[] = {
        {"candidate:1 1 UDP 1 192.0.2.1 9 typ host", FLOE_ICE_HOST},
        {"candidate:1 1 UDP 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 1", FLOE_ICE_SRFLX},
        {"candidate:1 1 UDP 1 192.0.2.1 9 typ prflx raddr 10.0.0.1 rport 1", FLOE_ICE_PRFLX},
        {"candidate:1 1 UDP 1 192.0.2.1 9 typ relay raddr 10.0.0.1 rport 1", FLOE_ICE_RELAY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        floe_ice_cand cand;
        assert_int_equal(from_text(&cand, rows[i].text), FLOE_OK);
        assert_int_equal(cand.type, rows[i].type);
    }
}

static void test_ice_cand_foundations_are_equal_exactly_where_the_text_is(void **state)
{
    (void)state;
    floe_ice_cand a, b, c;
    assert_int_equal(from_text(&a, "candidate:1 1 udp 1 192.0.2.1 1 typ host"), FLOE_OK);
    assert_int_equal(from_text(&b, "candidate:1 1 udp 2 192.0.2.2 2 typ host"), FLOE_OK);
    assert_int_equal(from_text(&c, "candidate:11 1 udp 1 192.0.2.1 1 typ host"), FLOE_OK);
    assert_int_equal(a.foundation, b.foundation);
    assert_int_not_equal(a.foundation, c.foundation);
}

static void test_ice_cand_refuses_what_the_agent_does_not_pair(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype passive",
        "candidate:1 1 tcp 1518280447 192.0.2.1 5000 typ host tcptype so",
        "candidate:1 2 udp 1 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 1 3f2a9c11-8a3c-4dc5-a5c5-7a4ab4a3f2d1.local 5000 typ host",
        "candidate:1 1 udp 1 0.0.0.0 5000 typ host",
        "candidate:1 1 udp 1 224.0.0.251 5353 typ host",
        "candidate:1 1 udp 1 255.255.255.255 5353 typ host",
        "candidate:1 1 udp 1 ff02::1 5000 typ host",
        "candidate:1 1 udp 1 192.0.2.1 0 typ host",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        floe_ice_cand cand;
        assert_int_not_equal(from_text(&cand, lines[i]), FLOE_OK);
    }
}

static void test_ice_cand_is_written_as_rfc_8839_says(void **state)
{
    (void)state;
    floe_ice_cand cand = {
        .addr = floe_addr_from_ipv4(192, 0, 2, 1, 5000),
        .base = floe_addr_from_ipv4(192, 0, 2, 1, 5000),
        .priority = 2130706431,
        .foundation = 17,
        .type = FLOE_ICE_HOST,
    };
    assert_text(&cand, NULL, "candidate:17 1 udp 2130706431 192.0.2.1 5000 typ host");
    cand.base = floe_addr_from_ipv4(10, 0, 0, 1, 6000);
    cand.type = FLOE_ICE_SRFLX;
    assert_text(&cand, "frag",
                "candidate:17 1 udp 2130706431 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 6000 "
                "ufrag frag");
}

static void test_ice_cand_writes_the_largest_foundation(void **state)
{
    (void)state;
    floe_ice_cand cand = {
        .addr = floe_addr_from_ipv4(192, 0, 2, 1, 5000),
        .foundation = UINT32_MAX,
        .priority = 1,
    };
    assert_text(&cand, NULL, "candidate:4294967295 1 udp 1 192.0.2.1 5000 typ host");
}

static void test_ice_cand_survives_text(void **state)
{
    (void)state;
    uint8_t buf[300];
    floe_sdp_candidate sdp;
    floe_ice_cand again;
    floe_ice_cand cand = {
        .base = floe_addr_from_ipv4(10, 0, 0, 1, 6000),
        .priority = 1694498815,
        .foundation = 5,
        .type = FLOE_ICE_RELAY,
    };
    assert_int_equal(floe_addr_parse(&cand.addr, FLOE_LIT("2001:db8::1"), 443), FLOE_OK);
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_ice_cand_put(&w, &cand, 0, FLOE_LIT("frag"), floe_bytes_of(""));
    assert_int_equal(floe_sdp_candidate_parse(&sdp, floe_writer_view(&w)), FLOE_OK);
    assert_int_equal(floe_ice_cand_from_sdp(&again, &sdp), FLOE_OK);
    assert_true(floe_addr_equal(&cand.addr, &again.addr));
    assert_true(floe_addr_equal(&cand.base, &again.base));
    assert_int_equal(cand.priority, again.priority);
    assert_int_equal(cand.type, again.type);
    assert_int_equal(cand.transport, again.transport);
}

static void test_ice_cand_type_names_are_those_of_sdp(void **state)
{
    (void)state;
    assert_string_equal(floe_ice_type_name(FLOE_ICE_HOST), "host");
    assert_string_equal(floe_ice_type_name(FLOE_ICE_SRFLX), "srflx");
    assert_string_equal(floe_ice_type_name(FLOE_ICE_PRFLX), "prflx");
    assert_string_equal(floe_ice_type_name(FLOE_ICE_RELAY), "relay");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ice_cand_line_says_its_cost_unless_it_is_nothing),
        cmocka_unit_test(test_ice_cand_priorities_are_those_of_rfc_8445),
        cmocka_unit_test(test_ice_cand_types_are_ordered_whatever_the_local_preference),
        cmocka_unit_test(test_ice_cand_is_read_from_a_line_of_chromium),
        cmocka_unit_test(test_ice_cand_types_of_text_are_kept),
        cmocka_unit_test(test_ice_cand_foundations_are_equal_exactly_where_the_text_is),
        cmocka_unit_test(test_ice_cand_refuses_what_the_agent_does_not_pair),
        cmocka_unit_test(test_ice_cand_is_written_as_rfc_8839_says),
        cmocka_unit_test(test_ice_cand_writes_the_largest_foundation),
        cmocka_unit_test(test_ice_cand_survives_text),
        cmocka_unit_test(test_ice_cand_type_names_are_those_of_sdp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
