/*
 * peer/peer_stats.h - a peer's statistics in the groups and words of the W3C's webrtc-stats.
 *
 * One struct for each group; of what there can be several a cursor steps through all: it starts at
 * 0, and a function that takes it says false after the last. All is read from the peer as it is
 * now, copied into the caller's struct; texts are views that hold until the next call on the peer.
 * Counters run since floe_peer_init(). What floe does not count is not here: a zero is a zero.
 * floe_peer_get_stats() (peer/peer.h) has what the W3C has no words for: drops, retransmissions.
 */
#ifndef FLOE_PEER_PEER_STATS_H
#define FLOE_PEER_PEER_STATS_H

#include "ice/ice_pair.h"
#include "peer/peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_peer_connection_stats { /* RTCPeerConnectionStats */
    uint64_t channels_opened;               /* channels that reached "open" */
    uint64_t channels_closed;               /* those that left it again */
} floe_peer_connection_stats;

typedef enum floe_peer_stats_role { /* RTCIceRole and RTCDtlsRole have the same third word */
                                    FLOE_PEER_ROLE_UNKNOWN,
                                    FLOE_PEER_ROLE_CONTROLLING, /* or the DTLS client */
                                    FLOE_PEER_ROLE_CONTROLLED   /* or the DTLS server */
} floe_peer_stats_role;

typedef struct floe_peer_transport_stats { /* RTCTransportStats */
    /* UDP payload of everything: checks, handshake, data, and what goes to TURN servers. */
    uint64_t packets_sent, packets_received, bytes_sent, bytes_received;
    /* Requests and their answers on all pairs together, repetitions and consent included. */
    uint64_t requests_sent, requests_received, responses_sent, responses_received;
    uint64_t consent_requests_sent;
    floe_ice_state ice_state;
    floe_peer_stats_role ice_role;  /* unknown before there is a description */
    floe_bytes ice_local_ufrag;     /* empty before there is a local description */
    bool has_selected_pair;         /* one of floe_peer_next_pair() is it */
    uint32_t selected_pair_changes; /* the first selection is one */
    floe_dtls_state dtls_state;
    floe_peer_stats_role dtls_role; /* unknown before offer and answer */
    uint16_t tls_version;           /* 0xfefd is DTLS 1.2; 0 before the handshake is over */
    const char *dtls_cipher;        /* as OpenSSL has it; NULL likewise */
    floe_dtls_digest local_certificate;
    floe_dtls_digest remote_certificate; /* size 0 before offer and answer */
} floe_peer_transport_stats;

typedef struct floe_peer_candidate_stats { /* RTCIceCandidateStats */
    bool is_remote;
    uint8_t type;                       /* floe_ice_type */
    uint8_t protocol;                   /* floe_transport between the peers: UDP */
    floe_addr addr;                     /* address and port; of a hidden address 0.0.0.0 or :: */
    char name[FLOE_MDNS_NAME_TEXT_MAX]; /* that stands in for it, or "" */
    floe_addr related;                  /* relatedAddress, relatedPort; family 0: none, or hidden */
    uint32_t priority;
    uint32_t foundation;
    /* Of a relayed candidate of ours: the URL in its parts. server_host is empty otherwise. */
    floe_bytes server_host;
    uint16_t server_port;
    uint8_t relay_protocol; /* floe_transport to the server */
} floe_peer_candidate_stats;

typedef struct floe_peer_pair_stats { /* RTCIceCandidatePairStats */
    floe_peer_candidate_stats local, remote;
    floe_ice_pair_state state;
    bool is_nominated;
    bool is_selected; /* of selectedCandidatePairId */
    uint64_t priority;
    uint32_t rtt_us; /* currentRoundTripTime, smoothed; 0 before the first sample */
} floe_peer_pair_stats;

typedef struct floe_peer_certificate_stats { /* RTCCertificateStats */
    bool is_remote;
    floe_dtls_digest fingerprint;
    const char *algorithm; /* fingerprintAlgorithm: "sha-256" */
} floe_peer_certificate_stats;

typedef struct floe_peer_channel_stats { /* RTCDataChannelStats */
    floe_dc_id channel;
    floe_bytes label, protocol;
    uint16_t id; /* FLOE_STREAM_NONE until the DTLS role is known */
    floe_dc_state state;
    uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
} floe_peer_channel_stats;

typedef struct floe_peer_sctp_stats { /* RTCSctpTransportStats */
    uint32_t srtt_us;                 /* smoothedRoundTripTime; 0 before the first sample */
    uint32_t congestion_window;       /* bytes */
    uint32_t receiver_window;         /* bytes that the peer has room for */
    uint32_t mtu;                     /* of an SCTP packet */
    uint32_t unacked_bytes;           /* sent and not acknowledged (the W3C counts chunks) */
    bool is_interleaved; /* messages of several channels are (RFC 8260); not the W3C's */
} floe_peer_sctp_stats;

void floe_peer_get_connection(const floe_peer *peer, floe_peer_connection_stats *stats);
void floe_peer_get_transport(const floe_peer *peer, floe_peer_transport_stats *stats);
void floe_peer_get_sctp(const floe_peer *peer, floe_peer_sctp_stats *stats);

/* Our candidates that the peer was told of; the peer's, peer-reflexive ones included. */
bool floe_peer_next_local_candidate(const floe_peer *peer, size_t *cursor,
                                    floe_peer_candidate_stats *stats);
bool floe_peer_next_remote_candidate(const floe_peer *peer, size_t *cursor,
                                     floe_peer_candidate_stats *stats);
/* The check list, in no order. */
bool floe_peer_next_pair(const floe_peer *peer, size_t *cursor, floe_peer_pair_stats *stats);
/* Ours, then the peer's. */
bool floe_peer_next_certificate(const floe_peer *peer, size_t *cursor,
                                floe_peer_certificate_stats *stats);
/* Those that are not closed. */
bool floe_peer_next_channel_stats(const floe_peer *peer, size_t *cursor,
                                  floe_peer_channel_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
