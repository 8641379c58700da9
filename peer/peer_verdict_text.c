/*
 * peer/peer_verdict_text.c - the sentences of peer/peer_verdict.h: what is the matter, then what
 * helps. In a text, %w is the way of the connection, %r is the peer's address, %l ours, %s the
 * server's, %m ours as a server sees it, %t the time in ms, %c the STUN error code with its
 * meaning.
 */
#include "base/addr.h"
#include "base/writer.h"
#include "peer/peer_verdict.h"

static const char *const names[FLOE_VERDICT_CODES] = {
    [FLOE_VERDICT_UNKNOWN] = "unknown",
    [FLOE_VERDICT_DIRECT] = "direct",
    [FLOE_VERDICT_NAT] = "nat",
    [FLOE_VERDICT_RELAYED] = "relayed",
    [FLOE_VERDICT_HANDSHAKE] = "handshake",
    [FLOE_VERDICT_CLOSED] = "closed",
    [FLOE_VERDICT_CLOSED_BY_PEER] = "closed-by-peer",
    [FLOE_VERDICT_SILENT] = "silent",
    [FLOE_VERDICT_CONSENT_EXPIRED] = "consent-expired",
    [FLOE_VERDICT_CONSENT_REVOKED] = "consent-revoked",
    [FLOE_VERDICT_DTLS_FINGERPRINT] = "dtls-fingerprint",
    [FLOE_VERDICT_DTLS_TIMEOUT] = "dtls-timeout",
    [FLOE_VERDICT_DTLS_FAILED] = "dtls-failed",
    [FLOE_VERDICT_SCTP_TIMEOUT] = "sctp-timeout",
    [FLOE_VERDICT_SCTP_FAILED] = "sctp-failed",
    [FLOE_VERDICT_NO_DESCRIPTION] = "no-description",
    [FLOE_VERDICT_NO_CANDIDATES] = "no-candidates",
    [FLOE_VERDICT_NAMES_UNRESOLVED] = "names-unresolved",
    [FLOE_VERDICT_UNUSABLE] = "unusable",
    [FLOE_VERDICT_CREDENTIALS] = "credentials",
    [FLOE_VERDICT_NO_NETWORK] = "no-network",
    [FLOE_VERDICT_NO_FAMILY] = "no-family",
    [FLOE_VERDICT_TURN_LOGIN] = "turn-login",
    [FLOE_VERDICT_TURN_REFUSED] = "turn-refused",
    [FLOE_VERDICT_TURN_SILENT] = "turn-silent",
    [FLOE_VERDICT_TURN_CONNECTION] = "turn-connection",
    [FLOE_VERDICT_TURN_CERTIFICATE] = "turn-certificate",
    [FLOE_VERDICT_TURN_NAME] = "turn-name",
    [FLOE_VERDICT_TURN_FORBIDDEN] = "turn-forbidden",
    [FLOE_VERDICT_RELAY_NEEDED] = "relay-needed",
    [FLOE_VERDICT_UDP_BLOCKED] = "udp-blocked",
    [FLOE_VERDICT_NAME] = "name",
    [FLOE_VERDICT_ONE_WAY] = "one-way",
    [FLOE_VERDICT_PEER_GONE] = "peer-gone",
    [FLOE_VERDICT_REFUSED] = "refused",
    [FLOE_VERDICT_NAT_HARD] = "nat-hard",
    [FLOE_VERDICT_NO_TURN] = "no-turn",
    [FLOE_VERDICT_NO_SERVERS] = "no-servers",
    [FLOE_VERDICT_PEER_SILENT] = "peer-silent",
    [FLOE_VERDICT_CHECKING] = "checking",
};

