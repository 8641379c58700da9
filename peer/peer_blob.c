/*
 * peer/peer_blob.c - a description into a blob: see peer/peer_blob.h, which has the form.
 *
 * The bytes are written into the upper three quarters of the caller's memory and turned into text
 * from its start on: the text catches up with them just where both end. Read next:
 * peer/peer_blob_read.c.
 */
#include <string.h>

#include "base/addr.h"
#include "base/crc.h"
#include "base/text.h"
#include "mdns/mdns_name.h"
#include "peer/peer_blob_internal.h"

typedef struct encoder {
    floe_writer w;
    uint32_t foundations[BLOB_FOUNDATION_MAX]; /* hashes */
    size_t foundation_count;
} encoder;

static floe_err refuse(const char **why, const char *text, floe_err err)
{
    if (why != NULL) {
        *why = text;
    }
    return err;
}

static void put_credential(floe_writer *w, floe_bytes text)
{
    bool is_plain = false;
    for (size_t i = 0; i < text.len; i++) {
        is_plain |= floe_peer_blob_ice_value(text.ptr[i]) < 0;
    }
    floe_peer_blob_put_number(w, (uint64_t)text.len << 1 | is_plain);
    if (is_plain) {
        floe_writer_put_bytes(w, text);
    } else {
        floe_peer_blob_pack(w, text);
    }
}

static void put_head(floe_writer *w, const floe_sdp_webrtc *desc, bool is_answer)
{
    const floe_sdp_fingerprint *print = &desc->fingerprints[0];
    bool has_mid = !floe_bytes_equal(desc->mid, FLOE_LIT("0"));
    bool has_port = desc->sctp_port != BLOB_PORT;
    bool has_size = desc->max_message_size != BLOB_SIZE;
    unsigned setup = desc->setup - FLOE_SDP_SETUP_ACTPASS;
    floe_writer_put_u8(w, (uint8_t)(BLOB_VERSION << 4 | (is_answer ? BLOB_ANSWER : 0u) |
                                    setup << 1 | desc->is_end_of_candidates));
    floe_writer_put_u8(w, (uint8_t)((unsigned)print->hash << 5 | (has_mid ? BLOB_MID : 0u) |
                                    (has_port ? BLOB_HAS_PORT : 0u) |
                                    (has_size ? BLOB_HAS_SIZE : 0u)));
    floe_writer_put_bytes(w, (floe_bytes){print->value, print->size});
    put_credential(w, desc->ufrag);
    put_credential(w, desc->pwd);
    if (has_mid) {
        floe_peer_blob_put_number(w, desc->mid.len);
        floe_writer_put_bytes(w, desc->mid);
    }
    if (has_port) {
        floe_peer_blob_put_number(w, desc->sctp_port);
    }
    if (has_size) {
        uint64_t size = desc->max_message_size;
        floe_peer_blob_put_number(w, size == UINT64_MAX ? 0 : size);
    }
}

/* The number of this foundation among those before; false, and it is remembered: it is new. */
static bool find_foundation(encoder *e, uint32_t hash, size_t *number)
{
    for (*number = 0; *number < e->foundation_count; (*number)++) {
        if (e->foundations[*number] == hash) {
            return true;
        }
    }
    if (e->foundation_count < BLOB_FOUNDATION_MAX) {
        e->foundations[e->foundation_count++] = hash;
    }
    return false;
}

static void put_candidate(encoder *e, const floe_sdp_candidate *cand)
{
    floe_mdns_name name;
    size_t number;
    blob_kind kind = cand->addr.family == 4 ? BLOB_IPV4 : BLOB_IPV6;
    floe_bytes addr = floe_addr_ip(&cand->addr);
    if (cand->is_tcp || cand->component != 1 ||
        (cand->addr.family == 0 && floe_mdns_name_parse(&name, cand->host) != FLOE_OK)) {
        return;
    }
    if (cand->addr.family == 0) {
        kind = BLOB_NAME;
        addr = (floe_bytes){name.uuid, sizeof name.uuid};
    }
    uint16_t preference = (uint16_t)(cand->priority >> 8);
    bool is_odd = floe_ice_priority((floe_ice_type)cand->type, preference) != cand->priority;
    bool is_known = find_foundation(e, floe_ice_hash(cand->foundation), &number);
    floe_writer_put_u8(&e->w,
                       (uint8_t)((unsigned)cand->type << 6 | (unsigned)kind << 4 |
                                 (is_odd ? BLOB_ODD_PRIORITY : 0u) | (is_known ? BLOB_KNOWN : 0u)));
    floe_writer_put_bytes(&e->w, addr);
    floe_writer_put_u16(&e->w, cand->port);
    if (is_odd) {
        floe_writer_put_u32(&e->w, cand->priority);
    } else {
        floe_writer_put_u16(&e->w, preference);
    }
    if (is_known) {
        floe_peer_blob_put_number(&e->w, number);
    }
}

