/*
 * turn/turn_allocation.c - the allocation: made, refreshed, lost, made again, given back; and what
 * each answer to Allocate and Refresh does to it (RFC 8656 sections 7, 8).
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "turn/turn_client_internal.h"

#define PATHS_MAX       3   /* RFC 8656 section 7.4: local addresses to try after 437 */
#define TRIES_MAX       3   /* after 500 */
#define MARGIN_S        60u /* RFC 8656 section 8: refresh a minute early */
#define LIFETIME_MAX_S  (30u * 24 * 3600)
#define SHORT_LIFE_US   (60 * FLOE_SECOND)
#define SHORT_LIVES_MAX 6 /* 2^6 s is enough to wait */
#define FORGET_437_US   (120 * FLOE_SECOND)

static void set_state(floe_turn_client *client, floe_turn_state state, uint16_t cause)
{
    floe_trace_put(&client->trace, (floe_trace_record){.at = client->now,
                                                       .module = FLOE_MODULE_TURN,
                                                       .kind = FLOE_TRACE_STATE,
                                                       .id = client->id,
                                                       .a = client->state,
                                                       .b = (int32_t)state,
                                                       .cause = cause,
                                                       .addr = client->path.remote});
    client->state = (uint8_t)state;
}

void floe_turn_allocation_forget(floe_turn_client *client)
{
    client->allocated_at = 0;
    client->expires = client->refresh_at = client->retry_at = FLOE_TIME_NEVER;
    client->ticket_len = 0;
    client->is_moving = client->is_probing = false;
    client->is_allocated_untold = client->is_moved_untold = false;
    memset(client->relay, 0, sizeof client->relay);
    floe_turn_request_cancel_all(client);
    floe_turn_peer_reset(client);
    floe_turn_connect_reset(client);
}

static void ask(floe_turn_client *client)
{
    client->retry_at = FLOE_TIME_NEVER;
    set_state(client, FLOE_TURN_ALLOCATING, 0);
    (void)floe_turn_request_begin(client, FLOE_TURN_JOB_ALLOCATE, 0);
}

static void reset_counters(floe_turn_client *client)
{
    client->visited_count = client->tries = 0;
    client->redirects_left = client->redirects_max;
    client->paths_left = PATHS_MAX - 1;
}

void floe_turn_allocation_start(floe_turn_client *client)
{
    /* A path that we have asked for goes on where we were. */
    if (client->state != FLOE_TURN_WAITING || client->path_code == 0) {
        reset_counters(client);
    }
    ask(client);
}

void floe_turn_allocation_retry(floe_turn_client *client)
{
    if (client->state == FLOE_TURN_FAILED) {
        reset_counters(client);
    }
    ask(client);
}

/* A server that ends each new allocation at once is asked less and less often. */
static void retry_lost(floe_turn_client *client, bool is_short)
{
    if (!is_short) {
        client->short_lives = 0;
        ask(client);
        return;
    }
    if (client->short_lives < SHORT_LIVES_MAX) {
        client->short_lives++;
    }
    client->retry_at = floe_time_after(client->now, (FLOE_SECOND / 2) << client->short_lives);
}

void floe_turn_allocation_lose(floe_turn_client *client, floe_turn_cause cause, uint16_t code)
{
    bool is_short = client->now < floe_time_after(client->allocated_at, SHORT_LIFE_US);
    floe_turn_allocation_forget(client);
    client->is_lost_untold = true;
    client->lost_cause = (uint8_t)cause;
    client->lost_code = code;
    reset_counters(client);
    if (client->state != FLOE_TURN_WAITING) {
        set_state(client, FLOE_TURN_ALLOCATING, code);
        retry_lost(client, is_short && cause != FLOE_TURN_CAUSE_MOVED);
    }
}

void floe_turn_allocation_fail(floe_turn_client *client, floe_turn_cause cause, uint16_t code,
                               uint64_t retry_us)
{
    floe_turn_allocation_forget(client);
    set_state(client, FLOE_TURN_FAILED, code);
    client->is_failed_untold = true;
    client->cause = (uint8_t)cause;
    client->code = code;
    client->retry_us = (uint32_t)retry_us;
    /* The first allocation is the caller's to insist on; a lost one is ours. */
    if (client->had_allocation && retry_us != 0) {
        client->retry_at = floe_time_after(client->now, retry_us);
    }
}

void floe_turn_allocation_want_path(floe_turn_client *client, const floe_addr *server,
                                    uint16_t code)
{
    floe_turn_request_cancel_all(client);
    client->is_moving = client->is_probing = false;
    client->retry_at = client->refresh_at = FLOE_TIME_NEVER;
    client->is_path_untold = true;
    client->path_code = code;
    client->path_server = *server;
    set_state(client, FLOE_TURN_WAITING, code);
}

