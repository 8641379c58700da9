/* app/serve_signal.c - what the messages of `floe serve`'s clients mean: join, signal, leave. */
#include <string.h>
#include <time.h>

#include "app/serve.h"

static void send_error(serve_client *client, const char *code, const char *text)
{
    serve_send(client, json_pack("{s:s, s:s, s:s}", "type", "error", "code", code, "text", text));
}

static void send_member(serve_client *to, const char *event, const serve_client *member)
{
    serve_send(
        to, json_pack("{s:s, s:s, s:s}", "type", "member", "event", event, "name", member->name));
}

static void refuse_join(serve_client *client, rooms_verdict verdict)
{
    if (verdict == ROOMS_ROOM_FULL) {
        send_error(client, "room-full",
                   "Two people are in this room already. Choose another room name.");
    } else if (verdict == ROOMS_TABLE_FULL) {
        send_error(client, "server-full", "The server has no room left. Try again later.");
    } else {
        send_error(client, "bad-room",
                   "A room name has 1 to 64 letters, digits, dots, dashes or underscores.");
    }
}

static void join(serve_client *client, json_t *message)
{
    const char *name = json_string_value(json_object_get(message, "name"));
    const char *where = json_string_value(json_object_get(message, "room"));
    if (client->in != NULL) {
        send_error(client, "joined", "You are in a room already. Leave it first.");
        return;
    }
    if (name == NULL || where == NULL || name[0] == '\0' || strlen(name) > SERVE_NAME_MAX) {
        send_error(client, "bad-join", "join needs a room, and a name of 1 to 96 bytes.");
        return;
    }
    rooms_verdict verdict = rooms_join(&client->server->rooms, where, client, &client->in);
    if (verdict != ROOMS_OK) {
        refuse_join(client, verdict);
        return;
    }
    memcpy(client->name, name, strlen(name) + 1);
    serve_client *other = rooms_get_other(client->in, client);
    const serve *server = client->server;
    json_t *ice = serve_turn_entries(&server->turn, server->ice, (uint64_t)time(NULL));
    serve_send(client,
               json_pack("{s:s, s:s, s:o, s:s?}", "type", "joined", "room", client->in->name, "ice",
                         ice, "other", other != NULL ? other->name : NULL));
    if (other != NULL) {
        send_member(other, "joined", client);
    }
}

static void relay(serve_client *client, json_t *message)
{
    json_t *data = json_object_get(message, "data");
    serve_client *other = client->in != NULL ? rooms_get_other(client->in, client) : NULL;
    if (!json_is_object(data)) {
        send_error(client, "bad-signal", "signal needs an object called data.");
    } else if (json_dumpb(data, NULL, 0, JSON_COMPACT) > SERVE_MESSAGE_MAX - 64) {
        /* Numbers may be longer than they came: "1e9" is written in full. */
        send_error(client, "too-long", "A signal is too long to be passed on.");
    } else if (other == NULL) {
        send_error(client, "alone", "Nobody else is in the room.");
    } else {
        serve_send(other, json_pack("{s:s, s:O}", "type", "signal", "data", data));
    }
}

void serve_signal_gone(serve_client *client)
{
    if (client->in == NULL) {
        return;
    }
    serve_client *other = rooms_get_other(client->in, client);
    rooms_leave(client->in, client);
    client->in = NULL;
    if (other != NULL) {
        send_member(other, "left", client);
    }
}

void serve_signal(serve_client *client, const char *text, size_t len)
{
    json_error_t fault;
    json_t *message = json_loadb(text, len, JSON_REJECT_DUPLICATES, &fault);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (type == NULL) {
        send_error(client, "bad-message", "A message is a JSON object with a type.");
    } else if (strcmp(type, "join") == 0) {
        join(client, message);
    } else if (strcmp(type, "signal") == 0) {
        relay(client, message);
    } else if (strcmp(type, "leave") == 0) {
        serve_signal_gone(client);
    } else {
        send_error(client, "bad-message", "The types are join, signal and leave.");
    }
    json_decref(message);
}
