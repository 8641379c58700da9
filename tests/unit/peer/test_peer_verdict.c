/* tests of peer/peer_verdict.c: facts from the records of two peers */
#include "peer/peer_verdict.h"

#include <stdio.h>
#include <string.h>

#include "ice/ice_trace.h"
#include "support/peer_pair.h"
#include "support/unit.h"

static floe_verdict_facts facts[2];

static int setup(void **state)
{
    peer_pair *pair = *state = peer_pair_new();
    for (int end = 0; end < 2; end++) {
        floe_verdict_init(&facts[end]);
        pair->end[end].config.trace = floe_verdict_sink(&facts[end]);
        floe_peer_free(&pair->end[end].peer);
        assert_int_equal(floe_peer_init(&pair->end[end].peer, &pair->end[end].config, pair->now),
                         FLOE_OK);
        assert_int_equal(floe_peer_add_local(&pair->end[end].peer, &pair->end[end].addr, 65535),
                         FLOE_OK);
        floe_peer_end_local(&pair->end[end].peer);
    }
    return 0;
}

static int teardown(void **state)
{
    peer_pair_free(*state);
    return 0;
}

static void expect(int end, floe_verdict_code code)
{
    floe_verdict verdict = floe_verdict_get(&facts[end]);
    assert_string_equal(floe_verdict_code_name(verdict.code), floe_verdict_code_name(code));
}

static void test_peer_verdict_says_how_and_when_it_was_connected(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    (void)peer_pair_connect(*state);
    for (int end = 0; end < 2; end++) {
        floe_verdict verdict = floe_verdict_get(&facts[end]);
        expect(end, FLOE_VERDICT_DIRECT);
        assert_true(verdict.was_connected);
        assert_false(verdict.is_final);
        assert_in_range(verdict.after_ms, 1, 1000);
        assert_int_equal(verdict.remote.family, 4);
    }
}

static void test_peer_verdict_tells_who_closed(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    floe_peer_close(&pair->end[0].peer, pair->now);
    peer_pair_run(pair, FLOE_SECOND);
    expect(0, FLOE_VERDICT_CLOSED);
    expect(1, FLOE_VERDICT_CLOSED_BY_PEER);
    assert_true(floe_verdict_get(&facts[1]).is_final);
}

static void test_peer_verdict_misses_the_description(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    peer_pair *pair = *state;
    assert_int_equal(floe_peer_set_local(&pair->end[0].peer, FLOE_PEER_OFFER), FLOE_OK);
    peer_pair_run(pair, 60 * FLOE_SECOND);
    floe_peer_close(&pair->end[0].peer, pair->now);
    expect(0, FLOE_VERDICT_NO_DESCRIPTION);
}

static void test_peer_verdict_is_not_known_while_checks_go_on(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    peer_pair *pair = *state;
    pair->end[1].is_deaf = true;
    peer_pair_signal(pair);
    peer_pair_run(pair, 2 * FLOE_SECOND);
    expect(1, FLOE_VERDICT_CHECKING);
    assert_false(floe_verdict_get(&facts[1]).is_final);
}

static void test_peer_verdict_sees_that_only_one_side_is_heard(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    peer_pair *pair = *state;
    pair->end[1].is_deaf = true;
    peer_pair_signal(pair);
    peer_pair_run(pair, 120 * FLOE_SECOND);
    expect(0, FLOE_VERDICT_ONE_WAY);    /* b's checks come to a */
    expect(1, FLOE_VERDICT_NO_SERVERS); /* nothing comes to b */
}

static void test_peer_verdict_sees_a_silent_peer_after_the_connection(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    peer_pair *pair = *state;
    (void)peer_pair_connect(pair);
    pair->end[0].is_deaf = pair->end[1].is_deaf = true;
    peer_pair_run(pair, 10 * FLOE_SECOND);
    expect(0, FLOE_VERDICT_SILENT);
    peer_pair_run(pair, 120 * FLOE_SECOND);
    expect(0, FLOE_VERDICT_CONSENT_EXPIRED);
    assert_true(floe_verdict_get(&facts[0]).was_connected);
}

