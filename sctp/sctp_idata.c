/* sctp/sctp_idata.c - see sctp/sctp_idata.h. */
#include "sctp/sctp_idata.h"

#include "base/assert.h"
#include "base/floe_config.h"

#if FLOE_SCTP_IDATA

void floe_sctp_i_data_parse(floe_sctp_data *data, const floe_sctp_chunk *chunk)
{
    const uint8_t *p = chunk->value.ptr;
    FLOE_ASSERT(chunk->value.len >= FLOE_SCTP_I_DATA_SIZE - FLOE_SCTP_CHUNK_SIZE);
    data->tsn = floe_load_u32(p);
    data->stream = floe_load_u16(p + 4); /* RFC 8260 §2.1: the next two bytes are ignored */
    data->ssn = 0;
    data->mid = floe_load_u32(p + 8);
    data->ppid = floe_load_u32(p + 12);
    data->fsn = (chunk->flags & FLOE_SCTP_FLAG_BEGIN) != 0 ? 0 : data->ppid;
    data->flags = chunk->flags;
    data->payload = (floe_bytes){p + 16, chunk->value.len - 16};
}

uint8_t *floe_sctp_i_data_put(floe_writer *w, const floe_sctp_data *data)
{
    size_t len = FLOE_SCTP_I_DATA_SIZE + data->payload.len;
    uint8_t *p = floe_writer_add_space(w, floe_sctp_padded(len));
    if (p == NULL) {
        return NULL;
    }
    bool is_begin = (data->flags & FLOE_SCTP_FLAG_BEGIN) != 0;
    p[0] = FLOE_SCTP_CHUNK_I_DATA;
    p[1] = data->flags;
    floe_store_u16(p + 2, (uint16_t)len);
    floe_store_u32(p + 4, data->tsn);
    floe_store_u16(p + 8, data->stream);
    floe_store_u16(p + 10, 0);
    floe_store_u32(p + 12, data->mid);
    floe_store_u32(p + 16, is_begin ? data->ppid : data->fsn);
    for (size_t i = len; i < floe_sctp_padded(len); i++) {
        p[i] = 0;
    }
    return p + FLOE_SCTP_I_DATA_SIZE;
}

void floe_sctp_i_forward_parse(floe_sctp_forward *forward, const floe_sctp_chunk *chunk)
{
    floe_sctp_forward_parse(forward, chunk);
    forward->streams.len -= forward->streams.len % FLOE_SCTP_I_FORWARD_ENTRY;
}

floe_sctp_i_skip floe_sctp_i_skip_load(const uint8_t *at)
{
    return (floe_sctp_i_skip){
        .mid = floe_load_u32(at + 4),
        .stream = floe_load_u16(at),
        .is_unordered = (floe_load_u16(at + 2) & FLOE_SCTP_FORWARD_UNORDERED) != 0,
    };
}

void floe_sctp_i_skip_put(floe_writer *w, const floe_sctp_i_skip *skip)
{
    floe_writer_put_u16(w, skip->stream);
    floe_writer_put_u16(w, skip->is_unordered ? FLOE_SCTP_FORWARD_UNORDERED : 0);
    floe_writer_put_u32(w, skip->mid);
}

#else
typedef int floe_sctp_idata_is_left_out; /* ISO C has no empty files */
#endif
