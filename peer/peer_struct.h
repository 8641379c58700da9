/* peer/peer_struct.h - the memory of a peer: public for its size only, every field is private. */
#ifndef FLOE_PEER_PEER_STRUCT_H
#define FLOE_PEER_PEER_STRUCT_H

#include "mdns/mdns_name.h"
#include "peer/peer.h"

/* A DTLS datagram that came before its path was validated or the peer's description was known. Both
 * browsers send their hello in two datagrams, of up to 1408 bytes; losing them costs the peer a
 * retransmission timeout. */
#define FLOE_PEER_EARLY_COUNT 2u
#define FLOE_PEER_EARLY_SIZE  1472u

typedef struct floe_peer_early {
    floe_path path;
    uint8_t bytes[FLOE_PEER_EARLY_SIZE];
} floe_peer_early;

/* A server, whose name may be to be looked up. */
typedef struct floe_peer_server {
    floe_bytes host;
    uint32_t index; /* of the agent's servers, or of those of the relays */
    uint16_t port;
    bool is_turn;
    bool is_asked; /* EV_RESOLVE was read, or there is nothing to ask */
} floe_peer_server;

/* A candidate of the peer whose address is a name. */
typedef struct floe_peer_name {
    floe_mdns_name name;
    floe_ice_cand cand;  /* all but the IP */
    uint32_t ufrag_hash; /* the peer's, of that generation */
    bool is_used;
    bool is_asked; /* EV_RESOLVE was read */
} floe_peer_name;

/* An address of ours that is told as a name. */
typedef struct floe_peer_hidden {
    floe_addr addr; /* family 0: a free slot */
    floe_mdns_name name;
    bool is_gone; /* but the program may still hold an event with the address */
} floe_peer_hidden;

/* A description of the remote side: the text in its half of config.description, and the parsed
 * lines over it. */
typedef struct floe_peer_remote {
    floe_span memory;
    floe_sdp sdp; /* views memory; text.len 0: none */
} floe_peer_remote;

struct floe_peer {
    floe_rand rand;
    floe_trace trace;
    const floe_dtls_identity *identity;
    floe_time now;

    floe_ice_agent ice;
    floe_ice_relays relays;
    floe_ice_tcp tcp;
    floe_dtls_conn dtls;

    /* signaling */
    uint8_t signaling;         /* floe_peer_signaling */
    uint8_t local_type;        /* floe_peer_sdp_type of the local description, once has_local */
    uint8_t stable_local_type; /* what a rollback goes back to */
    bool has_local;
    bool has_stable_local;
    bool is_negotiated; /* an offer and its answer have been set once */
    bool is_restart_wanted;
    bool is_negotiation_needed;
    uint8_t glare;          /* floe_peer_glare */
    uint8_t snap;           /* floe_peer_snap */
    bool is_snap_agreed;    /* by the first offer and its answer */
    bool is_offer_ignored;  /* the last description of the peer was */
    bool has_remote_ice;    /* the agent has the parameters of floe_peer_get_mirror() */
    bool is_remote_ice_new; /* and those came with the pending offer */
    uint64_t session_id, session_version;
    floe_peer_remote remotes[2];
    uint8_t current; /* which of them is negotiated; the other is pending or free */
    bool has_pending_remote;
    floe_dtls_digest remote_fingerprint; /* the first: what a later description must repeat */
    uint64_t remote_message_max;
    size_t message_max;

    /* transport */
    uint8_t state;       /* floe_peer_state */
    uint8_t ice_state;   /* floe_ice_state, as last heard from the agent */
    uint8_t dtls_state;  /* floe_dtls_state */
    uint8_t setup;       /* floe_sdp_setup: our part, once known */
    uint8_t fault;       /* floe_peer_fault */
    bool is_remote_lite; /* once has_dtls: the peer has an ICE lite agent */
    bool is_dtls_early;  /* its handshake began before the peer was known to have our description */
    bool has_dtls;       /* dtls is initialised: the role and the fingerprint are known */
    bool is_closed;      /* floe_peer_close() was called, or the peer closed */
    bool is_end_sent;    /* what closes the connection has been written */
    bool has_path;
    floe_path path; /* where data goes, when has_path */
    const char *reason;
    uint16_t mtu;                              /* of our links; 0: packets do not grow */
    uint16_t early_len[FLOE_PEER_EARLY_COUNT]; /* of those in .early; 0: free */
    uint8_t early_next;                        /* the oldest */

    /* events that wait to be read: what was told last, against what is */
    uint8_t told_signaling, told_gathering, told_ice, told_state;
    bool is_pair_news;
    bool is_negotiation_news;
    size_t told_candidates; /* cursor of the agent's local candidates */
    floe_peer_server servers[FLOE_ICE_SERVER_MAX];
    uint32_t server_count;
    floe_peer_name names[FLOE_PEER_NAME_MAX];
    char name_text[FLOE_MDNS_NAME_TEXT_MAX]; /* that EV_RESOLVE views */
    floe_peer_hidden hidden[FLOE_MDNS_NAME_MAX];
    bool is_hiding;             /* an address was hidden once */
    bool is_end_held;           /* the peer has no more candidates, once these names are resolved */
    bool is_lite, is_unrelayed; /* by the configuration of ICE */
    bool is_relayed_only;       /* names of the local network are of no use */

    floe_peer_stats stats; /* its own counters; the modules' are asked for */

    /* Last, and not cleared with the rest: they know what is not needed yet, so that in fresh pages
     * it takes no memory. */
    floe_sctp_assoc sctp;
    floe_dc dc;
    floe_peer_early early[FLOE_PEER_EARLY_COUNT]; /* ring */
};

#endif
