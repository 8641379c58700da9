/* turn/turn_connect.c - TCP connections of a TCP allocation (RFC 6062), ours and the peers'. */
#include <string.h>

#include "base/reader.h"
#include "turn/turn_client_internal.h"

#define OPEN_US (30 * FLOE_SECOND) /* RFC 6062 section 4.3: the server waits for ConnectionBind */

static floe_turn_connection *find_state(floe_turn_client *client, uint8_t state)
{
    for (size_t i = 0; i < FLOE_TURN_CONNECTION_MAX; i++) {
        if (client->connection[i].state == state) {
            return &client->connection[i];
        }
    }
    return NULL;
}

static floe_turn_connection *find_open(floe_turn_client *client, uint32_t id)
{
    for (size_t i = 0; i < FLOE_TURN_CONNECTION_MAX; i++) {
        floe_turn_connection *c = &client->connection[i];
        if (c->state == FLOE_TURN_CONNECTION_OPEN && c->id == id) {
            return c;
        }
    }
    return NULL;
}

floe_err floe_turn_client_connect(floe_turn_client *client, const floe_addr *peer)
{
    if (!client->is_tcp || client->state != FLOE_TURN_ALLOCATED) {
        return FLOE_E_STATE;
    }
    floe_turn_connection *c = find_state(client, FLOE_TURN_CONNECTION_FREE);
    if (c == NULL) {
        return FLOE_E_FULL;
    }
    *c = (floe_turn_connection){.peer = *peer, .state = FLOE_TURN_CONNECTION_ASKED};
    floe_turn_client_settle(client);
    return FLOE_OK;
}

static void set_open(floe_turn_client *client, floe_turn_connection *c, uint32_t id)
{
    c->id = id;
    c->state = FLOE_TURN_CONNECTION_OPEN;
    c->until = floe_time_after(client->now, OPEN_US);
    c->is_told = false;
}

void floe_turn_connect_answer(floe_turn_client *client, uint8_t index, const floe_stun_msg *msg,
                              uint16_t code)
{
    floe_turn_connection *c = &client->connection[index];
    uint32_t id;
    if (code == 0 && floe_stun_msg_get_u32(msg, FLOE_STUN_CONNECTION_ID, &id) && id != 0) {
        set_open(client, c, id);
        return;
    }
    c->state = FLOE_TURN_CONNECTION_FAILED;
    c->code = code;
}

floe_err floe_turn_connect_attempt(floe_turn_client *client, const floe_stun_msg *msg)
{
    floe_addr peer;
    uint32_t id;
    floe_turn_connection *c = find_state(client, FLOE_TURN_CONNECTION_FREE);
    if (!client->is_tcp || c == NULL ||
        !floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_PEER_ADDRESS, &peer) ||
        !floe_stun_msg_get_u32(msg, FLOE_STUN_CONNECTION_ID, &id) || id == 0 ||
        find_open(client, id) != NULL || !floe_turn_peer_is_expected(client, &peer)) {
        return FLOE_E_UNKNOWN;
    }
    *c = (floe_turn_connection){.peer = peer, .is_incoming = true};
    set_open(client, c, id);
    return FLOE_OK;
}

floe_err floe_turn_client_open(floe_turn_client *client, uint32_t connection, floe_span buf,
                               size_t *len)
{
    floe_turn_connection *c = find_open(client, connection);
    if (c == NULL) {
        return FLOE_E_UNKNOWN;
    }
    floe_stun_writer w;
    floe_bytes packet;
    client->rand.fill(client->rand.ctx, c->tid, sizeof c->tid);
    floe_stun_writer_begin(&w, buf.ptr, buf.len, FLOE_STUN_REQUEST, FLOE_STUN_CONNECTION_BIND,
                           c->tid);
    floe_stun_writer_put_u32(&w, FLOE_STUN_CONNECTION_ID, c->id);
    floe_stun_auth_put(&client->auth, &w);
    floe_err err = floe_stun_writer_end(&w, &packet);
    *len = packet.len;
    return err;
}

