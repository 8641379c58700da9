/*
 * dtls/dtls_record.c - DTLS records from the outside: boundaries, and which are worth a look.
 *
 * RFC 6347 §4.1 (record header), §4.2.2 (handshake header). A handshake in plain text is at the
 * mercy of whoever can send a packet, and OpenSSL ends the connection at the first one that is
 * wrong. What is wrong on its face never reaches it. Knows nothing of keys. Read next: dtls_bio.c.
 */
#include "dtls/dtls_internal.h"

#include "base/reader.h"

#define VERSION_1_0 0xfeffu /* also what a hello's record says before a version is agreed */
#define VERSION_1_2 0xfefdu

#define ALERT_WARNING      1u
#define ALERT_FATAL        2u
#define ALERT_CLOSE_NOTIFY 0u

/* Types of handshake messages (RFC 5246 §7.4, RFC 6347 §4.3.2) as bits, by who sends them before
 * ChangeCipherSpec. Not among them: HelloRequest, which only asks for a second handshake. */
#define CLIENT_HELLO  1u
#define FROM_A_CLIENT (1u << CLIENT_HELLO | 1u << 11 | 1u << 15 | 1u << 16)
#define FROM_A_SERVER                                                                              \
    (1u << 2 | 1u << 3 | 1u << 4 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 22)

bool floe_dtls_record_next(floe_bytes *rest, floe_dtls_record *record)
{
    floe_reader r = floe_reader_begin(*rest);

    record->type = floe_reader_get_u8(&r);
    uint16_t version = floe_reader_get_u16(&r);
    record->epoch = floe_reader_get_u16(&r);
    (void)floe_reader_get_bytes(&r, 6); /* the sequence number is for OpenSSL's replay window */
    size_t len = floe_reader_get_u16(&r);
    record->body = floe_reader_get_bytes(&r, len);
    /* RFC 6347 §4.1.2.7: what cannot be a record is dropped without a word. */
    if (!floe_reader_is_ok(&r) || (version != VERSION_1_0 && version != VERSION_1_2) ||
        len > FLOE_DTLS_BODY_MAX) {
        *rest = (floe_bytes){NULL, 0};
        return false;
    }
    record->whole = (floe_bytes){rest->ptr, FLOE_DTLS_RECORD_HEADER + len};
    *rest = (floe_bytes){r.ptr, r.left};
    return true;
}

static uint32_t get_u24(floe_reader *r)
{
    uint32_t high = floe_reader_get_u8(r);
    return high << 16 | floe_reader_get_u16(r);
}

/* RFC 6347 §4.2.2: one or more fragments, each of a message that may come, inside that message and
 * inside the record. An empty fragment of a message that is not empty makes no progress, so it has
 * no place either. */
static bool is_handshake_sound(floe_bytes body, uint32_t types)
{
    floe_reader r = floe_reader_begin(body);

    do {
        uint8_t type = floe_reader_get_u8(&r);
        uint32_t message_len = get_u24(&r);
        (void)floe_reader_get_u16(&r);
        uint32_t offset = get_u24(&r);
        uint32_t len = get_u24(&r);
        (void)floe_reader_get_bytes(&r, len);
        if (!floe_reader_is_ok(&r) || type > 31 || (types & 1u << type) == 0 ||
            message_len > FLOE_DTLS_MESSAGE_MAX || offset > message_len ||
            len > message_len - offset || (len == 0 && message_len > 0)) {
            return false;
        }
    } while (r.left > 0);
    return true;
}

static bool is_plain_welcome(const floe_dtls_record *record, floe_dtls_role role)
{
    if (record->epoch != 0 || record->body.len > FLOE_DTLS_PLAIN_MAX) {
        return false;
    }
    if (record->type == FLOE_DTLS_CHANGE_CIPHER) {
        return record->body.len == 1 && record->body.ptr[0] == 1;
    }
    return record->type == FLOE_DTLS_HANDSHAKE &&
           is_handshake_sound(record->body,
                              role == FLOE_DTLS_SERVER ? FROM_A_CLIENT : FROM_A_SERVER);
}

/* What is too short to have been encrypted is forged, and would end the connection: OpenSSL takes
 * it for a fault of its own (openssl#25290). Of what is too long or of another version it would
 * drop the header alone, and read the body as records that nobody has looked at. */
static bool is_sealed(const floe_dtls_record *record, const floe_dtls_gate *gate)
{
    return record->epoch == 1 && floe_load_u16(record->whole.ptr + 1) == VERSION_1_2 &&
           record->body.len >= gate->overhead &&
           record->body.len - gate->overhead <= FLOE_DTLS_PLAIN_MAX;
}

bool floe_dtls_record_is_welcome(const floe_dtls_record *record, const floe_dtls_gate *gate)
{
    switch (gate->phase) {
    case FLOE_DTLS_PHASE_PLAIN:
        return is_plain_welcome(record, gate->role);
    case FLOE_DTLS_PHASE_CHANGED:
        /* RFC 6347 §4.1: data that overtakes the Finished may be discarded, and is. */
        return is_sealed(record, gate) && record->type == FLOE_DTLS_HANDSHAKE;
    case FLOE_DTLS_PHASE_OPEN:
        return is_sealed(record, gate) &&
               (record->type == FLOE_DTLS_HANDSHAKE || record->type == FLOE_DTLS_ALERT ||
                record->type == FLOE_DTLS_DATA);
    default:
        return false;
    }
}

bool floe_dtls_record_is_plain_alert(const floe_dtls_record *record, uint8_t *alert)
{
    if (record->type != FLOE_DTLS_ALERT || record->epoch != 0 || record->body.len != 2) {
        return false;
    }
    uint8_t level = record->body.ptr[0];
    *alert = record->body.ptr[1];
    return level == ALERT_FATAL || (level == ALERT_WARNING && *alert == ALERT_CLOSE_NOTIFY);
}

bool floe_dtls_record_is_client_hello(const floe_dtls_record *record)
{
    return record->type == FLOE_DTLS_HANDSHAKE && is_plain_welcome(record, FLOE_DTLS_SERVER) &&
           record->body.ptr[0] == CLIENT_HELLO;
}
