/*
 * sctp/sctp_snap.h - an association without a handshake: each description carries the INIT chunk of
 * its side (a=sctp-init, draft-hancke-tsvwg-snap-00, "SNAP").
 *
 * Set-up by packets takes two round trips and protects against strangers; over DTLS there are none.
 * Once both sides have agreed, floe_sctp_assoc_connect() leads to ESTABLISHED at once, and so does
 * a packet that the peer sends because it was faster. Offer and answer, and base64, are the
 * caller's (peer/peer_snap.c). With FLOE_SCTP_SNAP of 0 nothing of this is there.
 */
#ifndef FLOE_SCTP_SCTP_SNAP_H
#define FLOE_SCTP_SCTP_SNAP_H

#include "sctp/sctp_assoc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_SNAP_SIZE 64u  /* bytes that hold the chunk of ours */
#define FLOE_SCTP_SNAP_MAX  256u /* the longest of the peer's; those in use have 30 to 130 */

/* Our INIT chunk: the same from init on, whatever becomes of the association. */
size_t floe_sctp_snap_put(const floe_sctp_assoc *assoc, uint8_t out[FLOE_SCTP_SNAP_SIZE]);
/* Could an association begin with this chunk of the peer's? */
bool floe_sctp_snap_is_good(floe_bytes init);
/* The peer has ours, and this is the peer's: agreed. Nothing is sent and no timer runs yet. STATE:
 * not CLOSED. MALFORMED: it is not good. UNKNOWN: it is our own, by a peer that repeats attributes
 * which it does not know; a handshake it is. */
FLOE_MUST_USE floe_err floe_sctp_snap_agree(floe_sctp_assoc *assoc, floe_bytes init);

#ifdef __cplusplus
}
#endif
#endif
