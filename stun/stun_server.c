/* stun/stun_server.c - see stun/stun_server.h. */
#include "stun/stun_server.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/floe_config.h"
#include "base/reader.h"
#include "stun/stun_msg.h"

#define UNKNOWN_MAX 8u

enum { CHANGE_PORT = 2, CHANGE_IP = 4 };

/* RFC 8489 §12: a Binding server uses no credentials; those that a client sends are understood and
 * passed over. The last two count only with two addresses. */
static const uint16_t known[] = {
    FLOE_STUN_USERNAME,
    FLOE_STUN_USERHASH,
    FLOE_STUN_REALM,
    FLOE_STUN_NONCE,
    FLOE_STUN_PASSWORD_ALGORITHM,
    FLOE_STUN_MESSAGE_INTEGRITY,
    FLOE_STUN_MESSAGE_INTEGRITY_SHA256,
    FLOE_STUN_CHANGE_REQUEST,
    FLOE_STUN_RESPONSE_PORT,
};
#define KNOWN_COUNT  (sizeof known / sizeof known[0])
#define KNOWN_ALWAYS (KNOWN_COUNT - 2)

typedef struct request { /* what is asked of us */
    uint16_t unknown[UNKNOWN_MAX];
    size_t unknown_count;
    uint32_t change;
    uint16_t port; /* to answer to */
} request;

static request read_request(const floe_stun_msg *msg, const floe_path *path, bool has_other)
{
    request asked = {.port = path->remote.port};
    size_t count = floe_stun_msg_get_unknown(msg, known, has_other ? KNOWN_COUNT : KNOWN_ALWAYS,
                                             asked.unknown, UNKNOWN_MAX);
    asked.unknown_count = count < UNKNOWN_MAX ? count : UNKNOWN_MAX;
    floe_stun_attr attr;
    (void)floe_stun_msg_get_u32(msg, FLOE_STUN_CHANGE_REQUEST, &asked.change);
    if (floe_stun_msg_find(msg, FLOE_STUN_RESPONSE_PORT, &attr)) {
        asked.port = floe_load_u16(attr.value.ptr);
    }
    return asked;
}

/* The address of ours that differs from `local` in what the flags say. */
static floe_addr change_addr(const floe_stun_server *server, const floe_addr *local, uint32_t flags)
{
    bool is_primary_ip = floe_addr_ip_equal(local, &server->primary);
    bool is_primary_port = local->port == server->primary.port;
    floe_addr changed = *local;
    if ((flags & CHANGE_IP) != 0) {
        changed = is_primary_ip ? server->other : server->primary;
    }
    bool wants_primary_port = is_primary_port == ((flags & CHANGE_PORT) == 0);
    changed.port = wants_primary_port ? server->primary.port : server->other.port;
    return changed;
}

static void put_success(floe_stun_writer *w, const floe_stun_server *server, const floe_path *path,
                        const floe_addr *origin)
{
    floe_stun_writer_put_addr(w, FLOE_STUN_XOR_MAPPED_ADDRESS, &path->remote);
    if (server->other.family == 0) {
        return;
    }
    floe_addr other = change_addr(server, &path->local, CHANGE_IP | CHANGE_PORT);
    /* RFC 5780 §6.1: the plain address too, where we answer from, and from where else we can. */
    floe_stun_writer_put_addr(w, FLOE_STUN_MAPPED_ADDRESS, &path->remote);
    floe_stun_writer_put_addr(w, FLOE_STUN_RESPONSE_ORIGIN, origin);
    floe_stun_writer_put_addr(w, FLOE_STUN_OTHER_ADDRESS, &other);
}

static void put_unknown(floe_stun_writer *w, const request *asked)
{
    /* RFC 8489 §6.3.1: attributes that must be understood and are not are listed with a 420. */
    floe_stun_writer_put_error(w, 420);
    floe_stun_writer_put_unknown(w, asked->unknown, asked->unknown_count);
}

floe_err floe_stun_server_answer(const floe_stun_server *server, const floe_path *path,
                                 floe_bytes packet, floe_transmit *out)
{
    FLOE_ASSERT(out->cap >= FLOE_DATAGRAM_MAX);
    floe_stun_msg msg;
    bool has_other = server->other.family != 0;
    if (floe_stun_msg_parse(&msg, packet) != FLOE_OK) {
        return FLOE_E_MALFORMED;
    }
    if (msg.cls != FLOE_STUN_REQUEST || msg.method != FLOE_STUN_BINDING) {
        return FLOE_E_UNSUPPORTED;
    }
    request asked = read_request(&msg, path, has_other);
    bool is_refused = asked.unknown_count > 0;
    out->path = *path;
    if (!is_refused && has_other) {
        /* RFC 5780 §6.1, §7.5: from the address and to the port that the client wishes. */
        out->path.local = change_addr(server, &path->local, asked.change);
        out->path.remote.port = asked.port;
    }
    if (out->path.remote.family == 0 || out->path.remote.port == 0) {
        return FLOE_E_ARG;
    }
    floe_stun_writer w;
    floe_stun_writer_begin(&w, out->buf, out->cap, is_refused ? FLOE_STUN_ERROR : FLOE_STUN_SUCCESS,
                           FLOE_STUN_BINDING, msg.tid);
    if (is_refused) {
        put_unknown(&w, &asked);
    } else {
        put_success(&w, server, path, &out->path.local);
    }
    if (msg.has_fingerprint) {
        floe_stun_writer_put_fingerprint(&w);
    }
    floe_bytes written = {NULL, 0};
    floe_err err = floe_stun_writer_end(&w, &written);
    out->len = out->segment = written.len;
    return err;
}
