/*
 * peer/peer_signaling.c - offer and answer: the signaling states and what a description sets in
 * motion (RFC 8829 section 5, RFC 8839, RFC 8841, RFC 8842).
 *
 * A remote description is copied into the half of config.description that is not in use, checked as
 * a whole, and only then applied: after an error nothing has changed. Remote ICE parameters act at
 * once, also those of an offer: checks can run while the answer is on its way.
 */
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "ice/ice_trace.h"
#include "peer/peer_internal.h"

/* What a remote description is made of, between check and use. */
typedef struct {
    uint8_t slot; /* of peer->remotes */
    bool is_offer;
    bool is_restart; /* the peer has new ICE credentials */
    floe_sdp_webrtc desc;
} incoming;

const floe_sdp *floe_peer_get_mirror(const floe_peer *peer)
{
    if (peer->has_pending_remote) {
        return &peer->remotes[peer->current ^ 1].sdp;
    }
    return peer->is_negotiated ? &peer->remotes[peer->current].sdp : NULL;
}

bool floe_peer_read_mirror(const floe_peer *peer, floe_sdp_webrtc *desc)
{
    const floe_sdp *mirror = floe_peer_get_mirror(peer);
    return mirror != NULL && floe_sdp_webrtc_read(desc, mirror, NULL) == FLOE_OK;
}

void floe_peer_update_negotiation(floe_peer *peer)
{
    floe_dc_id channel;
    size_t cursor = 0;
    if (peer->signaling != FLOE_PEER_STABLE) {
        return;
    }
    bool is_needed = peer->is_restart_wanted ||
                     (!peer->is_negotiated && floe_dc_next(&peer->dc, &cursor, &channel));
    peer->is_negotiation_news =
        is_needed && (peer->is_negotiation_news || !peer->is_negotiation_needed);
    peer->is_negotiation_needed = is_needed;
}

/* What was wanted meanwhile asks for the next offer. */
static void become_stable(floe_peer *peer)
{
    peer->signaling = FLOE_PEER_STABLE;
    peer->is_negotiation_needed = false;
    floe_peer_update_negotiation(peer);
}

static void set_local_type(floe_peer *peer, floe_peer_sdp_type type)
{
    peer->local_type = (uint8_t)type;
    peer->session_version += peer->has_local;
    peer->has_local = true;
}

/* New credentials of ours, and none of the peer's until it has answered to them. The pair that
 * carries data serves on. */
static void restart_ice(floe_peer *peer)
{
    floe_bytes fresh = {NULL, 0};
    floe_err err = floe_ice_agent_restart(&peer->ice, fresh, fresh);
    FLOE_ASSERT(err == FLOE_OK); /* the agent makes them itself, and is never closed */
    peer->has_remote_ice = false;
    peer->is_restart_wanted = false;
    peer->told_candidates = 0;
}

/* An offer and its answer are set: what they say holds. */
static void conclude(floe_peer *peer, const floe_sdp_webrtc *remote)
{
    peer->current ^= 1;
    peer->has_pending_remote = false;
    peer->is_negotiated = true;
    peer->stable_local_type = peer->local_type;
    peer->has_stable_local = true;
    become_stable(peer);
    if (remote->is_rejected) {
        floe_peer_fail(peer, FLOE_PEER_FAULT_CLOSED_BY_PEER, "the peer rejected the data channel");
        return;
    }
    uint64_t max = remote->max_message_size;
    peer->remote_message_max = max;
    floe_sctp_assoc_set_remote_message_max(&peer->sctp,
                                           max < UINT32_MAX ? (uint32_t)max : UINT32_MAX);
    if (!peer->has_dtls) {
        floe_sctp_assoc_set_remote_port(&peer->sctp, remote->sctp_port);
        floe_peer_conclude_snap(peer, remote);
        floe_peer_start_dtls(peer, remote);
    }
}

