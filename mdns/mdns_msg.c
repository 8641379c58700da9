/*
 * mdns/mdns_msg.c - messages of multicast DNS, read and written.
 *
 * A compressed name is labels up to a pointer to more of them, earlier in the packet. Two limits
 * make its reading end: a pointer must lead to before the place where the part it ends began, so
 * that parts follow each other towards the front; and the labels together have at most 255 bytes. A
 * third one makes it end soon: a packet of nothing but pointers would take 100 ms otherwise.
 */
#include "mdns/mdns_msg.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"

#define RESPONSE   0x8000u
#define AUTHORITY  0x0400u
#define OPCODE     0x7800u
#define RCODE      0x000fu
#define TOP_BIT    0x8000u /* of a class */
#define POINTER    0xc0u
#define LABEL_MAX  63u
#define COUNTS_POS 4u
#define JUMPS_MAX  32u /* of one name */

static bool add_label(floe_mdns_labels *name, floe_bytes label)
{
    if (label.len + 1 > FLOE_MDNS_LABELS_MAX - name->len) {
        return false;
    }
    name->bytes[name->len++] = (uint8_t)label.len;
    if (label.len > 0) {
        memcpy(name->bytes + name->len, label.ptr, label.len);
        name->len = (uint8_t)(name->len + label.len);
    }
    return true;
}

/* Read a name and leave `r` behind it, failed where it is none. */
static void get_labels(floe_bytes packet, floe_reader *r, floe_mdns_labels *name)
{
    floe_reader at = *r;
    size_t part = packet.len - at.left;
    unsigned jumps = 0;
    bool is_done = false;
    name->len = 0;
    while (!is_done && floe_reader_is_ok(&at)) {
        uint8_t head = floe_reader_get_u8(&at);
        if (head >= POINTER) {
            size_t target = (size_t)(head & ~POINTER) << 8 | floe_reader_get_u8(&at);
            *r = jumps > 0 ? *r : at;
            jumps++;
            /* RFC 1035 §4.1.4: to a prior occurrence of the name; never forward, never in a circle.
             */
            at.failed = at.failed || target >= part || jumps > JUMPS_MAX;
            part = target;
            if (floe_reader_is_ok(&at)) {
                at = floe_reader_begin((floe_bytes){packet.ptr + target, packet.len - target});
            }
        } else {
            floe_bytes label = floe_reader_get_bytes(&at, head);
            at.failed = at.failed || head > LABEL_MAX || !add_label(name, label);
            is_done = head == 0;
        }
    }
    *r = jumps > 0 ? *r : at;
    r->failed = r->failed || at.failed;
}

static void get_question(floe_bytes packet, floe_reader *r, floe_mdns_question *question)
{
    get_labels(packet, r, &question->name);
    question->type = floe_reader_get_u16(r);
    uint16_t class_ = floe_reader_get_u16(r);
    question->class_ = (uint16_t)(class_ & ~TOP_BIT);
    question->wants_unicast = (class_ & TOP_BIT) != 0;
}

static void get_record(floe_bytes packet, floe_reader *r, floe_mdns_record *record)
{
    get_labels(packet, r, &record->name);
    record->type = floe_reader_get_u16(r);
    uint16_t class_ = floe_reader_get_u16(r);
    record->class_ = (uint16_t)(class_ & ~TOP_BIT);
    record->is_flush = (class_ & TOP_BIT) != 0;
    record->ttl_s = floe_reader_get_u32(r);
    record->data = floe_reader_get_bytes(r, floe_reader_get_u16(r));
}

static uint32_t record_count(const floe_mdns_msg *msg)
{
    return (uint32_t)msg->counts[FLOE_MDNS_ANSWER] + msg->counts[FLOE_MDNS_AUTHORITY] +
           msg->counts[FLOE_MDNS_ADDITIONAL];
}

floe_mdns_cursor floe_mdns_msg_begin(const floe_mdns_msg *msg)
{
    floe_mdns_cursor cursor = {floe_reader_begin(msg->packet), 0};
    (void)floe_reader_get_bytes(&cursor.in, COUNTS_POS + 2 * FLOE_MDNS_SECTIONS);
    return cursor;
}

bool floe_mdns_msg_next_question(const floe_mdns_msg *msg, floe_mdns_cursor *cursor,
                                 floe_mdns_question *question)
{
    if (cursor->done >= msg->counts[FLOE_MDNS_QUESTION]) {
        return false;
    }
    cursor->done++;
    get_question(msg->packet, &cursor->in, question);
    return floe_reader_is_ok(&cursor->in);
}

