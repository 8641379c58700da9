/*
 * app/serve_turn.h - the TURN servers that `floe serve` gives to its clients, each with a login of
 * its own that runs out by itself.
 */
#ifndef FLOE_APP_SERVE_TURN_H
#define FLOE_APP_SERVE_TURN_H

#include <jansson.h>

#include "app/ice_option.h"
#include "app/rest_login.h"

#define SERVE_TURN_TTL     86400u /* seconds that a login is good for, if nothing else is said */
#define SERVE_TURN_TTL_MIN 60u
#define SERVE_TURN_TTL_MAX (366u * 86400u)

typedef struct serve_turn {
    const char *urls[ICE_OPTION_URLS]; /* views of the command line */
    size_t url_count;                  /* 0: there are none */
    rest_secret secret;
    uint32_t ttl_s;
} serve_turn;

/* False: *why says what is wrong. */
bool serve_turn_add(serve_turn *turn, const char *url, const char **why);
/* Whether the options go together; false: *why says what is missing. */
bool serve_turn_check(const serve_turn *turn, const char **why);

/* RTCIceServer entries for one client: those of `ice`, and one with the TURN servers and a login
 * made at `now` (UNIX seconds). The login names nobody: it is a random number. The caller's to
 * release. */
json_t *serve_turn_entries(const serve_turn *turn, json_t *ice, uint64_t now);

#endif
