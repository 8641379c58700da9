/*
 * app/chat.h - what the parts of `floe chat` share.
 *
 * Signalling goes through the room of `floe serve`: who is there first offers, whoever comes
 * answers; each attempt to connect has a session id, so that what is late is not taken for what is
 * new (app/README.md has the words).
 */
#ifndef FLOE_APP_CHAT_H
#define FLOE_APP_CHAT_H

#include <jansson.h>
#include <stdbool.h>

#include "app/trace_log.h"
#include "app/ws_client.h"
#include "io/io_peer.h"

#define CHAT_LINE_MAX    65536u
#define CHAT_SESSION_LEN 16

typedef struct talk {
    floe_loop *loop;
    const char *room, *url, *name;
    bool is_echo;
    bool use_loopback;
    floe_ip_handling ip_handling;
    bool is_hiding;    /* addresses, behind names */
    bool is_listening; /* for TCP, where UDP does not work */
    json_t *ice;       /* our own servers; the room's come with "joined" */
    const char *trace_path;
    trace_log trace;
    floe_dtls_identity identity;

    ws_client *ws;
    bool has_joined, is_server_gone;
    char other[97]; /* the other member's name; empty: nobody is there */

    floe_io_peer *io; /* NULL: no attempt to connect */
    char session[CHAT_SESSION_LEN + 1];
    bool is_offerer;
    floe_dc_id channel;
    bool is_open;
    bool is_pair_told;

    floe_watch input; /* stdin */
    bool is_input_watched, is_input_file, is_input_over;
    char line[CHAT_LINE_MAX];
    size_t line_len;
    bool is_line_full; /* a whole line waits for room */
    bool is_over;
    int status; /* the program's, once is_over */
} talk;

/* chat_signal.c: the room, and what it sets in motion. */
bool chat_open_server(talk *chat);
void chat_drive(talk *chat); /* act on the peer's events */
void chat_end_peer(talk *chat);
/* Why it came to nothing, and what helps. */
void chat_say_verdict(talk *chat);

/* chat_text.c: lines in, lines out. */
void chat_say(const talk *chat, const char *format, ...) __attribute__((format(printf, 2, 3)));
void chat_show(const talk *chat, bool is_text, const uint8_t *data, size_t len);
void chat_open_input(talk *chat); /* the channel is open: read what is typed */
void chat_pause_input(talk *chat);
void chat_send_line(talk *chat); /* the line that waits, if any, and what follows */

#endif
