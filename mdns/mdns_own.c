/*
 * mdns/mdns_own.c - names of ours: announced, answered for, and taken back.
 *
 * What is to be multicast is a set of interfaces for each name, `owed`, and a time before which an
 * interface must not hear of it again. Announcements and questions both put interfaces into the
 * set; so a question that comes too early is answered when it may be, and several at once are
 * answered once. What is for one asker alone stands in a table of its own.
 */
#include "mdns/mdns_node_internal.h"

#include "base/addr.h"

#define BIT(i) (UINT32_C(1) << (i))

/* RFC 6762 §10: records about the address of a name live 120 s. */
#define TTL_S 120u
/* RFC 6762 §6.7: resolvers that don't hear goodbyes forget soon. */
#define TTL_LEGACY_S 10u
/* RFC 6762 §8.3: at least two, a second apart. */
#define ANNOUNCEMENTS 2u
/* RFC 6762 §6: a record is not multicast in answer twice within this. */
#define PAUSE FLOE_SECOND

#define HEADER_SIZE 12u
#define RECORD_HEAD 10u
#define NSEC_BITS   4u /* octets of the bitmap up to type AAAA */
#define OWN_SIZE                                                                                   \
    (FLOE_MDNS_NAME_LABELS + RECORD_HEAD + 16u + FLOE_MDNS_NAME_LABELS + RECORD_HEAD +             \
     FLOE_MDNS_NAME_LABELS + 2u + NSEC_BITS)

_Static_assert(FLOE_MDNS_NAME_MAX <= 32 && FLOE_MDNS_INTERFACE_MAX <= 32, "sets have 32 bits");

/* What a query wants of one name of ours. */
typedef struct wish {
    bool multicast, unicast;
    uint16_t type;
} wish;

static uint16_t type_of(const floe_mdns_own *own)
{
    return own->addr.family == 4 ? FLOE_MDNS_TYPE_A : FLOE_MDNS_TYPE_AAAA;
}

static floe_mdns_own *find_addr(floe_mdns_node *node, const floe_addr *addr)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if (node->own[i].uses > 0 && floe_addr_ip_equal(&node->own[i].addr, addr)) {
            return &node->own[i];
        }
    }
    return NULL;
}

floe_mdns_own *floe_mdns_own_find(floe_mdns_node *node, const floe_mdns_name *name)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if (node->own[i].uses > 0 && floe_mdns_name_equal(&node->own[i].name, name)) {
            return &node->own[i];
        }
    }
    return NULL;
}

static floe_mdns_own *begin(floe_mdns_node *node, const floe_addr *addr, uint32_t link)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        floe_mdns_own *own = &node->own[i];
        if (own->addr.family == 0) {
            /* Draft §3.1.1: announced without probing, since nobody else has the name. */
            *own = (floe_mdns_own){.addr = *addr,
                                   .link = link,
                                   .announcements = ANNOUNCEMENTS,
                                   .announce_at = node->now};
            floe_mdns_name_make(&own->name, &node->rand);
            return own;
        }
    }
    return NULL;
}

floe_err floe_mdns_node_register(floe_mdns_node *node, const floe_addr *addr, uint32_t link,
                                 char name[FLOE_MDNS_NAME_TEXT_MAX])
{
    if (node->is_closed) {
        return FLOE_E_CLOSED;
    }
    if (addr->family == 0 || floe_addr_is_any(addr) || floe_addr_is_multicast(addr)) {
        return FLOE_E_ARG;
    }
    /* Draft §3.1.1: an address that has a name keeps it. */
    floe_mdns_own *own = find_addr(node, addr);
    own = own != NULL ? own : begin(node, addr, link);
    if (own == NULL || own->uses == UINT16_MAX) {
        return FLOE_E_FULL;
    }
    own->uses++;
    (void)floe_mdns_name_text(&own->name, name);
    return FLOE_OK;
}

/* Nothing more is said of it than goodbye, to those who may have heard of it. */
static void leave(floe_mdns_node *node, floe_mdns_own *own)
{
    own->uses = 0;
    own->announcements = 0;
    own->owed = floe_mdns_node_set_of_link(node, own->link);
    for (size_t i = 0; i < FLOE_MDNS_REPLY_MAX; i++) {
        if (&node->own[node->reply[i].own] == own) {
            node->reply[i].to.family = 0;
        }
    }
    if (own->owed == 0) {
        own->addr.family = 0;
    }
}

