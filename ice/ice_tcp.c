/* ice/ice_tcp.c - the connections of ice/ice_tcp.h: when one is opened, kept, and given up. */
#include "ice/ice_tcp.h"

#include <string.h>

#include "ice/ice_tcp_internal.h"

#if FLOE_ICE_TCP

#define HEAD_START_US (250 * FLOE_MS) /* of UDP, as RFC 8305 section 5 gives a better address */
#define PATIENCE_US   (10 * FLOE_SECOND)
#define PACING_US     (50 * FLOE_MS)
#define PAUSE_US      (UINT32_C(250) * FLOE_MS)
#define PAUSE_MAX_US  (UINT32_C(32) * FLOE_SECOND)

void floe_ice_tcp_init(floe_ice_tcp *tcp, floe_ice_tcp_link *memory, uint32_t count, floe_time now)
{
    *tcp = (floe_ice_tcp){.link = memory, .count = count, .now = now};
    if (count > 0) {
        memset(memory, 0, count * sizeof *memory);
    }
}

static bool is_free(const floe_ice_tcp_link *link)
{
    return link->state == FLOE_ICE_TCP_FREE;
}

static floe_ice_tcp_link *find_link(const floe_ice_tcp *tcp, const floe_path *path)
{
    for (uint32_t i = 0; i < tcp->count; i++) {
        if (!is_free(&tcp->link[i]) && floe_path_equal(&tcp->link[i].path, path)) {
            return &tcp->link[i];
        }
    }
    return NULL;
}

/* Of one that connects: half of the memory is for each kind, so that neither starves the other. */
static floe_ice_tcp_link *find_room(const floe_ice_tcp *tcp, bool is_accepted)
{
    uint32_t first = is_accepted ? (tcp->count + 1) / 2 : 0;
    uint32_t end = is_accepted ? tcp->count : (tcp->count + 1) / 2;
    for (uint32_t i = first; i < end; i++) {
        if (is_free(&tcp->link[i])) {
            return &tcp->link[i];
        }
    }
    return NULL;
}

/* To try again later, if it is one that connects. */
static void release(const floe_ice_tcp *tcp, floe_ice_tcp_link *link)
{
    link->state = link->is_accepted ? FLOE_ICE_TCP_FREE : FLOE_ICE_TCP_WAIT;
    link->is_used = false;
    link->pause_us = link->pause_us == 0                 ? PAUSE_US
                     : link->pause_us < PAUSE_MAX_US / 2 ? 2 * link->pause_us
                                                         : PAUSE_MAX_US;
    link->at = floe_time_after(tcp->now, link->pause_us);
}

static void end(floe_ice_agent *agent, floe_ice_tcp_link *link)
{
    floe_ice_tcp_forget(agent, &link->path);
    link->state = FLOE_ICE_TCP_ENDING;
}

/* Is it still one that this side would connect to? */
static bool is_target(const floe_ice_agent *agent, const floe_path *path)
{
    floe_path target;
    uint32_t priority;
    for (size_t cursor = 0; floe_ice_tcp_next_target(agent, &cursor, &target, &priority);) {
        if (floe_path_equal(&target, path)) {
            return true;
        }
    }
    return false;
}

static void sync_open(floe_ice_tcp *tcp, floe_ice_agent *agent, floe_ice_tcp_link *link)
{
    if (!link->is_accepted) {
        floe_ice_tcp_add_pair(agent, &link->path); /* of this generation too */
    }
    floe_ice_tcp_use use = floe_ice_tcp_get_use(agent, &link->path);
    link->is_used = use != FLOE_ICE_TCP_USELESS;
    if (link->is_used) {
        link->at = floe_time_after(tcp->now, PATIENCE_US);
    }
    if (use == FLOE_ICE_TCP_VALID) {
        link->pause_us = 0;
    }
    /* RFC 8445 §8.3: what is not needed is given up, once there is a better way. */
    bool is_needless = !link->is_accepted && tcp->is_idle && use != FLOE_ICE_TCP_VALID;
    if (tcp->now >= link->at || is_needless) {
        end(agent, link);
    }
}

