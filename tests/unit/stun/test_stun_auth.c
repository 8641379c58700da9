/* Tests of stun/stun_auth.c: credentials, challenges, and what is believed. */
#include <string.h>

#include "stun/stun_auth.h"
#include "support/unit.h"

#define NAME FLOE_LIT("alice")
#define PASS FLOE_LIT("secret")

static const uint8_t tid[12] = {1, 2, 3};
static const uint8_t both[] = {0, 1, 0, 0, 0, 2, 0, 0};
static const uint8_t only_md5[] = {0, 1, 0, 0};
static const uint8_t with_parameters[] = {0, 7, 0, 3, 9, 9, 9, 0, 0, 2, 0, 0};
static const uint8_t unknown_only[] = {0, 7, 0, 0};

typedef struct fixture {
    floe_stun_auth auth;
    uint8_t buf[1500];
    floe_stun_writer w;
    floe_stun_msg msg;
} fixture;

static fixture f;

static floe_bytes view(const uint8_t *bytes, size_t len)
{
    return (floe_bytes){bytes, len};
}

static void begin(floe_stun_class cls)
{
    floe_stun_writer_begin(&f.w, f.buf, sizeof f.buf, cls, FLOE_STUN_ALLOCATE, tid);
}

static void end(void)
{
    floe_bytes packet;
    assert_int_equal(floe_stun_writer_end(&f.w, &packet), FLOE_OK);
    assert_int_equal(floe_stun_msg_parse(&f.msg, packet), FLOE_OK);
}

static void make_request(void)
{
    begin(FLOE_STUN_REQUEST);
    floe_stun_auth_put(&f.auth, &f.w);
    end();
}

static floe_stun_auth_verdict challenge(int code, const char *realm, const char *nonce,
                                        floe_bytes algorithms)
{
    begin(FLOE_STUN_ERROR);
    floe_stun_writer_put_error(&f.w, code);
    if (realm != NULL) {
        floe_stun_writer_put_bytes(&f.w, FLOE_STUN_REALM, floe_bytes_of(realm));
    }
    floe_stun_writer_put_bytes(&f.w, FLOE_STUN_NONCE, floe_bytes_of(nonce));
    if (algorithms.len > 0) {
        floe_stun_writer_put_bytes(&f.w, FLOE_STUN_PASSWORD_ALGORITHMS, algorithms);
    }
    end();
    return floe_stun_auth_check(&f.auth, &f.msg);
}

static floe_bytes none(void)
{
    return (floe_bytes){NULL, 0};
}

/* A response signed with this key, by SHA-1 or SHA-256; code 0: success. */
static floe_stun_auth_verdict answer(int code, floe_bytes key, bool sha256)
{
    begin(code == 0 ? FLOE_STUN_SUCCESS : FLOE_STUN_ERROR);
    if (code != 0) {
        floe_stun_writer_put_error(&f.w, code);
    }
    if (sha256) {
        floe_stun_writer_put_integrity_sha256(&f.w, key);
    } else if (key.len > 0) {
        floe_stun_writer_put_integrity(&f.w, key);
    }
    end();
    return floe_stun_auth_check(&f.auth, &f.msg);
}

static void init_long(void)
{
    assert_int_equal(floe_stun_auth_init_long(&f.auth, NAME, PASS), FLOE_OK);
}

static floe_stun_key key_of(floe_stun_key_algorithm algorithm, const char *realm)
{
    floe_stun_key key;
    floe_stun_key_derive(&key, algorithm, NAME, floe_bytes_of(realm), PASS);
    return key;
}

static void test_stun_auth_long_first_request_carries_nothing(void **state)
{
    (void)state;
    init_long();
    make_request();
    assert_int_equal(f.msg.packet.len, FLOE_STUN_HEADER_SIZE);
    assert_false(floe_stun_auth_has_realm(&f.auth));
    assert_int_equal(answer(0, none(), false), FLOE_STUN_AUTH_DROP);
}