void floe_mdns_node_unregister(floe_mdns_node *node, const floe_addr *addr)
{
    floe_mdns_own *own = find_addr(node, addr);
    if (own != NULL && --own->uses == 0) {
        leave(node, own);
    }
}

void floe_mdns_own_remove_all(floe_mdns_node *node)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if (node->own[i].uses > 0) {
            leave(node, &node->own[i]);
        }
    }
}

void floe_mdns_own_add_interface(floe_mdns_node *node, size_t interface)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        floe_mdns_own *own = &node->own[i];
        own->next_at[interface] = 0;
        if (own->uses > 0 && own->link == node->interface[interface].link) {
            own->announcements = ANNOUNCEMENTS;
            own->announce_at = node->now;
        }
    }
}

void floe_mdns_own_remove_interface(floe_mdns_node *node, size_t interface)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        floe_mdns_own *own = &node->own[i];
        own->owed &= ~BIT(interface);
        own->asked &= ~BIT(interface);
        if (own->uses == 0 && own->owed == 0) {
            own->addr.family = 0;
        }
    }
    for (size_t i = 0; i < FLOE_MDNS_REPLY_MAX; i++) {
        if (node->reply[i].interface == interface) {
            node->reply[i].to.family = 0;
        }
    }
}

static void add_reply(floe_mdns_node *node, const floe_mdns_reply *reply)
{
    if (node->now >= node->reply_until) {
        node->reply_until = floe_time_after(node->now, FLOE_SECOND);
        node->reply_room = FLOE_MDNS_REPLY_RATE;
    }
    if (node->reply_room == 0) {
        node->stats.dropped_questions++;
        return;
    }
    node->reply_room--;
    for (size_t i = 0; i < FLOE_MDNS_REPLY_MAX; i++) {
        if (node->reply[i].to.family == 0) {
            node->reply[i] = *reply;
            return;
        }
    }
}

static void take_question(floe_mdns_node *node, const floe_mdns_question *question, bool is_legacy,
                          wish wishes[FLOE_MDNS_NAME_MAX])
{
    floe_mdns_name name;
    floe_bytes labels = {question->name.bytes, question->name.len};
    if ((question->class_ != FLOE_MDNS_CLASS_IN && question->class_ != FLOE_MDNS_ANY) ||
        floe_mdns_name_parse_labels(&name, labels) != FLOE_OK) {
        return;
    }
    const floe_mdns_own *own = floe_mdns_own_find(node, &name);
    bool is_exact =
        own != NULL && (question->type == type_of(own) || question->type == FLOE_MDNS_ANY);
    bool is_address = question->type == FLOE_MDNS_TYPE_A || question->type == FLOE_MDNS_TYPE_AAAA;
    /* RFC 6762 §6.1: that there is no address of the other family is said too, by NSEC; but a
     * resolver that knows only unicast DNS might take that for an answer without sense. */
    if (own == NULL || (!is_exact && (is_legacy || !is_address))) {
        return;
    }
    wish *it = &wishes[own - node->own];
    it->type = question->type;
    it->unicast = it->unicast || is_legacy || question->wants_unicast;
    it->multicast = it->multicast || !(is_legacy || question->wants_unicast);
}

/* RFC 6762 §7.1: what the asker knows already, and will for a while, need not be said. */
static void take_known(floe_mdns_node *node, const floe_mdns_record *record,
                       wish wishes[FLOE_MDNS_NAME_MAX])
{
    floe_mdns_name name;
    floe_addr addr = floe_mdns_record_get_addr(record);
    floe_bytes labels = {record->name.bytes, record->name.len};
    if (record->section != FLOE_MDNS_ANSWER || record->ttl_s < TTL_S / 2 ||
        floe_mdns_name_parse_labels(&name, labels) != FLOE_OK) {
        return;
    }
    const floe_mdns_own *own = floe_mdns_own_find(node, &name);
    if (own != NULL && floe_addr_ip_equal(&own->addr, &addr)) {
        wishes[own - node->own] = (wish){.type = 0};
    }
}