static void sync_link(floe_ice_tcp *tcp, floe_ice_agent *agent, floe_ice_tcp_link *link)
{
    switch ((floe_ice_tcp_state)link->state) {
    case FLOE_ICE_TCP_WAIT:
    case FLOE_ICE_TCP_WANTED:
        if (!is_target(agent, &link->path)) {
            link->state = FLOE_ICE_TCP_FREE;
        }
        break;
    case FLOE_ICE_TCP_OPENING:
        if (tcp->now >= link->at || !is_target(agent, &link->path)) {
            link->state = FLOE_ICE_TCP_ENDING;
        }
        break;
    case FLOE_ICE_TCP_OPEN:
        sync_open(tcp, agent, link);
        break;
    case FLOE_ICE_TCP_LOST:
        floe_ice_tcp_forget(agent, &link->path);
        release(tcp, link);
        break;
    case FLOE_ICE_TCP_FREE:
    case FLOE_ICE_TCP_ENDING:
        break;
    }
}

/* What is new to connect to; where there is no room the peer's other candidates have to do. */
static void add_targets(floe_ice_tcp *tcp, const floe_ice_agent *agent)
{
    floe_path target;
    uint32_t priority;
    for (size_t cursor = 0; floe_ice_tcp_next_target(agent, &cursor, &target, &priority);) {
        floe_ice_tcp_link *room = find_room(tcp, false);
        if (room != NULL && find_link(tcp, &target) == NULL) {
            *room = (floe_ice_tcp_link){.path = target,
                                        .at = floe_time_after(tcp->now, HEAD_START_US),
                                        .state = FLOE_ICE_TCP_WAIT};
        }
    }
}

/* RFC 8445 §14.2: one at a time, the peer's best first. */
static void start_best(floe_ice_tcp *tcp, const floe_ice_agent *agent)
{
    floe_ice_tcp_link *best = NULL;
    uint32_t best_priority = 0;
    floe_path target;
    uint32_t priority;
    if (tcp->now < tcp->pace_at) {
        return;
    }
    for (size_t cursor = 0; floe_ice_tcp_next_target(agent, &cursor, &target, &priority);) {
        floe_ice_tcp_link *link = find_link(tcp, &target);
        if (link != NULL && link->state == FLOE_ICE_TCP_WAIT && tcp->now >= link->at &&
            (best == NULL || priority > best_priority)) {
            best = link;
            best_priority = priority;
        }
    }
    if (best != NULL) {
        best->state = FLOE_ICE_TCP_WANTED;
        best->at = floe_time_after(tcp->now, PATIENCE_US);
        tcp->pace_at = floe_time_after(tcp->now, PACING_US);
    }
}

static bool is_idle(const floe_ice_agent *agent)
{
    return floe_ice_tcp_is_proven(agent) || !floe_ice_agent_has_remote(agent);
}

void floe_ice_tcp_sync(floe_ice_tcp *tcp, floe_ice_agent *agent)
{
    if (tcp->count == 0 || floe_ice_agent_is_closed(agent)) {
        return;
    }
    tcp->now = agent->now;
    tcp->is_idle = is_idle(agent);
    for (uint32_t i = 0; i < tcp->count; i++) {
        sync_link(tcp, agent, &tcp->link[i]);
    }
    /* What has just been forgotten may have been the path. */
    tcp->is_idle = is_idle(agent);
    if (!tcp->is_idle) {
        add_targets(tcp, agent);
        start_best(tcp, agent);
    }
}

floe_time floe_ice_tcp_deadline(const floe_ice_tcp *tcp)
{
    floe_time at = FLOE_TIME_NEVER;
    for (uint32_t i = 0; i < tcp->count; i++) {
        const floe_ice_tcp_link *link = &tcp->link[i];
        bool is_waiting = link->state == FLOE_ICE_TCP_WAIT && !tcp->is_idle;
        if (is_waiting) {
            at = floe_time_min(at, link->at > tcp->pace_at ? link->at : tcp->pace_at);
        } else if (link->state == FLOE_ICE_TCP_OPENING ||
                   (link->state == FLOE_ICE_TCP_OPEN && !link->is_used)) {
            at = floe_time_min(at, link->at);
        }
    }
    return at;
}

bool floe_ice_tcp_poll_event(floe_ice_tcp *tcp, floe_ice_tcp_event *event)
{
    for (uint32_t i = 0; i < tcp->count; i++) {
        floe_ice_tcp_link *link = &tcp->link[i];
        bool is_connect = link->state == FLOE_ICE_TCP_WANTED;
        if (!is_connect && link->state != FLOE_ICE_TCP_ENDING) {
            continue;
        }
        *event = (floe_ice_tcp_event){is_connect, i, link->path};
        if (is_connect) {
            link->state = FLOE_ICE_TCP_OPENING;
        } else {
            release(tcp, link);
        }
        return true;
    }
    return false;
}

