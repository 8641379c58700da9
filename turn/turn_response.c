/*
 * turn/turn_response.c - what comes from the server: which message it is, whether it may be
 * believed, and whom it concerns.
 */
#include <string.h>

#include "turn/turn_client_internal.h"

/* The comprehension-required attributes that a response or an indication to us may have. */
static const uint16_t known[] = {
    FLOE_STUN_MAPPED_ADDRESS,
    FLOE_STUN_USERNAME,
    FLOE_STUN_MESSAGE_INTEGRITY,
    FLOE_STUN_ERROR_CODE,
    FLOE_STUN_UNKNOWN_ATTRIBUTES,
    FLOE_STUN_CHANNEL_NUMBER,
    FLOE_STUN_LIFETIME,
    FLOE_STUN_XOR_PEER_ADDRESS,
    FLOE_STUN_DATA_ATTR,
    FLOE_STUN_REALM,
    FLOE_STUN_NONCE,
    FLOE_STUN_XOR_RELAYED_ADDRESS,
    FLOE_STUN_MESSAGE_INTEGRITY_SHA256,
    FLOE_STUN_PASSWORD_ALGORITHM,
    FLOE_STUN_USERHASH,
    FLOE_STUN_XOR_MAPPED_ADDRESS,
    FLOE_STUN_RESERVATION_TOKEN,
    FLOE_STUN_CONNECTION_ID,
};

static bool has_unknown(const floe_stun_msg *msg)
{
    return floe_stun_msg_get_unknown(msg, known, sizeof known / sizeof known[0], NULL, 0) > 0;
}

static floe_turn_txn *find_txn(floe_turn_client *client, const floe_stun_msg *msg)
{
    for (size_t i = 0; i < FLOE_TURN_TXN_MAX; i++) {
        floe_turn_txn *txn = &client->txn[i];
        if (txn->job != FLOE_TURN_JOB_NONE && txn->txn.sends > 0 &&
            floe_turn_request_method((floe_turn_job)txn->job) == msg->method &&
            floe_stun_txn_is_match(&txn->txn, msg)) {
            return txn;
        }
    }
    return NULL;
}

static void act(floe_turn_client *client, floe_turn_txn *txn, const floe_stun_msg *msg,
                uint16_t code)
{
    floe_turn_job job = (floe_turn_job)txn->job;
    uint8_t index = txn->index;
    txn->job = FLOE_TURN_JOB_NONE;
    /* RFC 8656 §5: 437 to anything but Allocate: there is no allocation. 441: it is another's. */
    bool is_gone = code == 437 || code == 441;
    if (is_gone && job != FLOE_TURN_JOB_ALLOCATE && job != FLOE_TURN_JOB_DELETE) {
        floe_turn_allocation_lose(client, FLOE_TURN_CAUSE_REFUSED, code);
        return;
    }
    switch (job) {
    case FLOE_TURN_JOB_ALLOCATE:
        floe_turn_allocation_answer(client, msg, code);
        return;
    case FLOE_TURN_JOB_REFRESH:
        floe_turn_allocation_refreshed(client, msg, code);
        return;
    case FLOE_TURN_JOB_DELETE:
        /* RFC 8656 §8.3: a 437 is as good as success; nothing else could be mended here. */
        floe_turn_allocation_end(client);
        return;
    case FLOE_TURN_JOB_CONNECT:
        floe_turn_connect_answer(client, index, msg, code);
        return;
    default:
        floe_turn_peer_answer(client, index, code, false);
        return;
    }
}

/* Not believed: what happens if nothing better comes is decided when the request times out. */
static floe_err doubt(floe_turn_client *client, floe_turn_txn *txn, uint16_t code)
{
    txn->hint = code;
    txn->was_answered = true;
    client->stats.dropped_auth++;
    /* RFC 8489 §9.2.5: over a reliable transport there will be no other answer. */
    if (floe_turn_is_reliable(&client->path)) {
        txn->txn.sends = txn->txn.sends_max;
        txn->txn.next_at = client->now;
    }
    return FLOE_E_AUTH;
}

