/* support/nat_rule.c - see support/nat_rule.h. */
#include "support/nat_rule.h"

#include <string.h>

#include "ice/ice_pair.h"
#include "support/unit.h"

#define ENDS     12u
#define MAPPINGS 256u
#define BASES    2u /* a socket and a relayed address */

/* An IP and a port, of which only equality counts. */
typedef struct end {
    int ip, port;
    bool is_v6;
} end;

enum { STUN_SERVER = 1, TURN_SERVER, HOST_IPS, BOX_IPS = 10, POOL_IPS = 100 };

typedef struct mapping {
    end inside, key, outside;
} mapping;

typedef struct box {
    const sim_nat_config *config; /* NULL: none */
    int ip;
    mapping mappings[MAPPINGS];
    size_t mapping_count;
} box;

typedef struct ends {
    end list[ENDS];
    size_t count;
} ends;

typedef struct base {
    end socket;
    box *boxes[NAT_RULE_BOXES];
    bool is_relay, is_mute;
    ends sent;    /* whom it has sent to */
    ends learned; /* from checks */
} base;

typedef struct side {
    base bases[BASES];
    size_t base_count;
    bool is_v6_only;
    ends told; /* candidates that the other side has of it: types[] */
    uint8_t types[ENDS];
} side;

typedef struct scene {
    side sides[2];
    box boxes[2 * NAT_RULE_BOXES];
    nat_rule_near near;
    int next_port;
} scene;

static bool is_equal(end a, end b)
{
    return a.ip == b.ip && a.port == b.port;
}

static bool has(const ends *set, end e)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_equal(set->list[i], e)) {
            return true;
        }
    }
    return false;
}

/* True: it is new. Two symmetric NATs show a new end with each check: what the first ones do not
 * bring about, none does, so the rest is left out. */
static bool add(ends *set, end e)
{
    if (has(set, e) || set->count == ENDS) {
        return false;
    }
    set->list[set->count++] = e;
    return true;
}

/* ---- RFC 4787 ---- */

static bool is_match(sim_nat_rule rule, end a, end b)
{
    return rule == SIM_NAT_ENDPOINT_INDEPENDENT ||
           (rule == SIM_NAT_ADDRESS_DEPENDENT ? a.ip == b.ip : is_equal(a, b));
}

/* §4.1: which outside end a packet from `inside` to `to` has. Ports are all different, whatever
 * their order, but where they are overloaded: then one inside end has one outside. */
static end map(scene *s, box *b, end inside, end to)
{
    if (to.is_v6) {
        return inside; /* IPv6 is only filtered */
    }
    for (size_t i = 0; i < b->mapping_count; i++) {
        mapping *m = &b->mappings[i];
        if (is_equal(m->inside, inside) &&
            (b->config->ports == SIM_NAT_OVERLOAD || is_match(b->config->mapping, m->key, to))) {
            return m->outside;
        }
    }
    assert_true(b->mapping_count < MAPPINGS);
    int port = s->next_port++;
    /* Arbitrary pooling, in a pool that is large: each mapping has an address of its own. */
    int ip = b->config->is_pool_arbitrary ? POOL_IPS + port : b->ip;
    mapping m = {inside, to, {ip, port, false}};
    b->mappings[b->mapping_count++] = m;
    return m.outside;
}

/* The source of a packet from a base to `to`, after `count` boxes. */
static end source(scene *s, const base *b, end to, size_t count)
{
    end e = b->socket;
    for (size_t i = 0; i < count && b->boxes[i] != NULL; i++) {
        e = map(s, b->boxes[i], e, to);
    }
    return e;
}

/* §5: a box lets a packet from `from` to its outside end `to` in if the base has sent through that
 * very mapping to somebody who is close enough. `to` becomes the inside end. */
static bool enter(scene *s, const base *b, size_t i, end from, end *to)
{
    for (size_t k = 0; k < b->sent.count; k++) {
        end peer = b->sent.list[k];
        if (peer.is_v6 == from.is_v6 && is_equal(source(s, b, peer, i + 1), *to) &&
            is_match(b->boxes[i]->config->filtering, peer, from)) {
            *to = source(s, b, peer, i);
            return true;
        }
    }
    return false;
}

static bool is_let_in(scene *s, const base *b, end from, end to)
{
    bool is_open = true;
    for (size_t i = NAT_RULE_BOXES; i-- > 0 && is_open;) {
        is_open = b->boxes[i] == NULL || enter(s, b, i, from, &to);
    }
    return is_open && is_equal(b->socket, to);
}