static floe_err set_local_offer(floe_peer *peer)
{
    if (peer->signaling != FLOE_PEER_STABLE && peer->signaling != FLOE_PEER_HAVE_LOCAL_OFFER) {
        return FLOE_E_STATE;
    }
    if (!peer->is_negotiated && peer->signaling == FLOE_PEER_STABLE) {
        /* RFC 8445 §6.1.1: who starts is controlling; a restart keeps the roles. */
        floe_ice_agent_set_role(&peer->ice, FLOE_ICE_CONTROLLING);
    }
    if (peer->is_restart_wanted) {
        restart_ice(peer);
    }
    set_local_type(peer, FLOE_PEER_OFFER);
    peer->signaling = FLOE_PEER_HAVE_LOCAL_OFFER;
    return FLOE_OK;
}

static floe_err set_local_answer(floe_peer *peer)
{
    floe_sdp_webrtc desc;
    if (peer->signaling != FLOE_PEER_HAVE_REMOTE_OFFER) {
        return FLOE_E_STATE;
    }
    bool is_read = floe_peer_read_mirror(peer, &desc);
    FLOE_ASSERT(is_read); /* as it was when it was set */
    set_local_type(peer, FLOE_PEER_ANSWER);
    conclude(peer, &desc);
    return FLOE_OK;
}

/* RFC 8829 §4.1.10.2: back to the last stable state, as if the offer had not been set; only ICE
 * credentials do not come back. Where the peer knows others, a restart brings both together. */
static void roll_back(floe_peer *peer)
{
    peer->is_restart_wanted |= peer->is_negotiated && !peer->has_remote_ice;
    become_stable(peer);
}

static void roll_back_local(floe_peer *peer)
{
    peer->local_type = peer->stable_local_type;
    peer->has_local = peer->has_stable_local;
    roll_back(peer);
}

static void roll_back_remote(floe_peer *peer)
{
    peer->has_pending_remote = false;
    if (peer->is_remote_ice_new) {
        restart_ice(peer);
    }
    roll_back(peer);
}

floe_err floe_peer_set_local(floe_peer *peer, floe_peer_sdp_type type)
{
    floe_err err = FLOE_E_ARG;
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    if (type == FLOE_PEER_OFFER) {
        err = set_local_offer(peer);
    } else if (type == FLOE_PEER_ANSWER) {
        err = set_local_answer(peer);
    } else if (type == FLOE_PEER_ROLLBACK) {
        bool is_moment = peer->signaling == FLOE_PEER_HAVE_LOCAL_OFFER;
        err = is_moment ? FLOE_OK : FLOE_E_STATE;
        if (is_moment) {
            roll_back_local(peer);
        }
    }
    floe_peer_pump(peer);
    return err;
}

static floe_err refuse(floe_sdp_fault *fault, const char *rule, floe_err err)
{
    if (fault != NULL) {
        *fault = (floe_sdp_fault){1, 1, rule};
    }
    return err;
}

static bool has_digest(const floe_sdp_webrtc *desc, const floe_dtls_digest *digest)
{
    for (uint32_t i = 0; i < desc->fingerprint_count; i++) {
        const floe_sdp_fingerprint *have = &desc->fingerprints[i];
        if (have->size == digest->size && memcmp(have->value, digest->value, digest->size) == 0) {
            return true;
        }
    }
    return false;
}

/* Has the peer the credentials that it had before? */
static bool has_same_ice(const floe_peer *peer, const floe_sdp_webrtc *desc)
{
    floe_sdp_webrtc known;
    return floe_peer_read_mirror(peer, &known) && floe_bytes_equal(desc->ufrag, known.ufrag) &&
           floe_bytes_equal(desc->pwd, known.pwd);
}

