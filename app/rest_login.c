/* app/rest_login.c - see app/rest_login.h. */
#include "app/rest_login.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

static bool keep(rest_secret *secret, const char *text, size_t len, const char **why)
{
    if (len == 0) {
        return refuse(why, "the secret is empty");
    }
    if (len > REST_SECRET_MAX) {
        return refuse(why, "a secret has at most 256 bytes");
    }
    memcpy(secret->bytes, text, len);
    secret->len = len;
    return true;
}

bool rest_secret_take(rest_secret *secret, char *argument, const char **why)
{
    size_t len = strlen(argument);
    bool is_ok = keep(secret, argument, len, why);
    memset(argument, '*', len);
    return is_ok;
}

bool rest_secret_read(rest_secret *secret, const char *file, const char **why)
{
    char line[REST_SECRET_MAX + 2] = ""; /* one more than allowed, to tell that it is */
    FILE *in = fopen(file, "re");
    if (in == NULL) {
        return refuse(why, "the file can not be opened");
    }
    bool has_line = fgets(line, sizeof line, in) != NULL;
    fclose(in);
    bool is_ok = keep(secret, line, has_line ? strcspn(line, "\r\n") : 0, why);
    floe_secret_wipe(line, sizeof line);
    return is_ok;
}

bool rest_login_make(rest_login *login, const rest_secret *secret, const char *user,
                     uint64_t expiry)
{
    uint8_t password[FLOE_TURN_REST_PASSWORD];
    floe_bytes username;
    floe_span memory = {(uint8_t *)login->username, sizeof login->username - 1};
    if (strlen(user) > REST_USER_MAX ||
        floe_turn_rest_make((floe_bytes){secret->bytes, secret->len}, expiry, floe_bytes_of(user),
                            memory, &username, password) != FLOE_OK) {
        return false;
    }
    login->username[username.len] = '\0';
    memcpy(login->password, password, sizeof password);
    login->password[sizeof password] = '\0';
    return true;
}