/* The description of an end with a digit of its line changed. */
static floe_bytes spoil(peer_pair *pair, int end, const char *line)
{
    static char text[4096];
    (void)snprintf(text, sizeof text, "%s", peer_pair_describe(pair, end));
    char *at = strstr(text, line);
    assert_non_null(at);
    at = strchr(at, '\r') - 1;
    *at = *at == '0' ? '1' : '0';
    return floe_bytes_of(text);
}

/* b gets a's offer with one line of it spoiled. */
static void signal_spoiled(peer_pair *pair, const char *line)
{
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    floe_dc_id id;
    assert_int_equal(floe_peer_open_channel(a, &(floe_dc_options){0}, &id), FLOE_OK);
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, spoil(pair, 0, line), NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    assert_int_equal(
        floe_peer_set_remote(a, FLOE_PEER_ANSWER, floe_bytes_of(peer_pair_describe(pair, 1)), NULL),
        FLOE_OK);
    peer_pair_run(pair, 120 * FLOE_SECOND);
}

static void test_peer_verdict_sees_another_certificate(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    signal_spoiled(*state, "a=fingerprint");
    expect(1, FLOE_VERDICT_DTLS_FINGERPRINT);
    expect(0, FLOE_VERDICT_DTLS_FAILED);
}

static void test_peer_verdict_sees_another_password(void **state)
{
    UNIT_NEEDS(FLOE_TRACE);
    signal_spoiled(*state, "a=ice-pwd");
    expect(0, FLOE_VERDICT_CREDENTIALS); /* b's checks are wrongly signed */
    expect(1, FLOE_VERDICT_ONE_WAY);     /* a drops them without a word */
}

static void test_peer_verdict_takes_records_with_any_numbers(void **state)
{
    (void)state;
    uint64_t random = 1;
    floe_verdict_init(&facts[0]);
    for (int i = 0; i < 200000; i++) {
        floe_trace_record record = {.at = (floe_time)i};
        uint8_t bytes[16];
        for (size_t k = 0; k < sizeof bytes; k++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            bytes[k] = (uint8_t)(random >> 56);
        }
        record.module = bytes[0] & 7;
        record.kind = bytes[1] & 31;
        record.id = (uint16_t)(bytes[2] & 1 ? bytes[3] : bytes[3] << 8 | bytes[4]);
        record.a = (int8_t)bytes[5];
        record.b = bytes[6] & 1 ? (int8_t)bytes[7] : (int32_t)(bytes[8] * 0x01010101u);
        record.cause = bytes[9];
        record.addr.family = (uint8_t[]){0, 4, 6, 6}[bytes[10] & 3];
        floe_verdict_take(&facts[0], &record);
        char text[FLOE_VERDICT_TEXT_MAX];
        floe_verdict verdict = floe_verdict_get(&facts[0]);
        assert_true(strlen(floe_verdict_text(&verdict, text)) > 10);
    }
}

/* A byte is kept of each: what does not fit in one is no other number. */
static void test_peer_verdict_takes_no_number_for_another(void **state)
{
    (void)state;
    floe_verdict_init(&facts[0]);
    floe_trace_record record = {.module = FLOE_MODULE_ICE, .kind = FLOE_TRACE_STATE};
    record.b = FLOE_ICE_CHECKING;
    floe_verdict_take(&facts[0], &record);
    record.b = 256 + FLOE_ICE_CLOSED;
    floe_verdict_take(&facts[0], &record);
    assert_false(floe_verdict_get(&facts[0]).is_final);
    record.b = 256 + FLOE_ICE_CONNECTED;
    floe_verdict_take(&facts[0], &record);
    assert_false(floe_verdict_get(&facts[0]).was_connected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_peer_verdict_says_how_and_when_it_was_connected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_tells_who_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_misses_the_description, setup, teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_is_not_known_while_checks_go_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_sees_that_only_one_side_is_heard, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_sees_a_silent_peer_after_the_connection,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_sees_another_certificate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_peer_verdict_sees_another_password, setup, teardown),
        cmocka_unit_test(test_peer_verdict_takes_records_with_any_numbers),
        cmocka_unit_test(test_peer_verdict_takes_no_number_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
