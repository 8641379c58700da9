/* turn/turn_request.c - requests: when each is sent, and what stands in it, made anew each time. */
#include <string.h>

#include "base/reader.h"
#include "turn/turn_client_internal.h"

#define TRANSPORT_UDP (UINT32_C(17) << 24) /* RFC 8656 section 18.8: protocol numbers of IANA */
#define TRANSPORT_TCP (UINT32_C(6) << 24)  /* RFC 6062 section 4.1 */
#define FAMILY_IPV4   (UINT32_C(1) << 24)  /* RFC 8656 section 18.6 */
#define FAMILY_IPV6   (UINT32_C(2) << 24)

/* What coturn 4.6 knows ADDITIONAL-ADDRESS-FAMILY by. Optional: others pass over it. */
#define ADDITIONAL_FAMILY_DRAFT 0x8032

/* The largest request: header, texts, ticket, and at most 200 bytes of everything else. */
_Static_assert(FLOE_STUN_HEADER_SIZE + FLOE_STUN_AUTH_TEXT_MAX + FLOE_TURN_TICKET_MAX + 200 <=
                   FLOE_DATAGRAM_MAX,
               "a request to a TURN server must fit in a datagram");

static bool is_own(floe_turn_job job)
{
    return job == FLOE_TURN_JOB_ALLOCATE || job == FLOE_TURN_JOB_REFRESH ||
           job == FLOE_TURN_JOB_DELETE;
}

static floe_turn_txn *find_free(floe_turn_client *client, floe_turn_job job)
{
    if (is_own(job)) {
        return &client->txn[0];
    }
    for (size_t i = 1; i < FLOE_TURN_TXN_MAX; i++) {
        if (client->txn[i].job == FLOE_TURN_JOB_NONE) {
            return &client->txn[i];
        }
    }
    return NULL;
}

void floe_turn_request_restart(floe_turn_client *client, floe_turn_txn *txn)
{
    if (floe_turn_is_reliable(&client->path)) {
        floe_stun_txn_begin_reliable(&txn->txn, &client->rand, client->now);
    } else {
        floe_stun_txn_begin(&txn->txn, &client->rand, floe_stun_rtt_get_rto(&client->rtt),
                            client->now);
    }
}

bool floe_turn_request_begin(floe_turn_client *client, floe_turn_job job, uint8_t index)
{
    floe_turn_txn *txn = find_free(client, job);
    if (txn == NULL) {
        return false;
    }
    *txn = (floe_turn_txn){.job = (uint8_t)job, .index = index};
    floe_turn_request_restart(client, txn);
    return true;
}

static floe_turn_txn *find(const floe_turn_client *client, floe_turn_job job, uint8_t index)
{
    for (size_t i = 0; i < FLOE_TURN_TXN_MAX; i++) {
        const floe_turn_txn *txn = &client->txn[i];
        if (txn->job == job && txn->index == index) {
            return (floe_turn_txn *)txn;
        }
    }
    return NULL;
}

bool floe_turn_request_is_pending(const floe_turn_client *client, floe_turn_job job, uint8_t index)
{
    return find(client, job, index) != NULL;
}

void floe_turn_request_cancel(floe_turn_client *client, floe_turn_job job, uint8_t index)
{
    floe_turn_txn *txn = find(client, job, index);
    if (txn != NULL) {
        txn->job = FLOE_TURN_JOB_NONE;
    }
}

void floe_turn_request_cancel_all(floe_turn_client *client)
{
    memset(client->txn, 0, sizeof client->txn);
}

uint16_t floe_turn_request_method(floe_turn_job job)
{
    static const uint8_t methods[] = {
        [FLOE_TURN_JOB_NONE] = 0,
        [FLOE_TURN_JOB_ALLOCATE] = FLOE_STUN_ALLOCATE,
        [FLOE_TURN_JOB_REFRESH] = FLOE_STUN_REFRESH,
        [FLOE_TURN_JOB_DELETE] = FLOE_STUN_REFRESH,
        [FLOE_TURN_JOB_PERMIT] = FLOE_STUN_CREATE_PERMISSION,
        [FLOE_TURN_JOB_BIND] = FLOE_STUN_CHANNEL_BIND,
        [FLOE_TURN_JOB_CONNECT] = FLOE_STUN_CONNECT,
    };
    return methods[job];
}

static void put_family(const floe_turn_client *client, floe_stun_writer *w)
{
    switch (client->relay_wanted) {
    case FLOE_TURN_RELAY_IPV4:
        floe_stun_writer_put_u32(w, FLOE_STUN_REQUESTED_ADDRESS_FAMILY, FAMILY_IPV4);
        return;
    case FLOE_TURN_RELAY_IPV6:
        floe_stun_writer_put_u32(w, FLOE_STUN_REQUESTED_ADDRESS_FAMILY, FAMILY_IPV6);
        return;
    case FLOE_TURN_RELAY_BOTH:
        /* RFC 8656 §7.1: the value is IPv6, always. */
        floe_stun_writer_put_u32(w, FLOE_STUN_ADDITIONAL_ADDRESS_FAMILY, FAMILY_IPV6);
        floe_stun_writer_put_u32(w, ADDITIONAL_FAMILY_DRAFT, FAMILY_IPV6);
        return;
    default:
        return;
    }
}

