/* peer/peer_blob_internal.h - what peer_blob_read.c, peer_blob.c and peer_blob_text.c share. */
#ifndef FLOE_PEER_PEER_BLOB_INTERNAL_H
#define FLOE_PEER_PEER_BLOB_INTERNAL_H

#include "base/reader.h"
#include "base/writer.h"
#include "peer/peer_blob.h"

#define BLOB_VERSION    1u
#define BLOB_CHECK_SIZE 2u
#define BLOB_PORT       5000u
#define BLOB_SIZE       262144u
/* Foundations that are compared; one beyond is told as another, which costs order. */
#define BLOB_FOUNDATION_MAX 32u

enum { BLOB_ANSWER = 8, BLOB_END = 1 };                                       /* the first byte */
enum { BLOB_MID = 16, BLOB_HAS_PORT = 8, BLOB_HAS_SIZE = 4, BLOB_SPARE = 3 }; /* the second */
enum { BLOB_ODD_PRIORITY = 8, BLOB_KNOWN = 4, BLOB_CAND_SPARE = 3 };          /* a candidate's */

typedef enum blob_kind { BLOB_IPV4, BLOB_IPV6, BLOB_NAME, BLOB_KIND_COUNT } blob_kind;

/* Base64url (peer_blob_text.c). Encode in place: `bytes` may lie in the upper part of `out`, as
 * long as a quarter of cap is free before it. False: they and a NUL do not fit. */
bool floe_peer_blob_encode(floe_bytes bytes, char *out, size_t cap);
/* NULL, or what is wrong; out has room for 3 bytes of every 4 characters. */
const char *floe_peer_blob_decode(floe_bytes text, uint8_t *out, size_t *len);

/* The value of one of the 64 characters that both ICE and base64 have, RFC 4648's order; else -1.
 */
int floe_peer_blob_ice_value(uint8_t c);
uint8_t floe_peer_blob_ice_char(unsigned value);
/* Six bits a character, the first at the top, the last byte filled with zeros. */
void floe_peer_blob_pack(floe_writer *w, floe_bytes text);
bool floe_peer_blob_unpack(floe_bytes packed, size_t count, uint8_t *text);

/* Numbers in base 128. Reading one that is over 64 bits fails the reader. */
void floe_peer_blob_put_number(floe_writer *w, uint64_t value);
uint64_t floe_peer_blob_get_number(floe_reader *r);

#endif
