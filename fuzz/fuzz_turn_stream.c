/*
 * fuzz/fuzz_turn_stream.c - any bytes as a stream of messages, cut anywhere.
 *
 * Input: framing, size of the pieces, then the stream. Oracle: in pieces it gives the same messages
 * as in one piece, up to where it breaks; every message lies in what was given.
 */
#include <stdlib.h>
#include <string.h>

#include "stun/stun_stream.h"

#define MESSAGES_MAX 256
#define MEMORY_SIZE  512u

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static floe_bytes whole[MESSAGES_MAX];
    uint8_t memory[2][MEMORY_SIZE];
    floe_stun_stream s[2];
    size_t count = 0;
    if (size < 2 || size > 4096) {
        return 0;
    }
    floe_stun_framing framing =
        (data[0] & 1) != 0 ? FLOE_STUN_FRAMING_RFC4571 : FLOE_STUN_FRAMING_TURN;
    size_t piece = (size_t)data[1] + 1;
    floe_bytes in = {data + 2, size - 2};
    for (int i = 0; i < 2; i++) {
        floe_stun_stream_init(&s[i], framing, (floe_span){memory[i], MEMORY_SIZE});
    }
    floe_err end;
    while (count < MESSAGES_MAX &&
           (end = floe_stun_stream_next(&s[0], &in, &whole[count])) == FLOE_OK) {
        require(whole[count].ptr >= data + 2 && whole[count].ptr + whole[count].len <= data + size);
        count++;
    }
    size_t n = 0;
    for (size_t at = 2; at < size; at += piece) {
        floe_bytes message;
        in = (floe_bytes){data + at, size - at < piece ? size - at : piece};
        while ((end = floe_stun_stream_next(&s[1], &in, &message)) == FLOE_OK) {
            require(count == MESSAGES_MAX || (n < count && floe_bytes_equal(message, whole[n])));
            if (++n == MESSAGES_MAX) {
                return 0;
            }
        }
        /* In pieces a message has to fit in memory; as a whole it does not. */
        if (end != FLOE_E_AGAIN) {
            return 0;
        }
        require(in.len == 0);
    }
    require(n == count);
    return 0;
}
