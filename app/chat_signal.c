/* app/chat_signal.c - `floe chat`'s side of the room: join, offer or answer, candidates, and the
 * peer's events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat.h"
#include "app/ice_option.h"
#include "base/rand_os.h"

static void send_json(talk *chat, json_t *message)
{
    char *text = message != NULL ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    if (text == NULL || !ws_client_send(chat->ws, text, strlen(text))) {
        chat_say(chat, "the server does not take our messages");
    }
    free(text);
}

static void send_signal(talk *chat, const char *key, json_t *value)
{
    send_json(chat, json_pack("{s:s, s:{s:s, s:o}}", "type", "signal", "data", "session",
                              chat->session, key, value));
}

void chat_end_peer(talk *chat)
{
    chat_pause_input(chat);
    floe_io_peer_close(chat->io);
    chat->io = NULL;
    trace_log_end(&chat->trace);
    chat->is_open = chat->is_pair_told = false;
}

static bool begin_peer(talk *chat)
{
    ice_option_list ice;
    const char *why = "";
    chat_end_peer(chat);
    if (!ice_option_read(&ice, chat->ice, &why)) {
        chat_say(chat, "the ICE servers of the room are not usable: %s", why);
        ice.count = 0;
    }
    floe_io_config config = {.servers = ice.servers, .server_count = ice.count};
    config.identity = &chat->identity;
    config.use_loopback = chat->use_loopback;
    config.ip_handling = chat->ip_handling;
    config.is_hiding = chat->is_hiding;
    config.tcp = chat->is_listening ? FLOE_IO_TCP_BOTH : FLOE_IO_TCP_DEFAULT;
    config.trace = trace_log_sink(&chat->trace);
    trace_log_begin(&chat->trace, chat->other, chat->ice);
    floe_err err = floe_io_peer_open(&chat->io, chat->loop, &config, &why);
    if (err != FLOE_OK) {
        chat_say(chat, "cannot start a connection: %s %s", floe_err_name(err), why);
    }
    return err == FLOE_OK;
}

static void send_description(talk *chat)
{
    char *text = malloc(FLOE_SDP_SIZE_MAX);
    floe_peer_sdp_type type;
    size_t len;
    if (text != NULL && floe_peer_get_local(floe_io_peer_get(chat->io), &type, (uint8_t *)text,
                                            FLOE_SDP_SIZE_MAX, &len) == FLOE_OK) {
        send_signal(
            chat, "description",
            json_pack("{s:s, s:s%}", "type", floe_peer_sdp_type_name(type), "sdp", text, len));
    }
    free(text);
}

static void make_session(talk *chat)
{
    floe_rand rand = floe_rand_os();
    uint64_t id = floe_rand_u64(&rand);
    snprintf(chat->session, sizeof chat->session, "%016llx", (unsigned long long)id);
}

static void offer(talk *chat)
{
    floe_dc_options options = {.label = FLOE_LIT("chat")};
    chat->is_offerer = true;
    make_session(chat);
    if (!begin_peer(chat)) {
        return;
    }
    floe_peer *peer = floe_io_peer_get(chat->io);
    floe_err err = floe_peer_open_channel(peer, &options, &chat->channel);
    if (err == FLOE_OK) {
        err = floe_peer_set_local(peer, FLOE_PEER_OFFER);
    }
    if (err != FLOE_OK) {
        chat_say(chat, "cannot make an offer: %s", floe_err_name(err));
        return;
    }
    send_description(chat);
}

static void take_description(talk *chat, const char *session, const json_t *description)
{
    const char *type = json_string_value(json_object_get(description, "type"));
    const char *sdp = json_string_value(json_object_get(description, "sdp"));
    if (type == NULL || sdp == NULL || strlen(session) > CHAT_SESSION_LEN) {
        return;
    }
    bool is_offer = strcmp(type, "offer") == 0;
    bool is_ours = strcmp(session, chat->session) == 0;
    if (is_offer && !is_ours) {
        /* Both offered at once: the larger session id stands. */
        bool is_glare = chat->io != NULL && chat->is_offerer && !chat->is_open;
        if (is_glare && strcmp(chat->session, session) > 0) {
            return;
        }
        memcpy(chat->session, session, strlen(session) + 1);
        chat->is_offerer = false;
        is_ours = begin_peer(chat);
    }
    if (!is_ours || chat->io == NULL) {
        return;
    }
    floe_sdp_fault fault = {0, 0, ""};
    floe_peer *peer = floe_io_peer_get(chat->io);
    floe_err err = floe_peer_set_remote(peer, is_offer ? FLOE_PEER_OFFER : FLOE_PEER_ANSWER,
                                        floe_bytes_of(sdp), &fault);
    if (err == FLOE_OK && is_offer) {
        err = floe_peer_set_local(peer, FLOE_PEER_ANSWER);
    }
    if (err != FLOE_OK) {
        chat_say(chat, "the other side's %s is not usable: line %u, %s", type, fault.line,
                 fault.rule != NULL ? fault.rule : floe_err_name(err));
    } else if (is_offer) {
        send_description(chat);
    }
}

