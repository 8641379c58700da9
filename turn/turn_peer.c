/*
 * turn/turn_peer.c - permissions and channels (RFC 8656 sections 9, 10, 12), which are the same
 * thing here: a grant that is asked for, refreshed, refused.
 *
 *             add, bind                 yes                      a refusal
 *    (free) ───────────► ASKED ───────────────────────► READY ──────────────► REFUSED
 *                          ▲  ▲────── refreshed in vain ──┘                      │
 *                          └───────────────── add, bind; or after a while ──────┘
 */
#include <string.h>

#include "turn/turn_client_internal.h"

static bool is_peer(const floe_turn_grant *grant, uint8_t index, const floe_addr *peer)
{
    return floe_turn_is_channel(index) ? floe_addr_equal(&grant->peer, peer)
                                       : floe_addr_ip_equal(&grant->peer, peer);
}

uint8_t floe_turn_peer_find(const floe_turn_client *client, bool channel, const floe_addr *peer)
{
    uint8_t from = channel ? FLOE_TURN_PERMISSION_MAX : 0;
    uint8_t to = channel ? FLOE_TURN_GRANT_MAX : FLOE_TURN_PERMISSION_MAX;
    for (uint8_t i = from; i < to; i++) {
        if (client->grant[i].peer.family != 0 && is_peer(&client->grant[i], i, peer)) {
            return i;
        }
    }
    return FLOE_TURN_NONE;
}

/* A free slot; for a channel also one that is not used any more, once its number may be another
 * peer's (RFC 8656 §12: five minutes after the binding has ended). */
static uint8_t find_room(const floe_turn_client *client, bool channel)
{
    uint8_t from = channel ? FLOE_TURN_PERMISSION_MAX : 0;
    uint8_t to = channel ? FLOE_TURN_GRANT_MAX : FLOE_TURN_PERMISSION_MAX;
    for (uint8_t i = from; i < to; i++) {
        const floe_turn_grant *grant = &client->grant[i];
        if (grant->peer.family == 0 ||
            (channel && !grant->is_wanted && grant->reuse_at <= client->now)) {
            return i;
        }
    }
    return FLOE_TURN_NONE;
}

static floe_err add(floe_turn_client *client, bool channel, const floe_addr *peer)
{
    uint8_t index = floe_turn_peer_find(client, channel, peer);
    bool is_new = index == FLOE_TURN_NONE;
    index = is_new ? find_room(client, channel) : index;
    if (index == FLOE_TURN_NONE) {
        return FLOE_E_FULL;
    }
    floe_turn_grant *grant = &client->grant[index];
    if (is_new) {
        *grant = (floe_turn_grant){.peer = *peer};
        grant->peer.port = channel ? peer->port : 0;
    }
    grant->is_wanted = true;
    if (is_new || grant->state == FLOE_TURN_GRANT_REFUSED) {
        grant->state = grant->told = FLOE_TURN_GRANT_ASKED;
        grant->due = 0;
    }
    return FLOE_OK;
}

floe_err floe_turn_client_add_peer(floe_turn_client *client, const floe_addr *peer)
{
    if (peer->family == 0) {
        return FLOE_E_ARG;
    }
    floe_err err = add(client, false, peer);
    floe_turn_client_settle(client);
    return err;
}

floe_err floe_turn_client_bind(floe_turn_client *client, const floe_addr *peer)
{
    if (peer->family == 0 || peer->port == 0) {
        return FLOE_E_ARG;
    }
    floe_err err = add(client, false, peer);
    err = err == FLOE_OK ? add(client, true, peer) : err;
    floe_turn_client_settle(client);
    return err;
}

void floe_turn_client_unbind(floe_turn_client *client, const floe_addr *peer)
{
    uint8_t index = floe_turn_peer_find(client, true, peer);
    if (index != FLOE_TURN_NONE) {
        client->grant[index].is_wanted = false;
        floe_turn_request_cancel(client, FLOE_TURN_JOB_BIND, index);
    }
    floe_turn_client_settle(client);
}

