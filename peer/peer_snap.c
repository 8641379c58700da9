/*
 * peer/peer_snap.c - a=sctp-init: an association that offer and answer have agreed on
 * (draft-hancke-tsvwg-snap-00 section 5; sctp/sctp_snap.h).
 *
 * What the first offer and its answer say holds for as long as there is the DTLS association: that
 * is the life of a peer. It is read from the text, which is kept, and not stored.
 */
#include "peer/peer_internal.h"

#if FLOE_SCTP_SNAP

static bool find(const floe_sdp *sdp, const floe_sdp_webrtc *desc, floe_bytes *value)
{
    return floe_sdp_find_attr(sdp, desc->section, "sctp-init", value);
}

static bool decode(floe_bytes text, uint8_t init[FLOE_SCTP_SNAP_MAX], size_t *len)
{
    return FLOE_BASE64_DECODED_MAX(text.len) <= FLOE_SCTP_SNAP_MAX &&
           floe_base64_decode(text, init, len) == FLOE_OK;
}

static floe_err check_later(const floe_peer *peer, floe_bytes value, const char **rule)
{
    const floe_sdp *first = &peer->remotes[peer->current].sdp;
    floe_sdp_webrtc desc;
    floe_bytes known = {NULL, 0};
    bool is_read =
        floe_sdp_webrtc_read(&desc, first, NULL) == FLOE_OK && find(first, &desc, &known);
    /* §5.6: a new value comes with a new association only. Where it was not agreed on, a browser
     * that offers it each time is no fault, nor is one that repeats what it does not know. */
    if (!peer->is_snap_agreed || (is_read && floe_bytes_equal(value, known))) {
        return FLOE_OK;
    }
    *rule = "a=sctp-init changed: that needs a new connection";
    return FLOE_E_UNSUPPORTED;
}

floe_err floe_peer_check_snap(const floe_peer *peer, const floe_sdp *sdp,
                              const floe_sdp_webrtc *desc, bool is_offer, const char **rule)
{
    uint8_t init[FLOE_SCTP_SNAP_MAX];
    floe_bytes value;
    size_t len;
    bool is_asked =
        is_offer ? peer->snap != FLOE_PEER_SNAP_OFF : peer->snap == FLOE_PEER_SNAP_OFFERED;
    if (!find(sdp, desc, &value) || (!is_asked && !peer->is_snap_agreed)) {
        return FLOE_OK;
    }
    if (peer->has_dtls) {
        return check_later(peer, value, rule);
    }
    /* §5.3, §5.5: what is no base64, or no INIT chunk, is an error. */
    if (!decode(value, init, &len)) {
        *rule = "a=sctp-init must be base64";
    } else if (!floe_sctp_snap_is_good((floe_bytes){init, len})) {
        *rule = "a=sctp-init must hold an SCTP INIT chunk";
    }
    return *rule == NULL ? FLOE_OK : FLOE_E_MALFORMED;
}

void floe_peer_conclude_snap(floe_peer *peer, const floe_sdp_webrtc *remote)
{
    uint8_t init[FLOE_SCTP_SNAP_MAX];
    floe_bytes value;
    size_t len;
    /* §5.4: an answer has one only where the offer has. */
    bool is_ours = peer->snap == FLOE_PEER_SNAP_OFFERED ||
                   (peer->snap == FLOE_PEER_SNAP_ANSWERED && peer->local_type == FLOE_PEER_ANSWER);
    peer->is_snap_agreed = is_ours && find(&peer->remotes[peer->current].sdp, remote, &value) &&
                           decode(value, init, &len) &&
                           floe_sctp_snap_agree(&peer->sctp, (floe_bytes){init, len}) == FLOE_OK;
}

floe_bytes floe_peer_get_snap(const floe_peer *peer, uint8_t text[FLOE_PEER_SNAP_TEXT])
{
    uint8_t init[FLOE_SCTP_SNAP_SIZE];
    floe_writer w = floe_writer_begin(text, FLOE_PEER_SNAP_TEXT);
    /* §5.6: the same each time. */
    bool is_told =
        peer->is_negotiated ? peer->is_snap_agreed : peer->snap == FLOE_PEER_SNAP_OFFERED;
    if (is_told) {
        floe_base64_put(&w, (floe_bytes){init, floe_sctp_snap_put(&peer->sctp, init)});
    }
    return floe_writer_view(&w);
}

#else

floe_err floe_peer_check_snap(const floe_peer *peer, const floe_sdp *sdp,
                              const floe_sdp_webrtc *desc, bool is_offer, const char **rule)
{
    (void)peer;
    (void)sdp;
    (void)desc;
    (void)is_offer;
    (void)rule;
    return FLOE_OK;
}

void floe_peer_conclude_snap(floe_peer *peer, const floe_sdp_webrtc *remote)
{
    (void)peer;
    (void)remote;
}

floe_bytes floe_peer_get_snap(const floe_peer *peer, uint8_t text[FLOE_PEER_SNAP_TEXT])
{
    (void)peer;
    (void)text;
    return (floe_bytes){NULL, 0};
}

#endif
