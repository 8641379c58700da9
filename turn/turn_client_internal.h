/*
 * turn/turn_client_internal.h - how the parts of the client share its state. Private to turn/.
 *
 * Every public call that changes something ends in floe_turn_client_settle(), which does what is
 * due: requests that time out, refreshes, what a peer still lacks. The parts below change facts and
 * leave consequences to it.
 */
#ifndef FLOE_TURN_TURN_CLIENT_INTERNAL_H
#define FLOE_TURN_TURN_CLIENT_INTERNAL_H

#include "base/addr.h"
#include "base/assert.h"
#include "turn/turn_client.h"

/* What a request is for. */
typedef enum floe_turn_job {
    FLOE_TURN_JOB_NONE,
    FLOE_TURN_JOB_ALLOCATE,
    FLOE_TURN_JOB_REFRESH,
    FLOE_TURN_JOB_DELETE,
    FLOE_TURN_JOB_PERMIT,
    FLOE_TURN_JOB_BIND,
    FLOE_TURN_JOB_CONNECT
} floe_turn_job;

typedef enum floe_turn_grant_state {
    FLOE_TURN_GRANT_ASKED,
    FLOE_TURN_GRANT_READY,
    FLOE_TURN_GRANT_REFUSED
} floe_turn_grant_state;

typedef enum floe_turn_connection_state {
    FLOE_TURN_CONNECTION_FREE,
    FLOE_TURN_CONNECTION_ASKED, /* Connect is to be sent, or was */
    FLOE_TURN_CONNECTION_OPEN,  /* has an id; the caller is to bind it */
    FLOE_TURN_CONNECTION_FAILED /* to be told */
} floe_turn_connection_state;

#define FLOE_TURN_CHANNEL_FIRST 0x4000u
#define FLOE_TURN_NONE          0xFFu
#define FLOE_TURN_CHALLENGE_MAX 4

#define FLOE_TURN_AGAIN_US      (5 * FLOE_SECOND)
#define FLOE_TURN_LATER_US      (60 * FLOE_SECOND)
#define FLOE_TURN_PERMISSION_US (300 * FLOE_SECOND) /* RFC 8656 section 9 */
#define FLOE_TURN_CHANNEL_US    (600 * FLOE_SECOND) /* RFC 8656 section 12 */
#define FLOE_TURN_REUSE_US      (300 * FLOE_SECOND) /* after its end; likewise */

static inline bool floe_turn_is_channel(uint8_t index)
{
    return index >= FLOE_TURN_PERMISSION_MAX;
}

static inline bool floe_turn_is_reliable(const floe_path *path)
{
    return path->transport == FLOE_TCP || path->transport == FLOE_TLS;
}

/* turn_client.c */
void floe_turn_client_settle(floe_turn_client *client);

/* turn_request.c */
/* A request for this job, due now; false: no slot is free, try later. */
bool floe_turn_request_begin(floe_turn_client *client, floe_turn_job job, uint8_t index);
/* The same request with a new transaction id, due now. */
void floe_turn_request_restart(floe_turn_client *client, floe_turn_txn *txn);
bool floe_turn_request_is_pending(const floe_turn_client *client, floe_turn_job job, uint8_t index);
void floe_turn_request_cancel(floe_turn_client *client, floe_turn_job job, uint8_t index);
void floe_turn_request_cancel_all(floe_turn_client *client);
uint16_t floe_turn_request_method(floe_turn_job job);
/* A record of a message to or from the server. */
void floe_turn_request_trace(const floe_turn_client *client, floe_trace_kind kind,
                             floe_bytes packet, int code);

/* turn_allocation.c: code 0 is success; msg is NULL where no answer came */
void floe_turn_allocation_start(floe_turn_client *client);
void floe_turn_allocation_retry(floe_turn_client *client);
void floe_turn_allocation_forget(floe_turn_client *client);
void floe_turn_allocation_answer(floe_turn_client *client, const floe_stun_msg *msg, uint16_t code);
void floe_turn_allocation_refreshed(floe_turn_client *client, const floe_stun_msg *msg,
                                    uint16_t code);
void floe_turn_allocation_lose(floe_turn_client *client, floe_turn_cause cause, uint16_t code);
void floe_turn_allocation_fail(floe_turn_client *client, floe_turn_cause cause, uint16_t code,
                               uint64_t retry_us);
void floe_turn_allocation_want_path(floe_turn_client *client, const floe_addr *server,
                                    uint16_t code);
void floe_turn_allocation_end(floe_turn_client *client); /* CLOSED */

/* turn_peer.c */
/* The permission for the peer's IP, or the channel bound to it; NONE. */
uint8_t floe_turn_peer_find(const floe_turn_client *client, bool channel, const floe_addr *peer);
bool floe_turn_peer_is_ready(const floe_turn_client *client, uint8_t index);
/* May something come from there? Also before the server's answer has arrived. */
bool floe_turn_peer_is_expected(const floe_turn_client *client, const floe_addr *peer);
void floe_turn_peer_answer(floe_turn_client *client, uint8_t index, uint16_t code, bool is_timeout);
void floe_turn_peer_settle(floe_turn_client *client);
floe_time floe_turn_peer_deadline(const floe_turn_client *client);
void floe_turn_peer_reset(floe_turn_client *client); /* the server knows of none */
bool floe_turn_peer_poll_event(floe_turn_client *client, floe_turn_event *event);

/* turn_data.c */
floe_err floe_turn_data_channel(floe_turn_client *client, floe_bytes packet, floe_turn_data *data);
floe_err floe_turn_data_indication(floe_turn_client *client, const floe_stun_msg *msg,
                                   floe_turn_data *data);

/* turn_connect.c */
void floe_turn_connect_answer(floe_turn_client *client, uint8_t index, const floe_stun_msg *msg,
                              uint16_t code);
floe_err floe_turn_connect_attempt(floe_turn_client *client, const floe_stun_msg *msg);
void floe_turn_connect_settle(floe_turn_client *client);
floe_time floe_turn_connect_deadline(const floe_turn_client *client);
void floe_turn_connect_reset(floe_turn_client *client);
bool floe_turn_connect_poll_event(floe_turn_client *client, floe_turn_event *event);

#endif
