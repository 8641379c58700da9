/* support/turn_server_model.c - see support/turn_server_model.h. */
#include "support/turn_server_model.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "base/writer.h"
#include "stun/stun_key.h"

#define OUT_MAX 2048

typedef struct request {
    turn_server_model *m;
    const floe_stun_msg *msg;
    const floe_addr *from;
    floe_stun_key key;
    bool is_signed;
    uint8_t *out;
} request;

void turn_server_model_init(turn_server_model *m)
{
    memset(m, 0, sizeof *m);
    m->password = "pass";
    m->realm = "floe.test";
    m->lifetime_s = 600;
    m->nonce = 1;
    m->port = 40000;
    m->host = 9;
}

void turn_server_model_restart(turn_server_model *m)
{
    m->is_allocated = false;
    m->nonce += 1000;
    memset(m->peers, 0, sizeof m->peers);
}

static floe_bytes nonce_text(const turn_server_model *m, char text[32])
{
    /* RFC 8489 section 18.1: bit 0 algorithms, bit 1 anonymity: 000 A, 10. w, 01. Q, 110 g */
    static const char cookies[4] = {'A', 'Q', 'g', 'w'};
    char c = cookies[(m->has_algorithms ? 2 : 0) + (m->is_anonymous ? 1 : 0)];
    int len = m->has_algorithms || m->is_anonymous
                  ? snprintf(text, 32, "obMatJos2%cAAA%08u", c, m->nonce)
                  : snprintf(text, 32, "%08u", m->nonce);
    return (floe_bytes){(uint8_t *)text, (size_t)len};
}

static const uint8_t algorithms[] = {0, 1, 0, 0, 0, 2, 0, 0};

static size_t finish(const request *r, floe_stun_writer *w)
{
    floe_bytes packet;
    if (r->is_signed && r->m->has_algorithms) {
        floe_stun_writer_put_integrity_sha256(w, floe_stun_key_view(&r->key));
    } else if (r->is_signed) {
        floe_stun_writer_put_integrity(w, floe_stun_key_view(&r->key));
    }
    return floe_stun_writer_end(w, &packet) == FLOE_OK ? packet.len : 0;
}

static size_t put_error(request *r, int code)
{
    floe_stun_writer w;
    floe_stun_writer_begin(&w, r->out, OUT_MAX, FLOE_STUN_ERROR, r->msg->method, r->msg->tid);
    floe_stun_writer_put_error(&w, code);
    if (code == 401 || code == 438) {
        char text[32];
        floe_stun_writer_put_bytes(&w, FLOE_STUN_REALM, floe_bytes_of(r->m->realm));
        floe_stun_writer_put_bytes(&w, FLOE_STUN_NONCE, nonce_text(r->m, text));
        if (r->m->has_algorithms) {
            floe_stun_writer_put_bytes(&w, FLOE_STUN_PASSWORD_ALGORITHMS,
                                       (floe_bytes){algorithms, sizeof algorithms});
        }
        r->is_signed = false;
    }
    if (code == 420) {
        const uint16_t types[] = {FLOE_STUN_DONT_FRAGMENT};
        floe_stun_writer_put_unknown(&w, types, 1);
    }
    if (code == 300) {
        floe_stun_writer_put_addr(&w, FLOE_STUN_ALTERNATE_SERVER, &r->m->alternate);
    }
    r->is_signed = r->is_signed && !r->m->is_unsigned;
    return finish(r, &w);
}

static bool find(const floe_stun_msg *msg, uint16_t type, floe_bytes *value)
{
    floe_stun_attr attr = {0};
    bool found = floe_stun_msg_find(msg, type, &attr);
    *value = attr.value;
    return found;
}

