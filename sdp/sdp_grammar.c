/*
 * sdp/sdp_grammar.c - the grammar of each kind of line (RFC 8866 section 9), one rule a letter.
 *
 * A check walks the value with a cursor and stops where the value breaks the rule, so that the
 * fault can name the column. Blanks after the last field are accepted: cameras and telephones write
 * them. Does not know: the order of lines (sdp/sdp.c), what attributes mean (sdp/sdp_webrtc.c).
 */
#include <string.h>

#include "base/addr.h"
#include "sdp/sdp_internal.h"

#define ONCE_EVERYWHERE (FLOE_SDP_IN_MEDIA | FLOE_SDP_ONCE_IN_SESSION | FLOE_SDP_ONCE_IN_MEDIA)

/* RFC 8866 §5.2: session ids are digits of any number; the address of o= is part of a unique name
 * and never used, so it may be any word. §5.6: e= and p= are free text in practice.
 * §5.3: s= must not be empty; the examples of RFC 3264 have it so, and telephones follow them. */
static const floe_sdp_rule rules[] = {
    {'v', FLOE_SDP_ONCE_IN_SESSION, "0", "v= must be 0"},
    {'o', FLOE_SDP_ONCE_IN_SESSION, "V D D T T V",
     "o= must be: name, id, version, network, address type, address"},
    {'s', FLOE_SDP_ONCE_IN_SESSION, "", "s= may be anything"},
    {'i', ONCE_EVERYWHERE, "X", "i= must not be empty"},
    {'u', FLOE_SDP_ONCE_IN_SESSION, "V", "u= must be a URI"},
    {'e', 0, "X", "e= must not be empty"},
    {'p', 0, "X", "p= must not be empty"},
    {'c', FLOE_SDP_IN_MEDIA | FLOE_SDP_ONCE_IN_SESSION, "",
     "c= must be: network, address type, address of that type"},
    {'b', FLOE_SDP_IN_MEDIA, "T:D", "b= must be type:number"},
    {'t', 0, "D D", "t= must be: start, stop"},
    {'r', 0, "Y Y Y+ ", "r= must be: interval, duration, offsets"},
    {'z', 0, "", "z= must be pairs of time and offset"},
    {'k', ONCE_EVERYWHERE, "", "k= must be prompt, clear:, base64: or uri:"},
    {'a', FLOE_SDP_IN_MEDIA, "", "a= must be name or name:value"},
    {'m', FLOE_SDP_IN_MEDIA, "", "m= must be: media, port up to 65535, protocol, formats"},
};

const floe_sdp_rule *floe_sdp_find_rule(char type)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].type == type) {
            return &rules[i];
        }
    }
    return NULL;
}

/* RFC 8866 §5.7: "/ttl", "/ttl/count" after an IPv4 multicast address, "/count" after an IPv6 one.
 * Accepted without a TTL, and after a unicast address. */
static bool check_multicast_tail(floe_text *t, bool is_ip6)
{
    if (!floe_text_get_char(t, '/')) {
        return true;
    }
    bool is_number = floe_sdp_match(t, "D", NULL);
    return is_number && (is_ip6 || !floe_text_get_char(t, '/') || floe_sdp_match(t, "D", NULL));
}

static bool check_connection(floe_text *t)
{
    floe_bytes field[2];
    if (!floe_sdp_match(t, "T T ", field)) {
        return false;
    }
    bool is_ip6 = floe_bytes_equal(field[1], FLOE_LIT("IP6"));
    if (!is_ip6 && !floe_bytes_equal(field[1], FLOE_LIT("IP4"))) {
        return floe_sdp_match(t, "V", NULL); /* of the telephone network, say */
    }
    floe_text start = *t;
    floe_bytes host;
    floe_addr addr;
    if (!floe_sdp_match(t, "H", &host)) {
        return false;
    }
    bool is_address = floe_addr_parse(&addr, host, 0) == FLOE_OK;
    bool has_colon = memchr(host.ptr, ':', host.len) != NULL;
    if (is_address ? has_colon != is_ip6 : !floe_sdp_is_name(host)) {
        *t = start;
        return false;
    }
    return check_multicast_tail(t, is_ip6);
}

static bool check_zone(floe_text *t)
{
    do {
        if (!floe_sdp_match(t, "D ", NULL)) {
            return false;
        }
        (void)floe_text_get_char(t, '-');
        if (!floe_sdp_match(t, "Y", NULL)) {
            return false;
        }
    } while (floe_text_get_char(t, ' '));
    return true;
}

/* RFC 8866 §5.12: nobody may use it any more, and everybody must still read it. */
static bool check_key(floe_text *t)
{
    return floe_text_get_literal(t, "prompt") ||
           ((floe_text_get_literal(t, "clear:") || floe_text_get_literal(t, "base64:") ||
             floe_text_get_literal(t, "uri:")) &&
            floe_sdp_match(t, "X", NULL));
}

/* A value that is empty after the colon is accepted: browsers wrote "a=msid-semantic:". */
static bool check_attribute(floe_text *t)
{
    bool is_name = floe_sdp_match(t, "T", NULL);
    if (is_name && floe_text_get_char(t, ':')) {
        (void)floe_text_get_rest(t);
    }
    return is_name && floe_text_is_end(t);
}

bool floe_sdp_get_media(floe_text *t, floe_sdp_media *media)
{
    floe_bytes field[2];
    uint64_t port;
    uint64_t count = 1;
    if (!floe_sdp_match(t, "T ", &media->media) || !floe_text_get_decimal(t, UINT16_MAX, &port) ||
        (floe_text_get_char(t, '/') && !floe_text_get_decimal(t, UINT32_MAX, &count)) ||
        count == 0 || !floe_sdp_match(t, " T+/ T+ ", field)) {
        return false;
    }
    media->port = (uint16_t)port;
    media->port_count = (uint32_t)count;
    media->proto = field[0];
    media->formats = field[1];
    return true;
}

bool floe_sdp_check(const floe_sdp_rule *rule, floe_text *t)
{
    floe_sdp_media media;
    bool is_good;
    switch (rule->type) {
    case 's':
        return true;
    case 'a':
        return check_attribute(t);
    case 'c':
        is_good = check_connection(t);
        break;
    case 'k':
        is_good = check_key(t);
        break;
    case 'm':
        is_good = floe_sdp_get_media(t, &media);
        break;
    case 'z':
        is_good = check_zone(t);
        break;
    default:
        is_good = floe_sdp_match(t, rule->pattern, NULL);
        break;
    }
    while (is_good && floe_text_get_char(t, ' ')) {
    }
    return is_good && floe_text_is_end(t);
}
