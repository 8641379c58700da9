/* support/nat_packet.c - see support/nat_packet.h. */
#include "support/nat_packet.h"

#include "base/addr.h"

#define IP_HEADER_MIN 20u
#define UDP_HEADER    8u
#define PROTOCOL_UDP  17

enum { IP_FRAGMENT = 6, IP_PROTOCOL = 9, IP_CHECKSUM = 10, IP_SRC = 12, IP_DST = 16 };
enum { UDP_SRC = 0, UDP_DST = 2, UDP_CHECKSUM = 6 };

static uint16_t load16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void store16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static floe_addr load_addr(const uint8_t *ip, const uint8_t *port)
{
    return floe_addr_from_ipv4(ip[0], ip[1], ip[2], ip[3], load16(port));
}

bool nat_packet_parse(nat_packet *packet, uint8_t *bytes, size_t len)
{
    if (len < IP_HEADER_MIN || bytes[0] >> 4 != 4 || bytes[IP_PROTOCOL] != PROTOCOL_UDP) {
        return false;
    }
    size_t header = (bytes[0] & 15u) * 4u;
    bool is_fragment = (load16(bytes + IP_FRAGMENT) & 0x3fff) != 0;
    if (is_fragment || header < IP_HEADER_MIN || len < header + UDP_HEADER) {
        return false;
    }
    packet->ip = bytes;
    packet->udp = bytes + header;
    packet->src = load_addr(bytes + IP_SRC, packet->udp + UDP_SRC);
    packet->dst = load_addr(bytes + IP_DST, packet->udp + UDP_DST);
    return true;
}

/* RFC 1624 §3: the new checksum is the complement of ~old + ~from + to. */
static void amend(uint8_t *checksum, uint16_t from, uint16_t to)
{
    uint32_t sum = (uint32_t)(uint16_t)~load16(checksum) + (uint16_t)~from + to;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    store16(checksum, (uint16_t)~sum);
}

static void replace16(nat_packet *packet, uint8_t *at, uint16_t value)
{
    uint16_t old = load16(at);
    uint8_t *checksum = packet->udp + UDP_CHECKSUM;
    store16(at, value);
    if (at < packet->udp) {
        amend(packet->ip + IP_CHECKSUM, old, value);
    }
    /* RFC 768: zero says that there is none; one that comes out as zero is sent as ones. */
    if (load16(checksum) != 0) {
        amend(checksum, old, value);
        if (load16(checksum) == 0) {
            store16(checksum, 0xffff);
        }
    }
}

static void replace(nat_packet *packet, size_t ip_at, size_t port_at, const floe_addr *addr)
{
    const uint8_t *ip = floe_addr_ip(addr).ptr;
    replace16(packet, packet->ip + ip_at, load16(ip));
    replace16(packet, packet->ip + ip_at + 2, load16(ip + 2));
    replace16(packet, packet->udp + port_at, addr->port);
}

void nat_packet_set_src(nat_packet *packet, const floe_addr *src)
{
    replace(packet, IP_SRC, UDP_SRC, src);
    packet->src = *src;
}

void nat_packet_set_dst(nat_packet *packet, const floe_addr *dst)
{
    replace(packet, IP_DST, UDP_DST, dst);
    packet->dst = *dst;
}
