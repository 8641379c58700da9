/*
 * support/stun_packet.h - STUN messages put together byte by byte, right or wrong: what the writer
 * of stun/ would refuse to write. Everything is in its place at all times: the Message Length is
 * that of what is there.
 */
#ifndef FLOE_SUPPORT_STUN_PACKET_H
#define FLOE_SUPPORT_STUN_PACKET_H

#include "base/floe.h"
#include "base/writer.h"

typedef struct stun_packet {
    floe_writer w;
    uint8_t memory[20 + 65536];
} stun_packet;

/* A header with this type field; the transaction id is 01 02 ... 0c. */
void stun_packet_begin(stun_packet *p, uint16_t type);
/* An attribute whose length field says `announced`, padded with 0x20 as far as `value` needs it. */
void stun_packet_put(stun_packet *p, uint16_t type, size_t announced, floe_bytes value);
/* An attribute of `len` bytes that count up from zero. */
void stun_packet_put_filler(stun_packet *p, uint16_t type, size_t len);
void stun_packet_put_fingerprint(stun_packet *p);
floe_bytes stun_packet_view(const stun_packet *p);

#endif
