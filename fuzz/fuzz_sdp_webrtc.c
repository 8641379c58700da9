/*
 * fuzz/fuzz_sdp_webrtc.c - any session description, read for its data channel.
 *
 * Oracle: what was read, written as a first offer and as an answer to the text itself, is read
 * again and means the same; the answer has the sections of the text, in their order.
 */
#include <string.h>

#include "fuzz/harness.h"
#include "sdp/sdp_webrtc.h"

static void check_read(const floe_sdp_webrtc *desc, const floe_sdp *sdp)
{
    require(desc->section < sdp->media_count && desc->transport_section < sdp->media_count);
    require(desc->max_message_size > 0);
    if (desc->is_rejected) {
        return;
    }
    require(desc->ufrag.len >= 4 && desc->ufrag.len <= FLOE_ICE_CREDENTIAL_MAX);
    require(desc->pwd.len >= 22 && desc->pwd.len <= FLOE_ICE_CREDENTIAL_MAX);
    require(desc->sctp_port != 0 && desc->setup <= FLOE_SDP_SETUP_HOLDCONN);
    require(desc->fingerprint_count >= 1 && desc->fingerprint_count <= FLOE_SDP_FINGERPRINT_MAX);
    for (uint32_t i = 1; i < desc->fingerprint_count; i++) {
        require(desc->fingerprints[i - 1].hash >= desc->fingerprints[i].hash);
    }
}

/* No candidate is given twice, and the walk ends. */
static void check_candidates(const floe_sdp_webrtc *desc, const floe_sdp *sdp)
{
    floe_bytes candidate;
    size_t cursor = 0;
    size_t total = 0;
    while (floe_sdp_webrtc_next_candidate(sdp, desc, &cursor, &candidate)) {
        total += candidate.len + strlen("a=candidate");
        require(total <= sdp->text.len);
    }
}

static void check_sections(const floe_sdp *ours, const floe_sdp *theirs,
                           const floe_sdp_webrtc *desc)
{
    require(ours->media_count == theirs->media_count);
    for (uint32_t i = 0; i < ours->media_count; i++) {
        floe_sdp_media a, b;
        require(floe_sdp_media_of(ours, i, &a) && floe_sdp_media_of(theirs, i, &b));
        require(floe_bytes_equal(a.media, b.media) && floe_bytes_equal(a.proto, b.proto));
        require((a.port != 0) == (i == desc->section || i == desc->transport_section));
    }
}

static void check_write(const floe_sdp_webrtc *desc, const floe_sdp *mirror)
{
    static uint8_t buf[2 * FLOE_SDP_SIZE_MAX];
    const floe_sdp_local local = {.session_id = 1,
                                  .ufrag = desc->ufrag,
                                  .pwd = desc->pwd,
                                  .fingerprint = desc->fingerprints[0],
                                  .setup = desc->setup,
                                  .sctp_port = desc->sctp_port,
                                  .max_message_size = desc->max_message_size,
                                  .mid = desc->mid,
                                  .mirror = mirror};
    floe_writer w = floe_writer_begin(buf, sizeof buf);
    floe_sdp_webrtc_put_head(&w, &local);
    floe_sdp_webrtc_put_tail(&w, &local);
    require(floe_writer_is_ok(&w));
    floe_sdp sdp;
    floe_sdp_webrtc again;
    floe_err err = floe_sdp_parse(&sdp, floe_writer_view(&w), NULL);
    if (err == FLOE_E_TOO_BIG && w.len > FLOE_SDP_SIZE_MAX) {
        return; /* many sections of many formats, each with a few lines added */
    }
    require(err == FLOE_OK && floe_sdp_webrtc_read(&again, &sdp, NULL) == FLOE_OK);
    require(floe_bytes_equal(again.mid, desc->mid) && floe_bytes_equal(again.pwd, desc->pwd));
    require(floe_bytes_equal(again.ufrag, desc->ufrag) && again.setup == desc->setup);
    require(again.fingerprint_count == 1);
    require(memcmp(&again.fingerprints[0], &desc->fingerprints[0], sizeof local.fingerprint) == 0);
    require(again.sctp_port == desc->sctp_port && !again.is_rejected && again.is_trickle);
    require(again.max_message_size == desc->max_message_size);
    if (mirror != NULL) {
        require(again.is_legacy_sctpmap == desc->is_legacy_sctpmap);
        require(again.section == desc->section);
        require(again.transport_section == desc->transport_section);
        check_sections(&sdp, mirror, desc);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const floe_sdp_webrtc zero;
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_sdp_fault fault;
    if (floe_sdp_parse(&sdp, (floe_bytes){data, size}, NULL) != FLOE_OK) {
        return 0;
    }
    floe_err err = floe_sdp_webrtc_read(&desc, &sdp, &fault);
    if (err != FLOE_OK) {
        require(err == FLOE_E_MALFORMED || err == FLOE_E_UNSUPPORTED);
        require(fault.line > 0 && fault.rule[0] != '\0');
        require(memcmp(&desc, &zero, sizeof zero) == 0);
        return 0;
    }
    require(fault.line == 0);
    check_read(&desc, &sdp);
    check_candidates(&desc, &sdp);
    if (!desc.is_rejected) {
        check_write(&desc, NULL);
        check_write(&desc, &sdp);
    }
    return 0;
}
