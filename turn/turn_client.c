/* turn/turn_client.c - the calls of turn/turn_client.h that drive a client, and what falls due. */
#include "turn/turn_client.h"

#include <string.h>

#include "turn/turn_client_internal.h"

static bool is_config_ok(const floe_turn_config *config)
{
    bool has_token = config->reservation_token != 0;
    bool has_port = config->port != FLOE_TURN_PORT_ANY;
    /* RFC 8656 §7.1: what may not stand in one request together. */
    if (has_token && (has_port || config->relay != FLOE_TURN_RELAY_ANY)) {
        return false;
    }
    if (config->relay == FLOE_TURN_RELAY_BOTH && config->port == FLOE_TURN_PORT_EVEN_RESERVE) {
        return false;
    }
    /* RFC 6062 §4.1: nothing of UDP's options with a TCP allocation. */
    bool is_plain = !has_token && !has_port && !config->dont_fragment;
    return config->rand.fill != NULL && config->redirects_max <= FLOE_TURN_REDIRECT_MAX &&
           (!config->is_tcp || is_plain);
}

static void set_options(floe_turn_client *client, const floe_turn_config *config)
{
    client->rand = config->rand;
    client->trace = config->trace;
    client->id = config->id;
    client->relay_wanted = (uint8_t)config->relay;
    client->port_wanted = (uint8_t)config->port;
    client->token = config->reservation_token;
    client->lifetime_wanted_s = config->lifetime_s;
    client->redirects_max = config->redirects_max;
    client->is_tcp = config->is_tcp;
    client->dont_fragment = config->dont_fragment;
    client->wants_mobility = config->wants_mobility;
}

floe_err floe_turn_client_init(floe_turn_client *client, const floe_turn_config *config,
                               floe_time now)
{
    memset(client, 0, sizeof *client);
    client->state = FLOE_TURN_CLOSED;
    client->now = now;
    client->expires = client->refresh_at = client->retry_at = FLOE_TIME_NEVER;
    floe_err err = FLOE_OK;
    if (config->username.len > 0) {
        err = floe_stun_auth_init_long(&client->auth, config->username, config->password);
    }
    if (err != FLOE_OK || !is_config_ok(config)) {
        return err != FLOE_OK ? err : FLOE_E_ARG;
    }
    set_options(client, config);
    client->state = FLOE_TURN_WAITING;
    return config->path.remote.family == 0 ? FLOE_OK
                                           : floe_turn_client_set_path(client, &config->path);
}

static void set_time(floe_turn_client *client, floe_time now)
{
    FLOE_ASSERT(now >= client->now);
    client->now = now;
}

/* RFC 8016 §3.2: the ticket takes the allocation to another way; none goes with a plain Refresh. */
static void move(floe_turn_client *client)
{
    client->is_moving = true;
    floe_turn_request_cancel_all(client);
    (void)floe_turn_request_begin(client, FLOE_TURN_JOB_REFRESH, 0);
}

floe_err floe_turn_client_set_path(floe_turn_client *client, const floe_path *path)
{
    if (path->remote.family == 0 || path->remote.port == 0 ||
        (client->is_tcp && !floe_turn_is_reliable(path))) {
        return FLOE_E_ARG;
    }
    bool is_there = client->state == FLOE_TURN_ALLOCATED && floe_path_equal(&client->path, path);
    if (client->state >= FLOE_TURN_CLOSING || is_there) {
        return FLOE_OK;
    }
    bool is_same_server = floe_addr_equal(&client->path.remote, &path->remote);
    bool has_allocation = client->expires != FLOE_TIME_NEVER;
    if (!is_same_server) {
        client->rtt = (floe_stun_rtt){0};
        floe_stun_auth_reset(&client->auth);
    }
    client->path = *path;
    client->is_path_untold = false;
    if (has_allocation && is_same_server && client->ticket_len > 0 && !client->is_tcp) {
        client->state = FLOE_TURN_ALLOCATED;
        move(client);
    } else if (has_allocation) {
        client->state = FLOE_TURN_ALLOCATED;
        floe_turn_allocation_lose(client, FLOE_TURN_CAUSE_MOVED, 0);
    } else {
        floe_turn_allocation_start(client);
    }
    floe_turn_client_settle(client);
    return FLOE_OK;
}

void floe_turn_client_lose_path(floe_turn_client *client)
{
    if (client->state == FLOE_TURN_CLOSING) {
        floe_turn_allocation_end(client);
    }
    if (client->state != FLOE_TURN_CLOSED && client->state != FLOE_TURN_WAITING) {
        floe_turn_allocation_want_path(client, &client->path.remote, 0);
    }
    floe_turn_client_settle(client);
}

void floe_turn_client_refresh(floe_turn_client *client)
{
    client->is_probing = client->state == FLOE_TURN_ALLOCATED;
    floe_turn_client_settle(client);
}