static void test_stun_auth_long_challenge_is_answered_with_md5_and_sha1(void **state)
{
    (void)state;
    floe_stun_attr attr;
    init_long();
    assert_int_equal(challenge(401, "r", "n1", none()), FLOE_STUN_AUTH_RETRY);
    make_request();
    floe_stun_key key = key_of(FLOE_STUN_KEY_MD5, "r");
    assert_int_equal(floe_stun_msg_check_integrity(&f.msg, floe_stun_key_view(&key)), FLOE_OK);
    assert_true(floe_stun_msg_find(&f.msg, FLOE_STUN_USERNAME, &attr));
    assert_true(floe_bytes_equal(attr.value, NAME));
    assert_true(floe_stun_msg_find(&f.msg, FLOE_STUN_NONCE, &attr));
    assert_true(floe_bytes_equal(attr.value, FLOE_LIT("n1")));
    assert_false(floe_stun_msg_has(&f.msg, FLOE_STUN_MESSAGE_INTEGRITY_SHA256));
    assert_int_equal(answer(0, floe_stun_key_view(&key), false), FLOE_STUN_AUTH_OK);
    assert_true(f.auth.is_proven);
}

static void test_stun_auth_long_wrong_password_is_not_tried_twice(void **state)
{
    (void)state;
    init_long();
    assert_int_equal(challenge(401, "r", "n1", none()), FLOE_STUN_AUTH_RETRY);
    assert_int_equal(challenge(401, "r", "n2", none()), FLOE_STUN_AUTH_REFUSED);
    assert_int_equal(challenge(401, "other", "n2", none()), FLOE_STUN_AUTH_RETRY);
}

static void test_stun_auth_long_stale_nonce_is_renewed(void **state)
{
    (void)state;
    floe_stun_attr attr;
    init_long();
    assert_int_equal(challenge(401, "realm", "n1", none()), FLOE_STUN_AUTH_RETRY);
    assert_int_equal(challenge(438, "realm", "a longer nonce", none()), FLOE_STUN_AUTH_RETRY);
    assert_int_equal(challenge(438, NULL, "n3", none()), FLOE_STUN_AUTH_RETRY);
    make_request();
    assert_true(floe_stun_msg_find(&f.msg, FLOE_STUN_NONCE, &attr));
    assert_true(floe_bytes_equal(attr.value, FLOE_LIT("n3")));
    assert_true(floe_stun_msg_find(&f.msg, FLOE_STUN_REALM, &attr));
    assert_true(floe_bytes_equal(attr.value, FLOE_LIT("realm")));
    /* a stale nonce is no reason to go to another realm; nor is no nonce one */
    assert_int_equal(challenge(438, "elsewhere", "n4", none()), FLOE_STUN_AUTH_DROP);
    assert_int_equal(challenge(438, "realm", "", none()), FLOE_STUN_AUTH_DROP);
}

static void test_stun_auth_long_strongest_algorithm_is_chosen(void **state)
{
    (void)state;
    const struct {
        floe_bytes list;
        floe_stun_key_algorithm choice;
    } cases[] = {{view(both, sizeof both), FLOE_STUN_KEY_SHA256},
                 {view(only_md5, sizeof only_md5), FLOE_STUN_KEY_MD5},
                 {view(with_parameters, sizeof with_parameters), FLOE_STUN_KEY_SHA256}};
    for (size_t i = 0; i < 3; i++) {
        uint32_t chosen = 0;
        floe_stun_attr attr;
        init_long();
        assert_int_equal(challenge(401, "r", "obMatJos2gAAAn", cases[i].list),
                         FLOE_STUN_AUTH_RETRY);
        make_request();
        floe_stun_key key = key_of(cases[i].choice, "r");
        assert_true(floe_stun_msg_get_u32(&f.msg, FLOE_STUN_PASSWORD_ALGORITHM, &chosen));
        assert_int_equal(chosen >> 16, cases[i].choice);
        assert_true(floe_stun_msg_find(&f.msg, FLOE_STUN_PASSWORD_ALGORITHMS, &attr));
        assert_true(floe_bytes_equal(attr.value, cases[i].list));
        assert_int_equal(floe_stun_msg_check_integrity_sha256(&f.msg, floe_stun_key_view(&key)),
                         FLOE_OK);
        /* with PASSWORD-ALGORITHMS, SHA-256 only, both ways */
        assert_false(floe_stun_msg_has(&f.msg, FLOE_STUN_MESSAGE_INTEGRITY));
        assert_int_equal(answer(0, floe_stun_key_view(&key), false), FLOE_STUN_AUTH_DROP);
        assert_int_equal(answer(0, floe_stun_key_view(&key), true), FLOE_STUN_AUTH_OK);
    }
}