static bool is_user(const turn_server_model *m, const floe_stun_msg *msg)
{
    floe_bytes value;
    if (!m->is_anonymous) {
        return find(msg, FLOE_STUN_USERNAME, &value) && floe_bytes_equal(value, FLOE_LIT("user"));
    }
    uint8_t hash[32];
    floe_stun_key_hash_user(hash, FLOE_LIT("user"), floe_bytes_of(m->realm));
    return find(msg, FLOE_STUN_USERHASH, &value) && !floe_stun_msg_has(msg, FLOE_STUN_USERNAME) &&
           floe_bytes_equal(value, (floe_bytes){hash, 32});
}

/* RFC 8489 section 9.2.4, in its order. 0: authentic. */
static int authenticate(request *r)
{
    turn_server_model *m = r->m;
    const floe_stun_msg *msg = r->msg;
    floe_bytes realm;
    floe_bytes nonce;
    floe_bytes list;
    uint32_t choice = 0;
    char text[32];
    if (!floe_stun_msg_has(msg, FLOE_STUN_MESSAGE_INTEGRITY) &&
        !floe_stun_msg_has(msg, FLOE_STUN_MESSAGE_INTEGRITY_SHA256)) {
        return 401;
    }
    if (!find(msg, FLOE_STUN_REALM, &realm) || !find(msg, FLOE_STUN_NONCE, &nonce)) {
        return 400;
    }
    bool has_list = find(msg, FLOE_STUN_PASSWORD_ALGORITHMS, &list);
    if (m->has_algorithms &&
        (!has_list || !floe_bytes_equal(list, (floe_bytes){algorithms, sizeof algorithms}) ||
         !floe_stun_msg_get_u32(msg, FLOE_STUN_PASSWORD_ALGORITHM, &choice) ||
         choice != 2u << 16)) {
        return 400;
    }
    if (!is_user(m, msg)) {
        return 401;
    }
    floe_stun_key_derive(&r->key, m->has_algorithms ? FLOE_STUN_KEY_SHA256 : FLOE_STUN_KEY_MD5,
                         FLOE_LIT("user"), realm, floe_bytes_of(m->password));
    floe_err err = m->has_algorithms
                       ? floe_stun_msg_check_integrity_sha256(msg, floe_stun_key_view(&r->key))
                       : floe_stun_msg_check_integrity(msg, floe_stun_key_view(&r->key));
    if (err != FLOE_OK) {
        return 401;
    }
    if (m->nonce_life != 0 && m->now >= m->nonce_at + m->nonce_life) {
        m->nonce++;
        m->nonce_at = m->now;
    }
    if (!floe_bytes_equal(nonce, nonce_text(m, text))) {
        return 438;
    }
    r->is_signed = true;
    return 0;
}

static size_t put_success(request *r, void (*put)(request *, floe_stun_writer *))
{
    floe_stun_writer w;
    floe_stun_writer_begin(&w, r->out, OUT_MAX, FLOE_STUN_SUCCESS, r->msg->method, r->msg->tid);
    if (put != NULL) {
        put(r, &w);
    }
    if (r->m->unknown_type != 0) {
        floe_stun_writer_put_bytes(&w, r->m->unknown_type, (floe_bytes){NULL, 0});
    }
    return finish(r, &w);
}

static void put_ticket(request *r, floe_stun_writer *w)
{
    uint8_t ticket[4];
    floe_store_u32(ticket, ++r->m->ticket);
    floe_stun_writer_put_bytes(w, FLOE_STUN_MOBILITY_TICKET, (floe_bytes){ticket, 4});
}

