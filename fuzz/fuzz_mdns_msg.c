/*
 * fuzz/fuzz_mdns_msg.c - any bytes as a message of multicast DNS.
 *
 * Oracle: a message that parse accepts has as many questions and records as it says, and written
 * again with its names in full it is accepted and means the same. A name of a candidate's form is
 * the same as text and as labels.
 */
#include <string.h>

#include "fuzz/harness.h"
#include "mdns/mdns_msg.h"
#include "mdns/mdns_name.h"

/* Each label fits into what is left, and the root is the last. */
static void check_labels(const floe_mdns_labels *labels)
{
    size_t at = 0;
    require(labels->len >= 1);
    while (labels->bytes[at] != 0) {
        require(labels->bytes[at] <= 63);
        at += labels->bytes[at] + 1u;
        require(at < labels->len);
    }
    require(at + 1 == labels->len);
}

static void check_name(const floe_mdns_labels *labels)
{
    floe_mdns_name name, again;
    char text[FLOE_MDNS_NAME_TEXT_MAX];
    uint8_t buf[FLOE_MDNS_NAME_LABELS];
    check_labels(labels);
    if (floe_mdns_name_parse_labels(&name, (floe_bytes){labels->bytes, labels->len}) != FLOE_OK) {
        return;
    }
    floe_bytes written = floe_bytes_of(floe_mdns_name_text(&name, text));
    require(floe_mdns_name_parse(&again, written) == FLOE_OK);
    require(floe_mdns_name_equal(&name, &again));
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_mdns_name_put_labels(&name, &w);
    require(floe_mdns_name_parse_labels(&again, floe_writer_view(&w)) == FLOE_OK);
    require(floe_mdns_name_equal(&name, &again));
}

static floe_bytes write_again(const floe_mdns_msg *msg, uint8_t *buf, size_t cap)
{
    floe_mdns_writer w;
    floe_mdns_question question;
    floe_mdns_record record;
    floe_bytes packet;
    floe_mdns_cursor cursor = floe_mdns_msg_begin(msg);
    floe_mdns_writer_begin(&w, buf, cap, msg->id, msg->is_response);
    while (floe_mdns_msg_next_question(msg, &cursor, &question)) {
        check_name(&question.name);
        floe_mdns_writer_put_question(&w, &question);
    }
    while (floe_mdns_msg_next_record(msg, &cursor, &record)) {
        check_name(&record.name);
        floe_mdns_writer_put_record(&w, &record);
    }
    require(floe_mdns_writer_end(&w, &packet) == FLOE_OK);
    return packet;
}

static void require_same_labels(const floe_mdns_labels *a, const floe_mdns_labels *b)
{
    require(a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void compare(const floe_mdns_msg *a, const floe_mdns_msg *b)
{
    floe_mdns_cursor at_a = floe_mdns_msg_begin(a), at_b = floe_mdns_msg_begin(b);
    floe_mdns_question p, q;
    floe_mdns_record r, s;
    require(a->id == b->id && a->is_response == b->is_response);
    require(memcmp(a->counts, b->counts, sizeof a->counts) == 0);
    for (unsigned i = 0; i < a->counts[FLOE_MDNS_QUESTION]; i++) {
        require(floe_mdns_msg_next_question(a, &at_a, &p));
        require(floe_mdns_msg_next_question(b, &at_b, &q));
        require_same_labels(&p.name, &q.name);
        require(p.type == q.type && p.class_ == q.class_ && p.wants_unicast == q.wants_unicast);
    }
    while (floe_mdns_msg_next_record(a, &at_a, &r)) {
        require(floe_mdns_msg_next_record(b, &at_b, &s));
        require_same_labels(&r.name, &s.name);
        require(r.type == s.type && r.class_ == s.class_ && r.is_flush == s.is_flush);
        require(r.ttl_s == s.ttl_s && r.section == s.section);
        require(floe_bytes_equal(r.data, s.data));
    }
    require(!floe_mdns_msg_next_record(b, &at_b, &s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A question takes 6 bytes at least, and 259 at most with its name in full. */
    static uint8_t buf[64 * 1024];
    floe_mdns_msg msg, again;
    if (size > 1400 || floe_mdns_msg_parse(&msg, (floe_bytes){data, size}) != FLOE_OK) {
        return 0;
    }
    floe_bytes packet = write_again(&msg, buf, sizeof buf);
    require(floe_mdns_msg_parse(&again, packet) == FLOE_OK);
    compare(&msg, &again);
    return 0;
}
