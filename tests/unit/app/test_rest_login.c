/* tests of app/rest_login.c */
#include "app/rest_login.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

static bool read_text(rest_secret *secret, const char *text, const char **why)
{
    char name[] = "/tmp/floe-secret-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    bool is_ok = rest_secret_read(secret, name, why);
    unlink(name);
    return is_ok;
}

static void test_rest_secret_is_blanked_where_it_came_from(void **state)
{
    const char *why = "";
    char argument[] = "north";
    rest_secret secret = {.len = 0};
    (void)state;
    assert_true(rest_secret_take(&secret, argument, &why));
    assert_int_equal(secret.len, 5);
    assert_memory_equal(secret.bytes, "north", 5);
    assert_string_equal(argument, "*****");
}

static void test_rest_secret_is_the_first_line_of_a_file(void **state)
{
    static const char *const files[] = {"north", "north\n", "north\r\n", "north\nsouth\n"};
    const char *why = "";
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        rest_secret secret = {.len = 0};
        assert_true(read_text(&secret, files[i], &why));
        assert_int_equal(secret.len, 5);
        assert_memory_equal(secret.bytes, "north", 5);
    }
}

static void test_rest_secret_refuses_empty_missing_and_too_long(void **state)
{
    const char *why = NULL;
    char empty[] = "", text[REST_SECRET_MAX + 3];
    rest_secret secret = {.len = 0};
    (void)state;
    assert_false(rest_secret_take(&secret, empty, &why));
    assert_false(read_text(&secret, "", &why));
    assert_false(read_text(&secret, "\nnorth\n", &why));
    assert_false(rest_secret_read(&secret, "/nonexistent/secret", &why));
    assert_string_equal(why, "the file can not be opened");
    memset(text, 'x', sizeof text);
    text[REST_SECRET_MAX] = '\0';
    assert_true(read_text(&secret, text, &why));
    text[REST_SECRET_MAX] = 'x';
    text[REST_SECRET_MAX + 1] = '\0';
    assert_false(read_text(&secret, text, &why));
    assert_string_equal(why, "a secret has at most 256 bytes");
}

/* As Python says: base64(hmac.digest(b"north", b"1700000000:alice", "sha1")). */
static void test_rest_login_is_as_others_make_it(void **state)
{
    rest_secret secret = {.bytes = "north", .len = 5};
    rest_login login;
    (void)state;
    assert_true(rest_login_make(&login, &secret, "alice", 1700000000));
    assert_string_equal(login.username, "1700000000:alice");
    assert_string_equal(login.password, "Cd/49soE35ICqcJF/bCTn8Z4OyE=");
}

static void test_rest_login_takes_the_longest_user_and_the_latest_expiry(void **state)
{
    rest_secret secret = {.bytes = "north", .len = 5};
    rest_login login;
    char user[REST_USER_MAX + 2];
    (void)state;
    memset(user, 'u', sizeof user);
    user[REST_USER_MAX] = '\0';
    assert_true(rest_login_make(&login, &secret, user, UINT64_MAX));
    assert_int_equal(strlen(login.username), 20 + 1 + REST_USER_MAX);
    user[REST_USER_MAX] = 'u';
    user[REST_USER_MAX + 1] = '\0';
    assert_false(rest_login_make(&login, &secret, user, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_secret_is_blanked_where_it_came_from),
        cmocka_unit_test(test_rest_secret_is_the_first_line_of_a_file),
        cmocka_unit_test(test_rest_secret_refuses_empty_missing_and_too_long),
        cmocka_unit_test(test_rest_login_is_as_others_make_it),
        cmocka_unit_test(test_rest_login_takes_the_longest_user_and_the_latest_expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