void floe_mdns_own_input(floe_mdns_node *node, const floe_mdns_msg *msg, size_t interface,
                         const floe_addr *from)
{
    wish wishes[FLOE_MDNS_NAME_MAX] = {{.type = 0}};
    floe_mdns_question question;
    floe_mdns_record record;
    /* RFC 6762 §6.7: who asks from another port knows nothing of multicast DNS. */
    bool is_legacy = from->port != FLOE_MDNS_PORT;
    floe_mdns_cursor cursor = floe_mdns_msg_begin(msg);
    while (floe_mdns_msg_next_question(msg, &cursor, &question)) {
        take_question(node, &question, is_legacy, wishes);
    }
    while (floe_mdns_msg_next_record(msg, &cursor, &record)) {
        take_known(node, &record, wishes);
    }
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if (node->own[i].link != node->interface[interface].link) {
            continue;
        }
        if (wishes[i].multicast) {
            node->own[i].owed |= BIT(interface);
            node->own[i].asked |= BIT(interface);
        }
        if (wishes[i].unicast) {
            floe_mdns_reply reply = {.to = *from,
                                     .id = msg->id,
                                     .type = wishes[i].type,
                                     .interface = (uint8_t)interface,
                                     .own = (uint8_t)i,
                                     .is_legacy = is_legacy};
            add_reply(node, &reply);
        }
    }
}

/* RFC 6762 §9 has the owner of a unique record look for another name. Ours was told already, and
 * has no other owner: it is said again, to those who believed the other. */
void floe_mdns_own_defend(floe_mdns_node *node, const floe_mdns_msg *msg, size_t interface)
{
    floe_mdns_name name;
    floe_mdns_record record;
    floe_mdns_cursor cursor = floe_mdns_msg_begin(msg);
    floe_mdns_question question;
    while (floe_mdns_msg_next_question(msg, &cursor, &question)) {
    }
    while (floe_mdns_msg_next_record(msg, &cursor, &record)) {
        floe_addr addr = floe_mdns_record_get_addr(&record);
        floe_bytes labels = {record.name.bytes, record.name.len};
        if (addr.family == 0 || floe_mdns_name_parse_labels(&name, labels) != FLOE_OK) {
            continue;
        }
        floe_mdns_own *own = floe_mdns_own_find(node, &name);
        if (own != NULL && own->link == node->interface[interface].link &&
            !floe_addr_ip_equal(&own->addr, &addr)) {
            node->stats.conflicts++;
            own->owed |= BIT(interface);
            own->asked |= BIT(interface); /* so the next time is a second later */
        }
    }
}

void floe_mdns_own_settle(floe_mdns_node *node)
{
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        floe_mdns_own *own = &node->own[i];
        if (own->announcements > 0 && own->announce_at <= node->now) {
            own->announcements--;
            own->owed |= floe_mdns_node_set_of_link(node, own->link);
            own->announce_at = floe_time_after(node->now, PAUSE);
        }
    }
}

/* A goodbye does not wait for its turn: whoever closes wants to be gone. */
static floe_time ready_at(const floe_mdns_own *own, size_t interface)
{
    if ((own->owed & BIT(interface)) == 0) {
        return FLOE_TIME_NEVER;
    }
    return own->uses == 0 ? 0 : own->next_at[interface];
}

floe_time floe_mdns_own_deadline(const floe_mdns_node *node)
{
    floe_time deadline = FLOE_TIME_NEVER;
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        const floe_mdns_own *own = &node->own[i];
        if (own->announcements > 0) {
            deadline = floe_time_min(deadline, own->announce_at);
        }
        for (size_t k = 0; k < FLOE_MDNS_INTERFACE_MAX; k++) {
            deadline = floe_time_min(deadline, ready_at(own, k));
        }
    }
    for (size_t i = 0; i < FLOE_MDNS_REPLY_MAX; i++) {
        deadline = node->reply[i].to.family != 0 ? 0 : deadline;
    }
    return deadline;
}

static void put_address(floe_mdns_writer *w, const floe_mdns_own *own, uint32_t ttl_s,
                        bool is_flush)
{
    floe_mdns_record record = {.name = floe_mdns_labels_of(&own->name),
                               .type = type_of(own),
                               .class_ = FLOE_MDNS_CLASS_IN,
                               .is_flush = is_flush,
                               .ttl_s = ttl_s,
                               .data = floe_addr_ip(&own->addr),
                               .section = FLOE_MDNS_ANSWER};
    floe_mdns_writer_put_record(w, &record);
}