static void test_stun_auth_long_bid_down_is_not_followed(void **state)
{
    (void)state;
    init_long();
    assert_int_equal(challenge(401, "r", "obMatJos2gAAAn", none()), FLOE_STUN_AUTH_DROP);
    assert_int_equal(challenge(401, "r", "obMatJos2gAAAn", view(unknown_only, sizeof unknown_only)),
                     FLOE_STUN_AUTH_DROP);
    assert_false(floe_stun_auth_has_realm(&f.auth));
    assert_int_equal(challenge(401, "r", "obMatJos2gAAAn", view(both, sizeof both)),
                     FLOE_STUN_AUTH_RETRY);
    /* the server could do more a moment ago */
    assert_int_equal(challenge(438, "r", "plain", none()), FLOE_STUN_AUTH_DROP);
    assert_int_equal(challenge(401, "other", "plain", none()), FLOE_STUN_AUTH_DROP);
    assert_int_equal(challenge(438, "r", "obMatJos2gAAAo", view(both, sizeof both)),
                     FLOE_STUN_AUTH_RETRY);
}

static void test_stun_auth_long_truncated_algorithm_list_is_dropped(void **state)
{
    (void)state;
    static const uint8_t bad[] = {0, 2, 0, 9};
    init_long();
    assert_int_equal(challenge(401, "r", "obMatJos2gAAAn", view(bad, sizeof bad)),
                     FLOE_STUN_AUTH_DROP);
}

static void test_stun_auth_long_user_is_hashed_where_the_cookie_asks_for_it(void **state)
{
    (void)state;
    static const char *const anonymous[] = {"obMatJos2QAAAn", "obMatJos2wAAAn"};
    static const char *const plain[] = {"obMatJos2AAAAn", "obMatJos2Q", "obMatJos3QAAAn"};
    uint8_t hash[32];
    floe_stun_attr attr;
    floe_stun_key_hash_user(hash, NAME, FLOE_LIT("r"));
    for (size_t i = 0; i < 2; i++) {
        init_long();
        assert_int_equal(challenge(401, "r", anonymous[i], view(both, sizeof both)),
                         FLOE_STUN_AUTH_RETRY);
        make_request();
        assert_true(floe_stun_msg_find(&f.msg, FLOE_STUN_USERHASH, &attr));
        assert_memory_equal(attr.value.ptr, hash, 32);
        assert_false(floe_stun_msg_has(&f.msg, FLOE_STUN_USERNAME));
    }
    for (size_t i = 0; i < 3; i++) {
        init_long();
        assert_int_equal(challenge(401, "r", plain[i], none()), FLOE_STUN_AUTH_RETRY);
        make_request();
        assert_true(floe_stun_msg_has(&f.msg, FLOE_STUN_USERNAME));
    }
}

static void test_stun_auth_long_errors_need_integrity_too(void **state)
{
    (void)state;
    static const int codes[] = {300, 400, 403, 437, 441, 486, 500, 508};
    init_long();
    assert_int_equal(challenge(401, "r", "n", none()), FLOE_STUN_AUTH_RETRY);
    floe_stun_key key = key_of(FLOE_STUN_KEY_MD5, "r");
    floe_stun_key wrong = key_of(FLOE_STUN_KEY_MD5, "s");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(answer(codes[i], none(), false), FLOE_STUN_AUTH_DROP);
        assert_int_equal(answer(codes[i], floe_stun_key_view(&wrong), false), FLOE_STUN_AUTH_DROP);
        assert_false(f.auth.is_proven);
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(answer(codes[i], floe_stun_key_view(&key), false), FLOE_STUN_AUTH_OK);
    }
}