void floe_turn_client_remove_peer(floe_turn_client *client, const floe_addr *peer)
{
    uint8_t index = floe_turn_peer_find(client, false, peer);
    for (uint8_t i = FLOE_TURN_PERMISSION_MAX; i < FLOE_TURN_GRANT_MAX; i++) {
        if (client->grant[i].peer.family != 0 && floe_addr_ip_equal(&client->grant[i].peer, peer)) {
            client->grant[i].is_wanted = false;
            floe_turn_request_cancel(client, FLOE_TURN_JOB_BIND, i);
        }
    }
    if (index != FLOE_TURN_NONE) {
        floe_turn_request_cancel(client, FLOE_TURN_JOB_PERMIT, index);
        client->grant[index].peer = (floe_addr){0};
        client->grant[index].state = client->grant[index].told = FLOE_TURN_GRANT_ASKED;
    }
    floe_turn_client_settle(client);
}

void floe_turn_peer_reset(floe_turn_client *client)
{
    for (uint8_t i = 0; i < FLOE_TURN_GRANT_MAX; i++) {
        floe_turn_grant *grant = &client->grant[i];
        if (!grant->is_wanted) {
            grant->peer = (floe_addr){0};
        }
        grant->state = grant->told = FLOE_TURN_GRANT_ASKED;
        grant->due = grant->reuse_at = 0;
    }
}

/* A minute before it ends, and up to half a minute earlier, so that they do not all come at once.
 */
static void set_ready(floe_turn_client *client, floe_turn_grant *grant, uint64_t lifetime)
{
    uint64_t jitter = floe_rand_u32(&client->rand) % (30 * FLOE_SECOND);
    grant->state = FLOE_TURN_GRANT_READY;
    grant->expires = floe_time_after(client->now, lifetime);
    /* RFC 8656 §12.1: a channel keeps its permission alive, so it goes by the permission's time. */
    grant->due =
        floe_time_after(client->now, FLOE_TURN_PERMISSION_US - FLOE_TURN_LATER_US - jitter);
}

static uint64_t retry_after(uint16_t code, bool is_timeout)
{
    switch (code) {
    case 500:
        return FLOE_TURN_AGAIN_US;
    case 438: /* more often than is reasonable */
    case 486:
    case 508:
        return FLOE_TURN_LATER_US;
    default:
        return is_timeout ? FLOE_TURN_LATER_US : FLOE_TIME_NEVER;
    }
}

static void refuse(floe_turn_client *client, floe_turn_grant *grant, uint16_t code, bool is_timeout)
{
    bool is_held = grant->state == FLOE_TURN_GRANT_READY && client->now < grant->expires;
    /* No answer to a refresh: it lasts a while yet. */
    if (is_held && is_timeout) {
        grant->due = floe_time_after(client->now, FLOE_TURN_AGAIN_US);
    } else {
        grant->state = FLOE_TURN_GRANT_REFUSED;
        grant->code = code;
        grant->due = floe_time_after(client->now, retry_after(code, is_timeout));
    }
    /* A server that has lost the allocation may say 400, or nothing that counts: ask it. */
    client->is_probing = client->is_probing || is_timeout || code == 400;
}

void floe_turn_peer_answer(floe_turn_client *client, uint8_t index, uint16_t code, bool is_timeout)
{
    floe_turn_grant *grant = &client->grant[index];
    if (code != 0 || is_timeout) {
        refuse(client, grant, code, is_timeout);
        return;
    }
    set_ready(client, grant,
              floe_turn_is_channel(index) ? FLOE_TURN_CHANNEL_US : FLOE_TURN_PERMISSION_US);
    uint8_t permission = floe_turn_peer_find(client, false, &grant->peer);
    if (floe_turn_is_channel(index) && permission != FLOE_TURN_NONE) {
        floe_turn_grant *below = &client->grant[permission];
        set_ready(client, below, FLOE_TURN_PERMISSION_US);
        below->due = floe_time_after(grant->due, FLOE_TURN_AGAIN_US);
    }
}

