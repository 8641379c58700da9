/*
 * fuzz/fuzz_dcep.c - the parser of DCEP messages: what it takes, the writer writes again byte for
 * byte, save the parameter that a reliable channel ignores, and what stands behind an ACK.
 */
#include "datachannel/dcep.h"

#include <stdlib.h>
#include <string.h>

#include "datachannel/utf8.h"

static void check(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static void check_round_trip(const floe_dcep *dcep, floe_bytes message)
{
    static uint8_t again[1 << 17];
    floe_writer w = floe_writer_begin(again, sizeof again);
    floe_dcep_put(&w, dcep);
    if (message.len > sizeof again) {
        return;
    }
    if (dcep->type == FLOE_DCEP_ACK) {
        message.len = 1;
    }
    check(floe_writer_is_ok(&w) && w.len == message.len);
    bool is_reliable = !dcep->has_lifetime && !dcep->has_max_retransmits;
    if (dcep->type == FLOE_DCEP_OPEN && is_reliable) {
        check(dcep->reliability == 0);
        memcpy(again + 4, message.ptr + 4, 4);
    }
    check(memcmp(again, message.ptr, message.len) == 0);
}

/* A second decoder of UTF-8, by the bit patterns and the ranges of the code points. */
static bool is_utf8(floe_bytes text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t at = 0; at < text.len;) {
        uint8_t lead = text.ptr[at];
        size_t len = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
        if ((len == 4 && lead >> 3 != 30) || len > text.len - at) {
            return false;
        }
        uint32_t point = len == 1 ? lead : lead & (0xffu >> (len + 1));
        for (size_t i = 1; i < len; i++) {
            if (text.ptr[at + i] >> 6 != 2) {
                return false;
            }
            point = point << 6 | (text.ptr[at + i] & 0x3f);
        }
        if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
            return false;
        }
        at += len;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    floe_bytes message = {data, size};
    floe_dcep dcep;
    check(floe_utf8_is_valid(message) == is_utf8(message));
    if (floe_dcep_parse(&dcep, message) == FLOE_OK) {
        check(dcep.type == FLOE_DCEP_OPEN || dcep.type == FLOE_DCEP_ACK);
        check(!(dcep.has_lifetime && dcep.has_max_retransmits));
        check_round_trip(&dcep, message);
    }
    return 0;
}
