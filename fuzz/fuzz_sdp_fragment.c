/*
 * fuzz/fuzz_sdp_fragment.c - any bytes as a trickle-ice-sdpfrag.
 *
 * Oracle: what is parsed gives back its bytes line by line; a section that is read, written as one
 * of ours with its candidates, is read again and says the same; a description that floe_sdp_parse()
 * takes is a fragment, too, with the same sections.
 */
#include <string.h>

#include "fuzz/harness.h"
#include "sdp/sdp_fragment.h"

static void check_bytes(const floe_sdp *sdp)
{
    static uint8_t buf[FLOE_SDP_SIZE_MAX];
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_put(&w, sdp);
    require(floe_writer_is_ok(&w) && floe_bytes_equal(floe_writer_view(&w), sdp->text));
}

static void put_candidates(floe_writer *w, const floe_sdp *sdp, uint32_t section)
{
    floe_bytes text;
    size_t cursor = 0;
    while (floe_sdp_next_attr(sdp, section, "candidate", &cursor, &text)) {
        floe_sdp_put_attr(w, "candidate", text);
    }
}

static void check_same_candidates(const floe_sdp *a, uint32_t section, const floe_sdp *b)
{
    floe_bytes ours, theirs;
    size_t i = 0, k = 0;
    while (floe_sdp_next_attr(a, section, "candidate", &i, &ours)) {
        require(floe_sdp_next_attr(b, 0, "candidate", &k, &theirs));
        require(floe_bytes_equal(ours, theirs));
    }
    require(!floe_sdp_next_attr(b, 0, "candidate", &k, &theirs));
}

static void check_section(const floe_sdp *sdp, uint32_t section)
{
    static uint8_t buf[2 * FLOE_SDP_SIZE_MAX];
    floe_sdp_fragment read, again;
    floe_sdp_fault fault;
    floe_sdp written;
    floe_err err = floe_sdp_fragment_read(&read, sdp, section, &fault);
    require((err == FLOE_OK) == (fault.line == 0));
    if (err != FLOE_OK || read.mid.len == 0 || read.ufrag.len == 0 || read.pwd.len == 0) {
        require(err == FLOE_OK || err == FLOE_E_MALFORMED);
        return;
    }
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_fragment_put_head(&w, &read);
    put_candidates(&w, sdp, section);
    if (read.is_end_of_candidates) {
        floe_sdp_put_attr(&w, "end-of-candidates", (floe_bytes){NULL, 0});
    }
    require(floe_writer_is_ok(&w));
    err = floe_sdp_fragment_parse(&written, floe_writer_view(&w), NULL);
    if (err == FLOE_E_TOO_BIG && w.len > FLOE_SDP_SIZE_MAX) {
        return; /* LF became CRLF many times */
    }
    require(err == FLOE_OK && floe_sdp_fragment_read(&again, &written, 0, NULL) == FLOE_OK);
    require(floe_bytes_equal(read.mid, again.mid) && floe_bytes_equal(read.ufrag, again.ufrag));
    require(floe_bytes_equal(read.pwd, again.pwd));
    require(read.is_end_of_candidates == again.is_end_of_candidates);
    check_same_candidates(sdp, section, &written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    floe_sdp sdp, whole;
    floe_sdp_fault fault;
    floe_bytes text = {data, size};
    floe_err err = floe_sdp_fragment_parse(&sdp, text, &fault);
    require((err == FLOE_OK) == (fault.line == 0));
    if (floe_sdp_parse(&whole, text, NULL) == FLOE_OK) {
        require(err == FLOE_OK && memcmp(&whole, &sdp, sizeof sdp) == 0);
    }
    if (err != FLOE_OK) {
        require(err == FLOE_E_MALFORMED || err == FLOE_E_TOO_BIG);
        return 0;
    }
    check_bytes(&sdp);
    for (uint32_t i = 0; i <= sdp.media_count; i++) {
        check_section(&sdp, i - 1); /* of 0: FLOE_SDP_SESSION */
    }
    return 0;
}
