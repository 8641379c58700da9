/*
 * ice/ice_mux.h - many agents behind one socket: whose is this datagram? Pure, in the caller's
 * memory.
 *
 * Three ways to know it, in this order:
 *     - a check names our user fragment before the colon of its USERNAME (RFC 8445 section 7.3);
 *     - a response repeats the transaction of a request of ours, as of one to a STUN server that
 *       several agents ask from the same address;
 *     - everything else comes on a path, a pair of addresses, that has an owner.
 * A path gets its owner by floe_ice_mux_take(), which the caller does for an agent that holds it:
 * one to which a check with the right integrity came there, or a response to one of its own. So who
 * knows a user fragment, which is no secret, gets as far as the agent's own examination. `rival`
 * says of a datagram that it is for somebody else than the owner of its path. Who was invited to
 * one agent may send it checks with addresses that are not his, so a check alone gives a path only
 * as long as nobody proves more: a response to a check, which does not reach a forger. A path that
 * is proven stays with its owner, and what others are sent there is dropped.
 *
 *     found = floe_ice_mux_find(&mux, &path, datagram);
 *     if (found.rival != 0 && floe_ice_mux_is_proven(agent_of(found.rival), now, &path)) drop it;
 *     floe_ice_agent_input(agent_of(found.owner), ...);
 *     if (found.rival != 0 && (floe_ice_mux_is_proven(agent_of(found.owner), now, &path) ||
 *                              !floe_ice_mux_is_held(agent_of(found.rival), now, &path)))
 *         floe_ice_mux_release(&mux, &path);
 *     if (floe_ice_mux_is_held(agent_of(found.owner), now, &path))
 *         floe_ice_mux_take(&mux, &path, found.owner);
 *
 * Two ends with one address each have one path between them, so it serves one connection: many
 * agents behind one port need peers with a port each.
 * What is looked up is hashed under a secret key, so that nobody can make it slow. Does not know:
 * agents (but for the two questions below), sockets, time. Read next: io/io_port.h.
 */
#ifndef FLOE_ICE_ICE_MUX_H
#define FLOE_ICE_ICE_MUX_H

#include "ice/ice_agent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For each owner, on the average; the tables are common to all. Requests beyond forget the oldest
 * ones: their responses are lost, and they are repeated. */
#define FLOE_ICE_MUX_PATHS    8u
#define FLOE_ICE_MUX_NAMES    2u /* user fragments: of now, and of before a restart */
#define FLOE_ICE_MUX_REQUESTS 8u

typedef struct floe_ice_mux_stats {
    uint32_t paths, names;     /* in the tables now */
    uint64_t by_name, by_path; /* datagrams */
    uint64_t by_request;
    uint64_t dropped_unknown; /* of nobody */
} floe_ice_mux_stats;

typedef struct floe_ice_mux_path { /* private */
    floe_path path;
    uint32_t owner; /* 0: a free one */
    uint32_t next;  /* of its chain, or of the free ones */
} floe_ice_mux_path;

typedef struct floe_ice_mux_name { /* private */
    uint64_t hash;
    uint32_t next;  /* of its chain */
    uint32_t owner; /* 0: a free one */
    bool is_newer;  /* of the two of its owner */
} floe_ice_mux_name;

typedef struct floe_ice_mux_request { /* private */
    uint8_t tid[12];
    uint32_t owner;
} floe_ice_mux_request;

typedef struct floe_ice_mux { /* every field is private */
    uint64_t key[2];
    uint32_t owner_max;
    uint32_t bucket_mask, request_mask;
    uint32_t free_path;                                  /* the first one, or 0; numbered from 1 */
    uint32_t *path_buckets, *name_buckets, *path_counts; /* the last: by owner */
    floe_ice_mux_path *paths;
    floe_ice_mux_name *names;
    floe_ice_mux_request *requests;
    floe_ice_mux_stats stats;
} floe_ice_mux;

/* Who gets a datagram. */
typedef struct floe_ice_mux_found {
    uint32_t owner; /* 0: nobody; counted */
    uint32_t rival; /* somebody else, who owns the path; 0: nobody does */
} floe_ice_mux_found;

/* Bytes of memory for so many owners, at least 1: about 730 each. */
size_t floe_ice_mux_size(uint32_t owner_max);
/* `memory` is aligned as malloc() does it, and has that size. */
void floe_ice_mux_init(floe_ice_mux *mux, void *memory, uint32_t owner_max, floe_rand rand);

/* Owners are numbers from 1 to owner_max that the caller gives out. A user fragment of theirs:
 * the newest FLOE_ICE_MUX_NAMES count. Again: OK. ARG: it is somebody else's. */
FLOE_MUST_USE floe_err floe_ice_mux_add_name(floe_ice_mux *mux, floe_bytes ufrag, uint32_t owner);
/* The path is theirs from now on; again: OK. FULL. STATE: it is somebody else's. */
FLOE_MUST_USE floe_err floe_ice_mux_take(floe_ice_mux *mux, const floe_path *path, uint32_t owner);
/* After FULL: take a path from the owner of most, for one who has less than FLOE_ICE_MUX_PATHS; so
 * nobody has to do with less since another has many. False: it has that many. */
bool floe_ice_mux_make_room(floe_ice_mux *mux, uint32_t owner);
void floe_ice_mux_release(floe_ice_mux *mux, const floe_path *path);
/* Step through the paths, from *cursor = 0. The one that was told last may be released. */
bool floe_ice_mux_next(const floe_ice_mux *mux, size_t *cursor, floe_path *path, uint32_t *owner);
/* Nothing is theirs any more; the number may be given to another. */
void floe_ice_mux_remove(floe_ice_mux *mux, uint32_t owner);

/* This datagram is sent for them: of a STUN request the transaction is kept. */
void floe_ice_mux_sent(floe_ice_mux *mux, floe_bytes datagram, uint32_t owner);
/* Whose datagram is this, that has come on `path`? */
floe_ice_mux_found floe_ice_mux_find(floe_ice_mux *mux, const floe_path *path, floe_bytes datagram);

/* Does the agent hold this path: has a check succeeded there, in either direction, and was anything
 * heard there of late (config.disconnected_us)? Changes nothing. (ice/ice_mux_agent.c) */
bool floe_ice_mux_is_held(const floe_ice_agent *agent, floe_time now, const floe_path *path);
/* Likewise, and a check of its own was answered there. A lite agent sends none: of two of them the
 * first one stays, even if somebody else's address was forged. */
bool floe_ice_mux_is_proven(const floe_ice_agent *agent, floe_time now, const floe_path *path);

void floe_ice_mux_get_stats(const floe_ice_mux *mux, floe_ice_mux_stats *stats);
/* For tests: asserts what must always hold. */
void floe_ice_mux_check_invariants(const floe_ice_mux *mux);

#ifdef __cplusplus
}
#endif
#endif