/* RFC 8656 §9: permissions are for the IPs of the candidates that the relay's owner was told. */
static bool is_permitted(const ends *told, end from)
{
    for (size_t i = 0; i < told->count; i++) {
        if (told->list[i].ip == from.ip) {
            return true;
        }
    }
    return false;
}

/* Whether what base `b` of side `n` sends to `to` comes to base `c` of the other side, and from
 * where it seems to come. */
static bool arrives(scene *s, int n, const base *b, end to, const base *c, end *from)
{
    if (s->near == NAT_RULE_LAN && !b->is_relay && is_equal(to, c->socket)) {
        *from = b->socket;
        return true;
    }
    *from = source(s, b, to, NAT_RULE_BOXES);
    if (s->near != NAT_RULE_NOTHING && !b->is_relay && !c->is_relay) {
        const box *shared = b->boxes[1] != NULL ? b->boxes[1] : b->boxes[0];
        if (!shared->config->hairpin) {
            return false;
        }
    }
    if (c->is_relay && !is_permitted(&s->sides[n].told, *from)) {
        return false;
    }
    return is_let_in(s, c, *from, to);
}

/* ---- candidates ---- */

static void tell(side *from, end e, floe_ice_type type)
{
    size_t at = from->told.count;
    if (add(&from->told, e)) {
        from->types[at] = (uint8_t)type;
    }
}

static bool is_blocked(const nat_rule_host *host)
{
    for (size_t i = 0; i < NAT_RULE_BOXES; i++) {
        if (host->boxes[i] != NULL && host->boxes[i]->open != SIM_NAT_OPEN) {
            return true;
        }
    }
    return false;
}

static void gather(scene *s, int n, const nat_rule_host *host)
{
    side *mine = &s->sides[n];
    base *socket = &mine->bases[mine->base_count++];
    end stun = {STUN_SERVER, 3478, false}, turn = {TURN_SERVER, 3478, false};
    socket->socket = (end){HOST_IPS + n, s->next_port++, host->is_v6_only};
    socket->is_mute = is_blocked(host);
    mine->is_v6_only = host->is_v6_only;
    tell(mine, socket->socket, FLOE_ICE_HOST);
    if (!socket->is_mute) {
        add(&socket->sent, stun);
        tell(mine, source(s, socket, stun, NAT_RULE_BOXES), FLOE_ICE_SRFLX);
    }
    if (!host->has_relay) {
        return;
    }
    if (!socket->is_mute) {
        add(&socket->sent, turn);
        tell(mine, source(s, socket, turn, NAT_RULE_BOXES), FLOE_ICE_SRFLX);
    }
    base *relay = &mine->bases[mine->base_count++];
    relay->socket = (end){TURN_SERVER, s->next_port++, false};
    relay->is_relay = true;
    tell(mine, relay->socket, FLOE_ICE_RELAY);
}

static void connect_boxes(scene *s, int n, const nat_rule_host *host)
{
    base *socket = &s->sides[n].bases[0];
    for (size_t i = 0; i < NAT_RULE_BOXES && host->boxes[i] != NULL; i++) {
        bool is_outermost = i + 1 == NAT_RULE_BOXES || host->boxes[i + 1] == NULL;
        size_t owner =
            s->near == NAT_RULE_LAN || (s->near == NAT_RULE_NAT && is_outermost) ? 0 : (size_t)n;
        box *b = &s->boxes[owner * NAT_RULE_BOXES + i];
        b->config = host->boxes[i];
        b->ip = BOX_IPS + (int)(owner * NAT_RULE_BOXES + i);
        socket->boxes[i] = b;
    }
}

/* ---- checks ---- */

static uint8_t type_of(const side *owner, end e)
{
    for (size_t i = 0; i < owner->told.count; i++) {
        if (is_equal(owner->told.list[i], e)) {
            return owner->types[i];
        }
    }
    return FLOE_ICE_PRFLX;
}