static floe_err challenge(floe_turn_client *client, floe_turn_txn *txn, const floe_stun_msg *msg,
                          uint16_t code)
{
    client->stats.nonces++;
    if (txn->challenges++ < FLOE_TURN_CHALLENGE_MAX) {
        floe_turn_request_restart(client, txn);
    } else {
        act(client, txn, msg, code);
    }
    return FLOE_OK;
}

static floe_err input_response(floe_turn_client *client, const floe_stun_msg *msg,
                               floe_bytes packet)
{
    floe_turn_txn *txn = find_txn(client, msg);
    if (txn == NULL) {
        client->stats.dropped_unknown++;
        return FLOE_E_UNKNOWN;
    }
    int code = 0;
    floe_bytes reason;
    if (msg->cls == FLOE_STUN_ERROR && !floe_stun_msg_get_error(msg, &code, &reason)) {
        client->stats.dropped_malformed++;
        return FLOE_E_MALFORMED;
    }
    floe_turn_request_trace(client, FLOE_TRACE_GOT, packet, code);
    bool was_proven = client->auth.is_proven;
    switch (floe_stun_auth_check(&client->auth, msg)) {
    case FLOE_STUN_AUTH_RETRY:
        return challenge(client, txn, msg, (uint16_t)code);
    case FLOE_STUN_AUTH_DROP:
        return doubt(client, txn, (uint16_t)code);
    case FLOE_STUN_AUTH_REFUSED:
        if (was_proven) {
            return doubt(client, txn, (uint16_t)code);
        }
        break;
    default:
        floe_stun_rtt_add(&client->rtt, floe_stun_txn_rtt_us(&txn->txn, client->now));
        break;
    }
    /* RFC 8489 §6.3.3, §6.3.4: what has to be understood and is not makes the request fail. */
    act(client, txn, msg, has_unknown(msg) ? 420 : (uint16_t)code);
    return FLOE_OK;
}

static floe_err input_message(floe_turn_client *client, const floe_stun_msg *msg, floe_bytes packet,
                              floe_turn_data *data)
{
    if (msg->cls == FLOE_STUN_SUCCESS || msg->cls == FLOE_STUN_ERROR) {
        return input_response(client, msg, packet);
    }
    floe_err err = FLOE_E_UNKNOWN;
    /* RFC 8489 §6.3.2: an indication with something unknown in it is discarded. */
    if (msg->cls == FLOE_STUN_INDICATION && !has_unknown(msg)) {
        if (msg->method == FLOE_STUN_DATA) {
            err = floe_turn_data_indication(client, msg, data);
        } else if (msg->method == FLOE_STUN_CONNECTION_ATTEMPT) {
            err = floe_turn_connect_attempt(client, msg);
        }
    }
    client->stats.dropped_unknown += err != FLOE_OK;
    return err;
}

floe_err floe_turn_client_input(floe_turn_client *client, floe_time now, const floe_path *path,
                                floe_bytes packet, floe_turn_data *data)
{
    FLOE_ASSERT(now >= client->now);
    client->now = now;
    *data = (floe_turn_data){.payload = {NULL, 0}};
    if (client->state == FLOE_TURN_CLOSED || client->state == FLOE_TURN_WAITING ||
        path->transport != client->path.transport ||
        !floe_addr_equal(&path->remote, &client->path.remote)) {
        client->stats.dropped_unknown++;
        return FLOE_E_UNKNOWN;
    }
    floe_err err;
    floe_stun_msg msg;
    if (packet.len > 0 && (packet.ptr[0] & 0xC0) != 0) {
        err = floe_turn_data_channel(client, packet, data);
    } else if (floe_stun_msg_parse(&msg, packet) == FLOE_OK) {
        err = input_message(client, &msg, packet, data);
    } else {
        client->stats.dropped_malformed++;
        err = FLOE_E_MALFORMED;
    }
    floe_turn_client_settle(client);
    return err;
}
