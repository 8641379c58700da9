/*
 * peer/peer_blob.h - a whole description as one short text, to be pasted, sent in a message or
 * shown as a QR code: signalling without a server, with one text each way.
 *
 * A blob says what a description of a data channel says and a peer cannot guess: which kind it is,
 * ICE credentials, fingerprint, setup, candidates. It is base64url (RFC 4648 section 5, unpadded)
 * of
 *
 *     1  version << 4 | is_answer << 3 | setup << 1 | is_end_of_candidates
 *     1  hash << 5 | has_mid << 4 | has_port << 3 | has_size << 2
 *     n  the fingerprint's value, as long as the hash has it
 *     n  ufrag, then pwd, each: number << 1 | is_plain, then six bits a character, or as they are
 *     n  where it is not the usual: mid ("0": length, text), sctp-port (5000), max-message-size
 *        (262144; 0: no limit)
 *     n  candidates, each: type << 6 | kind << 4 | is_priority_odd << 3 | is_foundation_known << 2,
 *        then 4 bytes of IPv4, or 16 of IPv6 or of the UUID of a name in .local; port (2);
 *        local preference (2) or, if it is odd, priority (4); number of the known foundation, < 32
 *     2  check value: the low half of the CRC32c of all before it
 *
 * Numbers are big-endian, those without a size in base 128, lowest first, as in LEB128. 89 bytes
 * and 119 characters for three IPv4 candidates. Left out: candidates of TCP, of component 2 and
 * with other names, related addresses (who wants to hide them need not worry), what is the same in
 * every description. It holds ICE's password: whoever reads it can take the other side's place.
 * Does not know: peers; the text of a peer goes in and out by floe_peer_get_local(), _set_remote().
 */
#ifndef FLOE_PEER_PEER_BLOB_H
#define FLOE_PEER_PEER_BLOB_H

#include "peer/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_PEER_BLOB_MAX     1024u /* characters that hold 30 candidates, with NUL */
#define FLOE_PEER_BLOB_SDP_MAX 8192u /* memory in which any blob of that length becomes SDP */

/* Any description of one data channel, a browser's too, as a blob: characters and a NUL in
 * out[0..cap). MALFORMED: it is no description. UNSUPPORTED: it has media, or something else that a
 * blob has no place for; *why (may be NULL) says what. ARG: ROLLBACK. TOO_BIG: cap. */
FLOE_MUST_USE floe_err floe_peer_blob_from_sdp(floe_peer_sdp_type type, floe_bytes sdp, char *out,
                                               size_t cap, const char **why);
/* The local description as it is now: best when gathering is complete, since nothing is trickled
 * after it. `memory` is FLOE_PEER_BLOB_SDP_MAX bytes of scratch. STATE: none yet. Else as above. */
FLOE_MUST_USE floe_err floe_peer_blob_get_local(const floe_peer *peer, uint8_t *memory, char *out,
                                                size_t cap, const char **why);
/* The description in a blob, for floe_peer_set_remote() or a browser's setRemoteDescription().
 * White space anywhere in it is passed over. The upper part of buf is scratch: cap of
 * FLOE_PEER_BLOB_SDP_MAX serves. MALFORMED: *why (may be NULL) says what is wrong, for a person.
 * UNSUPPORTED: of a later version. TOO_BIG: cap. Nothing is said about *type and *len then. */
FLOE_MUST_USE floe_err floe_peer_blob_to_sdp(floe_bytes blob, floe_peer_sdp_type *type,
                                             uint8_t *buf, size_t cap, size_t *len,
                                             const char **why);

#ifdef __cplusplus
}
#endif
#endif
