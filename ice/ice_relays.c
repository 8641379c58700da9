/* ice/ice_relays.c - the calls of ice/ice_relays.h: servers, packets, events, statistics. */
#include "ice/ice_relays.h"

#include <string.h>

#include "ice/ice_relays_internal.h"

floe_err floe_ice_relays_init(floe_ice_relays *relays, floe_ice_relay *memory, uint32_t count,
                              floe_rand rand, floe_trace trace, floe_time now)
{
    *relays =
        (floe_ice_relays){.relay = memory, .max = count, .rand = rand, .trace = trace, .now = now};
    return rand.fill != NULL ? FLOE_OK : FLOE_E_ARG;
}

#if FLOE_TRACE

static void tell(const floe_ice_relays *relays, unsigned kind, unsigned id,
                 const floe_trace_record *rest)
{
    floe_trace_record record = *rest;
    record.at = relays->now;
    record.module = FLOE_MODULE_ICE;
    record.kind = (uint8_t)kind;
    record.id = (uint16_t)id;
    floe_trace_put(&relays->trace, record);
}

static unsigned get_number(const floe_ice_relays *relays, const floe_ice_relay *relay)
{
    return FLOE_ICE_TRACE_TURN + (unsigned)(relay - relays->relay);
}

void floe_ice_relays_tell_server(const floe_ice_relays *relays, const floe_ice_relay *relay)
{
    tell(relays, FLOE_ICE_TRACE_SERVER, get_number(relays, relay),
         &(floe_trace_record){.a = relay->server.transport, .b = 1, .addr = relay->server.addr});
}

void floe_ice_relays_tell(const floe_ice_relays *relays, const floe_ice_relay *relay,
                          floe_ice_why why, uint16_t code, const floe_addr *addr)
{
    tell(relays, FLOE_ICE_TRACE_ANSWER, get_number(relays, relay),
         &(floe_trace_record){.a = code, .b = -1, .cause = (int32_t)why, .addr = *addr});
}

void floe_ice_relays_tell_permit(const floe_ice_relays *relays, const floe_ice_relay *relay,
                                 uint8_t place, const floe_turn_event *event)
{
    unsigned number = get_number(relays, relay);
    tell(relays, FLOE_ICE_TRACE_PERMIT,
         (number - FLOE_ICE_TRACE_TURN) * FLOE_TURN_PERMISSION_MAX + place,
         &(floe_trace_record){.a = event->code,
                              .b = (int32_t)number,
                              .cause =
                                  event->is_ready ? FLOE_ICE_WHY_PERMITTED : FLOE_ICE_WHY_FORBIDDEN,
                              .addr = relay->peer[place]});
}

#endif

floe_err floe_ice_relays_add_server(floe_ice_relays *relays, const floe_ice_relay_server *server,
                                    uint32_t *index)
{
    const floe_turn_config config = {
        .username = server->username, .password = server->password, .rand = relays->rand};
    if (server->transport > FLOE_DTLS ||
        (server->addr.family != 0 && !floe_ice_addr_is_usable(&server->addr))) {
        return FLOE_E_ARG;
    }
    if (relays->count >= relays->max || relays->count >= FLOE_ICE_NONE) {
        return FLOE_E_FULL;
    }
    floe_ice_relay *relay = &relays->relay[relays->count];
    memset(relay, 0, sizeof *relay);
    floe_err err = floe_turn_client_init(&relay->client, &config, relays->now);
    if (err == FLOE_OK) {
        relay->server = *server;
        relay->is_unresolved = server->addr.family == 0;
        relay->of = (uint8_t)relays->count;
        relay->path_at = relay->keep_at = FLOE_TIME_NEVER;
        *index = relays->count++;
        floe_ice_relays_tell_server(relays, relay);
    }
    return err;
}

