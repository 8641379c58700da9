/* app/cmd_peer_queue.c - messages that wait until the peer takes them. */
#include "app/cmd_peer_queue.h"

#include "peer/peer_parts.h"

#include <stdlib.h>
#include <string.h>

static size_t memory_of(const send_item *item)
{
    return sizeof *item + item->size + (item->is_pattern ? SEND_PATTERN : 0);
}

floe_err send_queue_add(send_queue *queue, floe_dc_id channel, const floe_dc_send_options *options,
                        floe_bytes bytes, uint64_t count)
{
    send_item made = {.channel = channel,
                      .options = *options,
                      .is_pattern = bytes.ptr == NULL && bytes.len > 0,
                      .left = count,
                      .size = bytes.len};
    send_item *item = malloc(memory_of(&made));
    if (item == NULL) {
        return FLOE_E_FULL;
    }
    *item = made;
    if (item->is_pattern) {
        for (size_t k = 0; k < item->size + SEND_PATTERN; k++) {
            item->bytes[k] = (uint8_t)(k % SEND_PATTERN);
        }
    } else if (bytes.len > 0) {
        memcpy(item->bytes, bytes.ptr, bytes.len);
    }
    *(queue->last != NULL ? &queue->last->next : &queue->first) = item;
    queue->last = item;
    queue->bytes += memory_of(item);
    return FLOE_OK;
}

static void drop_first(send_queue *queue)
{
    send_item *item = queue->first;
    queue->first = item->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    queue->bytes -= memory_of(item);
    free(item);
}

void send_queue_by_parts(send_queue *queue, size_t part)
{
    if (queue->last != NULL) {
        queue->last->part = part;
    }
}

#if FLOE_SCTP_PARTS
/* Hand over as many parts as there is room for. */
static floe_err write_next(send_item *item, floe_peer *peer, floe_bytes message)
{
    floe_err err =
        item->is_begun ? FLOE_OK : floe_peer_begin(peer, item->channel, item->options.is_text);
    item->is_begun = err == FLOE_OK;
    while (err == FLOE_OK && item->is_begun) {
        size_t left = message.len - item->done;
        size_t len = left < item->part ? left : item->part;
        err = floe_peer_write(peer, item->channel, (floe_bytes){message.ptr + item->done, len},
                              len == left);
        item->done += err == FLOE_OK ? len : 0;
        item->is_begun = err == FLOE_OK ? len < left : err == FLOE_E_AGAIN;
    }
    item->done = item->is_begun ? item->done : 0;
    return err;
}
#endif

static floe_err send_next(send_item *item, floe_peer *peer)
{
    size_t offset = item->is_pattern ? (size_t)(item->number % SEND_PATTERN) : 0;
#if FLOE_SCTP_PARTS
    if (item->part > 0) {
        return write_next(item, peer, (floe_bytes){item->bytes + offset, item->size});
    }
#endif
    return floe_peer_send_with(peer, item->channel, &item->options,
                               (floe_bytes){item->bytes + offset, item->size});
}

floe_err send_queue_pump(send_queue *queue, floe_peer *peer)
{
    while (queue->first != NULL) {
        send_item *item = queue->first;
        floe_err err = item->left > 0 ? send_next(item, peer) : FLOE_OK;
        if (err == FLOE_E_AGAIN) {
            return err;
        }
        if (err == FLOE_OK && item->left > 1) {
            item->left--;
            item->number++;
            item->options.cookie++;
            continue;
        }
        drop_first(queue);
        if (err != FLOE_OK) {
            return err;
        }
    }
    return FLOE_OK;
}

void send_queue_clear(send_queue *queue)
{
    while (queue->first != NULL) {
        drop_first(queue);
    }
}