bool floe_mdns_msg_next_record(const floe_mdns_msg *msg, floe_mdns_cursor *cursor,
                               floe_mdns_record *record)
{
    floe_mdns_question skipped;
    while (floe_mdns_msg_next_question(msg, cursor, &skipped)) {
    }
    uint32_t index = cursor->done - msg->counts[FLOE_MDNS_QUESTION];
    if (index >= record_count(msg) || !floe_reader_is_ok(&cursor->in)) {
        return false;
    }
    record->section = FLOE_MDNS_ANSWER;
    while (index >= msg->counts[record->section]) {
        index -= msg->counts[record->section];
        record->section = (floe_mdns_section)(record->section + 1);
    }
    cursor->done++;
    get_record(msg->packet, &cursor->in, record);
    return floe_reader_is_ok(&cursor->in);
}

floe_err floe_mdns_msg_parse(floe_mdns_msg *msg, floe_bytes packet)
{
    floe_reader r = floe_reader_begin(packet);
    *msg = (floe_mdns_msg){.packet = packet, .id = floe_reader_get_u16(&r)};
    uint16_t flags = floe_reader_get_u16(&r);
    for (size_t i = 0; i < FLOE_MDNS_SECTIONS; i++) {
        msg->counts[i] = floe_reader_get_u16(&r);
    }
    msg->is_response = (flags & RESPONSE) != 0;
    if (!floe_reader_is_ok(&r)) {
        return FLOE_E_MALFORMED;
    }
    /* RFC 6762 §18.3, §18.11: other operations and error codes are ignored. */
    if ((flags & (OPCODE | RCODE)) != 0) {
        return FLOE_E_UNSUPPORTED;
    }
    floe_mdns_record record;
    floe_mdns_cursor cursor = floe_mdns_msg_begin(msg);
    while (floe_mdns_msg_next_record(msg, &cursor, &record)) {
    }
    bool is_whole = cursor.done == msg->counts[FLOE_MDNS_QUESTION] + record_count(msg);
    return is_whole && floe_reader_is_ok(&cursor.in) ? FLOE_OK : FLOE_E_MALFORMED;
}

floe_addr floe_mdns_record_get_addr(const floe_mdns_record *record)
{
    bool is_v4 = record->type == FLOE_MDNS_TYPE_A && record->data.len == 4;
    bool is_v6 = record->type == FLOE_MDNS_TYPE_AAAA && record->data.len == 16;
    bool is_address = record->class_ == FLOE_MDNS_CLASS_IN && (is_v4 || is_v6);
    return is_address ? floe_addr_from_bytes(record->data, 0) : (floe_addr){.family = 0};
}

void floe_mdns_writer_begin(floe_mdns_writer *w, uint8_t *buf, size_t cap, uint16_t id,
                            bool is_response)
{
    *w = (floe_mdns_writer){.out = floe_writer_begin(buf, cap)};
    floe_writer_put_u16(&w->out, id);
    /* RFC 6762 §18.4: responses are authoritative; §18.2 to §18.11: all else is zero. */
    floe_writer_put_u16(&w->out, is_response ? RESPONSE | AUTHORITY : 0);
    floe_writer_put_zeros(&w->out, 2 * FLOE_MDNS_SECTIONS);
}

static void put_head(floe_mdns_writer *w, floe_mdns_section section, const floe_mdns_labels *name)
{
    FLOE_ASSERT(section >= w->section && section < FLOE_MDNS_SECTIONS && name->len > 0);
    w->section = section;
    w->counts[section]++;
    floe_writer_put_bytes(&w->out, (floe_bytes){name->bytes, name->len});
}

void floe_mdns_writer_put_question(floe_mdns_writer *w, const floe_mdns_question *question)
{
    put_head(w, FLOE_MDNS_QUESTION, &question->name);
    floe_writer_put_u16(&w->out, question->type);
    floe_writer_put_u16(&w->out,
                        (uint16_t)(question->class_ | (question->wants_unicast ? TOP_BIT : 0)));
}

void floe_mdns_writer_put_record(floe_mdns_writer *w, const floe_mdns_record *record)
{
    FLOE_ASSERT(record->section != FLOE_MDNS_QUESTION && record->data.len <= UINT16_MAX);
    put_head(w, record->section, &record->name);
    floe_writer_put_u16(&w->out, record->type);
    floe_writer_put_u16(&w->out, (uint16_t)(record->class_ | (record->is_flush ? TOP_BIT : 0)));
    floe_writer_put_u32(&w->out, record->ttl_s);
    floe_writer_put_u16(&w->out, (uint16_t)record->data.len);
    floe_writer_put_bytes(&w->out, record->data);
}

floe_err floe_mdns_writer_end(floe_mdns_writer *w, floe_bytes *packet)
{
    if (!floe_writer_is_ok(&w->out)) {
        return FLOE_E_TOO_BIG;
    }
    for (size_t i = 0; i < FLOE_MDNS_SECTIONS; i++) {
        floe_store_u16(w->out.buf + COUNTS_POS + 2 * i, w->counts[i]);
    }
    *packet = floe_writer_view(&w->out);
    return FLOE_OK;
}
