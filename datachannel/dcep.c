/*
 * datachannel/dcep.c - see datachannel/dcep.h.
 *
 *   OPEN:  0x03 | channel type | priority (2) | reliability (4) | label length (2)
 *          | protocol length (2) | label | protocol              ACK:  0x02
 */
#include "datachannel/dcep.h"

#include "base/reader.h"

/* Channel types (RFC 8832 section 5.1): bit 7 is "unordered", the rest says how reliable. */
enum { UNORDERED = 0x80, RELIABLE = 0x00, MAX_RETRANSMITS = 0x01, LIFETIME = 0x02 };

static floe_err parse_channel_type(floe_dcep *dcep, uint8_t channel_type)
{
    uint8_t policy = channel_type & (uint8_t)~UNORDERED;
    if (policy > LIFETIME) {
        return FLOE_E_UNSUPPORTED;
    }
    dcep->is_unordered = (channel_type & UNORDERED) != 0;
    dcep->has_max_retransmits = policy == MAX_RETRANSMITS;
    dcep->has_lifetime = policy == LIFETIME;
    if (policy == RELIABLE) {
        /* RFC 8832 §5.1: the parameter of a reliable channel is ignored on receipt. */
        dcep->reliability = 0;
    }
    return FLOE_OK;
}

static floe_err parse_open(floe_dcep *dcep, floe_reader *r)
{
    uint8_t channel_type = floe_reader_get_u8(r);
    dcep->priority = floe_reader_get_u16(r);
    dcep->reliability = floe_reader_get_u32(r);
    uint16_t label_len = floe_reader_get_u16(r);
    uint16_t protocol_len = floe_reader_get_u16(r);
    dcep->label = floe_reader_get_bytes(r, label_len);
    dcep->protocol = floe_reader_get_bytes(r, protocol_len);
    if (!floe_reader_is_ok(r) || r->left > 0) {
        return FLOE_E_MALFORMED;
    }
    return parse_channel_type(dcep, channel_type);
}

floe_err floe_dcep_parse(floe_dcep *dcep, floe_bytes message)
{
    floe_reader r = floe_reader_begin(message);
    *dcep = (floe_dcep){0};
    dcep->type = floe_reader_get_u8(&r);
    if (!floe_reader_is_ok(&r)) {
        return FLOE_E_MALFORMED;
    }
    switch (dcep->type) {
    case FLOE_DCEP_OPEN:
        return parse_open(dcep, &r);
    case FLOE_DCEP_ACK: /* RFC 8832 §5.2: one byte. pion's has four, so the rest is not looked at.
                         */
        return FLOE_OK;
    default:
        return FLOE_E_MALFORMED;
    }
}

static uint8_t channel_type_of(const floe_dcep *dcep)
{
    uint8_t policy = dcep->has_max_retransmits ? MAX_RETRANSMITS
                     : dcep->has_lifetime      ? LIFETIME
                                               : RELIABLE;
    return (uint8_t)(policy | (dcep->is_unordered ? UNORDERED : 0));
}

void floe_dcep_put(floe_writer *w, const floe_dcep *dcep)
{
    floe_writer_put_u8(w, dcep->type);
    if (dcep->type != FLOE_DCEP_OPEN) {
        return;
    }
    if (dcep->label.len > UINT16_MAX || dcep->protocol.len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    uint8_t channel_type = channel_type_of(dcep);
    floe_writer_put_u8(w, channel_type);
    floe_writer_put_u16(w, dcep->priority);
    /* RFC 8832 §5.1: a reliable channel sends 0 here. */
    floe_writer_put_u32(w, (channel_type & ~UNORDERED) == RELIABLE ? 0 : dcep->reliability);
    floe_writer_put_u16(w, (uint16_t)dcep->label.len);
    floe_writer_put_u16(w, (uint16_t)dcep->protocol.len);
    floe_writer_put_bytes(w, dcep->label);
    floe_writer_put_bytes(w, dcep->protocol);
}
