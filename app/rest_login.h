/*
 * app/rest_login.h - ephemeral TURN credentials on the command line: the secret that is shared with
 * the server, and a login made with it (turn/turn_rest.h).
 */
#ifndef FLOE_APP_REST_LOGIN_H
#define FLOE_APP_REST_LOGIN_H

#include <stdbool.h>

#include "turn/turn_rest.h"

#define REST_SECRET_MAX 256u
#define REST_USER_MAX   64u /* bytes of the part of the name that is the caller's */

typedef struct rest_secret {
    uint8_t bytes[REST_SECRET_MAX];
    size_t len; /* 0: none */
} rest_secret;

typedef struct rest_login {
    char username[REST_USER_MAX + 22]; /* "expiry:user" */
    char password[FLOE_TURN_REST_PASSWORD + 1];
} rest_login;

/* From the command line; the argument is blanked, so that a list of processes shows it no longer.
 * False: *why says what is wrong. */
bool rest_secret_take(rest_secret *secret, char *argument, const char **why);
/* The first line of a file. */
bool rest_secret_read(rest_secret *secret, const char *file, const char **why);

/* Good until `expiry` (UNIX seconds). False: the user is longer than REST_USER_MAX. */
bool rest_login_make(rest_login *login, const rest_secret *secret, const char *user,
                     uint64_t expiry);

#endif
