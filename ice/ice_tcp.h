/*
 * ice/ice_tcp.h - candidates of TCP for an ICE agent, and the connections that their pairs are,
 * sans-I/O (RFC 6544).
 *
 * For networks that let no UDP through. A candidate is *active*, and connects to the peer's passive
 * ones, or *passive*, a listening socket. A pair of TCP is one connection; as a relay's pair waits
 * for a permission, this one waits until its connection stands, so that no check is sent in vain,
 * and is forgotten when that breaks. On the wire each packet has its length in front (RFC 4571).
 * Connections are opened only where UDP has had its chance: a quarter of a second after both
 * candidates are known there is no direct path that is alive. Driven like the relays:
 *     1. change it once: a call of either, or time
 *     2. _sync() with the agent, which carries news both ways
 *     3. drain events; sleep until floe_ice_tcp_deadline()
 * `path` names a connection everywhere: local is the candidate's address, with port 9 if it is
 * active, whatever port the connection has. Memory: one floe_ice_tcp_link for each connection.
 * Does not know: the bytes of a stream (stun/stun_stream.h cuts them into packets).
 */
#ifndef FLOE_ICE_ICE_TCP_H
#define FLOE_ICE_ICE_TCP_H

#include "ice/ice_agent.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_ICE_TCP_HEAD 2u /* bytes in front of a packet on the stream */

typedef struct floe_ice_tcp_link { /* every field is private */
    floe_path path;
    floe_time at; /* when to connect; when it has taken, or been of no use, for too long */
    uint32_t pause_us;
    uint8_t state;
    bool is_accepted;
    bool is_used; /* a pair of the agent, or a check that waits to become one, is on it */
} floe_ice_tcp_link;

typedef struct floe_ice_tcp { /* every field is private */
    floe_ice_tcp_link *link;
    uint32_t count;
    bool is_idle; /* nothing is to be opened: there is a direct path that is alive, or no peer */
    floe_time now, pace_at;
} floe_ice_tcp;

typedef struct floe_ice_tcp_event {
    bool is_connect; /* open a connection: from path.local's IP, any port, to path.remote; then
                      * _connected() or _disconnected(). Else: close this one, nothing follows */
    uint32_t link;
    floe_path path;
} floe_ice_tcp_event;

#if FLOE_ICE_TCP

/* `memory` is lent until this is no more used; `count` may be 0: no TCP. */
void floe_ice_tcp_init(floe_ice_tcp *tcp, floe_ice_tcp_link *memory, uint32_t count, floe_time now);

/* A candidate of this kind. Passive: a socket listens at `addr`. Active: its IP is what counts.
 * `preference` orders interfaces as in floe_ice_agent_add_local(). A duplicate is OK. Ignored: by
 * policy RELAY, by a filter, by a lite agent. FULL: FLOE_ICE_LOCAL_MAX. ARG: as there. */
FLOE_MUST_USE floe_err floe_ice_tcp_add_local(floe_ice_agent *agent, const floe_addr *addr,
                                              uint16_t preference, bool is_passive);
/* The address is gone: its candidates of either kind, their pairs and connections. */
void floe_ice_tcp_remove_local(floe_ice_tcp *tcp, floe_ice_agent *agent, const floe_addr *ip);

void floe_ice_tcp_sync(floe_ice_tcp *tcp, floe_ice_agent *agent);
floe_time floe_ice_tcp_deadline(const floe_ice_tcp *tcp); /* of the next _sync() */
bool floe_ice_tcp_poll_event(floe_ice_tcp *tcp, floe_ice_tcp_event *event);

/* Answers to a wish to connect: it stands; or it does not, or broke later. */
void floe_ice_tcp_connected(floe_ice_tcp *tcp, uint32_t link);
void floe_ice_tcp_disconnected(floe_ice_tcp *tcp, uint32_t link);
/* A passive socket has accepted `path`, from anybody. *link names it from then on. One that brings
 * no authentic check within 10 s is to be closed, the oldest such one earlier where there is no
 * more room. FULL: close this one; there is no room, or another one has not ended yet. */
FLOE_MUST_USE floe_err floe_ice_tcp_accepted(floe_ice_tcp *tcp, const floe_path *path,
                                             uint32_t *link);
/* Whoever sends on this path does not do what is due: the next _sync() has it closed. */
void floe_ice_tcp_reject(floe_ice_tcp *tcp, const floe_path *path);
/* Is there a connection with this path? What comes by one that ends is nobody's. */
bool floe_ice_tcp_is_open(const floe_ice_tcp *tcp, const floe_path *path);
void floe_ice_tcp_check_invariants(const floe_ice_tcp *tcp);

#else /* nothing of it */

static inline void floe_ice_tcp_init(floe_ice_tcp *tcp, floe_ice_tcp_link *memory, uint32_t count,
                                     floe_time now)
{
    tcp->link = memory;
    tcp->count = 0 * count;
    tcp->now = now;
}
static inline floe_err floe_ice_tcp_add_local(floe_ice_agent *agent, const floe_addr *addr,
                                              uint16_t preference, bool is_passive)
{
    (void)agent, (void)addr, (void)preference, (void)is_passive;
    return FLOE_OK;
}
static inline void floe_ice_tcp_remove_local(floe_ice_tcp *tcp, floe_ice_agent *agent,
                                             const floe_addr *ip)
{
    (void)tcp, (void)agent, (void)ip;
}
static inline void floe_ice_tcp_sync(floe_ice_tcp *tcp, floe_ice_agent *agent)
{
    (void)tcp, (void)agent;
}
static inline floe_time floe_ice_tcp_deadline(const floe_ice_tcp *tcp)
{
    (void)tcp;
    return FLOE_TIME_NEVER;
}
static inline bool floe_ice_tcp_poll_event(floe_ice_tcp *tcp, floe_ice_tcp_event *event)
{
    (void)tcp, (void)event;
    return false;
}
static inline void floe_ice_tcp_connected(floe_ice_tcp *tcp, uint32_t link)
{
    (void)tcp, (void)link;
}
static inline void floe_ice_tcp_disconnected(floe_ice_tcp *tcp, uint32_t link)
{
    (void)tcp, (void)link;
}
static inline floe_err floe_ice_tcp_accepted(floe_ice_tcp *tcp, const floe_path *path,
                                             uint32_t *link)
{
    (void)tcp, (void)path, (void)link;
    return FLOE_E_FULL;
}
static inline void floe_ice_tcp_reject(floe_ice_tcp *tcp, const floe_path *path)
{
    (void)tcp, (void)path;
}
static inline bool floe_ice_tcp_is_open(const floe_ice_tcp *tcp, const floe_path *path)
{
    (void)tcp, (void)path;
    return false;
}
static inline void floe_ice_tcp_check_invariants(const floe_ice_tcp *tcp)
{
    (void)tcp;
}

#endif

#ifdef __cplusplus
}
#endif
#endif