void floe_ice_tcp_connected(floe_ice_tcp *tcp, uint32_t link)
{
    if (link < tcp->count && tcp->link[link].state == FLOE_ICE_TCP_OPENING) {
        tcp->link[link].state = FLOE_ICE_TCP_OPEN;
        tcp->link[link].at = floe_time_after(tcp->now, PATIENCE_US);
    }
}

void floe_ice_tcp_disconnected(floe_ice_tcp *tcp, uint32_t link)
{
    if (link >= tcp->count) {
        return;
    }
    floe_ice_tcp_link *lost = &tcp->link[link];
    if (lost->state == FLOE_ICE_TCP_OPENING || lost->state == FLOE_ICE_TCP_ENDING) {
        release(tcp, lost); /* the agent has never heard of it, or has forgotten it */
    } else if (lost->state == FLOE_ICE_TCP_OPEN) {
        lost->state = FLOE_ICE_TCP_LOST;
    }
}

/* The oldest of the others that have not shown yet who they are. */
static floe_ice_tcp_link *find_stranger(const floe_ice_tcp *tcp, const floe_ice_tcp_link *but)
{
    floe_ice_tcp_link *oldest = NULL;
    for (uint32_t i = 0; i < tcp->count; i++) {
        floe_ice_tcp_link *link = &tcp->link[i];
        if (link->is_accepted && link->state == FLOE_ICE_TCP_OPEN && !link->is_used &&
            link != but && (oldest == NULL || link->at < oldest->at)) {
            oldest = link;
        }
    }
    return oldest;
}

floe_err floe_ice_tcp_accepted(floe_ice_tcp *tcp, const floe_path *path, uint32_t *link)
{
    floe_ice_tcp_link *room = find_room(tcp, true);
    /* That a connection was reset may be known after the next one from there: what is sent would
     * go to the wrong one of the two, and the end of the first would be that of both. */
    if (room == NULL || find_link(tcp, path) != NULL) {
        return FLOE_E_FULL;
    }
    *room = (floe_ice_tcp_link){.path = *path,
                                .at = floe_time_after(tcp->now, PATIENCE_US),
                                .state = FLOE_ICE_TCP_OPEN,
                                .is_accepted = true};
    *link = (uint32_t)(room - tcp->link);
    if (find_room(tcp, true) == NULL) {
        /* The last place: the next one to come may be the peer. */
        floe_ice_tcp_link *stranger = find_stranger(tcp, room);
        if (stranger != NULL) {
            stranger->at = tcp->now;
        }
    }
    return FLOE_OK;
}

void floe_ice_tcp_reject(floe_ice_tcp *tcp, const floe_path *path)
{
    floe_ice_tcp_link *link = find_link(tcp, path);
    if (link != NULL && link->state == FLOE_ICE_TCP_OPEN && !link->is_used) {
        link->at = tcp->now;
    }
}

bool floe_ice_tcp_is_open(const floe_ice_tcp *tcp, const floe_path *path)
{
    const floe_ice_tcp_link *link = find_link(tcp, path);
    return link != NULL && link->state == FLOE_ICE_TCP_OPEN;
}

void floe_ice_tcp_remove_local(floe_ice_tcp *tcp, floe_ice_agent *agent, const floe_addr *ip)
{
    floe_ice_tcp_forget_local(agent, ip);
    for (uint32_t i = 0; i < tcp->count; i++) {
        floe_ice_tcp_link *link = &tcp->link[i];
        if (link->state == FLOE_ICE_TCP_OPEN && floe_addr_ip_equal(&link->path.local, ip)) {
            link->at = tcp->now; /* its pair is gone, so the next _sync() ends it */
            link->is_used = false;
        }
    }
}

void floe_ice_tcp_check_invariants(const floe_ice_tcp *tcp)
{
    for (uint32_t i = 0; i < tcp->count; i++) {
        const floe_ice_tcp_link *link = &tcp->link[i];
        FLOE_ASSERT(link->state <= FLOE_ICE_TCP_ENDING);
        FLOE_ASSERT(is_free(link) || link->path.transport == FLOE_TCP);
        FLOE_ASSERT(is_free(link) || find_link(tcp, &link->path) == link);
        FLOE_ASSERT(!link->is_accepted || i >= (tcp->count + 1) / 2);
        FLOE_ASSERT(link->pause_us <= PAUSE_MAX_US);
    }
}

#else
typedef int floe_ice_tcp_is_left_out; /* ISO C has no empty files */
#endif