static void put_allocated(request *r, floe_stun_writer *w)
{
    turn_server_model *m = r->m;
    for (int i = 0; i < 2; i++) {
        if (m->relay[i].family != 0) {
            floe_stun_writer_put_addr(w, FLOE_STUN_XOR_RELAYED_ADDRESS, &m->relay[i]);
        }
    }
    if (m->has_empty_relay) {
        floe_addr empty = floe_addr_from_ipv4(0, 0, 0, 0, 0);
        floe_stun_writer_put_addr(w, FLOE_STUN_XOR_RELAYED_ADDRESS, &empty);
    }
    floe_stun_writer_put_addr(w, FLOE_STUN_XOR_MAPPED_ADDRESS, r->from);
    floe_stun_writer_put_u32(w, FLOE_STUN_LIFETIME, m->lifetime_s);
    if (m->missing_family != 0) {
        const uint8_t value[] = {2, 0, (uint8_t)(m->missing_family / 100),
                                 (uint8_t)(m->missing_family % 100)};
        floe_stun_writer_put_bytes(w, FLOE_STUN_ADDRESS_ERROR_CODE, (floe_bytes){value, 4});
    }
    if (m->last_reserve) {
        floe_stun_writer_put_u64(w, FLOE_STUN_RESERVATION_TOKEN, UINT64_C(0x0102030405060708));
    }
    if (m->has_mobility && floe_stun_msg_has(r->msg, FLOE_STUN_MOBILITY_TICKET)) {
        put_ticket(r, w);
    }
}

static void choose_relays(turn_server_model *m, const floe_stun_msg *msg)
{
    const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = m->host};
    uint32_t family = 0;
    bool both = floe_stun_msg_has(msg, FLOE_STUN_ADDITIONAL_ADDRESS_FAMILY);
    (void)floe_stun_msg_get_u32(msg, FLOE_STUN_REQUESTED_ADDRESS_FAMILY, &family);
    bool six = family == 2u << 24 && !m->ignores_family;
    memset(m->relay, 0, sizeof m->relay);
    m->port++;
    if (!six) {
        m->relay[0] = floe_addr_from_ipv4(198, 51, 100, m->host, (uint16_t)m->port);
    }
    if (six || (both && m->missing_family == 0 && !m->has_empty_relay)) {
        m->relay[1] = floe_addr_from_bytes((floe_bytes){ip6, 16}, (uint16_t)m->port);
    }
}

static size_t allocate(request *r)
{
    turn_server_model *m = r->m;
    floe_bytes value;
    uint32_t transport = 0;
    (void)floe_stun_msg_get_u32(r->msg, FLOE_STUN_REQUESTED_TRANSPORT, &transport);
    m->last_transport = (uint16_t)(transport >> 24);
    m->last_even = find(r->msg, FLOE_STUN_EVEN_PORT, &value);
    m->last_reserve = m->last_even && (value.ptr[0] & 0x80) != 0;
    m->last_token = floe_stun_msg_has(r->msg, FLOE_STUN_RESERVATION_TOKEN);
    if (m->is_allocated && floe_addr_equal(&m->client, r->from)) {
        /* The same request once more gets the same answer (RFC 8656 section 7.2). */
        return memcmp(m->allocate_tid, r->msg->tid, 12) == 0 ? put_success(r, put_allocated)
                                                             : put_error(r, 437);
    }
    if (m->no_dont_fragment && floe_stun_msg_has(r->msg, FLOE_STUN_DONT_FRAGMENT)) {
        return put_error(r, 420);
    }
    m->is_allocated = true;
    m->client = *r->from;
    m->until = m->now + m->lifetime_s * FLOE_SECOND;
    memcpy(m->allocate_tid, r->msg->tid, 12);
    memset(m->peers, 0, sizeof m->peers);
    choose_relays(m, r->msg);
    return put_success(r, put_allocated);
}

static void put_refreshed(request *r, floe_stun_writer *w)
{
    floe_stun_writer_put_u32(w, FLOE_STUN_LIFETIME, r->m->is_allocated ? r->m->lifetime_s : 0);
    if (floe_stun_msg_has(r->msg, FLOE_STUN_MOBILITY_TICKET)) {
        put_ticket(r, w);
    }
}