static const char *const texts[FLOE_VERDICT_CODES] = {
    [FLOE_VERDICT_UNKNOWN] = "Nothing was recorded.",
    [FLOE_VERDICT_DIRECT] = "Connected directly with %r, after %t ms.",
    [FLOE_VERDICT_NAT] = "Connected through NAT with %r, after %t ms; the peer sees %l.",
    [FLOE_VERDICT_RELAYED] = "Connected through a TURN server with %r, after %t ms; from %l.",
    [FLOE_VERDICT_HANDSHAKE] = "There is a path to %r; the DTLS handshake is under way.",
    [FLOE_VERDICT_CLOSED] = "It was connected %w with %r after %t ms; then this side closed it.",
    [FLOE_VERDICT_CLOSED_BY_PEER] =
        "It was connected %w with %r after %t ms; then the peer closed it.",
    [FLOE_VERDICT_SILENT] =
        "It was connected, and now nothing is heard of the peer. The network of "
        "one side is gone, or that side has stopped.",
    [FLOE_VERDICT_CONSENT_EXPIRED] =
        "It was connected, then the peer fell silent for 30 s on every path. Its network is gone "
        "or "
        "it has stopped; once it is back, an ICE restart connects again.",
    [FLOE_VERDICT_CONSENT_REVOKED] = "It was connected, then the peer withdrew its consent (403). "
                                     "An ICE restart asks for it anew.",
    [FLOE_VERDICT_DTLS_FINGERPRINT] =
        "DTLS: the peer's certificate is not the one of its description. The descriptions of two "
        "attempts were mixed up, or somebody sits in between.",
    [FLOE_VERDICT_DTLS_TIMEOUT] =
        "DTLS: there is a path to the peer, but the handshake found no answer. The other side "
        "waits "
        "to be called too, or something on the way drops DTLS or large packets.",
    [FLOE_VERDICT_DTLS_FAILED] =
        "DTLS: the handshake failed. One side refuses what the other offers, or the certificate is "
        "not the one of our description.",
    [FLOE_VERDICT_SCTP_TIMEOUT] =
        "The encrypted connection stands, but SCTP gets no answer. Packets of data are lost on "
        "the way, or the other program has stopped reading.",
    [FLOE_VERDICT_SCTP_FAILED] = "SCTP: the peer broke the rules of the association.",
    [FLOE_VERDICT_NO_DESCRIPTION] = "The peer's description has never come. The other side is not "
                                    "there, or signalling is broken.",
    [FLOE_VERDICT_NO_CANDIDATES] = "The peer gave no candidate, and no check of it came. Its "
                                   "candidates were lost in signalling, "
                                   "or it has no network.",
    [FLOE_VERDICT_NAMES_UNRESOLVED] =
        "The peer's candidates are all .local names that this machine cannot resolve. That works "
        "in "
        "one local network with multicast DNS; elsewhere give both sides a STUN or TURN server.",
    [FLOE_VERDICT_UNUSABLE] = "The peer's candidates are all of a kind that this side does not use "
                              "(TCP). Let it use UDP, or "
                              "give this side a TURN server.",
    [FLOE_VERDICT_CREDENTIALS] = "The peer's checks are signed with another password than the "
                                 "descriptions say. Descriptions of "
                                 "two attempts were mixed up: exchange both anew.",
    [FLOE_VERDICT_NO_NETWORK] =
        "This machine has no address that could be used: it has no network.",
    [FLOE_VERDICT_NO_FAMILY] = "No two addresses fit together: one side has IPv4 and the other "
                               "IPv6 only, or loopback only. A "
                               "TURN server that has both connects them.",
    [FLOE_VERDICT_TURN_LOGIN] = "The TURN server %s refused user or password%c, and no direct path "
                                "was found. Correct the login.",
    [FLOE_VERDICT_TURN_REFUSED] =
        "The TURN server %s gave no relay%c, and no direct path was found.",
    [FLOE_VERDICT_TURN_SILENT] =
        "The TURN server %s does not answer, and no direct path was found. It is down, or a "
        "firewall "
        "drops what goes there: check its address, or use turns: on port 443.",
    [FLOE_VERDICT_TURN_CONNECTION] = "The TURN server %s could not be connected to, and no direct "
                                     "path was found. It does not listen "
                                     "there, or a firewall refuses: check its address and port.",
    [FLOE_VERDICT_TURN_CERTIFICATE] =
        "The certificate of the TURN server %s is not to be trusted, and no direct path was found. "
        "Name "
        "the server as in its certificate, and the authority that signed it.",
    [FLOE_VERDICT_TURN_NAME] = "The TURN server's name is not known to DNS, and no direct path was "
                               "found. Correct the name.",
    [FLOE_VERDICT_TURN_FORBIDDEN] =
        "The TURN server does not relay to the peer's addresses%c, and no direct path was found. "
        "Allow "
        "them in its configuration, or give the peer a relay of its own.",
    [FLOE_VERDICT_RELAY_NEEDED] =
        "Only relays may be used, and no TURN server was given. Give one, or allow direct paths.",
    [FLOE_VERDICT_UDP_BLOCKED] = "No server answers over UDP: UDP is filtered, or the servers are "
                                 "down; and no TURN over TCP is "
                                 "configured. Give a turn: server with transport=tcp, or turns:.",
    [FLOE_VERDICT_NAME] = "No direct path was found, and the name of the STUN server is not known "
                          "to DNS. Correct the name.",
    [FLOE_VERDICT_ONE_WAY] =
        "The peer's checks arrive here, but ours are not answered. Something drops packets towards "
        "the peer: look at its firewall, or give one side a TURN server.",
    [FLOE_VERDICT_PEER_GONE] = "The peer was heard, and then fell silent before a path was found. "
                               "It is gone, or its network "
                               "is: try again once it is back.",
    [FLOE_VERDICT_REFUSED] =
        "The peer answers, but its answers are errors or not to be used. Something on the way "
        "changes "
        "packets or addresses, or it is another peer than that of the description.",
    [FLOE_VERDICT_NAT_HARD] = "Nothing gets through: the NAT of this side (%m) gives each "
                              "destination another port, and no "
                              "TURN server was given. Give one.",
    [FLOE_VERDICT_NO_TURN] = "Nothing gets through between the NATs or firewalls of both sides (we "
                             "are %m), and no TURN server "
                             "was given. Give one, or check that the peer is still there.",
    [FLOE_VERDICT_NO_SERVERS] = "None of the peer's addresses answers, and no STUN or TURN server "
                                "was given. Between two networks "
                                "give both sides one; in one network check the firewalls, and that "
                                "the peer is still there.",
    [FLOE_VERDICT_PEER_SILENT] =
        "The peer does not answer, not even through the TURN server. It is gone, or its own UDP is "
        "filtered: give it a TURN server over TCP.",
    [FLOE_VERDICT_CHECKING] = "Still checking; nothing has answered so far.",
};

