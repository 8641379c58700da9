/*
 * stun/stun_msg.h - read and write one STUN message (RFC 8489 sections 5 and 14).
 *
 * Pure functions over caller memory: no allocation, clock, I/O or state between calls.
 * Reading is zero-copy: floe_stun_msg_parse() bounds-checks the whole packet once, and the other
 * readers rely on that. Writing appends, with a sticky error checked once, at the end. Does not
 * know: transactions (stun/stun_txn.h), what a method means, who may send it. Read next:
 * stun/stun_txn.h. Reading guide: step 2.
 */
#ifndef FLOE_STUN_STUN_MSG_H
#define FLOE_STUN_STUN_MSG_H

#include "base/crypto.h"
#include "base/floe.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_HEADER_SIZE 20u
#define FLOE_STUN_TID_SIZE    12u
#define FLOE_STUN_COOKIE      0x2112A442u

typedef enum floe_stun_class { /* RFC 8489 section 5: bits C1 C0 of the type field */
                               FLOE_STUN_REQUEST = 0,
                               FLOE_STUN_INDICATION = 1,
                               FLOE_STUN_SUCCESS = 2,
                               FLOE_STUN_ERROR = 3
} floe_stun_class;

typedef enum floe_stun_method { /* RFC 8489 section 18.2, RFC 8656 section 17, RFC 6062 */
                                FLOE_STUN_BINDING = 0x001,
                                FLOE_STUN_ALLOCATE = 0x003,
                                FLOE_STUN_REFRESH = 0x004,
                                FLOE_STUN_SEND = 0x006,
                                FLOE_STUN_DATA = 0x007,
                                FLOE_STUN_CREATE_PERMISSION = 0x008,
                                FLOE_STUN_CHANNEL_BIND = 0x009,
                                FLOE_STUN_CONNECT = 0x00A,
                                FLOE_STUN_CONNECTION_BIND = 0x00B,
                                FLOE_STUN_CONNECTION_ATTEMPT = 0x00C
} floe_stun_method;

typedef enum floe_stun_type { /* attribute types; below 0x8000 comprehension is required */
                              FLOE_STUN_MAPPED_ADDRESS = 0x0001,
                              FLOE_STUN_CHANGE_REQUEST = 0x0003,
                              FLOE_STUN_SOURCE_ADDRESS = 0x0004,  /* RFC 3489, still sent by */
                              FLOE_STUN_CHANGED_ADDRESS = 0x0005, /* old servers */
                              FLOE_STUN_USERNAME = 0x0006,
                              FLOE_STUN_MESSAGE_INTEGRITY = 0x0008,
                              FLOE_STUN_ERROR_CODE = 0x0009,
                              FLOE_STUN_UNKNOWN_ATTRIBUTES = 0x000A,
                              FLOE_STUN_CHANNEL_NUMBER = 0x000C,
                              FLOE_STUN_LIFETIME = 0x000D,
                              FLOE_STUN_XOR_PEER_ADDRESS = 0x0012,
                              FLOE_STUN_DATA_ATTR = 0x0013,
                              FLOE_STUN_REALM = 0x0014,
                              FLOE_STUN_NONCE = 0x0015,
                              FLOE_STUN_XOR_RELAYED_ADDRESS = 0x0016,
                              FLOE_STUN_REQUESTED_ADDRESS_FAMILY = 0x0017,
                              FLOE_STUN_EVEN_PORT = 0x0018,
                              FLOE_STUN_REQUESTED_TRANSPORT = 0x0019,
                              FLOE_STUN_DONT_FRAGMENT = 0x001A,
                              FLOE_STUN_ACCESS_TOKEN = 0x001B,
                              FLOE_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001C,
                              FLOE_STUN_PASSWORD_ALGORITHM = 0x001D,
                              FLOE_STUN_USERHASH = 0x001E,
                              FLOE_STUN_XOR_MAPPED_ADDRESS = 0x0020,
                              FLOE_STUN_RESERVATION_TOKEN = 0x0022,
                              FLOE_STUN_PRIORITY = 0x0024,
                              FLOE_STUN_USE_CANDIDATE = 0x0025,
                              FLOE_STUN_PADDING = 0x0026,
                              FLOE_STUN_RESPONSE_PORT = 0x0027,
                              FLOE_STUN_CONNECTION_ID = 0x002A,
                              FLOE_STUN_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
                              FLOE_STUN_ADDRESS_ERROR_CODE = 0x8001,
                              FLOE_STUN_PASSWORD_ALGORITHMS = 0x8002,
                              FLOE_STUN_ALTERNATE_DOMAIN = 0x8003,
                              FLOE_STUN_ICMP = 0x8004,
                              FLOE_STUN_SOFTWARE = 0x8022,
                              FLOE_STUN_ALTERNATE_SERVER = 0x8023,
                              FLOE_STUN_FINGERPRINT = 0x8028,
                              FLOE_STUN_ICE_CONTROLLED = 0x8029,
                              FLOE_STUN_ICE_CONTROLLING = 0x802A,
                              FLOE_STUN_RESPONSE_ORIGIN = 0x802B,
                              FLOE_STUN_OTHER_ADDRESS = 0x802C,
                              FLOE_STUN_MOBILITY_TICKET = 0x8030,
                              FLOE_STUN_NOMINATION = 0xC001,  /* draft-thatcher-ice-renomination */
                              FLOE_STUN_NETWORK_INFO = 0xC057 /* libwebrtc: interface, cost */
} floe_stun_type;