static size_t refresh(request *r)
{
    turn_server_model *m = r->m;
    floe_bytes ticket;
    uint32_t lifetime = m->lifetime_s;
    if (find(r->msg, FLOE_STUN_MOBILITY_TICKET, &ticket)) {
        if (!m->has_mobility || ticket.len != 4 || floe_load_u32(ticket.ptr) != m->ticket) {
            return put_error(r, m->has_mobility ? 400 : 405);
        }
        m->client = *r->from;
    }
    if (!m->is_allocated || !floe_addr_equal(&m->client, r->from)) {
        return put_error(r, 437);
    }
    (void)floe_stun_msg_get_u32(r->msg, FLOE_STUN_LIFETIME, &lifetime);
    m->is_allocated = lifetime != 0;
    m->until = m->now + m->lifetime_s * FLOE_SECOND;
    return put_success(r, put_refreshed);
}

static turn_model_peer *find_peer(turn_server_model *m, const floe_addr *peer, bool channel)
{
    for (int i = 0; i < TURN_MODEL_PEERS; i++) {
        turn_model_peer *p = &m->peers[i];
        bool same = channel ? floe_addr_equal(&p->peer, peer) : floe_addr_ip_equal(&p->peer, peer);
        if (p->peer.family != 0 && (p->number != 0) == channel && p->until > m->now && same) {
            return p;
        }
    }
    return NULL;
}

bool turn_server_model_has(const turn_server_model *m, const floe_addr *peer, bool channel)
{
    return m->is_allocated && find_peer((turn_server_model *)m, peer, channel) != NULL;
}

static void grant(turn_server_model *m, const floe_addr *peer, uint16_t number)
{
    turn_model_peer *p = find_peer(m, peer, number != 0);
    for (int i = 0; p == NULL && i < TURN_MODEL_PEERS; i++) {
        p = m->peers[i].until <= m->now ? &m->peers[i] : NULL;
    }
    if (p != NULL) {
        *p = (turn_model_peer){*peer, m->now + (number != 0 ? 600 : 300) * FLOE_SECOND, number};
    }
}

static size_t permit(request *r)
{
    turn_server_model *m = r->m;
    floe_addr peer;
    uint32_t number = 0;
    bool bind = r->msg->method == FLOE_STUN_CHANNEL_BIND;
    if (!m->is_allocated || !floe_addr_equal(&m->client, r->from)) {
        return put_error(r, 437);
    }
    if (!floe_stun_msg_get_addr(r->msg, FLOE_STUN_XOR_PEER_ADDRESS, &peer) ||
        (bind && !floe_stun_msg_get_u32(r->msg, FLOE_STUN_CHANNEL_NUMBER, &number))) {
        return put_error(r, 400);
    }
    number >>= 16;
    if (m->relay[peer.family == 6].family == 0) {
        return put_error(r, 443);
    }
    if (floe_addr_ip_equal(&peer, &m->denied)) {
        return put_error(r, 403);
    }
    for (int i = 0; bind && i < TURN_MODEL_PEERS; i++) {
        const turn_model_peer *p = &m->peers[i];
        bool live = p->number != 0 && p->until > m->now;
        if (live && (p->number == number) != floe_addr_equal(&p->peer, &peer)) {
            return put_error(r, 400);
        }
    }
    grant(m, &peer, 0);
    if (bind) {
        grant(m, &peer, (uint16_t)number);
    }
    return put_success(r, NULL);
}

static void put_connection(request *r, floe_stun_writer *w)
{
    (void)r;
    floe_stun_writer_put_u32(w, FLOE_STUN_CONNECTION_ID, 77);
}

