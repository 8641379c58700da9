/*
 * sctp/sctp_param.h - parameters and error causes: the type-length-value lists inside chunks
 * (RFC 9260 sections 3.2.1, 3.3.2.1, 3.3.10; RFC 6525 section 4; RFC 5061 section 4.2.7; RFC 9653
 * section 4).
 */
#ifndef FLOE_SCTP_SCTP_PARAM_H
#define FLOE_SCTP_SCTP_PARAM_H

#include "base/floe.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_PARAM_SIZE 4u /* type, length */

typedef enum floe_sctp_param_type {
    FLOE_SCTP_PARAM_HEARTBEAT_INFO = 1,
    FLOE_SCTP_PARAM_IPV4 = 5,
    FLOE_SCTP_PARAM_IPV6 = 6,
    FLOE_SCTP_PARAM_STATE_COOKIE = 7,
    FLOE_SCTP_PARAM_UNRECOGNIZED = 8,
    FLOE_SCTP_PARAM_COOKIE_PRESERVATIVE = 9,
    FLOE_SCTP_PARAM_HOST_NAME = 11,
    FLOE_SCTP_PARAM_ADDRESS_TYPES = 12,
    FLOE_SCTP_PARAM_RESET_OUTGOING = 13,
    FLOE_SCTP_PARAM_RESET_INCOMING = 14,
    FLOE_SCTP_PARAM_RESET_TSN = 15,
    FLOE_SCTP_PARAM_RESET_RESPONSE = 16,
    FLOE_SCTP_PARAM_ADD_OUTGOING = 17,
    FLOE_SCTP_PARAM_ADD_INCOMING = 18,
    FLOE_SCTP_PARAM_ECN = 0x8000,
    FLOE_SCTP_PARAM_ZERO_CHECKSUM = 0x8001, /* RFC 9653 */
    FLOE_SCTP_PARAM_EXTENSIONS = 0x8008,
    FLOE_SCTP_PARAM_FORWARD_TSN = 0xC000
} floe_sctp_param_type;

typedef enum floe_sctp_error_cause {
    FLOE_SCTP_ERROR_INVALID_STREAM = 1,
    FLOE_SCTP_ERROR_MISSING_PARAM = 2,
    FLOE_SCTP_ERROR_STALE_COOKIE = 3,
    FLOE_SCTP_ERROR_NO_RESOURCE = 4,
    FLOE_SCTP_ERROR_UNRESOLVABLE = 5,
    FLOE_SCTP_ERROR_UNKNOWN_CHUNK = 6,
    FLOE_SCTP_ERROR_INVALID_PARAM = 7,
    FLOE_SCTP_ERROR_UNKNOWN_PARAM = 8,
    FLOE_SCTP_ERROR_NO_DATA = 9,
    FLOE_SCTP_ERROR_COOKIE_IN_SHUTDOWN = 10,
    FLOE_SCTP_ERROR_USER_ABORT = 12,
    FLOE_SCTP_ERROR_PROTOCOL = 13
} floe_sctp_error_cause;

/* A parameter, or an error cause: they share one format. */
typedef struct floe_sctp_param {
    uint16_t type;
    floe_bytes value; /* without padding */
    floe_bytes whole; /* with type and length */
} floe_sctp_param;

/* Take the next one off `rest`. False at the end, and at one that is not completely there. */
bool floe_sctp_param_next(floe_bytes *rest, floe_sctp_param *param);

/* What to do with a parameter that is not known here: the two upper bits of its type say. */
static inline bool floe_sctp_param_is_skipped(uint16_t type)
{
    return (type & 0x8000) != 0; /* otherwise the rest of the list is not looked at */
}
static inline bool floe_sctp_param_is_reported(uint16_t type)
{
    return (type & 0x4000) != 0;
}

/* Append one, padded. */
void floe_sctp_param_put(floe_writer *w, uint16_t type, floe_bytes value);

#define FLOE_SCTP_HAS_I_DATA    0x01u /* RFC 8260 */
#define FLOE_SCTP_HAS_I_FORWARD 0x02u

/* What the parameters of an INIT or INIT ACK say. */
typedef struct floe_sctp_init_params {
    floe_bytes cookie; /* empty: there is none */
    bool has_forward_tsn, has_reconfig;
    uint8_t interleaving;   /* of FLOE_SCTP_HAS_I_DATA, FLOE_SCTP_HAS_I_FORWARD: those announced */
    bool has_zero_checksum; /* accepts packets without checksum, over DTLS */
    bool has_host_name;
} floe_sctp_init_params;

/* Read them. Unknown ones that ask to be reported are appended to `report` as they came, as far
 * as they fit. Never fails: what cannot be read ends the list. */
void floe_sctp_init_params_parse(floe_sctp_init_params *params, floe_bytes list,
                                 floe_writer *report);
/* Append what this implementation announces, I-DATA if that is asked for; and that it needs no
 * checksum where DTLS is below. */
void floe_sctp_init_params_put(floe_writer *w, bool has_i_data);
void floe_sctp_zero_checksum_put(floe_writer *w);

#ifdef __cplusplus
}
#endif
#endif
