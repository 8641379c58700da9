/*
 * support/sctp_script.h - conformance scripts: packets in, packets out, in virtual time.
 *
 * tests/conformance/README.md explains the language. A mismatch fails the test with the line of the
 * script, what it expected, and what came.
 */
#ifndef FLOE_SUPPORT_SCTP_SCRIPT_H
#define FLOE_SUPPORT_SCTP_SCRIPT_H

#include "support/sctp_notation.h"
#include "support/sctp_solo.h"

#define SCRIPT_LINE 256u

typedef struct sctp_script {
    sctp_solo solo;
    const char *file;
    int line_number;
    char line[SCRIPT_LINE];
    notation_words words;
    uint32_t peer_tag; /* what goes to the peer carries it */
    uint32_t tsn;      /* our first */
    /* What the last INIT ACK offered, and for whom: it counts once its cookie comes back. */
    uint32_t offered_tag, offered_tsn, asking_tag, peer_tsn, asking_tsn;
    uint8_t cookie[512];
    size_t cookie_len;
    bool is_echoed, has_begun;
    uint32_t init_retries, data_retries, heartbeat_ms, message_max; /* "with" */
    floe_err input_err; /* of the last packet in; what it did is what counts */
    /* What was sent and not yet expected. */
    uint32_t first, count;
    sctp_solo_packet queue[SOLO_OUT_MAX];
} sctp_script;

/* Run the purpose that begins at this line of a file in tests/conformance. */
void sctp_script_run(sctp_script *script, const char *file, int line);

#endif
