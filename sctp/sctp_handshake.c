/*
 * sctp/sctp_handshake.c - setting up: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK; both ends at once;
 * again, when the peer restarts (RFC 9260 sections 5.1, 5.2).
 *
 * Tag and initial TSN are chosen once, when the object is made: the INIT ACK that a CLOSED
 * association gives and the INIT that it may send a moment later then agree, and a collision needs
 * no second round.
 */
#include "sctp/sctp_internal.h"

#include "base/assert.h"

#include <string.h>

static uint32_t random_tag(const floe_sctp_assoc *a)
{
    uint32_t tag = 0;
    while (tag == 0) { /* RFC 9260 §5.3.1: any value but 0 */
        tag = floe_rand_u32(&a->config.rand);
    }
    return tag;
}

static uint16_t min_u16(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

/* An INIT or INIT ACK is refused; the peer's state is told, ours does not change. */
static void refuse(floe_sctp_assoc *a, uint32_t tag, uint16_t cause)
{
    floe_sctp_owe_stray(
        a, (floe_sctp_stray){.tag = tag, .type = FLOE_SCTP_CHUNK_ABORT, .cause = cause});
}

void floe_sctp_handle_init(floe_sctp_assoc *a, const floe_sctp_chunk *chunk)
{
    floe_sctp_init init;
    floe_sctp_init_params params;
    floe_sctp_init_parse(&init, chunk);
    if (init.tag == 0) { /* RFC 9260 §3.3.2: silently */
        return;
    }
    /* RFC 9260 §3.3.2: too small a window, or no streams: an ABORT, and no state changes. */
    if (init.rwnd < RWND_MIN || init.out_streams == 0 || init.in_streams == 0) {
        refuse(a, init.tag, FLOE_SCTP_ERROR_INVALID_PARAM);
        return;
    }
    if (a->state == FLOE_SCTP_SHUTDOWN_ACK_SENT) {
        a->pending |= SEND_SHUTDOWN_ACK; /* RFC 9260 §9.2: our last word was lost */
        return;
    }
    if (a->is_over) { /* one association is all that a data channel transport has */
        refuse(a, init.tag, FLOE_SCTP_ERROR_NO_RESOURCE);
        return;
    }
    /* What is to be reported waits behind other answers until the INIT ACK is written. */
    floe_writer report = floe_writer_begin(a->replies + a->reply_len,
                                           sizeof a->replies - a->reply_len);
    floe_sctp_init_params_parse(&params, init.params, &report);
    if (params.has_host_name) { /* RFC 9260 §5.1.2 B */
        refuse(a, init.tag, FLOE_SCTP_ERROR_UNRESOLVABLE);
        return;
    }
    a->init_reply = (floe_sctp_init_reply){.tag = init.tag,
                                           .tsn = init.tsn,
                                           .rwnd = init.rwnd,
                                           .out_streams = init.out_streams,
                                           .in_streams = init.in_streams,
                                           .has_forward_tsn = params.has_forward_tsn,
                                           .has_reconfig = params.has_reconfig,
                                           .report_len = (uint16_t)report.len};
    a->pending |= SEND_INIT_ACK;
}
