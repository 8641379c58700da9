/*
 * base/crc.h - CRC-32 (STUN's FINGERPRINT) and CRC32c (SCTP's checksum).
 *
 * Both use the CPU's instructions where there are any (SSE4.2 and PCLMULQDQ found at run time,
 * ARMv8 CRC at compile time) and a table otherwise, and give the same values either way. Feed
 * pieces in order; start from 0.
 */
#ifndef FLOE_BASE_CRC_H
#define FLOE_BASE_CRC_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* CRC-32 of ITU V.42 (polynomial 0x04C11DB7 reflected, as zlib and RFC 8489 section 14.7). */
uint32_t floe_crc32(uint32_t crc, floe_bytes bytes);

/* CRC32c (Castagnoli 0x1EDC6F41 reflected, RFC 9260 appendix A), chosen for this CPU. */
uint32_t floe_crc32c(uint32_t crc, floe_bytes bytes);

/* The portable forms, always there: for tests, and for CPUs without the instructions. */
uint32_t floe_crc32_portable(uint32_t crc, floe_bytes bytes);
uint32_t floe_crc32c_portable(uint32_t crc, floe_bytes bytes);

#ifdef __cplusplus
}
#endif
#endif
