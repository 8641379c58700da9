/* app/ice_option.c - see app/ice_option.h. */
#include "app/ice_option.h"

#include <string.h>

#include "stun/stun_uri.h"

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

bool ice_option_add(json_t *entries, const char *text, const char **why)
{
    floe_stun_uri uri;
    size_t url_len = strcspn(text, ",");
    const char *user = text[url_len] == ',' ? text + url_len + 1 : NULL;
    size_t user_len = user != NULL ? strcspn(user, ",") : 0;
    if (user != NULL && user[user_len] != ',') {
        return refuse(why, "a username needs a credential: URL,USERNAME,CREDENTIAL");
    }
    if (floe_stun_uri_parse(&uri, (floe_bytes){(const uint8_t *)text, url_len}, why) != FLOE_OK) {
        return false;
    }
    if (uri.is_turn && user == NULL) {
        return refuse(why, "a turn server needs URL,USERNAME,CREDENTIAL");
    }
    json_t *entry = user == NULL ? json_pack("{s:s%}", "urls", text, url_len)
                                 : json_pack("{s:s%, s:s%, s:s}", "urls", text, url_len, "username",
                                             user, user_len, "credential", user + user_len + 1);
    return json_array_append_new(entries, entry) == 0 || refuse(why, "not valid UTF-8");
}

static bool read_urls(ice_option_list *list, const json_t *urls, const char **why)
{
    const char **out = list->urls[list->count];
    size_t count = json_is_array(urls) ? json_array_size(urls) : 1;
    if (count == 0 || count > ICE_OPTION_URLS) {
        return refuse(why, "an ICE server has 1 to 4 urls");
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = json_string_value(json_is_array(urls) ? json_array_get(urls, i) : urls);
        if (out[i] == NULL) {
            return refuse(why, "urls is a string or an array of strings");
        }
    }
    list->servers[list->count].urls = out;
    list->servers[list->count].url_count = count;
    return true;
}

bool ice_option_read(ice_option_list *list, const json_t *entries, const char **why)
{
    memset(list, 0, sizeof *list);
    if (entries == NULL || json_is_null(entries)) {
        return true;
    }
    if (!json_is_array(entries) || json_array_size(entries) > ICE_OPTION_SERVERS) {
        return refuse(why, "ICE servers are an array of at most 8 entries");
    }
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        floe_io_server *server = &list->servers[list->count];
        if (!json_is_object(entry) || !read_urls(list, json_object_get(entry, "urls"), why)) {
            return json_is_object(entry) ? false : refuse(why, "an ICE server is an object");
        }
        server->username = json_string_value(json_object_get(entry, "username"));
        server->credential = json_string_value(json_object_get(entry, "credential"));
        list->count++;
    }
    return true;
}

bool ice_option_ip_handling(const char *text, floe_ip_handling *mode)
{
    static const char *const names[] = {
        [FLOE_IP_ALL] = "all",
        [FLOE_IP_PRIVATE] = "private",
        [FLOE_IP_PUBLIC] = "public",
        [FLOE_IP_RELAY] = "relay",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *mode = (floe_ip_handling)i;
            return true;
        }
    }
    return false;
}
