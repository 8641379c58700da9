/* sctp/sctp_piece.c - see sctp/sctp_piece.h. */
#include "sctp/sctp_piece.h"

#include "base/assert.h"

#define NONE                  FLOE_SCTP_NONE
#define GET(arena, at, field) floe_sctp_piece_get_##field(floe_sctp_arena_block(arena, at))
#define SET(arena, at, field, value)                                                               \
    floe_sctp_piece_set_##field(floe_sctp_arena_block(arena, at), value)

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
        const uint8_t *piece = floe_sctp_arena_block(arena, at);
        uint16_t next = floe_sctp_piece_get_next(piece);
        size_t size = sizeof(floe_sctp_piece) + floe_sctp_piece_get_len(piece);
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
    uint8_t *first = floe_sctp_arena_block(arena, head);
    uint32_t total = floe_sctp_piece_get_total(first) + GET(arena, right, total);
    floe_sctp_piece_set_total(first, total);
    floe_sctp_piece_set_far(first, last);
    SET(arena, tail, next, right);
    SET(arena, last, far, head);
    return head;
}

floe_bytes floe_sctp_piece_view(const floe_sctp_arena *arena, uint16_t head, size_t offset)
{
    uint8_t *first = floe_sctp_arena_block(arena, head);
    if (offset >= floe_sctp_piece_get_total(first)) {
        return (floe_bytes){NULL, 0};
    }
    uint16_t at = floe_sctp_piece_get_cursor(first);
    uint32_t begin = floe_sctp_piece_get_cursor_at(first);
    if (offset < begin) {
        at = head;
        begin = 0;
    }
    const uint8_t *piece = floe_sctp_arena_block(arena, at);
    while (offset >= begin + floe_sctp_piece_get_len(piece)) { /* ends: total is that of them all */
        begin += floe_sctp_piece_get_len(piece);
        at = floe_sctp_piece_get_next(piece);
        piece = floe_sctp_arena_block(arena, at);
    }
    floe_sctp_piece_set_cursor(first, at); /* the next piece is found at once */
    floe_sctp_piece_set_cursor_at(first, begin);
    size_t skip = offset - begin;
    return (floe_bytes){piece + sizeof(floe_sctp_piece) + skip,
                        floe_sctp_piece_get_len(piece) - skip};
}

size_t floe_sctp_piece_copy(const floe_sctp_arena *arena, uint16_t head, uint8_t *buf, size_t cap)
{
    size_t done = 0;
    for (uint16_t at = head; at != NONE;) {
        const uint8_t *piece = floe_sctp_arena_block(arena, at);
        size_t len = floe_sctp_piece_get_len(piece);
        if (len > cap - done) {
            break;
        }
        if (len > 0) {
            memcpy(buf + done, piece + sizeof(floe_sctp_piece), len);
        }
        done += len;
        at = floe_sctp_piece_get_next(piece);
    }
    return done;
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
