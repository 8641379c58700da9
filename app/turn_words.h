/*
 * app/turn_words.h - what a TURN server's answers mean, and what to do about them. Pure: causes and
 * codes in, sentences out (clauses without a full stop).
 */
#ifndef FLOE_APP_TURN_WORDS_H
#define FLOE_APP_TURN_WORDS_H

#include "turn/turn_client.h"

#define TURN_WORDS_MAX 512u

typedef struct turn_login { /* what the words depend on */
    bool has_user;
    bool is_made;    /* from the secret, by us */
    uint64_t expiry; /* UNIX seconds that the user name says; 0: it says none */
    uint64_t now;    /* UNIX seconds */
} turn_login;

/* The expiry in "expiry" or "expiry:user"; 0: it is no such name. */
uint64_t turn_words_expiry(const char *username);

/* Why there is no allocation. */
const char *turn_words_allocate(floe_turn_cause cause, unsigned code, const turn_login *login,
                                floe_transport transport);
/* What to do when there is no connection, for this reason (of io/server_link.h). */
const char *turn_words_connect(floe_transport transport, const char *why);
/* Why the server does not relay to this peer; code 0: no answer. Returns `out`. */
const char *turn_words_peer(unsigned code, const floe_addr *peer, char out[TURN_WORDS_MAX]);
/* What is odd about a relay address that a server at `server` gave; NULL: nothing. */
const char *turn_words_relay(const floe_addr *relay, const floe_addr *server);
/* "UDP", "TCP", "TLS", "DTLS". */
const char *turn_words_transport(floe_transport transport);

#endif