static void test_stun_auth_short_sends_both_then_what_the_server_chose(void **state)
{
    (void)state;
    for (int sha256 = 0; sha256 < 2; sha256++) {
        assert_int_equal(floe_stun_auth_init_short(&f.auth, NAME, PASS), FLOE_OK);
        make_request();
        assert_int_equal(floe_stun_msg_check_integrity(&f.msg, PASS), FLOE_OK);
        assert_int_equal(floe_stun_msg_check_integrity_sha256(&f.msg, PASS), FLOE_OK);
        assert_int_equal(answer(0, FLOE_LIT("wrong"), sha256 == 1), FLOE_STUN_AUTH_DROP);
        assert_int_equal(answer(0, PASS, sha256 == 1), FLOE_STUN_AUTH_OK);
        make_request();
        assert_int_equal(floe_stun_msg_has(&f.msg, FLOE_STUN_MESSAGE_INTEGRITY), sha256 == 0);
        assert_int_equal(floe_stun_msg_has(&f.msg, FLOE_STUN_MESSAGE_INTEGRITY_SHA256),
                         sha256 == 1);
        assert_int_equal(answer(0, PASS, sha256 == 0), FLOE_STUN_AUTH_DROP);
    }
}

static void test_stun_auth_short_401_is_final(void **state)
{
    (void)state;
    assert_int_equal(floe_stun_auth_init_short(&f.auth, NAME, PASS), FLOE_OK);
    assert_int_equal(answer(401, none(), false), FLOE_STUN_AUTH_REFUSED);
}

static void test_stun_auth_none_believes(void **state)
{
    (void)state;
    floe_stun_auth_init_none(&f.auth);
    make_request();
    assert_int_equal(f.msg.packet.len, FLOE_STUN_HEADER_SIZE);
    assert_int_equal(answer(0, none(), false), FLOE_STUN_AUTH_OK);
    assert_int_equal(answer(401, none(), false), FLOE_STUN_AUTH_OK);
}

static void test_stun_auth_texts_have_limits(void **state)
{
    (void)state;
    static uint8_t long_text[FLOE_STUN_AUTH_TEXT_MAX + 1];
    memset(long_text, 'a', sizeof long_text);
    assert_int_equal(floe_stun_auth_init_long(&f.auth, none(), PASS), FLOE_E_ARG);
    assert_int_equal(floe_stun_auth_init_long(&f.auth, view(long_text, 509), PASS), FLOE_E_ARG);
    assert_int_equal(floe_stun_auth_init_long(&f.auth, NAME, view(long_text, sizeof long_text)),
                     FLOE_E_TOO_BIG);
    char nonce[FLOE_STUN_AUTH_TEXT_MAX];
    memset(nonce, 'n', sizeof nonce);
    init_long();
    nonce[FLOE_STUN_AUTH_TEXT_MAX - 12] = 0; /* alice, secret, r */
    assert_int_equal(challenge(401, "r", nonce, none()), FLOE_STUN_AUTH_RETRY);
    init_long();
    nonce[FLOE_STUN_AUTH_TEXT_MAX - 12] = 'n';
    nonce[FLOE_STUN_AUTH_TEXT_MAX - 11] = 0;
    assert_int_equal(challenge(401, "r", nonce, none()), FLOE_STUN_AUTH_DROP);
    assert_false(floe_stun_auth_has_realm(&f.auth));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stun_auth_long_first_request_carries_nothing),
        cmocka_unit_test(test_stun_auth_long_challenge_is_answered_with_md5_and_sha1),
        cmocka_unit_test(test_stun_auth_long_wrong_password_is_not_tried_twice),
        cmocka_unit_test(test_stun_auth_long_stale_nonce_is_renewed),
        cmocka_unit_test(test_stun_auth_long_strongest_algorithm_is_chosen),
        cmocka_unit_test(test_stun_auth_long_bid_down_is_not_followed),
        cmocka_unit_test(test_stun_auth_long_truncated_algorithm_list_is_dropped),
        cmocka_unit_test(test_stun_auth_long_user_is_hashed_where_the_cookie_asks_for_it),
        cmocka_unit_test(test_stun_auth_long_errors_need_integrity_too),
        cmocka_unit_test(test_stun_auth_short_sends_both_then_what_the_server_chose),
        cmocka_unit_test(test_stun_auth_short_401_is_final),
        cmocka_unit_test(test_stun_auth_none_believes),
        cmocka_unit_test(test_stun_auth_texts_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
