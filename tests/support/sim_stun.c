/* support/sim_stun.c - see support/sim_stun.h. */
#include "support/sim_stun.h"

#include <string.h>

#include "stun/stun_msg.h"
#include "support/unit.h"

static void answer(sim_stun *server, const floe_path *path, const floe_stun_msg *request)
{
    sim_stun_reply *reply = &server->replies[server->reply_count];
    floe_stun_writer w;
    floe_bytes packet;
    floe_stun_writer_begin(&w, reply->bytes, sizeof reply->bytes, FLOE_STUN_SUCCESS,
                           FLOE_STUN_BINDING, request->tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &path->remote);
    assert_int_equal(floe_stun_writer_end(&w, &packet), FLOE_OK);
    reply->path = *path;
    reply->len = packet.len;
    server->reply_count++;
}

static void input(void *self, floe_time now, const floe_path *path, uint8_t *run, size_t len,
                  size_t segment)
{
    sim_stun *server = self;
    (void)now;
    for (size_t at = 0; at < len; at += segment) {
        floe_bytes packet = {run + at, len - at < segment ? len - at : segment};
        floe_stun_msg msg;
        if (floe_stun_msg_is(packet) && floe_stun_msg_parse(&msg, packet) == FLOE_OK &&
            msg.cls == FLOE_STUN_REQUEST && msg.method == FLOE_STUN_BINDING &&
            server->reply_count < SIM_STUN_REPLIES) {
            server->requests++;
            answer(server, path, &msg);
        }
    }
}

static bool transmit(void *self, floe_transmit *out)
{
    sim_stun *server = self;
    if (server->reply_count == 0) {
        return false;
    }
    const sim_stun_reply *reply = &server->replies[--server->reply_count];
    memcpy(out->buf, reply->bytes, reply->len);
    out->len = out->segment = reply->len;
    out->path = reply->path;
    return true;
}

void sim_stun_add(sim_world *world, sim_stun *server, const char *ip, const sim_link *link)
{
    memset(server, 0, sizeof *server);
    int host = sim_net_add_host(&world->net, SIM_CORE, link);
    sim_net_add_addr(&world->net, host, ip);
    sim_actor actor = {.self = server, .host = host, .input = input, .transmit = transmit};
    (void)sim_world_add(world, &actor);
}