/* Everybody sends to all whom it knows. True: somebody learned of somebody new. */
static bool check_once(scene *s)
{
    bool is_news = false;
    for (int n = 0; n < 2; n++) {
        side *mine = &s->sides[n], *other = &s->sides[1 - n];
        for (size_t i = 0; i < mine->base_count; i++) {
            base *b = &mine->bases[i];
            for (size_t k = 0; k < other->told.count && !b->is_mute; k++) {
                end to = other->told.list[k];
                if (to.is_v6 == b->socket.is_v6) { /* RFC 8445 §6.1.2.2: of one family */
                    is_news |= add(&b->sent, to);
                }
            }
            for (size_t k = 0; k < b->learned.count; k++) {
                is_news |= add(&b->sent, b->learned.list[k]);
            }
        }
    }
    return is_news;
}

static bool learn(scene *s)
{
    bool is_news = false;
    end from;
    for (int n = 0; n < 2; n++) {
        for (size_t i = 0; i < BASES * BASES; i++) {
            base *b = &s->sides[n].bases[i / BASES], *c = &s->sides[1 - n].bases[i % BASES];
            for (size_t k = 0; k < b->sent.count; k++) {
                if (i / BASES < s->sides[n].base_count && i % BASES < s->sides[1 - n].base_count &&
                    !c->is_mute && arrives(s, n, b, b->sent.list[k], c, &from)) {
                    is_news |= add(&c->learned, from);
                }
            }
        }
    }
    return is_news;
}

/* RFC 8445 §5.1.2.1 and §6.1.2.3, with the recommended type preferences. */
static uint64_t priority(uint8_t local, uint8_t remote)
{
    return floe_ice_pair_priority(floe_ice_priority((floe_ice_type)local, 65535),
                                  floe_ice_priority((floe_ice_type)remote, 65535));
}

/* A pair is valid if the check arrives and its answer comes from where the check went to. The best
 * of them so far; whoever relays nothing is better. */
static void judge_pair(scene *s, const base *b, end to, const base *c, nat_rule_verdict *best)
{
    end from, back;
    if (!arrives(s, 0, b, to, c, &from) || !arrives(s, 1, c, from, b, &back) ||
        !is_equal(back, to)) {
        return;
    }
    nat_rule_verdict v = {.is_connected = true};
    /* Who is behind a NAT64 sees the other at an address that nobody has told it, and tells the
     * other so. */
    bool is_turned[2] = {s->sides[0].is_v6_only && !b->is_relay && !to.is_v6,
                         s->sides[1].is_v6_only && !c->is_relay && !from.is_v6};
    v.remote[0] = is_turned[0] ? (uint8_t)FLOE_ICE_PRFLX : type_of(&s->sides[1], to);
    v.remote[1] = is_turned[1] ? (uint8_t)FLOE_ICE_PRFLX : type_of(&s->sides[0], from);
    v.local[0] =
        is_turned[1] && !b->is_relay ? (uint8_t)FLOE_ICE_PRFLX : type_of(&s->sides[0], from);
    v.local[1] = is_turned[0] && !c->is_relay ? (uint8_t)FLOE_ICE_PRFLX : type_of(&s->sides[1], to);
    v.rounds = best->rounds;
    if (!best->is_connected ||
        priority(v.local[0], v.remote[0]) > priority(best->local[0], best->remote[0])) {
        *best = v;
    }
}

static void judge(scene *s, nat_rule_verdict *best)
{
    for (size_t i = 0; i < s->sides[0].base_count; i++) {
        for (size_t j = 0; j < s->sides[1].base_count; j++) {
            const base *b = &s->sides[0].bases[i], *c = &s->sides[1].bases[j];
            for (size_t k = 0; k < b->sent.count && !c->is_mute && !b->is_mute; k++) {
                judge_pair(s, b, b->sent.list[k], c, best);
            }
        }
    }
}

nat_rule_verdict nat_rule_judge(const nat_rule_host hosts[2], nat_rule_near near)
{
    scene s = {.near = near, .next_port = 10000};
    nat_rule_verdict verdict = {.is_connected = false};
    for (int n = 0; n < 2; n++) {
        connect_boxes(&s, n, &hosts[n]);
        gather(&s, n, &hosts[n]);
    }
    bool is_news = true;
    for (uint32_t round = 1; is_news; round++) {
        nat_rule_verdict best = {.is_connected = false};
        is_news = check_once(&s);
        judge(&s, &best);
        if (best.is_connected && (!verdict.is_connected || verdict.local[0] != best.local[0] ||
                                  verdict.remote[0] != best.remote[0])) {
            best.rounds = round;
            verdict = best;
        }
        is_news |= learn(&s);
    }
    return verdict;
}
