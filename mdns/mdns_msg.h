/*
 * mdns/mdns_msg.h - messages of multicast DNS, read and written (RFC 1035 section 4, RFC 6762
 * section 18).
 *
 * Read: floe_mdns_msg_parse() walks the whole message, compressed names too, so that going through
 * its questions and records afterwards can't fail. Written: names in full, which every reader
 * understands. What is inside a record is left as it is; only addresses are given a meaning.
 * Does not know which names are ours. Read next: mdns/mdns_node.h.
 */
#ifndef FLOE_MDNS_MDNS_MSG_H
#define FLOE_MDNS_MDNS_MSG_H

#include "base/reader.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_MDNS_PORT       5353u
#define FLOE_MDNS_LABELS_MAX 255u /* RFC 1035 section 3.1 */

enum { FLOE_MDNS_TYPE_A = 1, FLOE_MDNS_TYPE_AAAA = 28, FLOE_MDNS_TYPE_NSEC = 47 };
enum { FLOE_MDNS_CLASS_IN = 1, FLOE_MDNS_ANY = 255 }; /* ANY: type or class, of questions */

typedef enum floe_mdns_section {
    FLOE_MDNS_QUESTION,
    FLOE_MDNS_ANSWER,
    FLOE_MDNS_AUTHORITY,
    FLOE_MDNS_ADDITIONAL,
    FLOE_MDNS_SECTIONS
} floe_mdns_section;

/* A name as DNS has it: labels, each behind its length, and the empty one at the end. Bytes behind
 * `len` mean nothing. */
typedef struct floe_mdns_labels {
    uint8_t len; /* at least 1 */
    uint8_t bytes[FLOE_MDNS_LABELS_MAX];
} floe_mdns_labels;

typedef struct floe_mdns_question {
    floe_mdns_labels name;
    uint16_t type;
    uint16_t class_; /* without the bit that is wants_unicast */
    bool wants_unicast;
} floe_mdns_question;

typedef struct floe_mdns_record {
    floe_mdns_labels name;
    uint16_t type;
    uint16_t class_; /* without the bit that is is_flush */
    bool is_flush;   /* what else is known of this name and type is out of date */
    uint32_t ttl_s;  /* 0: goodbye */
    floe_bytes data; /* views the packet; names in it may point elsewhere */
    floe_mdns_section section;
} floe_mdns_record;

typedef struct floe_mdns_msg {
    floe_bytes packet;
    uint16_t id;
    bool is_response;
    uint16_t counts[FLOE_MDNS_SECTIONS];
} floe_mdns_msg;

/* A place in a message: all questions come first, then all records. */
typedef struct floe_mdns_cursor {
    floe_reader in;
    uint32_t done; /* questions and records */
} floe_mdns_cursor;

/* MALFORMED: cut short, a name too long, or a pointer that does not lead back. UNSUPPORTED: not a
 * standard query, or an error. The message views the packet. Bytes behind it are ignored. */
FLOE_MUST_USE floe_err floe_mdns_msg_parse(floe_mdns_msg *msg, floe_bytes packet);
floe_mdns_cursor floe_mdns_msg_begin(const floe_mdns_msg *msg);
/* Take the next one; false: there are none left. Asking for a record skips the questions. */
bool floe_mdns_msg_next_question(const floe_mdns_msg *msg, floe_mdns_cursor *cursor,
                                 floe_mdns_question *question);
bool floe_mdns_msg_next_record(const floe_mdns_msg *msg, floe_mdns_cursor *cursor,
                               floe_mdns_record *record);
/* The address in an A or AAAA record, port 0; family 0: there is none. */
floe_addr floe_mdns_record_get_addr(const floe_mdns_record *record);

typedef struct floe_mdns_writer { /* fields are private */
    floe_writer out;
    uint16_t counts[FLOE_MDNS_SECTIONS];
    floe_mdns_section section;
} floe_mdns_writer;

/* Sections are written in their order (asserted). */
void floe_mdns_writer_begin(floe_mdns_writer *w, uint8_t *buf, size_t cap, uint16_t id,
                            bool is_response);
void floe_mdns_writer_put_question(floe_mdns_writer *w, const floe_mdns_question *question);
void floe_mdns_writer_put_record(floe_mdns_writer *w, const floe_mdns_record *record);
/* TOO_BIG: it did not fit. */
FLOE_MUST_USE floe_err floe_mdns_writer_end(floe_mdns_writer *w, floe_bytes *packet);

#ifdef __cplusplus
}
#endif
#endif
