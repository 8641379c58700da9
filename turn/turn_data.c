/*
 * turn/turn_data.c - data to and from peers: ChannelData (RFC 8656 section 12.4), Send and Data
 * indications (section 11).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * | channel, 0x4000 to 0x4FFF     | bytes of data                 |
 * +-------------------------------+-------------------------------+
 * | data, padded to four bytes but over UDP ...
 */
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "turn/turn_client_internal.h"

#define PAYLOAD_MAX 65507u /* of a UDP datagram over IPv4 */
#define ADDR_HEAD   4u     /* RFC 8489 section 14.1: family and port, before the IP */
#define ATTR_HEAD   4u
#define SEND_HEAD   (FLOE_STUN_HEADER_SIZE + ATTR_HEAD + ADDR_HEAD + ATTR_HEAD)

static floe_err malformed(floe_turn_client *client)
{
    client->stats.dropped_malformed++;
    return FLOE_E_MALFORMED;
}

floe_err floe_turn_data_channel(floe_turn_client *client, floe_bytes packet, floe_turn_data *data)
{
    if (packet.len < FLOE_TURN_HEAD) {
        return malformed(client);
    }
    size_t len = floe_load_u16(packet.ptr + 2);
    size_t room = packet.len - FLOE_TURN_HEAD;
    /* RFC 8656 §12.6, §12.5: not longer than the datagram; behind it, padding at most. */
    if (len > room || room - len > FLOE_TURN_TAIL) {
        return malformed(client);
    }
    size_t number = (size_t)floe_load_u16(packet.ptr) - FLOE_TURN_CHANNEL_FIRST;
    const floe_turn_grant *grant = &client->grant[FLOE_TURN_PERMISSION_MAX];
    /* RFC 8656 §12: data may overtake the answer to ChannelBind, so having asked is enough. */
    if (number >= FLOE_TURN_CHANNEL_MAX || grant[number].peer.family == 0 ||
        grant[number].reuse_at == 0 || !floe_turn_peer_is_expected(client, &grant[number].peer)) {
        client->stats.dropped_unknown++;
        return FLOE_E_UNKNOWN;
    }
    *data = (floe_turn_data){grant[number].peer, {packet.ptr + FLOE_TURN_HEAD, len}};
    return FLOE_OK;
}

static void take_icmp(floe_turn_client *client, const floe_addr *peer, floe_bytes value)
{
    client->icmp_peer = *peer;
    client->icmp_type = value.ptr[2];
    client->icmp_code = value.ptr[3];
    client->icmp_data = floe_load_u32(value.ptr + 4);
    client->is_icmp_untold = true;
}

floe_err floe_turn_data_indication(floe_turn_client *client, const floe_stun_msg *msg,
                                   floe_turn_data *data)
{
    floe_addr peer;
    floe_stun_attr attr;
    /* RFC 8656 §11.4: from whom, and only from those whom we have asked for. */
    if (!floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_PEER_ADDRESS, &peer) ||
        !floe_turn_peer_is_expected(client, &peer)) {
        return FLOE_E_UNKNOWN;
    }
    if (floe_stun_msg_find(msg, FLOE_STUN_DATA_ATTR, &attr)) {
        *data = (floe_turn_data){peer, attr.value};
        return FLOE_OK;
    }
    if (floe_stun_msg_find(msg, FLOE_STUN_ICMP, &attr)) {
        take_icmp(client, &peer, attr.value);
        return FLOE_OK;
    }
    return FLOE_E_UNKNOWN;
}

/* The grant that data to this peer goes by, a channel if possible; NONE: there is no permission. */
static uint8_t find_way(const floe_turn_client *client, const floe_addr *peer)
{
    if (client->state != FLOE_TURN_ALLOCATED || client->is_tcp || client->is_moving) {
        return FLOE_TURN_NONE;
    }
    uint8_t permission = floe_turn_peer_find(client, false, peer);
    if (permission == FLOE_TURN_NONE || !floe_turn_peer_is_ready(client, permission)) {
        return FLOE_TURN_NONE;
    }
    uint8_t channel = floe_turn_peer_find(client, true, peer);
    bool is_bound = channel != FLOE_TURN_NONE && floe_turn_peer_is_ready(client, channel);
    return is_bound ? channel : permission;
}

static size_t head_of(const floe_turn_client *client, uint8_t way, const floe_addr *peer)
{
    if (floe_turn_is_channel(way)) {
        return FLOE_TURN_HEAD;
    }
    return SEND_HEAD + floe_addr_ip(peer).len + (client->dont_fragment ? ATTR_HEAD : 0);
}

size_t floe_turn_client_get_head(const floe_turn_client *client, const floe_addr *peer)
{
    uint8_t way = find_way(client, peer);
    return way == FLOE_TURN_NONE ? 0 : head_of(client, way, peer);
}

/* RFC 8656 §11.1: the attributes before DATA by the writer, whose length is then made to hold DATA
 * too. */
static void put_send_head(floe_turn_client *client, const floe_addr *peer, uint8_t *buf,
                          size_t head, size_t payload_len, size_t padding)
{
    uint8_t tid[FLOE_STUN_TID_SIZE];
    floe_stun_writer w;
    floe_bytes written;
    client->rand.fill(client->rand.ctx, tid, sizeof tid);
    floe_stun_writer_begin(&w, buf, head, FLOE_STUN_INDICATION, FLOE_STUN_SEND, tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_PEER_ADDRESS, peer);
    if (client->dont_fragment) {
        floe_stun_writer_put_flag(&w, FLOE_STUN_DONT_FRAGMENT);
    }
    floe_err err = floe_stun_writer_end(&w, &written);
    FLOE_ASSERT(err == FLOE_OK && written.len + ATTR_HEAD == head);
    floe_store_u16(buf + written.len, FLOE_STUN_DATA_ATTR);
    floe_store_u16(buf + written.len + 2, (uint16_t)payload_len);
    floe_store_u16(buf + 2, (uint16_t)(head - FLOE_STUN_HEADER_SIZE + payload_len + padding));
}

floe_err floe_turn_client_wrap(floe_turn_client *client, const floe_addr *peer, uint8_t *buf,
                               size_t cap, size_t payload_len, size_t *len)
{
    uint8_t way = find_way(client, peer);
    if (way == FLOE_TURN_NONE) {
        return floe_turn_peer_is_expected(client, peer) ? FLOE_E_AGAIN : FLOE_E_UNKNOWN;
    }
    bool is_bound = floe_turn_is_channel(way);
    /* RFC 8656 §12.5: ChannelData is padded over a stream, and may be over datagrams: pion's server
     * wants it over DTLS too. RFC 8489 §14: attributes always. */
    bool is_padded = !is_bound || client->path.transport != FLOE_UDP;
    size_t padding = is_padded ? (0 - payload_len) & 3 : 0;
    size_t head = head_of(client, way, peer);
    if (payload_len > PAYLOAD_MAX - FLOE_TURN_HEAD_MAX || cap < head + payload_len + padding) {
        return FLOE_E_TOO_BIG;
    }
    if (is_bound) {
        floe_store_u16(buf, (uint16_t)(FLOE_TURN_CHANNEL_FIRST + way - FLOE_TURN_PERMISSION_MAX));
        floe_store_u16(buf + 2, (uint16_t)payload_len);
    } else {
        put_send_head(client, peer, buf, head, payload_len, padding);
    }
    memset(buf + head + payload_len, 0, padding);
    *len = head + payload_len + padding;
    return FLOE_OK;
}