/* A validated message. Borrows `packet`: valid as long as those bytes are, and unmodified. */
typedef struct floe_stun_msg {
    floe_bytes packet;        /* header and attributes: 20 + Message Length bytes */
    const uint8_t *tid;       /* FLOE_STUN_TID_SIZE bytes inside `packet` */
    uint16_t method;          /* 12 bits */
    uint8_t cls;              /* floe_stun_class */
    bool has_fingerprint;     /* present and right: parse refuses a wrong one */
    uint16_t integrity_at;    /* private: attribute offset, 0 if absent */
    uint16_t integrity256_at; /* private: likewise */
    uint16_t visible_end;     /* private: of the bytes after the header; the rest is hidden */
} floe_stun_msg;

typedef struct floe_stun_attr {
    uint16_t type;
    floe_bytes value; /* without padding */
} floe_stun_attr;

/* Does this datagram look like STUN? First two bits zero, the magic cookie, a length that is a
 * multiple of four and fits: enough to demultiplex (RFC 7983), not a validation. */
bool floe_stun_msg_is(floe_bytes packet);

/* Validate `packet` and describe it in *msg. Attributes that follow MESSAGE-INTEGRITY are
 * bounds-checked but hidden from iteration, save MESSAGE-INTEGRITY-SHA256 and FINGERPRINT
 * (section 9); those after MESSAGE-INTEGRITY-SHA256 likewise, save FINGERPRINT. Attributes of a
 * known type are checked against the sizes that it can have, and FINGERPRINT must be right and
 * last. MALFORMED: not exactly one well-formed message; *msg is zeroed. Does not verify integrity:
 * the key depends on USERNAME, so that is the caller's next step. */
FLOE_MUST_USE floe_err floe_stun_msg_parse(floe_stun_msg *msg, floe_bytes packet);

/* Step through the visible attributes in wire order, from *cursor = 0. False after the last. */
bool floe_stun_msg_next(const floe_stun_msg *msg, size_t *cursor, floe_stun_attr *attr);
/* First visible attribute of `type`; duplicates are ignored (section 14). False if absent. */
bool floe_stun_msg_find(const floe_stun_msg *msg, uint16_t type, floe_stun_attr *attr);
bool floe_stun_msg_has(const floe_stun_msg *msg, uint16_t type);

/* Values by type; false where the attribute is absent, or of a type that parse does not know and of
 * another size. */
bool floe_stun_msg_get_u32(const floe_stun_msg *msg, uint16_t type, uint32_t *value);
bool floe_stun_msg_get_u64(const floe_stun_msg *msg, uint16_t type, uint64_t *value);
/* Any of the address attributes; the XOR- types are decoded (section 14.2). False also for an
 * unknown address family. */
