/* support/stun_packet.c - see support/stun_packet.h. */
#include "support/stun_packet.h"

#include <string.h>

#include "base/crc.h"
#include "support/unit.h"

static void patch_length(stun_packet *p)
{
    assert_true(floe_writer_is_ok(&p->w));
    floe_store_u16(p->memory + 2, (uint16_t)(p->w.len - 20));
}

void stun_packet_begin(stun_packet *p, uint16_t type)
{
    p->w = floe_writer_begin(p->memory, sizeof p->memory);
    floe_writer_put_u16(&p->w, type);
    floe_writer_put_u16(&p->w, 0);
    floe_writer_put_u32(&p->w, 0x2112A442);
    for (uint8_t i = 1; i <= 12; i++) {
        floe_writer_put_u8(&p->w, i);
    }
    patch_length(p);
}

void stun_packet_put(stun_packet *p, uint16_t type, size_t announced, floe_bytes value)
{
    floe_writer_put_u16(&p->w, type);
    floe_writer_put_u16(&p->w, (uint16_t)announced);
    floe_writer_put_bytes(&p->w, value);
    while (p->w.len % 4 != 0) {
        floe_writer_put_u8(&p->w, 0x20);
    }
    patch_length(p);
}

void stun_packet_put_filler(stun_packet *p, uint16_t type, size_t len)
{
    static uint8_t filler[65536];
    for (size_t i = 0; i < len; i++) {
        filler[i] = (uint8_t)i;
    }
    stun_packet_put(p, type, len, (floe_bytes){filler, len});
}

void stun_packet_put_fingerprint(stun_packet *p)
{
    uint8_t value[4] = {0};
    floe_bytes before = stun_packet_view(p);
    stun_packet_put(p, 0x8028, 4, (floe_bytes){value, 4});
    floe_store_u32(p->memory + before.len + 4, floe_crc32(0, before) ^ 0x5354554e);
}

floe_bytes stun_packet_view(const stun_packet *p)
{
    return floe_writer_view(&p->w);
}
