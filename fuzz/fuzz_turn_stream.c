/*
 * fuzz/fuzz_turn_stream.c - any bytes as a stream of messages, cut anywhere.
 *
 * Input: framing, how it is cut (in pieces of one size, or of sizes by chance from that seed), then
 * the stream. Oracle: in pieces it gives the same messages as in one piece and ends alike, but for
 * a message that only fits where nothing is copied; every message lies in what was given; a stream
 * that is broken stays so.
 */
#include <string.h>

#include "fuzz/harness.h"
#include "stun/stun_stream.h"

#define MESSAGES_MAX 256
#define MEMORY_SIZE  512u

typedef struct whole {
    size_t count;
    floe_bytes message[MESSAGES_MAX];
    floe_err end; /* OK: there are more than fit here */
} whole;

static void read_whole(whole *all, floe_stun_stream *stream, floe_bytes in)
{
    const uint8_t *first = in.ptr;
    const uint8_t *last = in.ptr + in.len;
    all->count = 0;
    all->end = FLOE_OK;
    while (all->count < MESSAGES_MAX) {
        floe_bytes *message = &all->message[all->count];
        all->end = floe_stun_stream_next(stream, &in, message);
        if (all->end != FLOE_OK) {
            require(all->end != FLOE_E_AGAIN || in.len == 0);
            return;
        }
        require(message->ptr >= first && message->ptr + message->len <= last);
        all->count++;
    }
}

/* How long the next piece is. */
static size_t cut(uint8_t how, uint32_t *chance)
{
    if (how < 0x80) {
        return how + 1u;
    }
    *chance = *chance * 1664525u + 1013904223u;
    return 1 + (*chance >> 28) * (*chance >> 27 & 1 ? 1 : 16);
}

/* What the pieces have come to after `n` messages is what the whole came to. */
static void compare_ends(const whole *all, floe_stun_stream *stream, size_t n, floe_err end)
{
    floe_bytes message;
    floe_bytes more = {(const uint8_t *)"\0\0\0\0", 4};
    if (end == FLOE_E_TOO_BIG && n < all->count) {
        require(all->message[n].len + 3 > MEMORY_SIZE);
    } else {
        require(n == all->count && (all->end == end || n == MESSAGES_MAX));
    }
    require(end == FLOE_E_AGAIN ||
            (floe_stun_stream_next(stream, &more, &message) == end && more.len == 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static whole all;
    uint8_t memory[MEMORY_SIZE];
    floe_stun_stream stream;
    if (size < 2 || size > 4096) {
        return 0;
    }
    floe_stun_framing framing =
        (data[0] & 1) != 0 ? FLOE_STUN_FRAMING_RFC4571 : FLOE_STUN_FRAMING_TURN;
    floe_stun_stream_init(&stream, framing, (floe_span){memory, MEMORY_SIZE});
    read_whole(&all, &stream, (floe_bytes){data + 2, size - 2});
    floe_stun_stream_init(&stream, framing, (floe_span){memory, MEMORY_SIZE});
    uint32_t chance = data[1];
    floe_err end = FLOE_E_AGAIN;
    size_t n = 0;
    size_t at = 2;
    while (at < size && end == FLOE_E_AGAIN) {
        floe_bytes message;
        size_t piece = cut(data[1], &chance);
        piece = size - at < piece ? size - at : piece;
        floe_bytes in = {data + at, piece};
        at += piece;
        while ((end = floe_stun_stream_next(&stream, &in, &message)) == FLOE_OK) {
            require(n < all.count && floe_bytes_equal(message, all.message[n]));
            if (++n == MESSAGES_MAX) {
                return 0;
            }
        }
        require(end != FLOE_E_AGAIN || in.len == 0);
    }
    compare_ends(&all, &stream, n, end);
    return 0;
}