void floe_turn_allocation_end(floe_turn_client *client)
{
    floe_turn_allocation_forget(client);
    client->is_lost_untold = client->is_path_untold = false;
    client->is_closed_untold = true;
    set_state(client, FLOE_TURN_CLOSED, 0);
}

/* RFC 8489 §14.2, for one of several: floe_stun_msg_get_addr() gives the first only. Parse has seen
 * to its length. */
static floe_addr load_xor_addr(const floe_stun_msg *msg, floe_bytes value)
{
    uint8_t ip[16];
    size_t len = value.ptr[1] == 1 ? 4 : 16;
    if (value.len != 4 + len) {
        return (floe_addr){0};
    }
    for (size_t i = 0; i < len; i++) {
        ip[i] = value.ptr[4 + i] ^ msg->packet.ptr[4 + i];
    }
    uint16_t port = floe_load_u16(value.ptr + 2) ^ (uint16_t)(FLOE_STUN_COOKIE >> 16);
    return floe_addr_from_bytes((floe_bytes){ip, len}, port);
}

static void load_relays(floe_turn_client *client, const floe_stun_msg *msg)
{
    size_t cursor = 0;
    floe_stun_attr attr;
    memset(client->relay, 0, sizeof client->relay);
    while (floe_stun_msg_next(msg, &cursor, &attr)) {
        if (attr.type == FLOE_STUN_XOR_RELAYED_ADDRESS) {
            floe_addr relay = load_xor_addr(msg, attr.value);
            floe_addr *mine = &client->relay[relay.family == 6];
            /* coturn 4.6 puts 0.0.0.0:0 where it has no relay of the second family. */
            if (relay.port != 0 && !floe_addr_is_any(&relay) && mine->family == 0) {
                *mine = relay;
            }
        }
    }
    client->family_code = 0;
    if (floe_stun_msg_find(msg, FLOE_STUN_ADDRESS_ERROR_CODE, &attr)) {
        /* RFC 8656 §18.12: as ERROR-CODE, with a family in front. */
        client->family_code = (uint16_t)((attr.value.ptr[2] & 7) * 100 + attr.value.ptr[3]);
    }
}

static void load_ticket(floe_turn_client *client, const floe_stun_msg *msg)
{
    floe_stun_attr attr;
    if (!client->wants_mobility || !floe_stun_msg_find(msg, FLOE_STUN_MOBILITY_TICKET, &attr)) {
        return;
    }
    /* One that does not fit can't be given back: then there is none. */
    client->ticket_len = attr.value.len <= sizeof client->ticket ? (uint16_t)attr.value.len : 0;
    if (client->ticket_len > 0) {
        memcpy(client->ticket, attr.value.ptr, attr.value.len);
    }
}

static void set_lifetime(floe_turn_client *client, uint32_t seconds)
{
    client->lifetime_s = seconds < LIFETIME_MAX_S ? seconds : LIFETIME_MAX_S;
    uint32_t margin = client->lifetime_s / 4 < MARGIN_S ? client->lifetime_s / 4 : MARGIN_S;
    uint64_t early_us = (client->lifetime_s - margin) * FLOE_SECOND;
    /* Up to a tenth earlier: clients that came together do not stay together. */
    early_us -= early_us / 10 * floe_rand_u32(&client->rand) / UINT32_MAX;
    client->expires = floe_time_after(client->now, client->lifetime_s * FLOE_SECOND);
    client->refresh_at = floe_time_after(client->now, early_us);
}

/* RFC 8656 §7.3: a family that we can't use; one too many is no harm. */
static bool has_wanted_family(const floe_turn_client *client)
{
    bool has4 = client->relay[0].family != 0;
    bool has6 = client->relay[1].family != 0;
    return (has4 || client->relay_wanted != FLOE_TURN_RELAY_IPV4) &&
           (has6 || client->relay_wanted != FLOE_TURN_RELAY_IPV6);
}

static void accept(floe_turn_client *client, const floe_stun_msg *msg)
{
    uint32_t lifetime;
    load_relays(client, msg);
    bool has_relay = client->relay[0].family != 0 || client->relay[1].family != 0;
    if (!has_relay || !floe_stun_msg_get_u32(msg, FLOE_STUN_LIFETIME, &lifetime) || lifetime == 0) {
        floe_turn_allocation_fail(client, FLOE_TURN_CAUSE_PROTOCOL, 0, 0);
        return;
    }
    if (!has_wanted_family(client)) {
        /* RFC 8656 §7.3: delete it, and do not ask again. */
        floe_turn_allocation_fail(client, FLOE_TURN_CAUSE_FAMILY, 0, 0);
        set_state(client, FLOE_TURN_CLOSING, 0);
        (void)floe_turn_request_begin(client, FLOE_TURN_JOB_DELETE, 0);
        return;
    }
    client->mapped = (floe_addr){0};
    (void)floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &client->mapped);
    client->token_got = 0;
    (void)floe_stun_msg_get_u64(msg, FLOE_STUN_RESERVATION_TOKEN, &client->token_got);
    load_ticket(client, msg);
    client->allocated_at = client->now != 0 ? client->now : 1;
    set_lifetime(client, lifetime);
    client->had_allocation = true;
    client->is_allocated_untold = true;
    client->is_failed_untold = false;
    client->stats.allocations++;
    set_state(client, FLOE_TURN_ALLOCATED, 0);
}

