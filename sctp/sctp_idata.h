/*
 * sctp/sctp_idata.h - the chunks of user message interleaving: I-DATA and I-FORWARD-TSN (RFC 8260
 * sections 2.1, 2.3.1). Reading and writing, no acting. Read next: sctp/sctp_interleave.h.
 */
#ifndef FLOE_SCTP_SCTP_IDATA_H
#define FLOE_SCTP_SCTP_IDATA_H

#include "sctp/sctp_chunk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_SCTP_I_DATA_SIZE       20u /* an I-DATA chunk without its payload */
#define FLOE_SCTP_I_FORWARD_ENTRY   8u  /* of the list of an I-FORWARD-TSN */
#define FLOE_SCTP_FORWARD_UNORDERED 0x0001u

/* An entry of that list: the messages of the stream up to this one, of this order, are skipped. */
typedef struct floe_sctp_i_skip {
    uint32_t mid;
    uint16_t stream;
    bool is_unordered;
} floe_sctp_i_skip;

/* The chunk is known and long enough (asserted). A first fragment has a PPID and the number 0, the
 * others have a number; `ppid` is what stands there, either way. */
void floe_sctp_i_data_parse(floe_sctp_data *data, const floe_sctp_chunk *chunk);
/* As floe_sctp_data_put(). */
uint8_t *floe_sctp_i_data_put(floe_writer *w, const floe_sctp_data *data);

/* `forward.streams` has whole entries only. */
void floe_sctp_i_forward_parse(floe_sctp_forward *forward, const floe_sctp_chunk *chunk);
/* The entry that begins at `at`, of FLOE_SCTP_I_FORWARD_ENTRY bytes. */
floe_sctp_i_skip floe_sctp_i_skip_load(const uint8_t *at);
void floe_sctp_i_skip_put(floe_writer *w, const floe_sctp_i_skip *skip);

#ifdef __cplusplus
}
#endif
#endif
