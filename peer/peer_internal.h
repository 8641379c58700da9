/* peer/peer_internal.h - what the files of the facade share. */
#ifndef FLOE_PEER_PEER_INTERNAL_H
#define FLOE_PEER_PEER_INTERNAL_H

#include "base/base64.h"
#include "peer/peer.h"
#include "sctp/sctp_snap.h"

#define FLOE_PEER_SNAP_TEXT FLOE_BASE64_SIZE(FLOE_SCTP_SNAP_SIZE)

/* Carry changes from layer to layer until nothing moves: ICE to DTLS to SCTP to channels
 * (peer_pump.c). */
void floe_peer_pump(floe_peer *peer);

/* The negotiated facts are here: make the DTLS end, or fail (peer_transport.c). */
void floe_peer_start_dtls(floe_peer *peer, const floe_sdp_webrtc *remote);
/* A candidate that is a name in .local: keep it until it is resolved. False: it is of no use, or
 * there is no room (peer_name.c). */
bool floe_peer_keep_name(floe_peer *peer, const floe_sdp_candidate *sdp, floe_bytes ufrag);
/* The peer has no more candidates, but names of this generation may still become some. */
void floe_peer_end_remote(floe_peer *peer, floe_bytes ufrag);
bool floe_peer_poll_name(floe_peer *peer, floe_peer_event *event);
void floe_peer_name_resolved(floe_peer *peer, uint32_t index, const floe_addr *addr);
/* Make of a candidate of ours what others may know of it. The name that stands for its address, or
 * NULL (peer_hide.c). */
const floe_mdns_name *floe_peer_hide_cand(const floe_peer *peer, floe_ice_cand *cand);
/* This address is used as it is from now on, if its name is out of use. */
void floe_peer_forget_hidden(floe_peer *peer, const floe_addr *addr);
/* The same once more, with the same facts: nobody was there yet. */
void floe_peer_restart_dtls(floe_peer *peer);
/* A name to look up, a connection to open or close (peer_server.c). */
bool floe_peer_poll_server(floe_peer *peer, floe_peer_event *event);
/* A connection to the peer to open or close (peer_tcp.c). */
bool floe_peer_poll_tcp(floe_peer *peer, floe_peer_event *event);
/* The path is another one: tell the association what it may carry. */
void floe_peer_set_packet_limit(floe_peer *peer);
/* Take the datagrams that came too early, as far as their path is valid by now. */
void floe_peer_replay_early(floe_peer *peer);

/* A record of module PEER with one of ICE's kinds. */
void floe_peer_trace(const floe_peer *peer, unsigned kind, unsigned id, int32_t a, int32_t cause);
/* End the connection. The first reason stays, save that ICE's gives way: a restart may undo it. */
void floe_peer_fail(floe_peer *peer, floe_peer_fault fault, const char *reason);
/* Recompute the connection state from ICE and DTLS (W3C webrtc-pc section 4.3.3). */
void floe_peer_update_state(floe_peer *peer);

/* a=sctp-init (peer_snap.c): may this description set it? If not, *rule says why. */
FLOE_MUST_USE floe_err floe_peer_check_snap(const floe_peer *peer, const floe_sdp *sdp,
                                            const floe_sdp_webrtc *desc, bool is_offer,
                                            const char **rule);
/* The first offer and its answer are set. */
void floe_peer_conclude_snap(floe_peer *peer, const floe_sdp_webrtc *remote);
/* What our description says; empty: nothing. */
floe_bytes floe_peer_get_snap(const floe_peer *peer, uint8_t text[FLOE_PEER_SNAP_TEXT]);

/* The remote description that the next local one mirrors; NULL before there is any. */
const floe_sdp *floe_peer_get_mirror(const floe_peer *peer);
/* What that says. False: there is none yet. */
bool floe_peer_read_mirror(const floe_peer *peer, floe_sdp_webrtc *desc);
/* Look whether an offer is needed, and tell it once (W3C webrtc-pc section 4.7.3). */
void floe_peer_update_negotiation(floe_peer *peer);

#endif