/* AUTH, MALFORMED: no answer to our request. */
static floe_err judge(floe_turn_client *client, floe_turn_connection *c, floe_bytes packet)
{
    floe_stun_msg msg;
    bool is_response = floe_stun_msg_parse(&msg, packet) == FLOE_OK &&
                       msg.method == FLOE_STUN_CONNECTION_BIND &&
                       (msg.cls == FLOE_STUN_SUCCESS || msg.cls == FLOE_STUN_ERROR);
    if (!is_response || memcmp(msg.tid, c->tid, sizeof c->tid) != 0) {
        return FLOE_E_MALFORMED;
    }
    switch (floe_stun_auth_check(&client->auth, &msg)) {
    case FLOE_STUN_AUTH_OK:
        return msg.cls == FLOE_STUN_SUCCESS ? FLOE_OK : FLOE_E_CLOSED;
    case FLOE_STUN_AUTH_RETRY:
        return c->challenges++ < FLOE_TURN_CHALLENGE_MAX ? FLOE_E_AGAIN : FLOE_E_CLOSED;
    default:
        return FLOE_E_AUTH;
    }
}

floe_err floe_turn_client_input_open(floe_turn_client *client, floe_time now, uint32_t connection,
                                     floe_bytes packet)
{
    floe_turn_client_advance(client, now);
    floe_turn_connection *c = find_open(client, connection);
    if (c == NULL) {
        return FLOE_E_UNKNOWN;
    }
    floe_err err = judge(client, c, packet);
    if (err != FLOE_E_AGAIN) {
        c->state = FLOE_TURN_CONNECTION_FREE;
    }
    return err;
}

void floe_turn_connect_settle(floe_turn_client *client)
{
    for (uint8_t i = 0; i < FLOE_TURN_CONNECTION_MAX; i++) {
        floe_turn_connection *c = &client->connection[i];
        if (c->state == FLOE_TURN_CONNECTION_OPEN && c->until <= client->now) {
            c->state = FLOE_TURN_CONNECTION_FREE;
        }
        if (c->state == FLOE_TURN_CONNECTION_ASKED && client->state == FLOE_TURN_ALLOCATED &&
            !floe_turn_request_is_pending(client, FLOE_TURN_JOB_CONNECT, i)) {
            (void)floe_turn_request_begin(client, FLOE_TURN_JOB_CONNECT, i);
        }
    }
}

floe_time floe_turn_connect_deadline(const floe_turn_client *client)
{
    floe_time deadline = FLOE_TIME_NEVER;
    for (size_t i = 0; i < FLOE_TURN_CONNECTION_MAX; i++) {
        if (client->connection[i].state == FLOE_TURN_CONNECTION_OPEN) {
            deadline = floe_time_min(deadline, client->connection[i].until);
        }
    }
    return deadline;
}

void floe_turn_connect_reset(floe_turn_client *client)
{
    memset(client->connection, 0, sizeof client->connection);
}

bool floe_turn_connect_poll_event(floe_turn_client *client, floe_turn_event *event)
{
    for (size_t i = 0; i < FLOE_TURN_CONNECTION_MAX; i++) {
        floe_turn_connection *c = &client->connection[i];
        bool is_failed = c->state == FLOE_TURN_CONNECTION_FAILED;
        if (!is_failed && (c->state != FLOE_TURN_CONNECTION_OPEN || c->is_told)) {
            continue;
        }
        c->is_told = true;
        c->state = is_failed ? FLOE_TURN_CONNECTION_FREE : c->state;
        event->type = FLOE_TURN_EV_CONNECTION;
        event->peer = c->peer;
        event->is_incoming = c->is_incoming;
        event->connection = is_failed ? 0 : c->id;
        event->code = is_failed ? c->code : 0;
        return true;
    }
    return false;
}