floe_err floe_ice_relays_set_server_addr(floe_ice_relays *relays, uint32_t index,
                                         const floe_addr *addr)
{
    if (index >= relays->count || relays->relay[index].of != index) {
        return FLOE_E_ARG;
    }
    floe_ice_relay *first = &relays->relay[index];
    if (addr->family == 0) {
        first->is_unresolved = false;
        if (first->server.addr.family == 0) {
            floe_ice_relays_tell(relays, first, FLOE_ICE_WHY_NAME, 0, addr);
        }
        return FLOE_OK;
    }
    if (!floe_ice_addr_is_usable(addr)) {
        return FLOE_OK;
    }
    for (uint32_t i = index; i < relays->count; i++) {
        if (relays->relay[i].of == index && relays->relay[i].server.addr.family == addr->family) {
            return FLOE_OK; /* one address of a family is enough */
        }
    }
    floe_ice_relay_server server = first->server;
    server.addr = *addr;
    if (first->server.addr.family == 0) {
        first->server = server;
        floe_ice_relays_tell_server(relays, first);
    } else if (floe_ice_relays_add_server(relays, &server, &(uint32_t){0}) == FLOE_OK) {
        relays->relay[relays->count - 1].of = (uint8_t)index;
    }
    return FLOE_OK;
}

bool floe_ice_relays_is_server(const floe_ice_relays *relays, const floe_path *path)
{
    for (uint32_t i = 0; i < relays->count; i++) {
        if (floe_path_equal(&relays->relay[i].path, path)) {
            return true;
        }
    }
    return false;
}

static void set_now(floe_ice_relays *relays, floe_time now)
{
    FLOE_ASSERT(now >= relays->now);
    relays->now = now;
}

floe_err floe_ice_relays_input(floe_ice_relays *relays, floe_time now, const floe_path *path,
                               floe_bytes packet, floe_path *from, floe_bytes *data)
{
    floe_err err = FLOE_E_UNKNOWN;
    set_now(relays, now);
    *data = (floe_bytes){NULL, 0};
    for (uint32_t i = 0; i < relays->count && err == FLOE_E_UNKNOWN; i++) {
        floe_ice_relay *relay = &relays->relay[i];
        floe_turn_data got;
        if (!floe_path_equal(&relay->path, path)) {
            continue;
        }
        err = floe_turn_client_input(&relay->client, now, path, packet, &got);
        relay->is_awake = true;
        if (err == FLOE_OK && got.peer.family != 0) {
            from->local = floe_turn_client_get_relay(&relay->client, got.peer.family);
            from->remote = got.peer;
            from->transport = FLOE_UDP;
            *data = got.payload;
        }
    }
    return err;
}

void floe_ice_relays_advance(floe_ice_relays *relays, floe_time now)
{
    set_now(relays, now);
    for (uint32_t i = 0; i < relays->count; i++) {
        floe_ice_relays_wake(relays, &relays->relay[i]);
    }
}

/* What is overdue waits for the agent, and so for the next _sync(). */
static floe_time ahead(const floe_ice_relays *relays, floe_time at)
{
    return at > relays->now ? at : FLOE_TIME_NEVER;
}

floe_time floe_ice_relays_deadline(const floe_ice_relays *relays)
{
    floe_time at = FLOE_TIME_NEVER;
    for (uint32_t i = 0; i < relays->count; i++) {
        const floe_ice_relay *relay = &relays->relay[i];
        at = floe_time_min(at, floe_turn_client_deadline(&relay->client));
        if (relays->is_closed) {
            continue;
        }
        at = floe_time_min(at, ahead(relays, relay->path_at));
        if (relay->is_started && !relay->is_decided) {
            at = floe_time_min(at, ahead(relays, relay->busy_until));
        }
        if (relays->is_unproven) {
            at = floe_time_min(at, ahead(relays, relay->keep_at));
        }
    }
    return at;
}

bool floe_ice_relays_poll_transmit(floe_ice_relays *relays, floe_transmit *out)
{
    for (uint32_t i = 0; i < relays->count; i++) {
        if (floe_turn_client_poll_transmit(&relays->relay[i].client, out)) {
            return true;
        }
    }
    return false;
}

