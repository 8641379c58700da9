/* stun/stun_stream.c - see stun/stun_stream.h. */
#include "stun/stun_stream.h"

#include <string.h>

#include "base/assert.h"
#include "base/reader.h"
#include "stun/stun_msg.h"

#define LENGTH_SIZE    2u /* RFC 4571: a length, then that many bytes */
#define TURN_HEAD_SIZE 4u /* type or channel, and length: enough to know the size of either */

/* What a header says: the bytes that the message takes of the stream, where it begins and ends. */
typedef struct extent {
    size_t size, begin, end;
} extent;

void floe_stun_stream_init(floe_stun_stream *stream, floe_stun_framing framing, floe_span memory)
{
    FLOE_ASSERT(memory.len >= TURN_HEAD_SIZE);
    *stream = (floe_stun_stream){.memory = memory, .framing = (uint8_t)framing};
}

static size_t head_size(const floe_stun_stream *stream)
{
    return stream->framing == FLOE_STUN_FRAMING_TURN ? TURN_HEAD_SIZE : LENGTH_SIZE;
}

/* False: nothing that can be here begins like this. */
static bool load_extent(const floe_stun_stream *stream, const uint8_t *head, extent *e)
{
    if (stream->framing == FLOE_STUN_FRAMING_RFC4571) {
        e->begin = LENGTH_SIZE;
        e->end = e->size = LENGTH_SIZE + floe_load_u16(head);
        return true;
    }
    size_t len = floe_load_u16(head + 2);
    e->begin = 0;
    if ((head[0] & 0xC0) == 0) {
        e->end = e->size = FLOE_STUN_HEADER_SIZE + len;
        return len % 4 == 0;
    }
    /* RFC 8656 §12.5: over a stream the padding is there and not counted. */
    e->end = TURN_HEAD_SIZE + len;
    e->size = (e->end + 3) & ~(size_t)3;
    /* RFC 8656 §12: channels are 0x4000 to 0x4FFF. */
    return (head[0] & 0xF0) == 0x40;
}

/* Move bytes of *in to memory until there are `want`. */
static bool fill(floe_stun_stream *stream, floe_bytes *in, size_t want)
{
    size_t missing = want > stream->len ? want - stream->len : 0;
    size_t taken = missing < in->len ? missing : in->len;
    if (taken > 0) {
        memcpy(stream->memory.ptr + stream->len, in->ptr, taken);
        *in = (floe_bytes){in->ptr + taken, in->len - taken};
    }
    stream->len += taken;
    return taken == missing;
}

static floe_err set_broken(floe_stun_stream *stream, floe_err err)
{
    stream->broken = err;
    return err;
}

/* The message whose header is at `head`, which lies at the front of `from`. */
static floe_bytes cut(const uint8_t *head, const extent *e)
{
    return (floe_bytes){head + e->begin, e->end - e->begin};
}

floe_err floe_stun_stream_next(floe_stun_stream *stream, floe_bytes *in, floe_bytes *message)
{
    size_t head = head_size(stream);
    if (stream->broken != FLOE_OK) {
        return stream->broken;
    }
    if (stream->is_consumed) {
        stream->is_consumed = false;
        stream->len = 0;
    }
    bool is_direct = stream->len == 0 && in->len >= head;
    if (!is_direct && !fill(stream, in, head)) {
        return FLOE_E_AGAIN;
    }
    extent e;
    if (!load_extent(stream, is_direct ? in->ptr : stream->memory.ptr, &e)) {
        return set_broken(stream, FLOE_E_MALFORMED);
    }
    if (is_direct && in->len >= e.size) {
        *message = cut(in->ptr, &e);
        *in = (floe_bytes){in->ptr + e.size, in->len - e.size};
        return FLOE_OK;
    }
    if (e.size > stream->memory.len) {
        return set_broken(stream, FLOE_E_TOO_BIG);
    }
    if (!fill(stream, in, e.size)) {
        return FLOE_E_AGAIN;
    }
    *message = cut(stream->memory.ptr, &e);
    stream->is_consumed = true;
    return FLOE_OK;
}