static void take_candidate(talk *chat, const char *session, const json_t *candidate)
{
    const char *text = json_string_value(json_object_get(candidate, "candidate"));
    const char *mid = json_string_value(json_object_get(candidate, "sdpMid"));
    if (chat->io != NULL && text != NULL && strcmp(session, chat->session) == 0) {
        /* One that can't be used is the other side's business: the rest may do. */
        (void)!floe_peer_add_candidate(floe_io_peer_get(chat->io), floe_bytes_of(text),
                                       floe_bytes_of(mid));
    }
}

static void take_signal(talk *chat, const json_t *data)
{
    const char *session = json_string_value(json_object_get(data, "session"));
    const json_t *description = json_object_get(data, "description");
    const json_t *candidate = json_object_get(data, "candidate");
    if (session == NULL) {
        return;
    }
    if (description != NULL) {
        take_description(chat, session, description);
    } else if (candidate != NULL) {
        take_candidate(chat, session, candidate);
    }
}

static void set_other(talk *chat, const char *name)
{
    snprintf(chat->other, sizeof chat->other, "%s", name != NULL ? name : "");
}

static void take_joined(talk *chat, const json_t *message)
{
    json_t *ice = json_object_get(message, "ice");
    if (json_is_array(ice) && !chat->has_joined) {
        json_array_extend(chat->ice, ice);
    }
    set_other(chat, json_string_value(json_object_get(message, "other")));
    chat->has_joined = true;
    if (chat->other[0] != '\0') {
        chat_say(chat, "%s is in room %s; connecting", chat->other, chat->room);
    } else {
        chat_say(chat, "in room %s, waiting for somebody", chat->room);
    }
}

static void take_member(talk *chat, const json_t *message)
{
    const char *event = json_string_value(json_object_get(message, "event"));
    const char *name = json_string_value(json_object_get(message, "name"));
    if (event == NULL || name == NULL) {
        return;
    }
    if (strcmp(event, "joined") == 0) {
        set_other(chat, name);
        chat_say(chat, "%s came in; connecting", chat->other);
        offer(chat);
    } else {
        chat_say(chat, "%s left the room", name);
        if (!chat->is_open) {
            chat_end_peer(chat); /* an open connection ends by itself, if it does */
        }
    }
}

static void take_error(talk *chat, const json_t *message)
{
    const char *text = json_string_value(json_object_get(message, "text"));
    chat_say(chat, "the server says: %s", text != NULL ? text : "error");
    if (!chat->has_joined) {
        chat->is_over = true;
        chat->status = 1;
    }
}

