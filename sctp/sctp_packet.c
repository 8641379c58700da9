/* sctp/sctp_packet.c - see sctp/sctp_packet.h. */
#include "sctp/sctp_packet.h"

#include "base/crc.h"
#include "base/reader.h"
#include "sctp/sctp_chunk.h"

#include <string.h>

#define CHECKSUM_AT 8u

/* RFC 9260 §6.8: the checksum is computed with its own field as zero. */
static uint32_t checksum_of(floe_bytes packet)
{
    uint8_t header[FLOE_SCTP_HEADER_SIZE] = {0};
    memcpy(header, packet.ptr, CHECKSUM_AT);
    uint32_t crc = floe_crc32c(0, (floe_bytes){header, sizeof header});
    return floe_crc32c(
        crc, (floe_bytes){packet.ptr + FLOE_SCTP_HEADER_SIZE, packet.len - FLOE_SCTP_HEADER_SIZE});
}

/* RFC 9260 appendix A: the checksum travels least significant byte first. */
static uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void store_le32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

static void read_header(floe_sctp_packet *packet, floe_bytes bytes)
{
    packet->source_port = floe_load_u16(bytes.ptr);
    packet->dest_port = floe_load_u16(bytes.ptr + 2);
    packet->tag = floe_load_u32(bytes.ptr + 4);
    packet->chunks =
        (floe_bytes){bytes.ptr + FLOE_SCTP_HEADER_SIZE, bytes.len - FLOE_SCTP_HEADER_SIZE};
}

floe_err floe_sctp_packet_parse(floe_sctp_packet *packet, floe_bytes bytes)
{
    if (bytes.len < FLOE_SCTP_HEADER_SIZE + FLOE_SCTP_CHUNK_SIZE) {
        return FLOE_E_MALFORMED;
    }
    if (load_le32(bytes.ptr + CHECKSUM_AT) != checksum_of(bytes)) {
        return FLOE_E_AUTH;
    }
    read_header(packet, bytes);
    return FLOE_OK;
}

/* RFC 9653 §5.3: what sets up an association has a checksum in any case. */
static bool is_zero_allowed(uint8_t first_chunk)
{
    return first_chunk != FLOE_SCTP_CHUNK_INIT && first_chunk != FLOE_SCTP_CHUNK_COOKIE_ECHO;
}

floe_err floe_sctp_packet_parse_zero(floe_sctp_packet *packet, floe_bytes bytes)
{
    if (bytes.len < FLOE_SCTP_HEADER_SIZE + FLOE_SCTP_CHUNK_SIZE ||
        load_le32(bytes.ptr + CHECKSUM_AT) != 0 ||
        !is_zero_allowed(bytes.ptr[FLOE_SCTP_HEADER_SIZE])) {
        return floe_sctp_packet_parse(packet, bytes);
    }
    read_header(packet, bytes);
    return FLOE_OK;
}

void floe_sctp_packet_begin(floe_writer *w, uint16_t source_port, uint16_t dest_port, uint32_t tag)
{
    uint8_t *p = floe_writer_add_space(w, FLOE_SCTP_HEADER_SIZE);
    if (p != NULL) {
        floe_store_u16(p, source_port);
        floe_store_u16(p + 2, dest_port);
        floe_store_u32(p + 4, tag);
        floe_store_u32(p + CHECKSUM_AT, 0);
    }
}

void floe_sctp_packet_end(floe_writer *w)
{
    if (floe_writer_is_ok(w)) {
        store_le32(w->buf + CHECKSUM_AT, floe_crc32c(0, floe_writer_view(w)));
    }
}
