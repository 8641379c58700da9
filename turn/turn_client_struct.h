/*
 * turn/turn_client_struct.h - what a TURN client consists of. Public for its size only: every field
 * is private. The functions that keep them are in turn/turn_client_internal.h.
 */
#ifndef FLOE_TURN_TURN_CLIENT_STRUCT_H
#define FLOE_TURN_TURN_CLIENT_STRUCT_H

#include "base/floe_config.h"
#include "stun/stun_auth.h"
#include "stun/stun_rtt.h"
#include "stun/stun_txn.h"
#include "turn/turn_client.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_TURN_GRANT_MAX    (FLOE_TURN_PERMISSION_MAX + FLOE_TURN_CHANNEL_MAX)
#define FLOE_TURN_REDIRECT_MAX 3

/* A request in flight. */
typedef struct floe_turn_txn {
    floe_stun_txn txn;
    uint16_t hint; /* the code of an error that was dropped */
    uint8_t job;   /* floe_turn_job; NONE: a free slot */
    uint8_t index; /* of the grant or connection */
    uint8_t challenges;
    bool was_answered; /* by something that was dropped */
} floe_turn_txn;

/* What the server grants for a peer: a permission (the first FLOE_TURN_PERMISSION_MAX; port 0), or
 * a channel (the others; the number is 0x4000 and the place among them). */
typedef struct floe_turn_grant {
    floe_addr peer;     /* family 0: a free slot */
    floe_time expires;  /* as far as it was ever confirmed */
    floe_time due;      /* of the next request for it */
    floe_time reuse_at; /* channels: for another peer not before; 0: the server knows nothing */
    uint16_t code;      /* of the refusal */
    uint8_t state, told;
    bool is_wanted; /* channels: to be refreshed */
} floe_turn_grant;

/* A TCP connection that is being set up (RFC 6062). */
typedef struct floe_turn_connection {
    floe_addr peer;
    floe_time until; /* ours to bind until then */
    uint8_t tid[FLOE_STUN_TID_SIZE];
    uint32_t id;
    uint16_t code;
    uint8_t state, challenges;
    bool is_incoming, is_told;
} floe_turn_connection;

struct floe_turn_client {
    floe_time now;
    uint8_t state;
    bool is_lost_untold, is_allocated_untold, is_failed_untold, is_path_untold, is_moved_untold,
        is_icmp_untold, is_closed_untold;
    bool is_moving;  /* a Refresh with the ticket is under way */
    bool is_probing; /* a Refresh is wanted now */
    bool is_tcp, dont_fragment, wants_mobility, had_allocation;
    uint8_t relay_wanted, port_wanted;
    uint8_t tries, short_lives; /* 500 to Allocate; allocations lost soon */
    uint8_t paths_left, redirects_left, redirects_max, visited_count;
    uint8_t cause, lost_cause;
    uint16_t code, lost_code, path_code, family_code;
    uint16_t ticket_len;
    uint16_t id; /* in the trace */
    uint32_t lifetime_s, lifetime_wanted_s, retry_us;
    floe_time allocated_at, expires, refresh_at, retry_at; /* NEVER where there is none */
    uint64_t token, token_got;
    floe_rand rand;
    floe_trace trace;
    floe_path path;
    floe_addr path_server; /* where the path that we want is to go */
    floe_addr relay[2], mapped;
    floe_addr icmp_peer;
    uint8_t icmp_type, icmp_code;
    uint32_t icmp_data;
    floe_addr visited[FLOE_TURN_REDIRECT_MAX]; /* servers that have redirected us */
    floe_turn_txn txn[FLOE_TURN_TXN_MAX];      /* the first is the allocation's own */
    floe_stun_rtt rtt;
    floe_turn_stats stats;
    floe_turn_grant grant[FLOE_TURN_GRANT_MAX];
    floe_turn_connection connection[FLOE_TURN_CONNECTION_MAX];
    floe_stun_auth auth;
    uint8_t ticket[FLOE_TURN_TICKET_MAX];
};

#ifdef __cplusplus
}
#endif
#endif
