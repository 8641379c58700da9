/* sctp/sctp_piece.c - see sctp/sctp_piece.h. */
#include "sctp/sctp_piece.h"

#include "base/assert.h"

#define NONE FLOE_SCTP_NONE

/* Take the next run of blocks for what is left of a chunk, and fill it. */
static uint16_t put_piece(floe_sctp_arena *arena, floe_sctp_piece *piece, floe_bytes left)
{
    uint32_t got;
    uint32_t want = floe_sctp_arena_blocks(arena, sizeof *piece + left.len);
    uint16_t at = floe_sctp_arena_take(arena, want, &got);
    if (at != NONE) {
        size_t room = got * arena->block_size - sizeof *piece;
        piece->len = (uint16_t)(left.len < room ? left.len : room);
        memcpy(floe_sctp_arena_block(arena, at) + sizeof *piece, left.ptr, piece->len);
    }
    return at;
}

uint16_t floe_sctp_piece_put(floe_sctp_arena *arena, const floe_sctp_data *data)
{
    floe_sctp_piece piece = {.tsn = data->tsn,
                             .ppid = data->ppid,
                             .total = (uint32_t)data->payload.len,
                             .stream = data->stream,
                             .ssn = data->ssn,
                             .next = NONE,
                             .next_message = NONE,
                             .flags = data->flags & 0x0F};
    uint16_t head = NONE;
    uint16_t last = NONE;
    for (floe_bytes left = data->payload; left.len > 0;) {
        uint16_t at = put_piece(arena, &piece, left);
        if (at == NONE) {
            floe_sctp_piece_free(arena, head);
            return NONE;
        }
        head = head == NONE ? at : head;
        piece.far = piece.cursor = head;
        floe_sctp_piece_store(arena, at, &piece);
        if (last != NONE) {
            floe_sctp_piece before = floe_sctp_piece_load(arena, last);
            before.next = at;
            floe_sctp_piece_store(arena, last, &before);
        }
        last = at;
        left = (floe_bytes){left.ptr + piece.len, left.len - piece.len};
    }
    return head;
}

void floe_sctp_piece_free(floe_sctp_arena *arena, uint16_t head)
{
    for (uint16_t at = head; at != NONE;) {
        floe_sctp_piece piece = floe_sctp_piece_load(arena, at);
        floe_sctp_arena_give(arena, at, floe_sctp_arena_blocks(arena, sizeof piece + piece.len));
        at = piece.next;
    }
}

/* The last piece of the chunk that begins at `at`. */
static uint16_t tail_of(const floe_sctp_arena *arena, uint16_t at)
{
    floe_sctp_piece piece = floe_sctp_piece_load(arena, at);
    uint32_t tsn = piece.tsn;
    while (piece.next != NONE) {
        floe_sctp_piece next = floe_sctp_piece_load(arena, piece.next);
        if (next.tsn != tsn) {
            break;
        }
        at = piece.next;
        piece = next;
    }
    return at;
}

bool floe_sctp_piece_is_last(const floe_sctp_arena *arena, uint16_t at)
{
    return floe_sctp_piece_load(arena, tail_of(arena, at)).next == NONE;
}

uint16_t floe_sctp_piece_join(const floe_sctp_arena *arena, uint16_t left, uint16_t right)
{
    uint16_t head_at = floe_sctp_piece_load(arena, left).far;
    uint16_t last_at = floe_sctp_piece_load(arena, right).far;
    uint16_t tail_at = tail_of(arena, left);
    floe_sctp_piece tail = floe_sctp_piece_load(arena, tail_at);
    FLOE_ASSERT(tail.next == NONE);
    tail.next = right;
    floe_sctp_piece_store(arena, tail_at, &tail);
    floe_sctp_piece head = floe_sctp_piece_load(arena, head_at);
    head.far = last_at;
    head.total += floe_sctp_piece_load(arena, right).total;
    floe_sctp_piece_store(arena, head_at, &head);
    floe_sctp_piece last = floe_sctp_piece_load(arena, last_at);
    last.far = head_at;
    floe_sctp_piece_store(arena, last_at, &last);
    return head_at;
}

floe_bytes floe_sctp_piece_view(const floe_sctp_arena *arena, uint16_t head_at, size_t offset)
{
    floe_sctp_piece head = floe_sctp_piece_load(arena, head_at);
    if (offset >= head.total) {
        return (floe_bytes){NULL, 0};
    }
    if (offset < head.cursor_at) {
        head.cursor = head_at;
        head.cursor_at = 0;
    }
    floe_sctp_piece piece = floe_sctp_piece_load(arena, head.cursor);
    while (offset >= head.cursor_at + piece.len) { /* ends: total is the sum of all pieces */
        head.cursor_at += piece.len;
        head.cursor = piece.next;
        piece = floe_sctp_piece_load(arena, piece.next);
    }
    floe_sctp_piece_store(arena, head_at, &head); /* the next piece is found at once */
    const uint8_t *payload = floe_sctp_arena_block(arena, head.cursor) + sizeof piece;
    size_t skip = offset - head.cursor_at;
    return (floe_bytes){payload + skip, piece.len - skip};
}

uint32_t floe_sctp_piece_count(const floe_sctp_arena *arena, uint16_t head)
{
    uint32_t blocks = 0;
    uint32_t bytes = 0;
    for (uint16_t at = head; at != NONE;) {
        floe_sctp_piece piece = floe_sctp_piece_load(arena, at);
        blocks += floe_sctp_arena_blocks(arena, sizeof piece + piece.len);
        bytes += piece.len;
        at = piece.next;
    }
    FLOE_ASSERT(bytes == floe_sctp_piece_load(arena, head).total);
    return blocks;
}
