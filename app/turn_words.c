/* app/turn_words.c - see app/turn_words.h. */
#include "app/turn_words.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"

#define EXPIRY_LEAST 1000000000u /* 2001: a smaller number is somebody's name */

uint64_t turn_words_expiry(const char *username)
{
    floe_text text = floe_text_begin(floe_bytes_of(username));
    uint64_t expiry;
    bool is_one = floe_text_get_decimal(&text, UINT64_MAX, &expiry) && expiry >= EXPIRY_LEAST &&
                  (floe_text_is_end(&text) || floe_text_peek(&text) == ':');
    return is_one ? expiry : 0;
}

static const char *unauthorized_text(const turn_login *login)
{
    if (!login->has_user) {
        return "the server wants a login: give --user and --password, or --secret";
    }
    if (login->is_made) {
        return "the server does not accept a login that is made with this secret: compare it with "
               "the server's (coturn: use-auth-secret, static-auth-secret), and the clock there "
               "with the one here";
    }
    if (login->expiry != 0 && login->expiry <= login->now) {
        return "this login has expired: its name begins with the time until which it was good; get "
               "a new one from whoever made it";
    }
    if (login->expiry != 0) {
        return "the server does not accept this ephemeral login: whoever made it may have another "
               "secret than the server (coturn: static-auth-secret), or the clocks differ";
    }
    return "wrong user or password, or this user is of another realm (coturn: lt-cred-mech, "
           "user=NAME:PASSWORD, realm)";
}

static const char *refusal_text(unsigned code, const turn_login *login)
{
    switch (code) {
    case 300:
        return "this server sends its clients to another one; ask that one";
    case 400:
        return "the server makes nothing of the request; is it a TURN server?";
    case 401:
        return unauthorized_text(login);
    case 403:
        return "the server's rules do not let this client in";
    case 404:
    case 405:
    case 500:
        return "something is wrong inside of the server; its log says what";
    case 420:
        return "the server is too old: it does not know something that every client may ask for";
    case 437:
        return "allocation mismatch: the server has an allocation for this very address and port "
               "already; try again";
    case 438:
        return "the server takes none of the nonces that it gives: servers that share an address "
               "may not share their state, or nonces live too short (coturn: stale-nonce)";
    case 440:
        return "the server has no relay addresses of this family (coturn: relay-ip)";
    case 441:
        return "wrong credentials: this allocation belongs to another user";
    case 442:
        return "the server does not relay UDP (coturn: no-udp-relay)";
    case 486:
        return "quota reached: the server allows this user, or all together, no more allocations "
               "(coturn: user-quota, total-quota); old ones that were not given back end within "
               "ten minutes";
    case 508:
        return "the server is out of relay ports, or can not use its relay address (coturn: "
               "min-port, max-port, relay-ip)";
    default:
        return "the server refuses; its log says why";
    }
}

static const char *silence_text(floe_transport transport)
{
    switch (transport) {
    case FLOE_UDP:
        return "no answer comes over UDP: the port is wrong or closed, a firewall is in between, "
               "or this network lets no UDP out; try the same with ?transport=tcp";
    case FLOE_DTLS:
        return "nothing comes after the DTLS handshake; is it a TURN server?";
    case FLOE_TCP:
    case FLOE_TLS:
        break;
    }
    return "the connection stands, but there is no answer; is it a TURN server?";
}

const char *turn_words_allocate(floe_turn_cause cause, unsigned code, const turn_login *login,
                                floe_transport transport)
{
    if (code != 0) {
        return refusal_text(code, login);
    }
    return cause == FLOE_TURN_CAUSE_TIMEOUT || cause == FLOE_TURN_CAUSE_NONE
               ? silence_text(transport)
               : floe_turn_cause_text(cause);
}

const char *turn_words_connect(floe_transport transport, const char *why)
{
    if (strstr(why, "another name") != NULL) {
        return "use a name that the certificate is for; it is what clients must be given";
    }
    if (strstr(why, "trusted") != NULL) {
        return "is the whole chain in the server's file, not the last certificate alone (coturn: "
               "cert)? An authority of your own is named by --ca, but browsers do not know it";
    }
    if (strstr(why, "certificate") != NULL) {
        return "renew it, and have the server load it (coturn: cert, pkey; SIGUSR2); is the clock "
               "here right?";
    }
    switch (transport) {
    case FLOE_UDP:
        return "nothing listens there: check the address and the port (3478 if none is named)";
    case FLOE_TCP:
        return "check the port (3478 if none is named), and whether a firewall is in between";
    case FLOE_TLS:
        return "check the port (5349 if none is named; many servers use 443), whether it is the "
               "one for TLS (coturn: tls-listening-port, cert, pkey), and whether a firewall is in "
               "between";
    case FLOE_DTLS:
        break;
    }
    return "check the port (5349 if none is named), whether the server speaks DTLS there (coturn: "
           "cert, pkey, and no no-dtls), and whether this network lets UDP out";
}

const char *turn_words_peer(unsigned code, const floe_addr *peer, char out[TURN_WORDS_MAX])
{
    char addr[FLOE_ADDR_TEXT_MAX];
    const char *why = "the server says no; its log says why";
    if (code == 403 && floe_addr_is_loopback(peer)) {
        why = "servers refuse loopback addresses, for good reason (coturn: allow-loopback-peers, "
              "for tests only); give the server an address of its network to relay from (coturn: "
              "relay-ip)";
    } else if (code == 403 && floe_addr_is_private(peer)) {
        why = "servers often refuse private addresses (coturn: denied-peer-ip); that concerns "
              "peers inside of this network, not those on the internet";
    } else if (code == 403) {
        why = "its rules forbid this address (coturn: denied-peer-ip, allowed-peer-ip)";
    } else if (code == 443) {
        why = "it has no relay address of this family";
    } else if (code == 508) {
        why = "it has no room for more peers";
    }
    if (code == 0) {
        snprintf(out, TURN_WORDS_MAX,
                 "the server does not say whether it relays to %s: no answer came",
                 floe_addr_ip_text(peer, addr));
        return out;
    }
    snprintf(out, TURN_WORDS_MAX, "the server does not relay to %s (%u): %s",
             floe_addr_ip_text(peer, addr), code, why);
    return out;
}

static bool is_inside(const floe_addr *addr)
{
    return floe_addr_is_private(addr) || floe_addr_is_loopback(addr) ||
           floe_addr_is_link_local(addr) || floe_addr_is_any(addr);
}

const char *turn_words_relay(const floe_addr *relay, const floe_addr *server)
{
    if (!is_inside(relay) || is_inside(server)) {
        return NULL;
    }
    return "the relay address is none of the internet, though the server's own is: the server is "
           "behind a NAT and does not know it (coturn: external-ip=PUBLIC/PRIVATE); nobody outside "
           "can reach what it gives out";
}

const char *turn_words_transport(floe_transport transport)
{
    switch (transport) {
    case FLOE_UDP:
        return "UDP";
    case FLOE_TCP:
        return "TCP";
    case FLOE_TLS:
        return "TLS";
    case FLOE_DTLS:
        break;
    }
    return "DTLS";
}
