/* support/sim_scene.c - see support/sim_scene.h. */
#include "support/sim_scene.h"

#include <string.h>

#include "base/addr.h"
#include "support/unit.h"

static const sim_link ten_ms = {.delay = 10 * FLOE_MS};

/* The box of the first place that has this IP outside; -1: none has. */
static int find_box(const sim_net *net, const char *ip)
{
    floe_addr addr;
    assert_int_equal(floe_addr_parse(&addr, floe_bytes_of(ip), 0), FLOE_OK);
    for (int i = 0; i < net->node_count; i++) {
        const sim_node *node = &net->nodes[i];
        if (node->kind == SIM_IS_NAT && floe_addr_equal(&node->nat->public_addr, &addr)) {
            return i;
        }
    }
    return -1;
}

/* The innermost box, or the core if there is none. */
static int add_boxes(sim_net *net, const sim_place *place)
{
    static const sim_link short_link = {.delay = FLOE_MS};
    int parent = SIM_CORE;
    for (size_t i = SIM_BOXES; i-- > 0;) {
        const sim_box *box = &place->boxes[i];
        if (box->nat != NULL) {
            int known = find_box(net, box->ip);
            parent =
                known >= 0 ? known : sim_net_add_nat(net, parent, &short_link, box->ip, box->nat);
        }
    }
    return parent;
}

static int add_place(sim_scene *scene, int number, const sim_place *place)
{
    static const char *const public_ips[] = {"192.0.2.10", "198.51.100.20"};
    static const char *const private_ips[] = {"10.0.0.10", "10.0.0.20"};
    sim_net *net = &scene->world->net;
    int parent = add_boxes(net, place);
    const char *ip = public_ips[number];
    scene->nats[number] = parent == SIM_CORE ? -1 : parent;
    if (place->nat != NULL) {
        sim_link short_link = {.delay = FLOE_MS};
        parent = sim_net_add_nat(net, SIM_CORE, &short_link, ip, place->nat);
        scene->nats[number] = parent;
        ip = private_ips[number];
    }
    int host = sim_net_add_host(net, parent, place->link.delay == 0 ? &ten_ms : &place->link);
    for (size_t i = 0; i < SIM_ADDRS && place->ips[i] != NULL; i++) {
        sim_net_add_addr(net, host, place->ips[i]);
    }
    if (place->ips[0] == NULL) {
        sim_net_add_addr(net, host, ip);
    }
    return host;
}

/* An authority takes a while to make, and is of no use to most. */
static void add_authority(sim_scene *scene, sim_peer_config *config)
{
    if (config->turn_url == NULL || strncmp(config->turn_url, "turns:", 6) != 0) {
        return;
    }
    if (scene->turn.authority == NULL) {
        tls_authority_init(&scene->authority);
        assert_int_equal(floe_tls_trust_init(&scene->trust, scene->authority.path), FLOE_OK);
        scene->turn.authority = &scene->authority;
    }
    config->trust = &scene->trust;
}

void sim_scene_init(sim_scene *scene, uint64_t seed, const sim_place places[2])
{
    memset(scene, 0, sizeof *scene);
    scene->world = sim_world_new(seed);
    sim_stun_add(scene->world, &scene->stun, SIM_STUN_IP, &ten_ms);
    sim_turn_add(scene->world, &scene->turn, &ten_ms);
    for (int i = 0; i < 2; i++) {
        scene->hosts[i] = add_place(scene, i, &places[i]);
        sim_peer_config config = places[i].config;
        add_authority(scene, &config);
        scene->peers[i] = sim_peer_new(scene->world, scene->hosts[i], &config);
    }
    sim_peer_join(scene->peers[0], scene->peers[1]);
    sim_traffic_init(&scene->traffic, seed, scene->peers[0], scene->peers[1]);
}

void sim_scene_free(sim_scene *scene)
{
    sim_peer_free(scene->peers[0]);
    sim_peer_free(scene->peers[1]);
    sim_turn_free(&scene->turn);
    if (scene->turn.authority != NULL) {
        floe_tls_trust_free(&scene->trust);
        tls_authority_free(&scene->authority);
    }
    sim_world_free(scene->world);
}

static void add_ten(sim_plan *plan)
{
    static const size_t sizes[10] = {5, 0, 20, 1, 300, 1199, 1200, 0, 64, 4000};
    sim_plan_add_sizes(plan, sizes, 10);
}

void sim_scene_add_chat(sim_scene *scene)
{
    add_ten(sim_traffic_add(&scene->traffic, "chat", 0));
}

void sim_scene_add_messages(sim_scene *scene)
{
    for (size_t i = 0; i < scene->traffic.plan_count; i++) {
        add_ten(&scene->traffic.plans[i]);
    }
    sim_peer_drain(scene->peers[0]);
    sim_peer_drain(scene->peers[1]);
}

bool sim_scene_play(sim_scene *scene, floe_time patience)
{
    sim_traffic_open(&scene->traffic);
    sim_peer_offer(scene->peers[0]);
    return sim_world_run_until(scene->world, patience, sim_traffic_is_done, &scene->traffic);
}

void sim_scene_chat(sim_scene *scene)
{
    sim_scene_add_chat(scene);
    assert_true(sim_scene_play(scene, 20 * FLOE_SECOND));
    assert_true(sim_peer_is_state(scene->peers[0], FLOE_PEER_CONNECTED));
    assert_true(sim_peer_is_state(scene->peers[1], FLOE_PEER_CONNECTED));
}

floe_time sim_scene_connected_at(const sim_scene *scene)
{
    floe_time a = scene->peers[0]->state_at[FLOE_PEER_CONNECTED];
    floe_time b = scene->peers[1]->state_at[FLOE_PEER_CONNECTED];
    return a > b ? a : b;
}

void sim_scene_assert_fault(const sim_scene *scene, int peer, floe_peer_fault fault)
{
    const char *sentence = NULL;
    assert_int_equal(floe_peer_get_reason(scene->peers[peer]->peer, &sentence), fault);
    assert_true(strlen(sentence) > 0);
}

typedef struct wanted {
    const sim_scene *scene;
    floe_peer_state state;
} wanted;

static bool are_both_in_state(void *ctx)
{
    const wanted *want = ctx;
    return sim_peer_is_state(want->scene->peers[0], want->state) &&
           sim_peer_is_state(want->scene->peers[1], want->state);
}

bool sim_scene_wait(sim_scene *scene, floe_peer_state state, floe_time patience)
{
    wanted want = {scene, state};
    return sim_world_run_until(scene->world, patience, are_both_in_state, &want);
}
