/* peer/peer_description.c - the local description and candidates as text, from the state as it is
 * now. */
#include <string.h>

#include "peer/peer_internal.h"

/* What our section is called where nothing is there to mirror. */
#define FIRST_MID FLOE_LIT("0")

floe_bytes floe_peer_get_mid(const floe_peer *peer)
{
    floe_sdp_webrtc desc;
    if (!floe_peer_read_mirror(peer, &desc)) {
        return FIRST_MID;
    }
    /* Chromium takes the candidates of a bundle only with the mid of the section that leads it. */
    return desc.transport_mid.len > 0 ? desc.transport_mid : FIRST_MID;
}

static uint8_t get_setup(const floe_peer *peer)
{
    /* RFC 8829 §5.2.1 and §5.2.2: every offer leaves the choice to the answerer. */
    return peer->local_type == FLOE_PEER_OFFER ? FLOE_SDP_SETUP_ACTPASS : peer->setup;
}

static void put_candidate(const floe_peer *peer, floe_writer *w, const floe_ice_cand *cand,
                          floe_bytes ufrag)
{
    char text[FLOE_MDNS_NAME_TEXT_MAX] = "";
    floe_ice_cand told = *cand;
    const floe_mdns_name *name = floe_peer_hide_cand(peer, &told);
    if (name != NULL) {
        (void)floe_mdns_name_text(name, text);
    }
    floe_ice_cand_put(w, &told, floe_ice_agent_network_cost(&peer->ice), ufrag,
                      floe_bytes_of(text));
}

static void put_candidates(const floe_peer *peer, floe_writer *w)
{
    floe_ice_cand cand;
    size_t cursor = 0;
    while (floe_ice_agent_next_local(&peer->ice, &cursor, &cand)) {
        floe_writer_put_text(w, "a=");
        put_candidate(peer, w, &cand, (floe_bytes){NULL, 0});
        floe_writer_put_text(w, "\r\n");
    }
    if (floe_ice_agent_get_gathering(&peer->ice) == FLOE_ICE_GATHERING_COMPLETE) {
        floe_sdp_put_attr(w, "end-of-candidates", (floe_bytes){NULL, 0});
    }
}

/* RFC 8839 §5.1.2: m= and c= carry a default candidate; here the best one that is known. */
static floe_addr get_default(const floe_peer *peer)
{
    floe_ice_cand cand;
    floe_ice_cand best = {.priority = 0};
    size_t cursor = 0;
    while (floe_ice_agent_next_local(&peer->ice, &cursor, &cand)) {
        /* Draft mdns-ice-candidates §3.1.2.4: a name is no default candidate. */
        bool is_known = floe_peer_hide_cand(peer, &cand) == NULL;
        best = is_known && cand.priority > best.priority ? cand : best;
    }
    return best.addr;
}

floe_err floe_peer_get_local(const floe_peer *peer, floe_peer_sdp_type *type, uint8_t *buf,
                             size_t cap, size_t *len)
{
    floe_sdp_local local = {0};
    uint8_t sctp_init[FLOE_PEER_SNAP_TEXT];
    if (!peer->has_local) {
        return FLOE_E_STATE;
    }
    floe_ice_agent_get_local(&peer->ice, &local.ufrag, &local.pwd);
    local.session_id = peer->session_id;
    local.session_version = peer->session_version;
    local.fingerprint.hash = FLOE_SDP_HASH_SHA256;
    local.fingerprint.size = peer->identity->fingerprint.size;
    memcpy(local.fingerprint.value, peer->identity->fingerprint.value,
           peer->identity->fingerprint.size);
    local.setup = get_setup(peer);
    local.sctp_port = 5000;
    local.max_message_size = peer->message_max;
    local.sctp_init = floe_peer_get_snap(peer, sctp_init);
    local.mid = FIRST_MID;
    local.is_ice_lite = peer->is_lite;
    local.default_addr = get_default(peer);
    local.mirror = floe_peer_get_mirror(peer);

    floe_writer w = floe_writer_begin(buf, cap);
    floe_sdp_webrtc_put_head(&w, &local);
    put_candidates(peer, &w);
    floe_sdp_webrtc_put_tail(&w, &local);
    *type = (floe_peer_sdp_type)peer->local_type;
    *len = w.len;
    return floe_writer_is_ok(&w) ? FLOE_OK : FLOE_E_TOO_BIG;
}

void floe_peer_put_candidate(const floe_peer *peer, const floe_ice_cand *cand,
                             char out[FLOE_PEER_CANDIDATE_MAX])
{
    floe_bytes ufrag, pwd;
    floe_writer w = floe_writer_begin((uint8_t *)out, FLOE_PEER_CANDIDATE_MAX);
    floe_ice_agent_get_local(&peer->ice, &ufrag, &pwd);
    /* Ours are 8 characters; one of another length, set by nobody today, would not fit the line. */
    put_candidate(peer, &w, cand, ufrag.len <= 32 ? ufrag : (floe_bytes){NULL, 0});
    floe_writer_put_u8(&w, 0);
}