bool floe_stun_msg_get_addr(const floe_stun_msg *msg, uint16_t type, floe_addr *addr);
/* ERROR-CODE: 300 to 699. False where absent or out of range (then treat the response as invalid).
 */
bool floe_stun_msg_get_error(const floe_stun_msg *msg, int *code, floe_bytes *reason);

/* Comprehension-required attributes of which `known[0..known_count)` has no mention: writes up to
 * `cap` of their types, returns how many there are (RFC 8489 section 6.3: a request with any gets
 * 420). The types that this header itself handles (integrity, fingerprint, username, ...) must be
 * in `known` too. */
size_t floe_stun_msg_get_unknown(const floe_stun_msg *msg, const uint16_t *known,
                                 size_t known_count, uint16_t *unknown, size_t cap);

/* HMAC over the packet as sections 14.5 and 14.6 say, compared in constant time; never writes to
 * it. AUTH: absent or wrong; the two are deliberately not told apart. MESSAGE-INTEGRITY-SHA256 may
 * be truncated to 16, 20, ... 32 bytes. The function that ends in _by takes a key made ready, which
 * saves a third of the time: for whoever checks many messages under one password. */
FLOE_MUST_USE floe_err floe_stun_msg_check_integrity(const floe_stun_msg *msg, floe_bytes key);
FLOE_MUST_USE floe_err floe_stun_msg_check_integrity_by(const floe_stun_msg *msg,
                                                        const floe_hmac_sha1_key *key);
FLOE_MUST_USE floe_err floe_stun_msg_check_integrity_sha256(const floe_stun_msg *msg,
                                                            floe_bytes key);

/* Writer: fields private; buf[0..cap) is borrowed until floe_stun_writer_end(). */
typedef struct floe_stun_writer {
    floe_writer w;
    uint8_t stage; /* private: attributes, then integrity, then sha256, then fingerprint */
    floe_err err;
} floe_stun_writer;

void floe_stun_writer_begin(floe_stun_writer *w, uint8_t *buf, size_t cap, floe_stun_class cls,
                            uint16_t method, const uint8_t tid[FLOE_STUN_TID_SIZE]);
void floe_stun_writer_put_bytes(floe_stun_writer *w, uint16_t type,
                                floe_bytes value); /* zero pads */
void floe_stun_writer_put_u32(floe_stun_writer *w, uint16_t type, uint32_t value);
void floe_stun_writer_put_u64(floe_stun_writer *w, uint16_t type, uint64_t value);
void floe_stun_writer_put_flag(floe_stun_writer *w, uint16_t type); /* empty value */
/* Any of the address types; the XOR- types are encoded. */
void floe_stun_writer_put_addr(floe_stun_writer *w, uint16_t type, const floe_addr *addr);
/* ERROR-CODE with the standard's reason phrase for `code`, or none. */
void floe_stun_writer_put_error(floe_stun_writer *w, int code);
void floe_stun_writer_put_unknown(floe_stun_writer *w, const uint16_t *types, size_t count);
void floe_stun_writer_put_integrity(floe_stun_writer *w, floe_bytes key);
void floe_stun_writer_put_integrity_by(floe_stun_writer *w, const floe_hmac_sha1_key *key);
void floe_stun_writer_put_integrity_sha256(floe_stun_writer *w, floe_bytes key);
void floe_stun_writer_put_fingerprint(floe_stun_writer *w); /* must be last (section 14.7) */
/* *packet views the finished bytes.
 * TOO_BIG: cap too small, or a value over 65535 bytes. STATE: order broken, e.g. an attribute after
 * the fingerprint. ARG: an address of family 0, or a value of a size that its type cannot have. */
FLOE_MUST_USE floe_err floe_stun_writer_end(floe_stun_writer *w, floe_bytes *packet);

const char *floe_stun_error_reason(int code); /* "Role Conflict" for 487; "" for an unknown code */

#ifdef __cplusplus
}
#endif
#endif
