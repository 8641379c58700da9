/* io/io_block.c - see io/io_block.h. */
#include "io/io_block.h"

#include "io/socket_set.h"
#include "sctp/sctp_lane.h"
#include "stun/stun_uri.h"

#include <string.h>
#include <strings.h>

#define SEND_BUFFER      ((size_t)1024 * 1024)
#define RECV_BUFFER      ((size_t)1024 * 1024)
#define DESCRIPTION_SIZE ((size_t)2 * FLOE_SDP_SIZE_MAX) /* the current one and a pending one */
#define PAGE             ((size_t)4096)
#define WHOLE_PAGES(n)   (((n) + PAGE - 1) / PAGE * PAGE)

static size_t round_up(size_t size)
{
    return (size + 15u) & ~(size_t)15u;
}

/* A chunk in flight needs an entry of the ring. Messages may be small: room for a quarter of the
 * largest chunk is enough to keep the ring from being the limit. */
static uint32_t ring_len_for(size_t send_buffer)
{
    uint32_t len = 64;
    while (len < send_buffer / 256u && len < 32768u) { /* no ring is longer */
        len *= 2u;
    }
    return len;
}

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

/* Allocations that a URL may lead to: a name may have an IPv4 and an IPv6 address. */
static uint32_t relays_of(const char *url)
{
    return strncasecmp(url, "turn", 4) == 0 ? 2 : 0;
}

/* A TURN server over UDP tells its clients apart by their addresses. */
static bool is_udp_relay(const char *url)
{
    floe_stun_uri uri;
    const char *fault;
    return floe_stun_uri_parse(&uri, floe_bytes_of(url), &fault) == FLOE_OK && uri.is_turn &&
           uri.transport == FLOE_UDP;
}

static void measure_servers(floe_io_block *b, const floe_io_config *config)
{
    for (size_t i = 0; i < config->server_count; i++) {
        const floe_io_server *server = &config->servers[i];
        b->texts += text_size(server->username) + text_size(server->credential);
        for (size_t j = 0; j < server->url_count; j++) {
            b->texts += text_size(server->urls[j]);
            b->relay_max += relays_of(server->urls[j]);
            b->has_udp_relay = b->has_udp_relay || is_udp_relay(server->urls[j]);
        }
    }
}

void floe_io_block_measure(floe_io_block *b, const floe_io_config *config, size_t owner)
{
    *b = (floe_io_block){
        .owner = round_up(owner),
        .send = round_up(config->send_buffer != 0 ? config->send_buffer : SEND_BUFFER),
        .recv = round_up(config->recv_buffer != 0 ? config->recv_buffer : RECV_BUFFER),
        .description = round_up(DESCRIPTION_SIZE)};
    b->ring_len = ring_len_for(b->send);
    b->ring = round_up(b->ring_len * sizeof(floe_sctp_tx));
    b->buffers = WHOLE_PAGES(b->send + b->recv + b->ring);
    b->rate = config->congestion == FLOE_SCTP_CC_RATE ? round_up(sizeof(floe_sctp_bbr)) : 0;
    if (config->is_interleaved) {
        b->interleaving = round_up(sizeof(floe_sctp_interleaving));
        b->numbers = round_up(b->ring_len * sizeof(floe_sctp_number));
    }
    measure_servers(b, config);
    b->texts += text_size(config->ca_file) + 1;
    b->relays = round_up(b->relay_max * sizeof(floe_ice_relay));
    b->sockets = config->port == NULL || b->has_udp_relay ? round_up(sizeof(floe_socket_set)) : 0;
    b->whole = WHOLE_PAGES(b->owner + b->sockets + b->description + b->rate + b->interleaving +
                           b->numbers + b->relays + b->texts) +
               b->buffers;
}

uint8_t *floe_io_block_cut(uint8_t **at, size_t size)
{
    uint8_t *part = *at;
    *at += size;
    return part;
}

floe_bytes floe_io_block_copy(uint8_t **at, const char *text)
{
    floe_bytes bytes = {*at, text_size(text)};
    if (bytes.len > 0) {
        memcpy(floe_io_block_cut(at, bytes.len), text, bytes.len);
    }
    return bytes;
}
