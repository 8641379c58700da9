/* interop/coturn/turn_link.h - a connection to a TURN server over UDP, TCP, TLS or DTLS, with
 * blocking sockets and OpenSSL; and a TURN client on it. What goes wrong ends the program with a
 * line. */
#ifndef FLOE_INTEROP_TURN_LINK_H
#define FLOE_INTEROP_TURN_LINK_H

#include <openssl/ssl.h>

#include "stun/stun_stream.h"
#include "turn/turn_client.h"

typedef struct turn_link {
    floe_turn_client client;
    int fd;
    SSL *ssl; /* NULL: UDP or TCP */
    floe_path path;
    floe_stun_stream stream;
    uint8_t memory[4096];
    unsigned seen[16];         /* events by type */
    floe_turn_event event[16]; /* the last of each */
    floe_addr from;            /* of the last data */
    size_t got_len;
    uint8_t got[2048];
    unsigned got_count;
} turn_link;

_Noreturn void turn_link_die(const char *what);
floe_time turn_link_now(void);
int turn_link_dial(const floe_path *path); /* a connected socket */
/* Connect and start a client; config->path.remote and transport say where to. */
void turn_link_open(turn_link *link, floe_turn_config *config);
void turn_link_reconnect(turn_link *link); /* a new socket, told to the client */
/* Drive the client: until an event of this type (true), or for so long (false). */
bool turn_link_wait(turn_link *link, floe_turn_event_type type, floe_time limit);
void turn_link_run(turn_link *link, floe_time limit);
/* Send a text to a peer; it must be possible. */
void turn_link_send(turn_link *link, const floe_addr *peer, const char *text);
void turn_link_close(turn_link *link);

#endif