static bool is_setup_acceptable(const floe_peer *peer, const incoming *in)
{
    uint8_t setup = in->desc.setup;
    if (peer->has_dtls && setup == peer->setup) {
        /* RFC 8842 §5.5: to exchange the roles is to begin anew. But Firefox and pion may name
         * others in the answer to a restart of ICE, and mean the association that stands. */
        bool is_restart = !peer->has_remote_ice || !has_same_ice(peer, &in->desc);
        return !in->is_offer && is_restart && floe_peer_get_dtls_state(peer) == FLOE_DTLS_CONNECTED;
    }
    if (in->is_offer) {
        return setup == FLOE_SDP_SETUP_ACTPASS || setup == FLOE_SDP_SETUP_ACTIVE ||
               setup == FLOE_SDP_SETUP_PASSIVE;
    }
    return setup == FLOE_SDP_SETUP_ACTIVE || setup == FLOE_SDP_SETUP_PASSIVE;
}

/* What a well-formed description must say to be usable here. */
static floe_err check_meaning(const floe_peer *peer, incoming *in, floe_sdp_fault *fault)
{
    const floe_sdp_webrtc *desc = &in->desc;
    if (desc->is_rejected) {
        return in->is_offer
                   ? refuse(fault, "the data channel's section has port 0", FLOE_E_UNSUPPORTED)
                   : FLOE_OK;
    }
    if (!is_setup_acceptable(peer, in)) {
        /* RFC 8842 §5.3: an answer chooses active or passive. */
        return refuse(fault, "a=setup is missing or wrong for this kind of description",
                      FLOE_E_MALFORMED);
    }
    if (desc->fingerprints[0].hash <= FLOE_SDP_HASH_SHA1) {
        return refuse(fault, "no fingerprint of a hash stronger than SHA-1", FLOE_E_UNSUPPORTED);
    }
    if (peer->has_dtls && !has_digest(desc, &peer->remote_fingerprint)) {
        return refuse(fault, "the fingerprint changed: that needs a new connection",
                      FLOE_E_UNSUPPORTED);
    }
    if (desc->ufrag.len + desc->pwd.len > FLOE_ICE_CREDENTIAL_MAX) {
        return refuse(fault, "a=ice-ufrag and a=ice-pwd are too long", FLOE_E_UNSUPPORTED);
    }
    in->is_restart = peer->has_remote_ice && !has_same_ice(peer, desc);
    return FLOE_OK;
}

/* Check the caller's text as a whole, so that an error leaves everything as it was. */
static floe_err check_remote(const floe_peer *peer, incoming *in, floe_bytes text,
                             floe_sdp_fault *fault)
{
    floe_sdp sdp;
    if (text.len == 0) {
        return refuse(fault, "the description is empty", FLOE_E_MALFORMED);
    }
    if (text.len > peer->remotes[0].memory.len) {
        return refuse(fault, "the description is too long", FLOE_E_TOO_BIG);
    }
    floe_err err = floe_sdp_parse(&sdp, text, fault);
    if (err != FLOE_OK) {
        return err;
    }
    err = floe_sdp_webrtc_read(&in->desc, &sdp, fault);
    if (err == FLOE_E_UNSUPPORTED) {
        return refuse(fault, "no data channel (m=application ... webrtc-datachannel) in it", err);
    }
    const char *rule = NULL;
    if (err == FLOE_OK) {
        err = check_meaning(peer, in, fault);
    }
    if (err == FLOE_OK && !in->desc.is_rejected) {
        err = floe_peer_check_snap(peer, &sdp, &in->desc, in->is_offer, &rule);
    }
    return rule == NULL ? err : refuse(fault, rule, err);
}

/* Keep a checked text in the free half, and let in->desc view it there. */
static void keep_remote(floe_peer *peer, incoming *in, floe_bytes text)
{
    in->slot = peer->current ^ 1;
    floe_peer_remote *remote = &peer->remotes[in->slot];
    memcpy(remote->memory.ptr, text.ptr, text.len);
    floe_err err = floe_sdp_parse(&remote->sdp, (floe_bytes){remote->memory.ptr, text.len}, NULL);
    if (err == FLOE_OK) {
        err = floe_sdp_webrtc_read(&in->desc, &remote->sdp, NULL);
    }
    FLOE_ASSERT(err == FLOE_OK); /* as before */
}

