/* sctp/sctp_chunk.c - see sctp/sctp_chunk.h. */
#include "sctp/sctp_chunk.h"

#include "base/assert.h"

typedef struct chunk_row {
    uint8_t type;
    uint8_t value_min; /* bytes that the value has at least */
} chunk_row;

static const chunk_row rows[] = {
    {FLOE_SCTP_CHUNK_DATA, 12},        {FLOE_SCTP_CHUNK_INIT, 16},
    {FLOE_SCTP_CHUNK_INIT_ACK, 16},    {FLOE_SCTP_CHUNK_SACK, 12},
    {FLOE_SCTP_CHUNK_HEARTBEAT, 4},    {FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 4},
    {FLOE_SCTP_CHUNK_ABORT, 0},        {FLOE_SCTP_CHUNK_SHUTDOWN, 4},
    {FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0}, {FLOE_SCTP_CHUNK_ERROR, 4},
    {FLOE_SCTP_CHUNK_COOKIE_ECHO, 1},  {FLOE_SCTP_CHUNK_COOKIE_ACK, 0},
    {FLOE_SCTP_CHUNK_RE_CONFIG, 4},    {FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0},
    {FLOE_SCTP_CHUNK_FORWARD_TSN, 4},  {FLOE_SCTP_CHUNK_PAD, 0},
};

static const chunk_row *find_row(uint8_t type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type) {
            return &rows[i];
        }
    }
    return NULL;
}

bool floe_sctp_chunk_is_known(uint8_t type)
{
    return find_row(type) != NULL;
}

bool floe_sctp_chunk_is_long_enough(const floe_sctp_chunk *chunk)
{
    const chunk_row *row = find_row(chunk->type);
    return row != NULL && chunk->value.len >= row->value_min;
}

void floe_sctp_init_parse(floe_sctp_init *init, const floe_sctp_chunk *chunk)
{
    const uint8_t *p = chunk->value.ptr;
    FLOE_ASSERT(chunk->value.len >= 16);
    init->tag = floe_load_u32(p);
    init->rwnd = floe_load_u32(p + 4);
    init->out_streams = floe_load_u16(p + 8);
    init->in_streams = floe_load_u16(p + 10);
    init->tsn = floe_load_u32(p + 12);
    init->params = (floe_bytes){p + 16, chunk->value.len - 16};
}

floe_err floe_sctp_sack_parse(floe_sctp_sack *sack, const floe_sctp_chunk *chunk)
{
    const uint8_t *p = chunk->value.ptr;
    FLOE_ASSERT(chunk->value.len >= 12);
    sack->cum = floe_load_u32(p);
    sack->rwnd = floe_load_u32(p + 4);
    sack->block_count = floe_load_u16(p + 8);
    sack->dup_count = floe_load_u16(p + 10);
    size_t blocks = (size_t)sack->block_count * 4;
    size_t dups = (size_t)sack->dup_count * 4;
    if (blocks + dups > chunk->value.len - 12) {
        return FLOE_E_MALFORMED;
    }
    sack->blocks = (floe_bytes){p + 12, blocks};
    sack->dups = (floe_bytes){p + 12 + blocks, dups};
    return FLOE_OK;
}

void floe_sctp_forward_parse(floe_sctp_forward *forward, const floe_sctp_chunk *chunk)
{
    const uint8_t *p = chunk->value.ptr;
    FLOE_ASSERT(chunk->value.len >= 4);
    forward->cum = floe_load_u32(p);
    forward->streams = (floe_bytes){p + 4, (chunk->value.len - 4) & ~(size_t)3};
}

size_t floe_sctp_chunk_begin(floe_writer *w, uint8_t type, uint8_t flags)
{
    size_t begin = w->len;
    uint8_t *p = floe_writer_add_space(w, FLOE_SCTP_CHUNK_SIZE);
    if (p != NULL) {
        p[0] = type;
        p[1] = flags;
        floe_store_u16(p + 2, 0); /* floe_sctp_chunk_end() knows it */
    }
    return begin;
}

void floe_sctp_chunk_end(floe_writer *w, size_t begin)
{
    size_t len = w->len - begin;
    floe_writer_put_zeros(w, floe_sctp_padded(len) - len);
    if (floe_writer_is_ok(w)) {
        floe_store_u16(w->buf + begin + 2, (uint16_t)len);
    }
}

void floe_sctp_chunk_put(floe_writer *w, uint8_t type, uint8_t flags, floe_bytes value)
{
    size_t begin = floe_sctp_chunk_begin(w, type, flags);
    floe_writer_put_bytes(w, value);
    floe_sctp_chunk_end(w, begin);
}

size_t floe_sctp_init_begin(floe_writer *w, uint8_t type, const floe_sctp_init *init)
{
    size_t begin = floe_sctp_chunk_begin(w, type, 0);
    floe_writer_put_u32(w, init->tag);
    floe_writer_put_u32(w, init->rwnd);
    floe_writer_put_u16(w, init->out_streams);
    floe_writer_put_u16(w, init->in_streams);
    floe_writer_put_u32(w, init->tsn);
    return begin;
}

void floe_sctp_shutdown_put(floe_writer *w, uint32_t cum)
{
    size_t begin = floe_sctp_chunk_begin(w, FLOE_SCTP_CHUNK_SHUTDOWN, 0);
    floe_writer_put_u32(w, cum);
    floe_sctp_chunk_end(w, begin);
}
