/* sctp/sctp_rest.c - see sctp/sctp_rest.h. */
#include "sctp/sctp_rest.h"

#include "sctp/sctp_internal.h"

uint32_t floe_sctp_rest_get_motion(const floe_sctp_assoc *a)
{
    return a->outstanding.next_tsn + a->tracker.cum;
}

bool floe_sctp_rest_begin(floe_sctp_assoc *a)
{
    floe_sctp_reassembly *r = &a->reassembly;
    /* Before, the peer's cookie may lie in the receive buffer. */
    if (a->state != FLOE_SCTP_ESTABLISHED || a->sendq.count > 0 ||
        floe_sctp_outstanding_count(&a->outstanding) > 0 || r->arena.free < r->arena.count) {
        return false;
    }
    r->has_table = false; /* it names no chunk, and is set anew when it is needed again */
    return true;
}