static void put_candidates(encoder *e, const floe_sdp *sdp, const floe_sdp_webrtc *desc)
{
    floe_sdp_candidate cand;
    floe_bytes text;
    size_t cursor = 0;
    while (floe_sdp_webrtc_next_candidate(sdp, desc, &cursor, &text)) {
        if (floe_sdp_candidate_parse(&cand, text) == FLOE_OK &&
            (cand.ufrag.len == 0 || floe_bytes_equal(cand.ufrag, desc->ufrag))) {
            put_candidate(e, &cand);
        }
    }
}

/* What a blob has no place for; NULL: nothing. */
static const char *find_obstacle(const floe_sdp *sdp, const floe_sdp_webrtc *desc)
{
    if (sdp->media_count != 1) {
        return "it has other sections besides the data channel's";
    }
    if (desc->is_rejected || desc->is_legacy_sctpmap || desc->is_ice_lite) {
        return "its data channel is rejected, of the old form (sctpmap), or of an ICE lite agent";
    }
    if (desc->setup < FLOE_SDP_SETUP_ACTPASS || desc->setup > FLOE_SDP_SETUP_PASSIVE) {
        return "its a=setup is not actpass, active or passive";
    }
    if (desc->fingerprints[0].hash <= FLOE_SDP_HASH_SHA1) {
        return "it has no fingerprint of a hash stronger than SHA-1";
    }
    return desc->mid.len == 0 ? "its section has no a=mid" : NULL;
}

floe_err floe_peer_blob_from_sdp(floe_peer_sdp_type type, floe_bytes text, char *out, size_t cap,
                                 const char **why)
{
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    floe_sdp_fault fault = {0, 0, ""};
    if (type != FLOE_PEER_OFFER && type != FLOE_PEER_ANSWER) {
        return refuse(why, "a rollback has no description", FLOE_E_ARG);
    }
    floe_err err = floe_sdp_parse(&sdp, text, &fault);
    if (err == FLOE_OK) {
        err = floe_sdp_webrtc_read(&desc, &sdp, &fault);
    }
    if (err != FLOE_OK) {
        return refuse(why, fault.rule, err);
    }
    const char *obstacle = find_obstacle(&sdp, &desc);
    if (obstacle != NULL) {
        return refuse(why, obstacle, FLOE_E_UNSUPPORTED);
    }
    size_t start = cap / 4 + 1 < cap ? cap / 4 + 1 : cap;
    encoder e = {.w = floe_writer_begin((uint8_t *)out + start, cap - start)};
    put_head(&e.w, &desc, type == FLOE_PEER_ANSWER);
    put_candidates(&e, &sdp, &desc);
    floe_writer_put_u16(&e.w, (uint16_t)floe_crc32c(0, floe_writer_view(&e.w)));
    bool is_fitting =
        floe_writer_is_ok(&e.w) && floe_peer_blob_encode(floe_writer_view(&e.w), out, cap);
    return is_fitting ? FLOE_OK : refuse(why, "it does not fit", FLOE_E_TOO_BIG);
}

floe_err floe_peer_blob_get_local(const floe_peer *peer, uint8_t *memory, char *out, size_t cap,
                                  const char **why)
{
    floe_peer_sdp_type type;
    size_t len;
    floe_err err = floe_peer_get_local(peer, &type, memory, FLOE_PEER_BLOB_SDP_MAX, &len);
    return err == FLOE_OK
               ? floe_peer_blob_from_sdp(type, (floe_bytes){memory, len}, out, cap, why)
               : refuse(why, err == FLOE_E_STATE ? "there is no description" : "it does not fit",
                        err);
}