/* One remote candidate of a peer with this fragment, from a description or trickled. */
static floe_err add_candidate(floe_peer *peer, floe_bytes text, floe_bytes ufrag)
{
    floe_sdp_candidate parsed;
    floe_ice_cand cand;
    floe_err err = floe_sdp_candidate_parse(&parsed, text);
    if (err != FLOE_OK) {
        return FLOE_E_MALFORMED;
    }
    if (parsed.ufrag.len > 0 && !floe_bytes_equal(parsed.ufrag, ufrag)) {
        return FLOE_E_UNKNOWN; /* RFC 8838 §9: of a generation that is over, or not here yet */
    }
    if (parsed.is_tcp && peer->tcp.count == 0) {
        peer->stats.candidates_ignored++;
        return FLOE_OK;
    }
    if (parsed.tcptype == FLOE_SDP_TCP_ACTIVE) {
        return FLOE_OK; /* RFC 6544 §6.2: it says that the peer will connect; from where, nobody */
    }
    if (floe_sdp_candidate_is_mdns(&parsed) && floe_peer_keep_name(peer, &parsed, ufrag)) {
        return FLOE_OK;
    }
    err = floe_ice_cand_from_sdp(&cand, &parsed);
    if (err == FLOE_OK) {
        err = floe_ice_agent_add_remote(&peer->ice, &cand);
    } else {
        floe_ice_why why =
            floe_sdp_candidate_is_mdns(&parsed) ? FLOE_ICE_WHY_NAME : FLOE_ICE_WHY_UNUSABLE;
        floe_peer_trace(peer, FLOE_ICE_TRACE_IGNORED, why, -1, (int32_t)why);
    }
    peer->stats.candidates_ignored += err != FLOE_OK;
    return FLOE_OK;
}

static void add_candidates(floe_peer *peer, const incoming *in)
{
    const floe_sdp *sdp = &peer->remotes[in->slot].sdp;
    floe_bytes text;
    size_t cursor = 0;
    while (floe_sdp_webrtc_next_candidate(sdp, &in->desc, &cursor, &text)) {
        peer->stats.candidates_ignored += add_candidate(peer, text, in->desc.ufrag) != FLOE_OK;
    }
    /* RFC 8838 §8.2: at the end mark, these are all. Without a=ice-options:trickle they should be,
     * but pion and GStreamer leave it out and trickle all the same. */
    if (in->desc.is_end_of_candidates) {
        floe_peer_end_remote(peer, in->desc.ufrag);
    }
}

static void apply_ice(floe_peer *peer, const incoming *in)
{
    if (in->is_restart && in->is_offer) {
        /* RFC 8839 §4.4.1.1.1: new credentials in an offer ask for new ones in the answer. */
        restart_ice(peer);
    }
    if (!peer->is_negotiated && in->is_offer) {
        /* RFC 8445 §6.1.1: of two full agents the one that was asked is controlled. */
        floe_ice_agent_set_role(&peer->ice, FLOE_ICE_CONTROLLED);
    }
    if (in->desc.is_ice_lite && !peer->is_lite) {
        floe_ice_agent_set_role(&peer->ice, FLOE_ICE_CONTROLLING);
    }
    floe_err err =
        floe_ice_agent_set_remote(&peer->ice, in->desc.ufrag, in->desc.pwd, in->desc.is_ice_lite);
    FLOE_ASSERT(err == FLOE_OK); /* checked, and the agent is never closed */
    peer->has_remote_ice = true;
    peer->is_end_held = false;
    add_candidates(peer, in);
}

static void set_remote_answer(floe_peer *peer, const incoming *in)
{
    if (!in->desc.is_rejected) {
        apply_ice(peer, in);
    }
    conclude(peer, &in->desc);
}

