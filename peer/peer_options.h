/*
 * peer/peer_options.h - how a peer may negotiate: options of floe_peer_config (peer/peer.h).
 */
#ifndef FLOE_PEER_PEER_OPTIONS_H
#define FLOE_PEER_PEER_OPTIONS_H

/* What an offer does that meets one of ours ("glare"). Two peers of which one is POLITE and the
 * other IMPOLITE may both offer at any moment: the W3C's perfect negotiation. */
typedef enum floe_peer_glare {
    FLOE_PEER_GLARE_REFUSED, /* the program decides: set_remote() says STATE */
    FLOE_PEER_GLARE_POLITE,  /* ours is rolled back and theirs is set */
    FLOE_PEER_GLARE_IMPOLITE /* theirs is ignored, with its candidates: UNKNOWN */
} floe_peer_glare;

/* Two round trips less until the first message: the association is agreed on in the descriptions
 * (draft-hancke-tsvwg-snap-00, sctp/sctp_snap.h), if both sides do so. */
typedef enum floe_peer_snap {
    FLOE_PEER_SNAP_ANSWERED, /* whoever offers it, knows it */
    FLOE_PEER_SNAP_OFFERED,  /* we offer it too: it is a draft, which a peer may know otherwise */
    FLOE_PEER_SNAP_OFF
} floe_peer_snap;

#endif
