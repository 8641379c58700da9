/* support/sim_traffic.c - see support/sim_traffic.h. */
#include "support/sim_traffic.h"

#include <string.h>

#include "support/unit.h"

#define MESSAGE_MAX 262144u
#define INDEX_SIZE  8u /* messages from this size on begin with their index */

static bool is_text(size_t index)
{
    return index % 3 == 1;
}

/* What side `from` sends as message `index` of a plan. Text is printable ASCII. */
static floe_bytes make_message(const sim_traffic *t, int from, size_t plan, size_t index)
{
    static uint8_t message[MESSAGE_MAX];
    size_t len = t->plans[plan].sizes[index];
    sim_random random = sim_random_begin(t->key, (uint64_t)from << 40 | plan << 20 | index);
    assert_true(len <= sizeof message);
    sim_random_fill(&random, message, len);
    if (len >= INDEX_SIZE) {
        memset(message, 'A', INDEX_SIZE);
        message[0] = (uint8_t)(' ' + index);
    }
    for (size_t i = 0; is_text(index) && i < len; i++) {
        message[i] = (uint8_t)(' ' + message[i] % 64);
    }
    if (is_text(index) && len >= INDEX_SIZE) {
        message[0] = (uint8_t)(' ' + index);
    }
    return (floe_bytes){message, len};
}

static bool is_reliable(const sim_plan *plan)
{
    return !plan->options.has_max_retransmits && !plan->options.has_lifetime;
}

static int side_of(const sim_traffic *t, const sim_peer *peer)
{
    return t->sides[1].peer == peer;
}

static size_t plan_of(const sim_traffic *t, floe_bytes label)
{
    size_t plan = 0;
    while (plan < t->plan_count && !floe_bytes_equal(label, floe_bytes_of(t->plans[plan].label))) {
        plan++;
    }
    assert_true(plan < t->plan_count);
    return plan;
}

static size_t plan_of_channel(const sim_traffic *t, const sim_peer *peer, floe_dc_id channel)
{
    floe_dc_info info;
    assert_int_equal(floe_peer_get_channel(peer->peer, channel, &info), FLOE_OK);
    return plan_of(t, info.options.label);
}

/* ---- sending ---- */

static bool send_next(sim_traffic *t, sim_side *side, size_t plan)
{
    const sim_plan *p = &t->plans[plan];
    if (side->channels[plan] == FLOE_DC_NONE || side->sent[plan] == p->count) {
        return false;
    }
    size_t index = side->sent[plan];
    floe_bytes message = make_message(t, side_of(t, side->peer), plan, index);
    floe_err err = floe_peer_send(side->peer->peer, side->channels[plan], is_text(index), message);
    assert_true(err == FLOE_OK || err == FLOE_E_AGAIN);
    side->sent[plan] += err == FLOE_OK;
    return err == FLOE_OK;
}

static void send_all(sim_traffic *t, sim_side *side)
{
    bool is_any = true;
    while (is_any) {
        is_any = false;
        for (size_t plan = 0; plan < t->plan_count; plan++) {
            is_any |= send_next(t, side, plan);
        }
    }
}

/* ---- receiving ---- */

/* Which message of the plan this is. Short ones have no room for their index: any of that size
 * that has not been seen. */
static size_t identify(const sim_side *side, const sim_plan *p, size_t plan, floe_bytes message)
{
    if (!p->options.is_unordered && is_reliable(p)) {
        return side->next[plan];
    }
    if (message.len >= INDEX_SIZE) {
        return (size_t)(message.ptr[0] - ' ');
    }
    for (size_t i = side->next[plan]; i < p->count; i++) {
        if (p->sizes[i] == message.len && !side->seen[plan][i]) {
            return i;
        }
    }
    return p->count;
}

static void check_message(sim_traffic *t, sim_side *side, const floe_dc_message *head,
                          floe_bytes message)
{
    int from = 1 - side_of(t, side->peer);
    size_t plan = plan_of_channel(t, side->peer, head->channel);
    const sim_plan *p = &t->plans[plan];
    size_t index = identify(side, p, plan, message);
    assert_true(index < p->count);
    assert_false(side->seen[plan][index]);
    side->seen[plan][index] = true;
    side->received[plan]++;
    if (!p->options.is_unordered) {
        assert_true(index >= side->next[plan]);
        side->next[plan] = index + 1;
    }
    /* Where messages may be lost or overtaken, a short one could be any of its size. */
    bool is_certain = message.len >= INDEX_SIZE || (is_reliable(p) && !p->options.is_unordered);
    if (is_certain) {
        assert_int_equal(head->is_text, is_text(index));
        assert_true(floe_bytes_equal(message, make_message(t, from, plan, index)));
    }
}