static void put_allocate(const floe_turn_client *client, floe_stun_writer *w)
{
    /* RFC 8656 §7.1: between the server and the peers, whatever carries us to the server. */
    floe_stun_writer_put_u32(w, FLOE_STUN_REQUESTED_TRANSPORT,
                             client->is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP);
    put_family(client, w);
    if (client->port_wanted != FLOE_TURN_PORT_ANY) {
        uint8_t r = client->port_wanted == FLOE_TURN_PORT_EVEN_RESERVE ? 0x80 : 0;
        floe_stun_writer_put_bytes(w, FLOE_STUN_EVEN_PORT, (floe_bytes){&r, 1});
    }
    if (client->token != 0) {
        floe_stun_writer_put_u64(w, FLOE_STUN_RESERVATION_TOKEN, client->token);
    }
    /* RFC 8656 §7.1: asked for here, to learn whether it can be used later. */
    if (client->dont_fragment) {
        floe_stun_writer_put_flag(w, FLOE_STUN_DONT_FRAGMENT);
    }
    /* RFC 8016 §3.1: an empty ticket asks for one. */
    if (client->wants_mobility) {
        floe_stun_writer_put_flag(w, FLOE_STUN_MOBILITY_TICKET);
    }
}

static void put_lifetime(const floe_turn_client *client, floe_turn_job job, floe_stun_writer *w)
{
    /* RFC 8656 §8.1: zero deletes. */
    if (job == FLOE_TURN_JOB_DELETE || client->lifetime_wanted_s != 0) {
        floe_stun_writer_put_u32(w, FLOE_STUN_LIFETIME,
                                 job == FLOE_TURN_JOB_DELETE ? 0 : client->lifetime_wanted_s);
    }
}

static void put_attributes(const floe_turn_client *client, const floe_turn_txn *txn,
                           floe_stun_writer *w)
{
    floe_turn_job job = (floe_turn_job)txn->job;
    if (job == FLOE_TURN_JOB_CONNECT) {
        floe_stun_writer_put_addr(w, FLOE_STUN_XOR_PEER_ADDRESS,
                                  &client->connection[txn->index].peer);
        return;
    }
    if (!is_own(job)) {
        if (job == FLOE_TURN_JOB_BIND) {
            uint32_t number = FLOE_TURN_CHANNEL_FIRST + txn->index - FLOE_TURN_PERMISSION_MAX;
            floe_stun_writer_put_u32(w, FLOE_STUN_CHANNEL_NUMBER, number << 16);
        }
        floe_stun_writer_put_addr(w, FLOE_STUN_XOR_PEER_ADDRESS, &client->grant[txn->index].peer);
        return;
    }
    if (job == FLOE_TURN_JOB_ALLOCATE) {
        put_allocate(client, w);
    }
    put_lifetime(client, job, w);
    if (job == FLOE_TURN_JOB_REFRESH && client->is_moving) {
        floe_stun_writer_put_bytes(w, FLOE_STUN_MOBILITY_TICKET,
                                   (floe_bytes){client->ticket, client->ticket_len});
    }
    /* RFC 8656 §5: SOFTWARE in these two. */
    floe_stun_writer_put_bytes(w, FLOE_STUN_SOFTWARE, FLOE_LIT("floe"));
}

void floe_turn_request_trace(const floe_turn_client *client, floe_trace_kind kind,
                             floe_bytes packet, int code)
{
    if (!FLOE_TRACE || client->trace.fn == NULL) {
        return;
    }
    floe_trace_put(&client->trace, (floe_trace_record){.at = client->now,
                                                       .module = FLOE_MODULE_TURN,
                                                       .kind = (uint8_t)kind,
                                                       .id = client->id,
                                                       .a = (int32_t)packet.len,
                                                       .b = floe_load_u16(packet.ptr),
                                                       .cause = code,
                                                       .ref = floe_load_u32(packet.ptr + 8),
                                                       .addr = client->path.remote});
}

static void write_request(floe_turn_client *client, floe_turn_txn *txn, floe_transmit *out)
{
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, out->buf, out->cap, FLOE_STUN_REQUEST,
                           floe_turn_request_method((floe_turn_job)txn->job), txn->txn.tid);
    put_attributes(client, txn, &w);
    floe_stun_auth_put(&client->auth, &w);
    floe_err err = floe_stun_writer_end(&w, &packet);
    FLOE_ASSERT(err == FLOE_OK);
    out->len = out->segment = packet.len;
    out->path = client->path;
    floe_turn_request_trace(client, FLOE_TRACE_SENT, packet, 0);
    client->stats.requests_sent++;
    client->stats.requests_repeated += txn->txn.sends > 0;
    floe_stun_txn_sent(&txn->txn, client->now);
}

bool floe_turn_client_poll_transmit(floe_turn_client *client, floe_transmit *out)
{
    FLOE_ASSERT(out->cap >= FLOE_DATAGRAM_MAX);
    for (size_t i = 0; i < FLOE_TURN_TXN_MAX; i++) {
        floe_turn_txn *txn = &client->txn[i];
        if (txn->job != FLOE_TURN_JOB_NONE &&
            floe_stun_txn_check(&txn->txn, client->now) == FLOE_STUN_TXN_SEND) {
            if (txn->job == FLOE_TURN_JOB_BIND) {
                /* The server may have it from here on, whether we hear of it or not. */
                client->grant[txn->index].reuse_at =
                    floe_time_after(client->now, FLOE_TURN_CHANNEL_US + FLOE_TURN_REUSE_US);
            }
            write_request(client, txn, out);
            return true;
        }
    }
    return false;
}
