/*
 * support/ice_message.h - ICE's STUN messages, right or wrong in any one respect, as a peer with
 * known credentials would write them.
 */
#ifndef FLOE_SUPPORT_ICE_MESSAGE_H
#define FLOE_SUPPORT_ICE_MESSAGE_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "stun/stun_msg.h"

#define ICE_OUR_UFRAG  "ourufrag"
#define ICE_OUR_PWD    "ourpasswordourpassword00"
#define ICE_PEER_UFRAG "peerufrag"
#define ICE_PEER_PWD   "peerpasswordpeerpassword"
#define ICE_TO_US      ICE_OUR_UFRAG ":" ICE_PEER_UFRAG
#define ICE_TO_PEER    ICE_PEER_UFRAG ":" ICE_OUR_UFRAG

typedef enum ice_integrity {
    ICE_INTEGRITY_GOOD,
    ICE_INTEGRITY_NONE,
    ICE_INTEGRITY_EMPTY,       /* an attribute of no bytes */
    ICE_INTEGRITY_WRONG,       /* one bit flipped */
    ICE_INTEGRITY_SHA256_ONLY, /* good, but not SHA-1 */
    ICE_INTEGRITY_TWO          /* a wrong one, then a good one */
} ice_integrity;

typedef struct ice_message {
    floe_stun_class cls;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    const char *username; /* NULL: none */
    const char *pwd;      /* NULL: no integrity */
    ice_integrity integrity;
    uint16_t role; /* FLOE_STUN_ICE_CONTROLLING, FLOE_STUN_ICE_CONTROLLED, or 0 */
    uint64_t tie_breaker;
    uint32_t priority; /* 0: none */
    bool use_candidate;
    uint32_t nomination; /* 0: none */
    bool no_fingerprint;
    uint16_t odd;     /* an attribute of this type, or 0 */
    int error;        /* of an error response; 0: none */
    floe_addr mapped; /* XOR-MAPPED-ADDRESS; family 0: none */
} ice_message;

/* Write into `buf`; returns a view of it. */
floe_bytes ice_message_write(const ice_message *message, uint8_t buf[FLOE_DATAGRAM_MAX]);
/* A check of the peer as it should be: from a controlling or controlled peer. */
ice_message ice_message_check(bool peer_is_controlling);
/* The success response to `request`, a check of ours: `mapped` is what the peer saw. */
ice_message ice_message_success(floe_bytes request, const floe_addr *mapped);
ice_message ice_message_error(floe_bytes request, int code);

#endif