static bool read_one(sim_traffic *t, sim_side *side)
{
    static uint8_t received[MESSAGE_MAX + 1];
    floe_dc_message head;
    if (!floe_peer_peek(side->peer->peer, &head)) {
        return false;
    }
    size_t len = 0;
    if (head.len > 0) {
        len = floe_peer_copy(side->peer->peer, received, sizeof received);
    }
    assert_int_equal(len, head.len);
    check_message(t, side, &head, (floe_bytes){received, len});
    floe_peer_release(side->peer->peer);
    return true;
}

static void read_all(sim_traffic *t, sim_side *side)
{
    if (t->read_pause == 0) {
        while (read_one(t, side)) {
        }
    } else if (side->peer->timer_at == FLOE_TIME_NEVER && read_one(t, side)) {
        side->peer->timer_at = side->peer->world->now + t->read_pause;
    }
}

/* ---- the application ---- */

static void on_event(void *self, sim_peer *peer, const floe_peer_event *event)
{
    sim_traffic *t = self;
    sim_side *side = &t->sides[side_of(t, peer)];
    if (event->type == FLOE_PEER_EV_CHANNEL_OPEN) {
        side->channels[plan_of_channel(t, peer, event->channel)] = event->channel;
    } else if (event->type == FLOE_PEER_EV_CHANNEL_CLOSING) {
        side->channels[plan_of_channel(t, peer, event->channel)] = FLOE_DC_NONE;
    } else if (event->type == FLOE_PEER_EV_CHANNEL_CLOSED) {
        side->closed++;
    }
}

static void on_idle(void *self, sim_peer *peer)
{
    sim_traffic *t = self;
    sim_side *side = &t->sides[side_of(t, peer)];
    read_all(t, side);
    send_all(t, side);
}

static void on_timer(void *self, sim_peer *peer)
{
    (void)self;
    (void)peer; /* what was waited for is done in on_idle() */
}

void sim_traffic_init(sim_traffic *t, uint64_t key, sim_peer *a, sim_peer *b)
{
    memset(t, 0, sizeof *t);
    t->key = key;
    t->sides[0].peer = a;
    t->sides[1].peer = b;
    for (int i = 0; i < 2; i++) {
        t->sides[i].peer->app = (sim_app){t, on_event, on_idle, on_timer};
        for (size_t plan = 0; plan < SIM_PLANS; plan++) {
            t->sides[i].channels[plan] = FLOE_DC_NONE;
        }
    }
}

sim_plan *sim_traffic_add(sim_traffic *t, const char *label, int opener)
{
    assert_true(t->plan_count < SIM_PLANS);
    sim_plan *plan = &t->plans[t->plan_count++];
    plan->label = label;
    plan->opener = opener;
    return plan;
}

void sim_plan_add_sizes(sim_plan *plan, const size_t *sizes, size_t count)
{
    assert_true(plan->count + count <= SIM_MESSAGES);
    memcpy(plan->sizes + plan->count, sizes, count * sizeof *sizes);
    plan->count += count;
}

void sim_traffic_open(sim_traffic *t)
{
    for (size_t plan = 0; plan < t->plan_count; plan++) {
        const sim_plan *p = &t->plans[plan];
        for (int i = 0; i < 2; i++) {
            floe_dc_options options = p->options;
            floe_dc_id channel;
            options.label = floe_bytes_of(p->label);
            if (i == p->opener || p->options.is_negotiated) {
                floe_err err = floe_peer_open_channel(t->sides[i].peer->peer, &options, &channel);
                assert_int_equal(err, FLOE_OK);
            }
        }
    }
}

bool sim_traffic_is_done(void *traffic)
{
    const sim_traffic *t = traffic;
    for (size_t plan = 0; plan < t->plan_count; plan++) {
        for (int i = 0; i < 2; i++) {
            const sim_plan *p = &t->plans[plan];
            if (t->sides[i].sent[plan] < p->count ||
                (is_reliable(p) && t->sides[i].received[plan] < p->count)) {
                return false;
            }
        }
    }
    return true;
}
