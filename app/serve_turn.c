/* app/serve_turn.c - see app/serve_turn.h. */
#include "app/serve_turn.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/rand_os.h"
#include "stun/stun_uri.h"

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

bool serve_turn_add(serve_turn *turn, const char *url, const char **why)
{
    floe_stun_uri uri;
    if (floe_stun_uri_parse(&uri, floe_bytes_of(url), why) != FLOE_OK) {
        return false;
    }
    if (!uri.is_turn) {
        return refuse(why, "not a turn: or turns: URI; STUN servers are named by --ice");
    }
    if (turn->url_count == ICE_OPTION_URLS) {
        return refuse(why, "at most 4 TURN addresses");
    }
    turn->urls[turn->url_count++] = url;
    return true;
}

bool serve_turn_check(const serve_turn *turn, const char **why)
{
    if (turn->url_count > 0 && turn->secret.len == 0) {
        return refuse(why, "--turn needs --turn-secret-file (or --turn-secret): what the TURN "
                           "server has as its static-auth-secret");
    }
    if (turn->url_count == 0 && turn->secret.len > 0) {
        return refuse(why, "a TURN secret is of use with --turn URI only");
    }
    return true;
}

json_t *serve_turn_entries(const serve_turn *turn, json_t *ice, uint64_t now)
{
    json_t *entries = json_copy(ice);
    if (turn->url_count == 0) {
        return entries;
    }
    char user[17];
    rest_login login;
    floe_rand rand = floe_rand_os();
    snprintf(user, sizeof user, "%016" PRIx64, floe_rand_u64(&rand));
    if (!rest_login_make(&login, &turn->secret, user, now + turn->ttl_s)) {
        return entries;
    }
    json_t *urls = json_array();
    for (size_t i = 0; i < turn->url_count; i++) {
        json_array_append_new(urls, json_string(turn->urls[i]));
    }
    json_array_append_new(entries, json_pack("{s:o, s:s, s:s}", "urls", urls, "username",
                                             login.username, "credential", login.password));
    return entries;
}