bool floe_turn_peer_is_ready(const floe_turn_client *client, uint8_t index)
{
    const floe_turn_grant *grant = &client->grant[index];
    return grant->state == FLOE_TURN_GRANT_READY && client->now < grant->expires;
}

bool floe_turn_peer_is_expected(const floe_turn_client *client, const floe_addr *peer)
{
    uint8_t index = floe_turn_peer_find(client, false, peer);
    return index != FLOE_TURN_NONE && client->grant[index].state != FLOE_TURN_GRANT_REFUSED;
}

/* May a request for this grant be sent, when it is due? */
static bool is_askable(const floe_turn_client *client, uint8_t index)
{
    const floe_turn_grant *grant = &client->grant[index];
    if (grant->peer.family == 0 || !grant->is_wanted) {
        return false;
    }
    if (!floe_turn_is_channel(index)) {
        return true;
    }
    /* Data waits for its permission, and a channel for neither: so the permission comes first. */
    uint8_t permission = floe_turn_peer_find(client, false, &grant->peer);
    return permission != FLOE_TURN_NONE && floe_turn_peer_is_ready(client, permission);
}

static floe_turn_job job_of(uint8_t index)
{
    return floe_turn_is_channel(index) ? FLOE_TURN_JOB_BIND : FLOE_TURN_JOB_PERMIT;
}

static bool is_waiting(const floe_turn_client *client, uint8_t index)
{
    return is_askable(client, index) && !floe_turn_request_is_pending(client, job_of(index), index);
}

void floe_turn_peer_settle(floe_turn_client *client)
{
    bool has_slot = true;
    for (uint8_t i = 0; i < FLOE_TURN_GRANT_MAX; i++) {
        floe_turn_grant *grant = &client->grant[i];
        if (grant->state == FLOE_TURN_GRANT_READY && grant->expires <= client->now) {
            grant->state = FLOE_TURN_GRANT_ASKED;
        }
        if (grant->due > client->now || !is_waiting(client, i)) {
            continue;
        }
        if (client->relay[grant->peer.family == 6].family == 0) {
            /* RFC 8656 §10.1: never asked for a peer of a family without a relay. */
            refuse(client, grant, 443, false);
        } else {
            has_slot = has_slot && floe_turn_request_begin(client, job_of(i), i);
        }
    }
}

floe_time floe_turn_peer_deadline(const floe_turn_client *client)
{
    floe_time deadline = FLOE_TIME_NEVER;
    for (uint8_t i = 0; i < FLOE_TURN_GRANT_MAX; i++) {
        const floe_turn_grant *grant = &client->grant[i];
        /* One that is due and waits for a slot goes when an answer or a timeout frees one. */
        if (grant->due > client->now && is_waiting(client, i)) {
            deadline = floe_time_min(deadline, grant->due);
        }
        if (grant->state == FLOE_TURN_GRANT_READY) {
            deadline = floe_time_min(deadline, grant->expires);
        }
    }
    return deadline;
}

bool floe_turn_peer_poll_event(floe_turn_client *client, floe_turn_event *event)
{
    for (uint8_t i = 0; i < FLOE_TURN_GRANT_MAX; i++) {
        floe_turn_grant *grant = &client->grant[i];
        if (grant->peer.family == 0 || grant->told == grant->state) {
            continue;
        }
        grant->told = grant->state;
        event->type = floe_turn_is_channel(i) ? FLOE_TURN_EV_CHANNEL : FLOE_TURN_EV_PEER;
        event->peer = grant->peer;
        event->is_ready = grant->state == FLOE_TURN_GRANT_READY;
        event->code = grant->state == FLOE_TURN_GRANT_REFUSED ? grant->code : 0;
        return true;
    }
    return false;
}