bool floe_ice_relays_poll_event(floe_ice_relays *relays, floe_ice_relays_event *event)
{
    memset(event, 0, sizeof *event);
    for (uint32_t i = 0; i < relays->count; i++) {
        floe_ice_relay *relay = &relays->relay[i];
        if (floe_turn_client_get_state(&relay->client) == FLOE_TURN_CLOSED) {
            floe_ice_relays_drop_link(relay);
        }
        event->relay = i;
        event->path = relay->path;
        event->host = relay->server.host;
        if (relay->is_break_untold) {
            relay->is_break_untold = false;
            event->type = FLOE_ICE_RELAYS_EV_DISCONNECT;
            return true;
        }
        if (relay->link == FLOE_ICE_RELAY_LINK_WANTED) {
            relay->link = FLOE_ICE_RELAY_LINK_OPENING;
            event->type = FLOE_ICE_RELAYS_EV_CONNECT;
            event->path.local = (floe_addr){0};
            return true;
        }
    }
    return false;
}

static floe_ice_relay *find_relay(const floe_ice_relays *relays, const floe_addr *local)
{
    for (uint32_t i = 0; i < relays->count; i++) {
        if (floe_ice_relay_is_told(&relays->relay[i], local)) {
            return &relays->relay[i];
        }
    }
    return NULL;
}

bool floe_ice_relays_route(const floe_ice_relays *relays, const floe_path *path, floe_path *via,
                           size_t *head)
{
    const floe_ice_relay *relay = find_relay(relays, &path->local);
    if (relay == NULL) {
        *via = *path;
        *head = 0;
        return true;
    }
    *via = relay->path;
    *head = floe_turn_client_get_head(&relay->client, &path->remote);
    return *head > 0;
}

floe_err floe_ice_relays_wrap(floe_ice_relays *relays, const floe_path *path, uint8_t *buf,
                              size_t cap, size_t payload_len, size_t *len)
{
    floe_ice_relay *relay = find_relay(relays, &path->local);
    return relay == NULL
               ? FLOE_E_UNKNOWN
               : floe_turn_client_wrap(&relay->client, &path->remote, buf, cap, payload_len, len);
}

void floe_ice_relays_close(floe_ice_relays *relays)
{
    relays->is_closed = true;
    for (uint32_t i = 0; i < relays->count; i++) {
        floe_ice_relays_wake(relays, &relays->relay[i]);
        floe_turn_client_close(&relays->relay[i].client);
    }
}

bool floe_ice_relays_get_stats(const floe_ice_relays *relays, uint32_t relay,
                               floe_ice_relay_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    if (relay >= relays->count) {
        return false;
    }
    const floe_ice_relay *mine = &relays->relay[relay];
    stats->state = floe_turn_client_get_state(&mine->client);
    stats->cause = (floe_turn_cause)mine->cause;
    stats->code = mine->code;
    stats->is_connected = mine->link == FLOE_ICE_RELAY_LINK_OPEN;
    stats->host = mine->server.host;
    stats->path = mine->path;
    memcpy(stats->relay, mine->told, sizeof stats->relay);
    floe_turn_client_get_stats(&mine->client, &stats->turn);
    return true;
}

void floe_ice_relays_check_invariants(const floe_ice_relays *relays)
{
    FLOE_ASSERT(relays->count <= relays->max);
    for (uint32_t i = 0; i < relays->count; i++) {
        const floe_ice_relay *relay = &relays->relay[i];
        floe_turn_client_check_invariants(&relay->client);
        FLOE_ASSERT(relay->of <= i && relays->relay[relay->of].of == relay->of);
        FLOE_ASSERT(!relay->is_started || relay->server.addr.family != 0);
        FLOE_ASSERT(relay->link == FLOE_ICE_RELAY_LINK_NONE || !floe_ice_relay_is_udp(relay));
        FLOE_ASSERT(relay->pause_us <= FLOE_ICE_RELAY_PAUSE_MAX_US);
        for (size_t k = 0; k < FLOE_TURN_PERMISSION_MAX; k++) {
            FLOE_ASSERT((relay->permitted >> k & 1) == 0 || relay->peer[k].family != 0);
        }
        for (uint8_t family = 4; family <= 6; family += 2) {
            const floe_addr *told = &relay->told[family == 6];
            FLOE_ASSERT(told->family == 0 || told->family == family);
        }
    }
}