/* RFC 6762 §6.1: there is nothing else of this name, so nobody needs to wait for it. */
static void put_nothing_else(floe_mdns_writer *w, const floe_mdns_own *own)
{
    uint8_t data[FLOE_MDNS_NAME_LABELS + 2 + NSEC_BITS] = {0};
    floe_writer d = floe_writer_begin(data, sizeof data);
    uint16_t type = type_of(own);
    uint8_t octets = (uint8_t)(type / 8 + 1);
    floe_mdns_name_put_labels(&own->name, &d);
    floe_writer_put_u8(&d, 0);
    floe_writer_put_u8(&d, octets);
    floe_writer_put_zeros(&d, octets - 1u);
    floe_writer_put_u8(&d, (uint8_t)(0x80u >> type % 8));
    FLOE_ASSERT(floe_writer_is_ok(&d));
    floe_mdns_record record = {.name = floe_mdns_labels_of(&own->name),
                               .type = FLOE_MDNS_TYPE_NSEC,
                               .class_ = FLOE_MDNS_CLASS_IN,
                               .is_flush = true,
                               .ttl_s = TTL_S,
                               .data = floe_writer_view(&d),
                               .section = FLOE_MDNS_ADDITIONAL};
    floe_mdns_writer_put_record(w, &record);
}

static uint32_t choose_ready(const floe_mdns_node *node, size_t interface)
{
    size_t room = (FLOE_DATAGRAM_MAX - HEADER_SIZE) / OWN_SIZE;
    uint32_t chosen = 0;
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX && room > 0; i++) {
        if (ready_at(&node->own[i], interface) <= node->now) {
            chosen |= BIT(i);
            room--;
        }
    }
    return chosen;
}

static void mark_sent(floe_mdns_node *node, floe_mdns_own *own, size_t interface)
{
    own->owed &= ~BIT(interface);
    /* RFC 6762 §6 counts announcements too. But whoever gets a name of ours asks at once, and
     * Chromium, which asks once, was seen to make nothing of an answer that had to wait for them.
     */
    if ((own->asked & BIT(interface)) != 0) {
        own->next_at[interface] = floe_time_after(node->now, PAUSE);
    }
    own->asked &= ~BIT(interface);
    if (own->uses == 0 && own->owed == 0) {
        own->addr.family = 0;
    }
}

static bool write_multicast(floe_mdns_node *node, size_t interface, floe_transmit *out)
{
    uint32_t chosen = choose_ready(node, interface);
    floe_mdns_writer w;
    if (chosen == 0) {
        return false;
    }
    floe_mdns_writer_begin(&w, out->buf, out->cap, 0, true);
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if ((chosen & BIT(i)) != 0) {
            put_address(&w, &node->own[i], node->own[i].uses > 0 ? TTL_S : 0, true);
        }
    }
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if ((chosen & BIT(i)) != 0 && node->own[i].uses > 0) {
            put_nothing_else(&w, &node->own[i]);
        }
    }
    for (size_t i = 0; i < FLOE_MDNS_NAME_MAX; i++) {
        if ((chosen & BIT(i)) != 0) {
            mark_sent(node, &node->own[i], interface);
        }
    }
    floe_addr group = floe_mdns_node_group(node, interface);
    floe_mdns_node_finish(node, &w, out, interface, &group);
    return true;
}

static void write_reply(floe_mdns_node *node, const floe_mdns_reply *reply, floe_transmit *out)
{
    const floe_mdns_own *own = &node->own[reply->own];
    floe_mdns_writer w;
    /* RFC 6762 §18.1: an answer to one asker carries the identifier of the question. */
    floe_mdns_writer_begin(&w, out->buf, out->cap, reply->id, true);
    if (reply->is_legacy) {
        /* RFC 6762 §6.7: like an answer of unicast DNS: the question again, no flush bit. */
        floe_mdns_question question = {.name = floe_mdns_labels_of(&own->name),
                                       .type = reply->type,
                                       .class_ = FLOE_MDNS_CLASS_IN};
        floe_mdns_writer_put_question(&w, &question);
        put_address(&w, own, TTL_LEGACY_S, false);
    } else {
        put_address(&w, own, TTL_S, true);
        put_nothing_else(&w, own);
    }
    floe_mdns_node_finish(node, &w, out, reply->interface, &reply->to);
}

bool floe_mdns_own_poll_transmit(floe_mdns_node *node, floe_transmit *out)
{
    for (size_t i = 0; i < FLOE_MDNS_INTERFACE_MAX; i++) {
        if (write_multicast(node, i, out)) {
            node->stats.answers_sent++;
            return true;
        }
    }
    for (size_t i = 0; i < FLOE_MDNS_REPLY_MAX; i++) {
        if (node->reply[i].to.family != 0) {
            write_reply(node, &node->reply[i], out);
            node->reply[i].to.family = 0;
            node->stats.answers_sent++;
            return true;
        }
    }
    return false;
}
