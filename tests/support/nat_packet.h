/*
 * support/nat_packet.h - a UDP packet over IPv4, whose addresses a NAT changes (RFC 791, 768).
 *
 * Checksums are amended, not computed anew (RFC 1624): what was wrong before stays wrong.
 */
#ifndef FLOE_SUPPORT_NAT_PACKET_H
#define FLOE_SUPPORT_NAT_PACKET_H

#include "base/floe.h"

typedef struct nat_packet {
    uint8_t *ip, *udp; /* the two headers, in the bytes that were given */
    floe_addr src, dst;
} nat_packet;

/* False: something else, cut short, or a fragment. */
bool nat_packet_parse(nat_packet *packet, uint8_t *bytes, size_t len);

void nat_packet_set_src(nat_packet *packet, const floe_addr *src);
void nat_packet_set_dst(nat_packet *packet, const floe_addr *dst);

#endif
