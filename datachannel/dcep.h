/*
 * datachannel/dcep.h - the two messages of the Data Channel Establishment Protocol (RFC 8832),
 * pure.
 */
#ifndef FLOE_DATACHANNEL_DCEP_H
#define FLOE_DATACHANNEL_DCEP_H

#include "base/floe.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_dcep_type { FLOE_DCEP_ACK = 0x02, FLOE_DCEP_OPEN = 0x03 } floe_dcep_type;

/* Payload protocol identifiers (RFC 8831 section 8). An empty message is sent as one zero byte. */
typedef enum floe_ppid {
    FLOE_PPID_DCEP = 50,
    FLOE_PPID_STRING = 51,
    FLOE_PPID_BINARY_PARTIAL = 52, /* deprecated, never sent */
    FLOE_PPID_BINARY = 53,
    FLOE_PPID_STRING_PARTIAL = 54, /* deprecated, never sent */
    FLOE_PPID_STRING_EMPTY = 56,
    FLOE_PPID_BINARY_EMPTY = 57
} floe_ppid;

#define FLOE_DCEP_OPEN_SIZE 12u /* of an OPEN, before its label and protocol */

typedef struct floe_dcep {
    uint8_t type; /* floe_dcep_type; the rest is for OPEN */
    bool is_unordered;
    bool has_max_retransmits;
    bool has_lifetime;    /* at most one of the two */
    uint32_t reliability; /* retransmissions or milliseconds; 0 if reliable */
    uint16_t priority;
    floe_bytes label, protocol; /* UTF-8; views */
} floe_dcep;

/* MALFORMED: lengths of an OPEN that do not add up exactly, an unknown message type. UNSUPPORTED:
 * an unknown channel type. */
FLOE_MUST_USE floe_err floe_dcep_parse(floe_dcep *dcep, floe_bytes message);
/* label and protocol of at most 65535 bytes each (else the writer fails). */
void floe_dcep_put(floe_writer *w, const floe_dcep *dcep);

#ifdef __cplusplus
}
#endif
#endif
