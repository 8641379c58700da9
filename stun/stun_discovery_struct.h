/* stun/stun_discovery_struct.h - public for its size only; see stun/stun_discovery.h. */
#ifndef FLOE_STUN_STUN_DISCOVERY_STRUCT_H
#define FLOE_STUN_STUN_DISCOVERY_STRUCT_H

#include "stun/stun_discovery.h"
#include "stun/stun_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_STUN_PROBES 3u

typedef enum floe_stun_outcome {
    FLOE_STUN_OUTCOME_WAITING,
    FLOE_STUN_OUTCOME_ANSWERED,
    FLOE_STUN_OUTCOME_SILENT,
    FLOE_STUN_OUTCOME_REFUSED,  /* by an error response */
    FLOE_STUN_OUTCOME_MISPLACED /* answered as if it had not asked for another address or port */
} floe_stun_outcome;

typedef struct floe_stun_probe { /* one request, sent until it is answered or long enough */
    floe_time next_at;
    floe_addr remote;
    floe_addr mapped; /* from the response */
    uint16_t response_port;
    uint16_t error;
    uint8_t tid[FLOE_STUN_TID_SIZE];
    uint8_t from; /* which socket */
    uint8_t change;
    uint8_t sends;
    uint8_t outcome; /* floe_stun_outcome */
} floe_stun_probe;

struct floe_stun_discovery {
    floe_stun_discovery_config config;
    floe_stun_discovery_report report;
    floe_time now;
    floe_time quiet_since; /* when the first socket sent last */
    floe_time silence;     /* of the trial of the lifetime under way */
    floe_addr locals[2];
    floe_stun_probe probes[FLOE_STUN_PROBES];
    uint8_t probe_count;
    uint8_t phase;
    uint8_t events; /* a bit each */
};

#ifdef __cplusplus
}
#endif
#endif
