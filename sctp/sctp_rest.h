/*
 * sctp/sctp_rest.h - when the memory that was lent to an association holds nothing: its owner may
 * then give the pages of it back to the system. For owners that count memory; a link drops it.
 */
#ifndef FLOE_SCTP_SCTP_REST_H
#define FLOE_SCTP_SCTP_REST_H

#include "sctp/sctp_assoc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Another number each time that DATA was sent for the first time, or has arrived. */
uint32_t floe_sctp_rest_get_motion(const floe_sctp_assoc *assoc);
/* True: the send buffer, the receive buffer and the ring hold nothing. All of their bytes may be
 * set to zero before the next call on the association, and to nothing else. */
FLOE_MUST_USE bool floe_sctp_rest_begin(floe_sctp_assoc *assoc);

#ifdef __cplusplus
}
#endif
#endif
