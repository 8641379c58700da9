/* sctp/sctp_piece.c - see sctp/sctp_piece.h. */
#include "sctp/sctp_piece.h"

#include "base/assert.h"

#define NONE                         FLOE_SCTP_NONE
#define GET(arena, at, field)        floe_sctp_piece_get_##field(arena, at)
#define SET(arena, at, field, value) floe_sctp_piece_set_##field(arena, at, value)

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
            SET(arena, last, next, at);
        }
        last = at;
        left = (floe_bytes){left.ptr + piece.len, left.len - piece.len};
    }
    return head;
}

void floe_sctp_piece_free(floe_sctp_arena *arena, uint16_t head)
{
    for (uint16_t at = head; at != NONE;) {
        uint16_t next = GET(arena, at, next);
        size_t size = sizeof(floe_sctp_piece) + GET(arena, at, len);
        floe_sctp_arena_give(arena, at, floe_sctp_arena_blocks(arena, size));
        at = next;
    }
}

/* The last piece of the chunk that begins at `at`. */
static uint16_t tail_of(const floe_sctp_arena *arena, uint16_t at)
{
    uint16_t next = GET(arena, at, next);
    while (next != NONE && GET(arena, next, tsn) == GET(arena, at, tsn)) {
        at = next;
        next = GET(arena, at, next);
    }
    return at;
}

bool floe_sctp_piece_is_last(const floe_sctp_arena *arena, uint16_t at)
{
    return GET(arena, tail_of(arena, at), next) == NONE;
}

uint16_t floe_sctp_piece_join(const floe_sctp_arena *arena, uint16_t left, uint16_t right)
{
    uint16_t head = GET(arena, left, far);
    uint16_t last = GET(arena, right, far);
    uint16_t tail = tail_of(arena, left);
    FLOE_ASSERT(GET(arena, tail, next) == NONE);
    SET(arena, tail, next, right);
    SET(arena, head, total, GET(arena, head, total) + GET(arena, right, total));
    SET(arena, head, far, last);
    SET(arena, last, far, head);
    return head;
}

floe_bytes floe_sctp_piece_view(const floe_sctp_arena *arena, uint16_t head, size_t offset)
{
    if (offset >= GET(arena, head, total)) {
        return (floe_bytes){NULL, 0};
    }
    uint16_t at = GET(arena, head, cursor);
    uint32_t begin = GET(arena, head, cursor_at);
    if (offset < begin) {
        at = head;
        begin = 0;
    }
    uint16_t len = GET(arena, at, len);
    while (offset >= begin + len) { /* ends: total is the sum of all pieces */
        begin += len;
        at = GET(arena, at, next);
        len = GET(arena, at, len);
    }
    SET(arena, head, cursor, at); /* the next piece is found at once */
    SET(arena, head, cursor_at, begin);
    size_t skip = offset - begin;
    return (floe_bytes){floe_sctp_arena_block(arena, at) + sizeof(floe_sctp_piece) + skip,
                        len - skip};
}

uint32_t floe_sctp_piece_count(const floe_sctp_arena *arena, uint16_t head)
{
    uint32_t blocks = 0;
    uint32_t bytes = 0;
    for (uint16_t at = head; at != NONE;) {
        uint16_t len = GET(arena, at, len);
        blocks += floe_sctp_arena_blocks(arena, sizeof(floe_sctp_piece) + len);
        bytes += len;
        at = GET(arena, at, next);
    }
    FLOE_ASSERT(bytes == GET(arena, head, total));
    return blocks;
}
