/*
 * dtls/dtls_flight.c - the datagrams of the handshake that wait to be sent.
 *
 * OpenSSL writes a flight in one go; the caller takes one datagram at a time. They stand in
 * conn->flight[head..tail), each behind its length in two bytes. What OpenSSL repeats, it writes
 * one record at a time: together in a datagram again, as many as fit, a lossy network has one
 * chance to lose them and not five, and none to reorder them.
 */
#include "dtls/dtls_internal.h"

#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

_Static_assert(FLOE_DTLS_FLIGHT_MAX <= UINT16_MAX, "head and tail have 16 bits");
_Static_assert(FLOE_DTLS_FLIGHT_MAX >= FLOE_DATAGRAM_MAX + 2, "a datagram must fit");

/* Add to the newest datagram. False: there is none, or it is full. */
static bool append(floe_dtls_conn *conn, floe_bytes records)
{
    uint8_t *slot = conn->flight + conn->flight_last;

    if (conn->flight_head == conn->flight_tail || floe_load_u16(slot) + records.len > conn->mtu ||
        conn->flight_tail + records.len > sizeof conn->flight) {
        return false;
    }
    floe_store_u16(slot, (uint16_t)(floe_load_u16(slot) + records.len));
    memcpy(conn->flight + conn->flight_tail, records.ptr, records.len);
    conn->flight_tail = (uint16_t)(conn->flight_tail + records.len);
    return true;
}

bool floe_dtls_flight_put(floe_dtls_conn *conn, floe_bytes records)
{
    size_t used = (size_t)(conn->flight_tail - conn->flight_head);

    if (append(conn, records)) {
        return true;
    }
    if (records.len > conn->mtu || records.len + 2 > sizeof conn->flight - used) {
        return false;
    }
    if (conn->flight_tail + 2 + records.len > sizeof conn->flight) {
        memmove(conn->flight, conn->flight + conn->flight_head, used);
        conn->flight_head = 0;
        conn->flight_tail = (uint16_t)used;
    }
    uint8_t *slot = conn->flight + conn->flight_tail;
    floe_store_u16(slot, (uint16_t)records.len);
    memcpy(slot + 2, records.ptr, records.len);
    conn->flight_last = conn->flight_tail;
    conn->flight_tail = (uint16_t)(conn->flight_tail + 2 + records.len);
    return true;
}

bool floe_dtls_flight_get(floe_dtls_conn *conn, uint8_t *buf, size_t cap, size_t *len)
{
    if (conn->flight_head == conn->flight_tail) {
        return false;
    }
    const uint8_t *slot = conn->flight + conn->flight_head;
    size_t size = floe_load_u16(slot);
    if (size > cap) {
        return false;
    }
    memcpy(buf, slot + 2, size);
    *len = size;
    conn->flight_head = (uint16_t)(conn->flight_head + 2 + size);
    if (conn->flight_head == conn->flight_tail) {
        conn->flight_head = conn->flight_tail = 0;
    }
    return true;
}