static size_t answer(request *r)
{
    turn_server_model *m = r->m;
    m->requests[r->msg->method & 15]++;
    int code = authenticate(r);
    if (code != 0) {
        return put_error(r, code);
    }
    if (m->fail_count > 0 && m->fail_method == r->msg->method) {
        m->fail_count--;
        m->is_allocated = m->is_allocated && m->fail_code != 437;
        return put_error(r, m->fail_code);
    }
    switch (r->msg->method) {
    case FLOE_STUN_ALLOCATE:
        return allocate(r);
    case FLOE_STUN_REFRESH:
        return refresh(r);
    case FLOE_STUN_CREATE_PERMISSION:
    case FLOE_STUN_CHANNEL_BIND:
        return permit(r);
    case FLOE_STUN_CONNECT:
        return put_success(r, put_connection);
    case FLOE_STUN_CONNECTION_BIND:
        return put_success(r, NULL);
    default:
        return put_error(r, 400);
    }
}

static void to_peer(turn_server_model *m, const floe_addr *peer, floe_bytes payload, bool channel)
{
    if (!turn_server_model_has(m, peer, false) || payload.len > sizeof m->data) {
        m->dropped++;
        return;
    }
    m->data_count++;
    m->data_peer = *peer;
    m->data_len = payload.len;
    m->data_by_channel = channel;
    if (payload.len > 0) {
        memcpy(m->data, payload.ptr, payload.len);
    }
}

static void input_channel(turn_server_model *m, floe_bytes packet)
{
    uint16_t number = floe_load_u16(packet.ptr);
    size_t len = floe_load_u16(packet.ptr + 2);
    for (int i = 0; i < TURN_MODEL_PEERS; i++) {
        if (m->peers[i].number == number && m->peers[i].until > m->now && len + 4 <= packet.len) {
            to_peer(m, &m->peers[i].peer, (floe_bytes){packet.ptr + 4, len}, true);
            return;
        }
    }
    m->dropped++;
}

size_t turn_server_model_input(turn_server_model *m, floe_time now, const floe_addr *from,
                               floe_bytes packet, uint8_t *out)
{
    floe_stun_msg msg;
    m->now = now;
    m->is_allocated = m->is_allocated && m->until > now;
    if (packet.len >= 4 && (packet.ptr[0] & 0xC0) == 0x40) {
        input_channel(m, packet);
        return 0;
    }
    if (floe_stun_msg_parse(&msg, packet) != FLOE_OK) {
        m->dropped++;
        return 0;
    }
    if (msg.cls == FLOE_STUN_INDICATION) {
        floe_addr peer;
        floe_bytes payload;
        if (msg.method == FLOE_STUN_SEND &&
            floe_stun_msg_get_addr(&msg, FLOE_STUN_XOR_PEER_ADDRESS, &peer) &&
            find(&msg, FLOE_STUN_DATA_ATTR, &payload)) {
            m->data_dont_fragment = floe_stun_msg_has(&msg, FLOE_STUN_DONT_FRAGMENT);
            to_peer(m, &peer, payload, false);
        }
        return 0;
    }
    request r = {.m = m, .msg = &msg, .from = from, .out = out};
    return msg.cls == FLOE_STUN_REQUEST ? answer(&r) : 0;
}

size_t turn_server_model_relay(turn_server_model *m, floe_time now, const floe_addr *peer,
                               floe_bytes payload, uint8_t *out)
{
    m->now = now;
    m->is_allocated = m->is_allocated && m->until > now;
    if (!turn_server_model_has(m, peer, false)) {
        return 0;
    }
    const turn_model_peer *channel = find_peer(m, peer, true);
    if (channel != NULL) {
        floe_store_u16(out, channel->number);
        floe_store_u16(out + 2, (uint16_t)payload.len);
        memcpy(out + 4, payload.ptr, payload.len);
        return payload.len + 4;
    }
    static const uint8_t tid[12] = {1};
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, out, OUT_MAX, FLOE_STUN_INDICATION, FLOE_STUN_DATA, tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_PEER_ADDRESS, peer);
    floe_stun_writer_put_bytes(&w, FLOE_STUN_DATA_ATTR, payload);
    return floe_stun_writer_end(&w, &packet) == FLOE_OK ? packet.len : 0;
}
