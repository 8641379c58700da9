/* tests of app/turn_words.c */
#include "app/turn_words.h"

#include <string.h>

#include "base/addr.h"
#include "dtls/tls_client.h"
#include "support/unit.h"

static const turn_login someone = {.has_user = true, .now = 1700000000};

static bool says(const char *text, const char *what)
{
    bool is_said = text != NULL && strstr(text, what) != NULL;
    if (!is_said) {
        print_error("%s: does not say: %s\n", text != NULL ? text : "(nothing)", what);
    }
    return is_said;
}

static const char *refused(unsigned code, const turn_login *login)
{
    return turn_words_allocate(FLOE_TURN_CAUSE_REFUSED, code, login, FLOE_UDP);
}

static void test_turn_words_find_the_expiry_in_a_name(void **state)
{
    (void)state;
    assert_int_equal(turn_words_expiry("1700000600:alice"), 1700000600);
    assert_int_equal(turn_words_expiry("1700000600"), 1700000600);
    assert_int_equal(turn_words_expiry("1700000600alice"), 0);
    assert_int_equal(turn_words_expiry("007"), 0);
    assert_int_equal(turn_words_expiry("alice"), 0);
    assert_int_equal(turn_words_expiry(""), 0);
}

static void test_turn_words_of_401_depend_on_the_login(void **state)
{
    turn_login nobody = {.has_user = false}, made = {.has_user = true, .is_made = true};
    turn_login old = someone, fresh = someone;
    (void)state;
    old.expiry = someone.now;
    fresh.expiry = someone.now + 1;
    assert_true(says(refused(401, &nobody), "wants a login"));
    assert_true(says(refused(401, &made), "made with this secret"));
    assert_true(says(refused(401, &old), "has expired"));
    assert_true(says(refused(401, &fresh), "another secret"));
    assert_true(says(refused(401, &someone), "wrong user or password"));
}

static void test_turn_words_have_a_sentence_for_each_code(void **state)
{
    static const struct {
        unsigned code;
        const char *want;
    } rows[] = {{300, "another one"},
                {400, "is it a TURN server"},
                {403, "rules"},
                {420, "too old"},
                {437, "mismatch"},
                {438, "nonce"},
                {440, "family"},
                {441, "another user"},
                {442, "does not relay UDP"},
                {486, "quota reached"},
                {500, "log"},
                {508, "out of relay ports"},
                {699, "the server refuses"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(says(refused(rows[i].code, &someone), rows[i].want));
    }
}

static void test_turn_words_of_silence_depend_on_the_transport(void **state)
{
    static const struct {
        floe_transport transport;
        const char *want;
    } rows[] = {{FLOE_UDP, "?transport=tcp"},
                {FLOE_TCP, "the connection stands"},
                {FLOE_TLS, "the connection stands"},
                {FLOE_DTLS, "DTLS handshake"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(
            says(turn_words_allocate(FLOE_TURN_CAUSE_TIMEOUT, 0, &someone, rows[i].transport),
                 rows[i].want));
    }
}

static void test_turn_words_of_other_causes_are_the_clients(void **state)
{
    (void)state;
    assert_string_equal(turn_words_allocate(FLOE_TURN_CAUSE_INTEGRITY, 0, &someone, FLOE_UDP),
                        floe_turn_cause_text(FLOE_TURN_CAUSE_INTEGRITY));
}

static void test_turn_words_of_a_refused_peer_depend_on_its_address(void **state)
{
    char out[TURN_WORDS_MAX];
    floe_addr loopback = floe_addr_from_ipv4(127, 0, 0, 1, 9);
    floe_addr inner = floe_addr_from_ipv4(10, 0, 0, 1, 9);
    floe_addr outer = floe_addr_from_ipv4(203, 0, 113, 5, 9);
    (void)state;
    assert_true(says(turn_words_peer(403, &loopback, out), "does not relay to 127.0.0.1 (403)"));
    assert_true(says(out, "loopback"));
    assert_true(says(turn_words_peer(403, &inner, out), "private"));
    assert_true(says(turn_words_peer(403, &outer, out), "denied-peer-ip"));
    assert_true(says(turn_words_peer(443, &outer, out), "family"));
    assert_true(says(turn_words_peer(508, &outer, out), "no room"));
    assert_true(says(turn_words_peer(0, &outer, out), "no answer came"));
}

static void test_turn_words_wonder_at_a_relay_that_nobody_outside_reaches(void **state)
{
    floe_addr inner = floe_addr_from_ipv4(10, 0, 0, 1, 49152);
    floe_addr outer = floe_addr_from_ipv4(203, 0, 113, 5, 3478);
    (void)state;
    assert_true(says(turn_words_relay(&inner, &outer), "external-ip"));
    assert_null(turn_words_relay(&inner, &inner));
    assert_null(turn_words_relay(&outer, &outer));
    assert_null(turn_words_relay(&outer, &inner));
}

static void test_turn_words_name_transports(void **state)
{
    static const char *const names[] = {"UDP", "TCP", "TLS", "DTLS"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_string_equal(turn_words_transport((floe_transport)i), names[i]);
    }
}

static void test_turn_words_say_where_to_look_without_a_connection(void **state)
{
    static const char *const refused_text = "connection refused";
    (void)state;
    assert_true(says(turn_words_connect(FLOE_UDP, refused_text), "nothing listens there"));
    assert_true(says(turn_words_connect(FLOE_TCP, refused_text), "3478"));
    assert_true(says(turn_words_connect(FLOE_TLS, refused_text), "5349"));
    assert_true(says(turn_words_connect(FLOE_DTLS, refused_text), "UDP"));
}

static void test_turn_words_know_the_faults_of_certificates(void **state)
{
    (void)state;
    assert_true(says(turn_words_connect(FLOE_TLS, floe_tls_cause_text(FLOE_TLS_CAUSE_NAME)),
                     "use a name that the certificate is for"));
    assert_true(
        says(turn_words_connect(FLOE_TLS, floe_tls_cause_text(FLOE_TLS_CAUSE_UNTRUSTED)), "--ca"));
    assert_true(says(turn_words_connect(FLOE_TLS, floe_tls_cause_text(FLOE_TLS_CAUSE_EXPIRED)),
                     "renew it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_words_find_the_expiry_in_a_name),
        cmocka_unit_test(test_turn_words_of_401_depend_on_the_login),
        cmocka_unit_test(test_turn_words_have_a_sentence_for_each_code),
        cmocka_unit_test(test_turn_words_of_silence_depend_on_the_transport),
        cmocka_unit_test(test_turn_words_of_other_causes_are_the_clients),
        cmocka_unit_test(test_turn_words_of_a_refused_peer_depend_on_its_address),
        cmocka_unit_test(test_turn_words_wonder_at_a_relay_that_nobody_outside_reaches),
        cmocka_unit_test(test_turn_words_name_transports),
        cmocka_unit_test(test_turn_words_say_where_to_look_without_a_connection),
        cmocka_unit_test(test_turn_words_know_the_faults_of_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
