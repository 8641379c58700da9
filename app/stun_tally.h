/* app/stun_tally.h - what came back when one address of ours asked one STUN server several times.
 */
#ifndef FLOE_APP_STUN_TALLY_H
#define FLOE_APP_STUN_TALLY_H

#include <jansson.h>

#include "stun/stun_msg.h"

#define STUN_SAMPLES_MAX 100

typedef struct stun_tally {
    floe_addr server, local, mapped;
    unsigned sent, answers;
    uint32_t rtts_us[STUN_SAMPLES_MAX]; /* of those answered */
    int error;                          /* of an error response, else 0 */
    const char *silence;                /* why there is no answer, for a person */
} stun_tally;

/* Count a response to one of our requests. False: it is none that counts. */
bool stun_tally_add(stun_tally *tally, const floe_stun_msg *msg, uint32_t rtt_us);
/* A line; the tally's times are put in order first. */
void stun_tally_print_head(void);
void stun_tally_print(stun_tally *tally);
json_t *stun_tally_json(stun_tally *tally); /* the caller's to release */

#endif