/* May the redirection be followed? It came with an authentic answer; yet not everywhere. */
static bool is_redirect_ok(const floe_turn_client *client, const floe_addr *server)
{
    const floe_addr *now = &client->path.remote;
    /* RFC 8489 §10: never in a circle. */
    for (uint8_t i = 0; i < client->visited_count; i++) {
        if (floe_addr_equal(&client->visited[i], server)) {
            return false;
        }
    }
    return client->redirects_left > 0 && !floe_addr_equal(server, now) &&
           server->family == now->family && server->port != 0 && !floe_addr_is_any(server) &&
           !floe_addr_is_multicast(server) &&
           floe_addr_is_loopback(server) == floe_addr_is_loopback(now);
}

static void redirect(floe_turn_client *client, const floe_stun_msg *msg)
{
    floe_addr server;
    if (!floe_stun_msg_get_addr(msg, FLOE_STUN_ALTERNATE_SERVER, &server) ||
        !is_redirect_ok(client, &server)) {
        floe_turn_allocation_fail(client, FLOE_TURN_CAUSE_REDIRECT, 300, 0);
        return;
    }
    client->redirects_left--;
    client->visited[client->visited_count++] = client->path.remote;
    floe_turn_allocation_want_path(client, &server, 300);
}

static bool lists_dont_fragment(const floe_stun_msg *msg)
{
    floe_stun_attr attr;
    if (!floe_stun_msg_find(msg, FLOE_STUN_UNKNOWN_ATTRIBUTES, &attr)) {
        return false;
    }
    for (size_t i = 0; i + 2 <= attr.value.len; i += 2) {
        if (floe_load_u16(attr.value.ptr + i) == FLOE_STUN_DONT_FRAGMENT) {
            return true;
        }
    }
    return false;
}

/* RFC 8656 §7.4: errors after which another request is worth sending. False: it has failed. */
static bool try_otherwise(floe_turn_client *client, const floe_stun_msg *msg, uint16_t code)
{
    bool has_option = client->port_wanted != FLOE_TURN_PORT_ANY || client->token != 0;
    if (code == 420 && client->dont_fragment && lists_dont_fragment(msg)) {
        client->dont_fragment = false;
        ask(client);
    } else if (code == 508 && has_option) {
        client->port_wanted = FLOE_TURN_PORT_ANY;
        client->token = 0;
        ask(client);
    } else if (code == 437 && client->paths_left > 0) {
        client->paths_left--;
        floe_turn_allocation_want_path(client, &client->path.remote, code);
    } else if (code == 500 && client->tries < TRIES_MAX) {
        client->retry_at = floe_time_after(client->now, FLOE_SECOND << client->tries++);
    } else {
        return false;
    }
    return true;
}

static uint64_t retry_after(uint16_t code)
{
    switch (code) {
    /* RFC 8656 §7.4: two minutes after the last 437, a minute after 486 and 508. */
    case 437:
        return FORGET_437_US;
    case 486:
    case 500:
    case 508:
        return FLOE_TURN_LATER_US;
    default:
        return 0;
    }
}

void floe_turn_allocation_answer(floe_turn_client *client, const floe_stun_msg *msg, uint16_t code)
{
    if (code == 0) {
        accept(client, msg);
    } else if (code == 300) {
        redirect(client, msg);
    } else if (!try_otherwise(client, msg, code)) {
        bool is_ours = msg->cls == FLOE_STUN_SUCCESS; /* what it has in it is unknown */
        floe_turn_allocation_fail(client,
                                  is_ours ? FLOE_TURN_CAUSE_PROTOCOL : FLOE_TURN_CAUSE_REFUSED,
                                  code, retry_after(code));
    }
}

void floe_turn_allocation_refreshed(floe_turn_client *client, const floe_stun_msg *msg,
                                    uint16_t code)
{
    uint32_t lifetime;
    if (code == 0 && floe_stun_msg_get_u32(msg, FLOE_STUN_LIFETIME, &lifetime) && lifetime > 0) {
        set_lifetime(client, lifetime);
        load_ticket(client, msg);
        client->is_moved_untold = client->is_moved_untold || client->is_moving;
        client->is_moving = false;
    } else if (client->is_moving || code == 0 || code == 400 || code == 405) {
        /* RFC 8016 §3.2: whatever forbids to move, the allocation is out of reach from here. */
        floe_turn_allocation_lose(client, FLOE_TURN_CAUSE_REFUSED, code);
    } else {
        client->refresh_at = floe_time_after(client->now, FLOE_TURN_AGAIN_US);
    }
}