static void set_remote_offer(floe_peer *peer, const incoming *in)
{
    bool is_ice_kept = peer->has_remote_ice && !in->is_restart;
    bool was_ice_new = peer->has_pending_remote && peer->is_remote_ice_new;
    apply_ice(peer, in);
    peer->is_remote_ice_new = was_ice_new || !is_ice_kept;
    peer->has_pending_remote = true;
    peer->signaling = FLOE_PEER_HAVE_REMOTE_OFFER;
}

static bool is_glare(const floe_peer *peer, floe_peer_sdp_type type)
{
    return type == FLOE_PEER_OFFER && peer->signaling == FLOE_PEER_HAVE_LOCAL_OFFER &&
           peer->glare != FLOE_PEER_GLARE_REFUSED;
}

static floe_err check_moment(const floe_peer *peer, floe_peer_sdp_type type)
{
    uint8_t state = peer->signaling;
    bool is_moment;
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    if (is_glare(peer, type)) {
        return peer->glare == FLOE_PEER_GLARE_POLITE ? FLOE_OK : FLOE_E_UNKNOWN;
    }
    if (type == FLOE_PEER_OFFER) {
        is_moment = state == FLOE_PEER_STABLE || state == FLOE_PEER_HAVE_REMOTE_OFFER;
    } else {
        is_moment = state == (type == FLOE_PEER_ANSWER ? FLOE_PEER_HAVE_LOCAL_OFFER
                                                       : FLOE_PEER_HAVE_REMOTE_OFFER);
    }
    return is_moment ? FLOE_OK : FLOE_E_STATE;
}

floe_err floe_peer_set_remote(floe_peer *peer, floe_peer_sdp_type type, floe_bytes sdp,
                              floe_sdp_fault *fault)
{
    incoming in = {.is_offer = type == FLOE_PEER_OFFER};
    floe_err err = check_moment(peer, type);
    peer->is_offer_ignored = err == FLOE_E_UNKNOWN;
    if (err != FLOE_OK) {
        return refuse(fault,
                      peer->is_offer_ignored ? "our own offer goes first"
                                             : "not the moment for this kind of description",
                      err);
    }
    if (type == FLOE_PEER_ROLLBACK) {
        roll_back_remote(peer);
    } else {
        err = check_remote(peer, &in, sdp, fault);
        if (err != FLOE_OK) {
            return err;
        }
        if (is_glare(peer, type)) {
            roll_back_local(peer);
        }
        keep_remote(peer, &in, sdp);
        if (in.is_offer) {
            set_remote_offer(peer, &in);
        } else {
            set_remote_answer(peer, &in);
        }
    }
    floe_peer_pump(peer);
    return FLOE_OK;
}

/* RFC 9143 §7.1: in a bundle a candidate may come with the data channel's mid or with its leader's.
 */
static bool is_our_mid(const floe_sdp_webrtc *desc, floe_bytes mid)
{
    return mid.len == 0 || desc->mid.len == 0 || floe_bytes_equal(mid, desc->mid) ||
           floe_bytes_equal(mid, desc->transport_mid);
}

floe_err floe_peer_add_candidate(floe_peer *peer, floe_bytes candidate, floe_bytes mid)
{
    floe_sdp_webrtc desc;
    if (peer->is_closed) {
        return FLOE_E_CLOSED;
    }
    if (peer->is_offer_ignored) {
        return FLOE_E_UNKNOWN;
    }
    if (!floe_peer_read_mirror(peer, &desc)) {
        return FLOE_E_STATE;
    }
    if (!peer->has_remote_ice || !is_our_mid(&desc, mid)) {
        return FLOE_E_UNKNOWN;
    }
    floe_err err = FLOE_OK;
    if (candidate.len == 0) {
        floe_peer_end_remote(peer, desc.ufrag);
    } else {
        err = add_candidate(peer, candidate, desc.ufrag);
    }
    floe_peer_pump(peer);
    return err;
}

void floe_peer_restart_ice(floe_peer *peer)
{
    if (!peer->is_closed && peer->has_local) {
        peer->is_restart_wanted = true;
        floe_peer_update_negotiation(peer);
    }
}