void floe_turn_client_close(floe_turn_client *client)
{
    if (client->state == FLOE_TURN_CLOSED || client->state == FLOE_TURN_CLOSING) {
        return;
    }
    bool has_allocation = client->state == FLOE_TURN_ALLOCATED;
    /* An Allocate whose answer is on its way may have made one. */
    bool may_have = client->state == FLOE_TURN_ALLOCATING &&
                    floe_turn_request_is_pending(client, FLOE_TURN_JOB_ALLOCATE, 0) &&
                    floe_stun_auth_has_realm(&client->auth);
    floe_turn_allocation_forget(client);
    client->is_lost_untold = client->is_failed_untold = client->is_path_untold = false;
    client->state = FLOE_TURN_CLOSING;
    if (has_allocation || may_have) {
        (void)floe_turn_request_begin(client, FLOE_TURN_JOB_DELETE, 0);
    } else {
        floe_turn_allocation_end(client);
    }
    floe_turn_client_settle(client);
}

/* No answer, or none that could be believed. */
static void expire(floe_turn_client *client, floe_turn_txn *txn)
{
    floe_turn_job job = (floe_turn_job)txn->job;
    uint8_t index = txn->index;
    uint16_t hint = txn->hint;
    floe_turn_cause cause = txn->was_answered ? FLOE_TURN_CAUSE_INTEGRITY : FLOE_TURN_CAUSE_TIMEOUT;
    txn->job = FLOE_TURN_JOB_NONE;
    switch (job) {
    case FLOE_TURN_JOB_ALLOCATE:
        floe_turn_allocation_fail(client, cause, hint, FLOE_TURN_LATER_US);
        return;
    case FLOE_TURN_JOB_REFRESH:
        client->refresh_at = floe_time_after(client->now, FLOE_TURN_AGAIN_US);
        if (client->is_moving) {
            floe_turn_allocation_lose(client, cause, hint);
        }
        return;
    case FLOE_TURN_JOB_DELETE:
        floe_turn_allocation_end(client);
        return;
    case FLOE_TURN_JOB_CONNECT:
        floe_turn_connect_answer(client, index, NULL, hint != 0 ? hint : 447);
        return;
    default:
        floe_turn_peer_answer(client, index, hint, true);
        return;
    }
}

static void settle_allocation(floe_turn_client *client)
{
    if (client->expires <= client->now) {
        floe_turn_allocation_lose(client, FLOE_TURN_CAUSE_EXPIRED, client->txn[0].hint);
    }
    if (client->retry_at <= client->now) {
        floe_turn_allocation_retry(client);
    }
    bool is_due = client->is_probing || client->refresh_at <= client->now;
    if (client->state == FLOE_TURN_ALLOCATED && is_due) {
        client->is_probing = false;
        client->refresh_at = FLOE_TIME_NEVER;
        if (!floe_turn_request_is_pending(client, FLOE_TURN_JOB_REFRESH, 0)) {
            (void)floe_turn_request_begin(client, FLOE_TURN_JOB_REFRESH, 0);
        }
    }
}

void floe_turn_client_settle(floe_turn_client *client)
{
    for (size_t i = 0; i < FLOE_TURN_TXN_MAX; i++) {
        floe_turn_txn *txn = &client->txn[i];
        if (txn->job != FLOE_TURN_JOB_NONE &&
            floe_stun_txn_check(&txn->txn, client->now) == FLOE_STUN_TXN_TIMEOUT) {
            expire(client, txn);
        }
    }
    settle_allocation(client);
    floe_turn_connect_settle(client);
    if (client->state == FLOE_TURN_ALLOCATED && !client->is_moving) {
        floe_turn_peer_settle(client);
    }
    /* What a peer's answer has asked for. */
    settle_allocation(client);
}

void floe_turn_client_advance(floe_turn_client *client, floe_time now)
{
    set_time(client, now);
    floe_turn_client_settle(client);
}

floe_time floe_turn_client_deadline(const floe_turn_client *client)
{
    floe_time deadline = floe_time_min(client->expires, client->retry_at);
    for (size_t i = 0; i < FLOE_TURN_TXN_MAX; i++) {
        if (client->txn[i].job != FLOE_TURN_JOB_NONE) {
            deadline = floe_time_min(deadline, floe_stun_txn_deadline(&client->txn[i].txn));
        }
    }
    deadline = floe_time_min(deadline, floe_turn_connect_deadline(client));
    if (client->state == FLOE_TURN_ALLOCATED) {
        deadline = floe_time_min(deadline, client->refresh_at);
    }
    if (client->state == FLOE_TURN_ALLOCATED && !client->is_moving) {
        deadline = floe_time_min(deadline, floe_turn_peer_deadline(client));
    }
    return deadline;
}

