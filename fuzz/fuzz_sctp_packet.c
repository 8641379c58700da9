/*
 * fuzz/fuzz_sctp_packet.c - bytes as an SCTP packet, with its checksum put right.
 *
 * Oracle: what is read, written again, and read again is the same; lists stay within their chunks;
 * every walk ends.
 */
#include <string.h>

#include "base/crc.h"
#include "base/floe_config.h"
#include "fuzz/harness.h"
#include "sctp/sctp_chunk.h"
#include "sctp/sctp_idata.h"
#include "sctp/sctp_param.h"

static void check_data(const floe_sctp_chunk *chunk, floe_writer *w)
{
    floe_sctp_data data;
    floe_sctp_data_parse(&data, chunk);
    uint8_t *payload = floe_sctp_data_put(w, &data);
    require(payload != NULL);
    if (data.payload.len > 0) {
        memcpy(payload, data.payload.ptr, data.payload.len);
    }
}

#if FLOE_SCTP_IDATA
static void check_i_data(const floe_sctp_chunk *chunk, floe_writer *w)
{
    floe_sctp_data data;
    floe_sctp_i_data_parse(&data, chunk);
    require(data.payload.len + 16 == chunk->value.len);
    require(data.fsn == ((chunk->flags & FLOE_SCTP_FLAG_BEGIN) != 0 ? 0 : data.ppid));
    size_t at = w->len;
    uint8_t *payload = floe_sctp_i_data_put(w, &data);
    require(payload != NULL);
    if (data.payload.len > 0) {
        memcpy(payload, data.payload.ptr, data.payload.len);
    }
    memcpy(w->buf + at + 10, chunk->value.ptr + 6, 2); /* reserved: not ours to keep */
}

static void check_i_forward(const floe_sctp_chunk *chunk)
{
    floe_sctp_forward forward;
    floe_sctp_i_forward_parse(&forward, chunk);
    require(forward.streams.len % 8 == 0 && forward.streams.len + 4 <= chunk->value.len);
    for (size_t i = 0; i < forward.streams.len; i += 8) {
        uint8_t bytes[8];
        floe_sctp_i_skip skip = floe_sctp_i_skip_load(forward.streams.ptr + i);
        floe_writer w = floe_writer_begin(bytes, sizeof bytes);
        floe_sctp_i_skip_put(&w, &skip);
        bytes[2] |= forward.streams.ptr[i + 2]; /* reserved: all but the last bit */
        bytes[3] |= forward.streams.ptr[i + 3];
        require(memcmp(bytes, forward.streams.ptr + i, 8) == 0);
    }
}
#endif

static void check_init(const floe_sctp_chunk *chunk, floe_writer *w)
{
    floe_sctp_init init;
    floe_sctp_init_params params;
    uint8_t unknown[64];
    floe_writer report = floe_writer_begin(unknown, sizeof unknown);
    floe_sctp_init_parse(&init, chunk);
    floe_sctp_init_params_parse(&params, init.params, &report);
    require(floe_writer_is_ok(&report) && report.len % 4 == 0);
    require(params.cookie.len <= init.params.len);
    size_t begin = floe_sctp_init_begin(w, chunk->type, &init);
    floe_writer_put_bytes(w, init.params);
    floe_sctp_chunk_end(w, begin);
}

static void check_sack(const floe_sctp_chunk *chunk)
{
    floe_sctp_sack sack;
    if (floe_sctp_sack_parse(&sack, chunk) != FLOE_OK) {
        return;
    }
    const uint8_t *end = chunk->value.ptr + chunk->value.len;
    require(sack.blocks.ptr + sack.blocks.len == sack.dups.ptr);
    require(sack.dups.ptr + sack.dups.len <= end);
    for (size_t i = 0; i < sack.block_count; i++) {
        (void)floe_sctp_sack_gap(&sack, i);
    }
}

/* Any list: each parameter lies behind the one before it, and in the chunk. */
static void check_list(floe_bytes list)
{
    const uint8_t *at = list.ptr;
    const uint8_t *end = list.ptr + list.len;
    floe_sctp_param param;
    while (floe_sctp_param_next(&list, &param)) {
        require(param.whole.ptr >= at && param.whole.ptr + param.whole.len <= end);
        require(param.value.len + 4 == param.whole.len);
        at = param.whole.ptr + param.whole.len;
    }
    require(list.len == 0);
}

static void copy_chunk(const floe_sctp_chunk *chunk, floe_writer *w)
{
    bool is_known = floe_sctp_chunk_is_known(chunk->type);
    bool is_parsed = is_known && floe_sctp_chunk_is_long_enough(chunk);
    check_list(chunk->value);
    if (is_parsed && chunk->type == FLOE_SCTP_CHUNK_DATA) {
        check_data(chunk, w);
        return;
    }
    if (is_parsed &&
        (chunk->type == FLOE_SCTP_CHUNK_INIT || chunk->type == FLOE_SCTP_CHUNK_INIT_ACK)) {
        check_init(chunk, w);
        return;
    }
#if FLOE_SCTP_IDATA
    if (is_parsed && chunk->type == FLOE_SCTP_CHUNK_I_DATA) {
        check_i_data(chunk, w);
        return;
    }
    if (is_parsed && chunk->type == FLOE_SCTP_CHUNK_I_FORWARD_TSN) {
        check_i_forward(chunk);
    }
#endif
    if (is_parsed && chunk->type == FLOE_SCTP_CHUNK_SACK) {
        check_sack(chunk);
    }
    if (is_parsed && chunk->type == FLOE_SCTP_CHUNK_FORWARD_TSN) {
        floe_sctp_forward forward;
        floe_sctp_forward_parse(&forward, chunk);
        require(forward.streams.len % 4 == 0 && forward.streams.len + 4 <= chunk->value.len);
    }
    floe_sctp_chunk_put(w, chunk->type, chunk->flags, chunk->value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t in[2048];
    static uint8_t out[4096];
    floe_sctp_packet a;
    floe_sctp_packet b;
    if (size > sizeof in) {
        return 0;
    }
    memcpy(in, data, size);
    floe_writer fix = {.buf = in, .cap = sizeof in, .len = size};
    if (size >= FLOE_SCTP_HEADER_SIZE) {
        memset(in + 8, 0, 4);
        floe_sctp_packet_end(&fix);
    }
    if (floe_sctp_packet_parse(&a, (floe_bytes){in, size}) != FLOE_OK) {
        require(size < 16);
        return 0;
    }
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_sctp_packet_begin(&w, a.source_port, a.dest_port, a.tag);
    floe_bytes rest = a.chunks;
    floe_sctp_chunk chunk;
    while (floe_sctp_packet_next(&rest, &chunk)) {
        copy_chunk(&chunk, &w);
    }
    require(rest.len == 0 && floe_writer_is_ok(&w));
    floe_sctp_packet_end(&w);
    if (w.len < 16) {
        return 0;
    }
    require(floe_sctp_packet_parse(&b, floe_writer_view(&w)) == FLOE_OK);
    require(a.tag == b.tag && a.source_port == b.source_port && a.dest_port == b.dest_port);
    rest = a.chunks;
    floe_sctp_chunk again;
    while (floe_sctp_packet_next(&rest, &chunk)) {
        require(floe_sctp_packet_next(&b.chunks, &again));
        bool is_data = chunk.type == FLOE_SCTP_CHUNK_DATA;
        require(chunk.type == again.type && floe_bytes_equal(chunk.value, again.value));
        require(chunk.flags == again.flags || !is_data);
    }
    require(b.chunks.len == 0);
    return 0;
}
