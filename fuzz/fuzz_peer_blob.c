/*
 * fuzz/fuzz_peer_blob.c - any bytes as a blob of a description, and any description as a blob.
 *
 * The first byte of input chooses: bytes that get their check value and are encoded here (so that
 * what is behind it is reached), characters as they are, or a description.
 * Oracle: the description that a blob becomes is one that can be read; made a blob, which is not
 * longer than the first, and a description once more, it is the same text.
 */
#include <string.h>

#include "base/crc.h"
#include "base/writer.h"
#include "fuzz/harness.h"
#include "peer/peer_blob.h"
#include "peer/peer_blob_internal.h"

enum { INPUT_MAX = 3000, SDP_MAX = 65536 };

static void check_blob(floe_bytes text)
{
    static uint8_t first[SDP_MAX], second[SDP_MAX];
    static char again[SDP_MAX];
    floe_peer_sdp_type type, same;
    size_t len, second_len;
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    const char *why = NULL;
    floe_err err = floe_peer_blob_to_sdp(text, &type, first, sizeof first, &len, &why);
    require(why != NULL && (why[0] == '\0') == (err == FLOE_OK));
    if (err != FLOE_OK) {
        require(err == FLOE_E_MALFORMED || err == FLOE_E_UNSUPPORTED || err == FLOE_E_TOO_BIG);
        return;
    }
    floe_bytes written = {first, len};
    require(floe_sdp_parse(&sdp, written, NULL) == FLOE_OK);
    require(floe_sdp_webrtc_read(&desc, &sdp, NULL) == FLOE_OK && !desc.is_rejected);
    require(floe_peer_blob_from_sdp(type, written, again, sizeof again, NULL) == FLOE_OK);
    require(strlen(again) <= text.len);
    require(floe_peer_blob_to_sdp(floe_bytes_of(again), &same, second, sizeof second, &second_len,
                                  NULL) == FLOE_OK);
    require(same == type && second_len == len && memcmp(first, second, len) == 0);
}

static void check_bytes(const uint8_t *data, size_t size)
{
    static char text[2 * INPUT_MAX];
    static uint8_t bytes[INPUT_MAX + 2];
    memcpy(bytes, data, size);
    floe_store_u16(bytes + size, (uint16_t)floe_crc32c(0, (floe_bytes){data, size}));
    require(floe_peer_blob_encode((floe_bytes){bytes, size + 2}, text, sizeof text));
    check_blob(floe_bytes_of(text));
}

static void check_description(floe_bytes sdp)
{
    static char text[FLOE_PEER_BLOB_MAX];
    const char *why = NULL;
    if (floe_peer_blob_from_sdp(FLOE_PEER_ANSWER, sdp, text, sizeof text, &why) == FLOE_OK) {
        check_blob(floe_bytes_of(text));
    } else {
        require(why != NULL && why[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX) {
        return 0;
    }
    if (data[0] % 3 == 0) {
        check_bytes(data + 1, size - 1);
    } else if (data[0] % 3 == 1) {
        check_blob((floe_bytes){data + 1, size - 1});
    } else {
        check_description((floe_bytes){data + 1, size - 1});
    }
    return 0;
}
