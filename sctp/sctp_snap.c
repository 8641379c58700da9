/* sctp/sctp_snap.c - see sctp/sctp_snap.h. */
#include "sctp/sctp_snap.h"

#if FLOE_SCTP_SNAP

#include "base/assert.h"
#include "sctp/sctp_internal.h"

size_t floe_sctp_snap_put(const floe_sctp_assoc *a, uint8_t out[FLOE_SCTP_SNAP_SIZE])
{
    floe_writer w = floe_writer_begin(out, FLOE_SCTP_SNAP_SIZE);
    floe_sctp_put_init_chunk(a, a->snap.tag, a->snap.tsn, &w);
    FLOE_ASSERT(floe_writer_is_ok(&w));
    return w.len;
}

/* One INIT chunk and nothing else. */
static bool read(floe_sctp_init_reply *reply, floe_bytes init)
{
    floe_sctp_chunk chunk;
    return init.len <= FLOE_SCTP_SNAP_MAX && floe_sctp_packet_next(&init, &chunk) &&
           init.len == 0 && chunk.type == FLOE_SCTP_CHUNK_INIT &&
           floe_sctp_chunk_is_long_enough(&chunk) && floe_sctp_read_init(reply, &chunk) == 0 &&
           reply->tag != 0;
}

bool floe_sctp_snap_is_good(floe_bytes init)
{
    floe_sctp_init_reply reply;
    return read(&reply, init);
}

floe_err floe_sctp_snap_agree(floe_sctp_assoc *a, floe_bytes init)
{
    floe_sctp_init_reply reply;
    if (a->is_over || a->state != FLOE_SCTP_CLOSED) {
        return FLOE_E_STATE;
    }
    if (!read(&reply, init)) {
        return FLOE_E_MALFORMED;
    }
    if (reply.tag == a->snap.tag && reply.tsn == a->snap.tsn) {
        return FLOE_E_UNKNOWN;
    }
    a->init_reply = reply;
    a->snap.is_agreed = true;
    return FLOE_OK;
}

bool floe_sctp_snap_start(floe_sctp_assoc *a)
{
    if (!a->snap.is_agreed || a->is_over || a->state != FLOE_SCTP_CLOSED) {
        return false;
    }
    a->pending &= (uint16_t)~SEND_INIT_ACK; /* nobody waits for it any more */
    floe_sctp_set_up(a);
    return true;
}

/* The offerer may have been kept from seeing our answer's chunk: it begins with the INIT that we
 * know. Answered with the numbers of the association that there is, it joins that, and nothing is
 * lost; with new ones (RFC 9260 §5.2.2) it would be a restart. */
bool floe_sctp_snap_is_late(const floe_sctp_assoc *a)
{
    return a->snap.is_agreed && a->local_tag == a->snap.tag && a->init_reply.tag == a->peer_tag &&
           a->init_reply.tsn == a->peer_tsn;
}

#else
typedef int floe_sctp_snap_is_left_out; /* ISO C has no empty files */
#endif