static void on_message(void *ctx, const char *text, size_t len)
{
    talk *chat = ctx;
    json_t *message = json_loadb(text, len, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (type == NULL) {
        chat_say(chat, "the server sent something that is not ours to understand");
    } else if (strcmp(type, "joined") == 0) {
        take_joined(chat, message);
    } else if (strcmp(type, "member") == 0) {
        take_member(chat, message);
    } else if (strcmp(type, "signal") == 0) {
        take_signal(chat, json_object_get(message, "data"));
    } else if (strcmp(type, "error") == 0) {
        take_error(chat, message);
    }
    json_decref(message);
}

static void on_open(void *ctx)
{
    talk *chat = ctx;
    send_json(chat,
              json_pack("{s:s, s:s, s:s}", "type", "join", "room", chat->room, "name", chat->name));
}

static void on_closed(void *ctx, const char *why)
{
    talk *chat = ctx;
    chat_say(chat, "%s: %s", chat->url, why);
    chat->is_server_gone = true;
    /* Once both descriptions are there, the two can do without the room. */
    if (chat->io == NULL ||
        floe_peer_get_signaling(floe_io_peer_get(chat->io)) != FLOE_PEER_STABLE) {
        chat->is_over = true;
        chat->status = 1;
    }
}

bool chat_open_server(talk *chat)
{
    const ws_client_handler handler = {on_open, on_message, on_closed, chat};
    const char *why = "";
    chat->ws = ws_client_open(chat->loop, chat->url, &handler, &why);
    if (chat->ws == NULL) {
        fprintf(stderr, "floe chat: --server %s: %s\n", chat->url, why);
    }
    return chat->ws != NULL;
}

static void tell_pair(talk *chat)
{
    floe_peer_stats stats;
    floe_peer_get_stats(floe_io_peer_get(chat->io), &stats);
    chat_say(chat, "connected to %s: %s to %s over UDP, round trip %.1f ms", chat->other,
             floe_ice_type_name((floe_ice_type)stats.ice.local.type),
             floe_ice_type_name((floe_ice_type)stats.ice.remote.type), stats.ice.rtt_us / 1e3);
}

static void open_channel(talk *chat, floe_dc_id channel)
{
    if (channel == chat->channel && !chat->is_open) {
        chat->is_open = true;
        tell_pair(chat);
        chat_send_line(chat);
    }
}

/* Show, and with --echo send back, the messages that wait. One that can't be sent now stays: the
 * sender waits too. */
static void receive(talk *chat)
{
    floe_dc_message message;
    floe_peer *peer = floe_io_peer_get(chat->io);
    while (floe_peer_peek(peer, &message)) {
        uint8_t *data = malloc(message.len + 1);
        if (data == NULL) {
            return;
        }
        floe_bytes bytes = {data, floe_peer_copy(peer, data, message.len)};
        bool is_stuck = chat->is_echo && floe_peer_send(peer, message.channel, message.is_text,
                                                        bytes) == FLOE_E_AGAIN;
        if (!is_stuck) {
            chat_show(chat, message.is_text, data, bytes.len);
            floe_peer_release(peer);
        }
        free(data);
        if (is_stuck) {
            return;
        }
    }
}

/* Wait for the next one, if anybody can come and there is anything to say. */
static void end_talk(talk *chat, int status)
{
    chat_end_peer(chat);
    if (chat->is_server_gone || chat->is_input_over) {
        chat->is_over = true;
        chat->status = status;
    }
}

static void tell_state(talk *chat, floe_peer_state state)
{
    const char *why;
    if (state == FLOE_PEER_DISCONNECTED) {
        chat_say(chat, "nothing heard from %s for a while; waiting", chat->other);
        return;
    }
    if (state != FLOE_PEER_FAILED && state != FLOE_PEER_CLOSED) {
        return;
    }
    (void)floe_peer_get_reason(floe_io_peer_get(chat->io), &why);
    receive(chat); /* its last words */
    chat_say(chat, "the connection to %s %s: %s", chat->other,
             state == FLOE_PEER_FAILED ? "failed" : "ended", why);
    if (state == FLOE_PEER_FAILED) {
        chat_say_verdict(chat);
    }
    end_talk(chat, state == FLOE_PEER_FAILED);
}

void chat_say_verdict(talk *chat)
{
    char text[FLOE_VERDICT_TEXT_MAX];
    floe_verdict verdict = trace_log_verdict(&chat->trace);
    if (verdict.code != FLOE_VERDICT_UNKNOWN) {
        chat_say(chat, "%s", floe_verdict_text(&verdict, text));
    }
}

static void send_candidate(talk *chat, const floe_peer_event *event)
{
    char text[FLOE_PEER_CANDIDATE_MAX];
    if (chat->ws == NULL) {
        return; /* floe pair: people carry a description that has them all */
    }
    floe_peer *peer = floe_io_peer_get(chat->io);
    floe_bytes mid = floe_peer_get_mid(peer);
    floe_peer_put_candidate(peer, &event->cand, text);
    send_signal(
        chat, "candidate",
        json_pack("{s:s, s:s%}", "candidate", text, "sdpMid", (const char *)mid.ptr, mid.len));
}

static void on_event(talk *chat, const floe_peer_event *event)
{
    switch (event->type) {
    case FLOE_PEER_EV_CANDIDATE:
        send_candidate(chat, event);
        return;
    case FLOE_PEER_EV_CHANNEL:
        if (!chat->is_offerer && !chat->is_open) {
            chat->channel = event->channel; /* one is enough */
        }
        return;
    case FLOE_PEER_EV_CHANNEL_OPEN:
        open_channel(chat, event->channel);
        return;
    case FLOE_PEER_EV_CHANNEL_CLOSED:
        if (event->channel == chat->channel) {
            chat_say(chat, "%s closed the channel", chat->other);
            end_talk(chat, 0);
        }
        return;
    case FLOE_PEER_EV_WRITABLE:
        chat_send_line(chat);
        return;
    case FLOE_PEER_EV_STATE:
        tell_state(chat, event->state);
        return;
    default:
        return;
    }
}

void chat_drive(talk *chat)
{
    floe_peer_event event;
    while (chat->io != NULL && floe_io_peer_poll_event(chat->io, &event)) {
        on_event(chat, &event);
    }
    if (chat->io != NULL) {
        receive(chat);
        trace_log_drain(&chat->trace);
    }
}