static void fill_allocated(const floe_turn_client *client, floe_turn_event *event)
{
    event->relay[0] = client->relay[0];
    event->relay[1] = client->relay[1];
    event->mapped = client->mapped;
    event->family_code = client->family_code;
    event->lifetime_s = client->lifetime_s;
    event->reservation_token = client->token_got;
}

static bool take(bool *flag)
{
    bool was = *flag;
    *flag = false;
    return was;
}

static bool poll_state_event(floe_turn_client *client, floe_turn_event *event)
{
    if (take(&client->is_lost_untold)) {
        event->type = FLOE_TURN_EV_LOST;
        event->cause = (floe_turn_cause)client->lost_cause;
        event->code = client->lost_code;
    } else if (take(&client->is_path_untold)) {
        event->type = FLOE_TURN_EV_PATH_WANTED;
        event->server = client->path_server;
        event->code = client->path_code;
    } else if (take(&client->is_allocated_untold)) {
        event->type = FLOE_TURN_EV_ALLOCATED;
        fill_allocated(client, event);
    } else if (take(&client->is_moved_untold)) {
        event->type = FLOE_TURN_EV_MOVED;
    } else if (take(&client->is_failed_untold)) {
        event->type = FLOE_TURN_EV_FAILED;
        event->cause = (floe_turn_cause)client->cause;
        event->code = client->code;
        event->retry_us = client->retry_us;
    } else if (take(&client->is_closed_untold)) {
        event->type = FLOE_TURN_EV_CLOSED;
    } else {
        return false;
    }
    return true;
}

bool floe_turn_client_poll_event(floe_turn_client *client, floe_turn_event *event)
{
    memset(event, 0, sizeof *event);
    if (poll_state_event(client, event)) {
        return true;
    }
    if (take(&client->is_icmp_untold)) {
        event->type = FLOE_TURN_EV_ICMP;
        event->peer = client->icmp_peer;
        event->icmp_type = client->icmp_type;
        event->icmp_code = client->icmp_code;
        event->icmp_data = client->icmp_data;
        return true;
    }
    return floe_turn_peer_poll_event(client, event) || floe_turn_connect_poll_event(client, event);
}

floe_turn_state floe_turn_client_get_state(const floe_turn_client *client)
{
    return (floe_turn_state)client->state;
}

floe_addr floe_turn_client_get_relay(const floe_turn_client *client, uint8_t family)
{
    return client->state == FLOE_TURN_ALLOCATED ? client->relay[family == 6] : (floe_addr){0};
}

void floe_turn_client_get_stats(const floe_turn_client *client, floe_turn_stats *stats)
{
    *stats = client->stats;
    stats->rtt_us = client->rtt.mean_us;
}

void floe_turn_client_check_invariants(const floe_turn_client *client)
{
    FLOE_ASSERT(client->state <= FLOE_TURN_CLOSED);
    FLOE_ASSERT((client->expires == FLOE_TIME_NEVER) == (client->allocated_at == 0));
    FLOE_ASSERT(client->state != FLOE_TURN_ALLOCATED || client->expires != FLOE_TIME_NEVER);
    FLOE_ASSERT(client->ticket_len <= sizeof client->ticket);
    for (size_t i = 0; i < FLOE_TURN_TXN_MAX; i++) {
        const floe_turn_txn *txn = &client->txn[i];
        bool is_own = txn->job == FLOE_TURN_JOB_ALLOCATE || txn->job == FLOE_TURN_JOB_REFRESH ||
                      txn->job == FLOE_TURN_JOB_DELETE;
        FLOE_ASSERT(txn->job == FLOE_TURN_JOB_NONE || is_own == (i == 0));
        FLOE_ASSERT(txn->job == FLOE_TURN_JOB_NONE ||
                    (client->state >= FLOE_TURN_ALLOCATING && client->state < FLOE_TURN_CLOSED &&
                     client->state != FLOE_TURN_FAILED));
    }
    for (size_t i = 0; i < FLOE_TURN_GRANT_MAX; i++) {
        const floe_turn_grant *grant = &client->grant[i];
        FLOE_ASSERT(grant->state <= FLOE_TURN_GRANT_REFUSED);
        FLOE_ASSERT(grant->state != FLOE_TURN_GRANT_READY || grant->peer.family != 0);
    }
}

const char *floe_turn_cause_text(floe_turn_cause cause)
{
    static const char *const texts[] = {
        "no failure",
        "the server does not answer",
        "no answer of the server is authentic: wrong password, or somebody in between",
        "the server refuses",
        "the server's answer lacks what it must have",
        "the server gave an address of a family that was not asked for",
        "the server points to another one, which is not allowed",
        "the allocation could not be refreshed in time",
        "the way to the server has changed",
    };
    FLOE_ASSERT((unsigned)cause < sizeof texts / sizeof texts[0]);
    return texts[cause];
}
