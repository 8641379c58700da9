/* support/peer_pair.c - see support/peer_pair.h. */
#include "support/peer_pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "support/unit.h"
#include "support/virtual_clock.h"

#define ONE_WAY_US (5 * FLOE_MS)

/* splitmix64: repeatable, and good enough for a test. */
static void fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = *state;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        out[i] = (uint8_t)(z ^ z >> 31);
    }
}

static void init_end(peer_pair *pair, int index)
{
    peer_pair_end *end = &pair->end[index];
    floe_peer_config *config = &end->config;
    assert_int_equal(floe_dtls_identity_init(&end->identity), FLOE_OK);
    config->rand = (floe_rand){fill, &pair->random};
    config->identity = &end->identity;
    config->send_buffer = (floe_span){end->send, sizeof end->send};
    config->recv_buffer = (floe_span){end->recv, sizeof end->recv};
    config->tx_ring = end->ring;
    config->tx_ring_len = PEER_PAIR_RING;
    config->relays = end->relays;
    config->relay_max = PEER_PAIR_RELAYS;
    config->description = (floe_span){end->description, sizeof end->description};
    assert_int_equal(floe_peer_init(&end->peer, config, pair->now), FLOE_OK);
    end->addr = floe_addr_from_ipv4(192, 0, 2, (uint8_t)(index + 1), (uint16_t)(4000 + index));
    assert_int_equal(floe_peer_add_local(&end->peer, &end->addr, 65535), FLOE_OK);
    floe_peer_end_local(&end->peer);
}

peer_pair *peer_pair_new(void)
{
    peer_pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->now = FLOE_SECOND;
    pair->random = 42;
    virtual_clock_set(pair->now);
    init_end(pair, 0);
    init_end(pair, 1);
    return pair;
}

void peer_pair_free(peer_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        floe_peer_free(&pair->end[i].peer);
        floe_dtls_identity_free(&pair->end[i].identity);
    }
    free(pair);
}

const char *peer_pair_describe(peer_pair *pair, int end)
{
    static char texts[2][4096];
    floe_peer_sdp_type type;
    size_t len;
    assert_int_equal(floe_peer_get_local(&pair->end[end].peer, &type, (uint8_t *)texts[end],
                                         sizeof texts[end] - 1, &len),
                     FLOE_OK);
    texts[end][len] = '\0';
    return texts[end];
}

void peer_pair_signal(peer_pair *pair)
{
    floe_peer *a = &pair->end[0].peer, *b = &pair->end[1].peer;
    assert_int_equal(floe_peer_set_local(a, FLOE_PEER_OFFER), FLOE_OK);
    floe_bytes offer = floe_bytes_of(peer_pair_describe(pair, 0));
    assert_int_equal(floe_peer_set_remote(b, FLOE_PEER_OFFER, offer, NULL), FLOE_OK);
    assert_int_equal(floe_peer_set_local(b, FLOE_PEER_ANSWER), FLOE_OK);
    floe_bytes answer = floe_bytes_of(peer_pair_describe(pair, 1));
    assert_int_equal(floe_peer_set_remote(a, FLOE_PEER_ANSWER, answer, NULL), FLOE_OK);
}

static peer_pair_packet *get_free(peer_pair *pair)
{
    for (size_t i = 0; i < PEER_PAIR_FLIGHTS; i++) {
        if (pair->wire[i].at == 0) {
            return &pair->wire[i];
        }
    }
    fail_msg("more packets on the wire than the fixture holds");
    return NULL;
}

static bool transmit(peer_pair *pair, int from)
{
    peer_pair_packet *packet = get_free(pair);
    floe_transmit out = {.buf = packet->bytes, .cap = sizeof packet->bytes};
    if (!floe_peer_poll_transmit(&pair->end[from].peer, &out)) {
        return false;
    }
    assert_true(out.len > 0 && out.segment > 0 && out.segment <= FLOE_DATAGRAM_MAX);
    packet->at = pair->now + ONE_WAY_US;
    packet->to = floe_addr_equal(&out.path.remote, &pair->end[1 - from].addr) ? 1 - from : -1;
    packet->path = (floe_path){out.path.remote, out.path.local, out.path.transport};
    packet->len = out.len;
    packet->segment = out.segment;
    return true;
}

static void drain(peer_pair *pair, int index)
{
    peer_pair_end *end = &pair->end[index];
    floe_peer_event event;
    while (transmit(pair, index)) {
    }
    while (floe_peer_poll_event(&end->peer, &event)) {
        end->events[event.type]++;
        if (end->log_len < PEER_PAIR_LOG) {
            end->log[end->log_len++] = event;
        }
        end->fate = event.type == FLOE_PEER_EV_FATE ? event.fate : end->fate;
        if (event.type == FLOE_PEER_EV_CHANNEL) {
            end->incoming = event.channel;
        }
    }
    while (transmit(pair, index)) {
    }
    floe_peer_check_invariants(&end->peer);
    assert_true(floe_peer_deadline(&end->peer) > pair->now);
}

static peer_pair_packet *get_next(peer_pair *pair)
{
    peer_pair_packet *next = NULL;
    for (size_t i = 0; i < PEER_PAIR_FLIGHTS; i++) {
        peer_pair_packet *packet = &pair->wire[i];
        if (packet->at != 0 && (next == NULL || packet->at < next->at)) {
            next = packet;
        }
    }
    return next;
}

static void deliver(peer_pair *pair, peer_pair_packet *packet)
{
    packet->at = 0;
    if (packet->to >= 0 && !pair->end[packet->to].is_deaf) {
        floe_peer_input(&pair->end[packet->to].peer, pair->now, &packet->path, packet->bytes,
                        packet->len, packet->segment);
    }
}

void peer_pair_run(peer_pair *pair, uint64_t duration_us)
{
    floe_time end = pair->now + duration_us;
    for (;;) {
        drain(pair, 0);
        drain(pair, 1);
        peer_pair_packet *packet = get_next(pair);
        floe_time at = floe_time_min(floe_peer_deadline(&pair->end[0].peer),
                                     floe_peer_deadline(&pair->end[1].peer));
        at = packet != NULL ? floe_time_min(at, packet->at) : at;
        if (at > end) {
            break;
        }
        pair->now = at > pair->now ? at : pair->now;
        virtual_clock_set(pair->now);
        if (packet != NULL && packet->at <= pair->now) {
            deliver(pair, packet);
        }
        floe_peer_advance(&pair->end[0].peer, pair->now);
        floe_peer_advance(&pair->end[1].peer, pair->now);
    }
    pair->now = end;
    virtual_clock_set(pair->now);
    floe_peer_advance(&pair->end[0].peer, pair->now);
    floe_peer_advance(&pair->end[1].peer, pair->now);
}

floe_dc_id peer_pair_connect(peer_pair *pair)
{
    floe_dc_options options = {.label = FLOE_LIT("lab")};
    floe_dc_id channel;
    assert_int_equal(floe_peer_open_channel(&pair->end[0].peer, &options, &channel), FLOE_OK);
    peer_pair_signal(pair);
    peer_pair_run(pair, FLOE_SECOND);
    assert_int_equal(floe_peer_get_state(&pair->end[0].peer), FLOE_PEER_CONNECTED);
    assert_int_equal(floe_peer_get_state(&pair->end[1].peer), FLOE_PEER_CONNECTED);
    assert_int_equal(pair->end[0].events[FLOE_PEER_EV_CHANNEL_OPEN], 1);
    assert_int_equal(pair->end[1].events[FLOE_PEER_EV_CHANNEL_OPEN], 1);
    return channel;
}