static const char *error_text(uint16_t code)
{
    switch (code) {
    case 400:
        return "bad request";
    case 401:
        return "unauthorized";
    case 403:
        return "forbidden";
    case 437:
        return "allocation mismatch";
    case 440:
        return "no relay of this address family";
    case 441:
        return "wrong credentials";
    case 442:
        return "unsupported transport";
    case 486:
        return "the user's quota is reached";
    case 500:
        return "server error";
    case 508:
        return "no capacity";
    default:
        return "error";
    }
}

static void put_code(floe_writer *w, uint16_t code)
{
    if (code != 0) {
        floe_writer_put_text(w, " (");
        floe_writer_put_decimal(w, code);
        floe_writer_put_text(w, ", ");
        floe_writer_put_text(w, error_text(code));
        floe_writer_put_text(w, ")");
    }
}

static void put_addr(floe_writer *w, const floe_addr *addr, const char *otherwise)
{
    char text[FLOE_ADDR_TEXT_MAX];
    floe_writer_put_text(w, addr->family != 0 ? floe_addr_text(addr, text) : otherwise);
}

static void put_way(floe_writer *w, floe_verdict_code way)
{
    const char *text = way == FLOE_VERDICT_RELAYED ? "through a TURN server"
                       : way == FLOE_VERDICT_NAT   ? "through NAT"
                                                   : "directly";
    floe_writer_put_text(w, text);
}

static void put_part(floe_writer *w, const floe_verdict *verdict, char part)
{
    switch (part) {
    case 'r':
        put_addr(w, &verdict->remote, "the peer");
        return;
    case 'l':
        put_addr(w, &verdict->local, "this side");
        return;
    case 's':
        put_addr(w, &verdict->server, "given");
        return;
    case 'm':
        put_addr(w, &verdict->mapped, "unknown");
        return;
    case 'w':
        put_way(w, verdict->way);
        return;
    case 't':
        floe_writer_put_decimal(w, verdict->after_ms);
        return;
    default:
        put_code(w, verdict->stun_code);
        return;
    }
}

static floe_verdict_code get_known(floe_verdict_code code)
{
    return (unsigned)code < FLOE_VERDICT_CODES ? code : FLOE_VERDICT_UNKNOWN;
}

const char *floe_verdict_text(const floe_verdict *verdict, char out[FLOE_VERDICT_TEXT_MAX])
{
    floe_writer w = floe_writer_begin((uint8_t *)out, FLOE_VERDICT_TEXT_MAX);
    const char *text = texts[get_known(verdict->code)];
    if (verdict->code == FLOE_VERDICT_CLOSED_BY_PEER && !verdict->was_connected) {
        text = "The peer closed before the connection stood.";
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%') {
            put_part(&w, verdict, *++c);
        } else {
            floe_writer_put_u8(&w, (uint8_t)*c);
        }
    }
    floe_writer_put_u8(&w, 0);
    return out;
}

const char *floe_verdict_code_name(floe_verdict_code code)
{
    return names[get_known(code)];
}
