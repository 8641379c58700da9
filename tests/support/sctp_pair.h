/*
 * support/sctp_pair.h - two SCTP associations and a link between them, in virtual time.
 *
 * The link delays, loses, duplicates and reorders, all from one seed. After every call the
 * invariants of the association are checked, and after every drain that it does not ask to be woken
 * at once. Events and messages go to a test's functions.
 */
#ifndef FLOE_SUPPORT_SCTP_PAIR_H
#define FLOE_SUPPORT_SCTP_PAIR_H

#include "sctp/sctp_assoc.h"
#include "sctp/sctp_lane.h"
#include "support/sim_random.h"

#define SCTP_PAIR_PACKETS    2048u /* on the way at one time; more are lost */
#define SCTP_PAIR_PACKET_MAX 9000u

typedef struct sctp_pair sctp_pair;

typedef struct sctp_end {
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[1024];
    floe_sctp_interleaving interleaving;
    floe_sctp_number numbers[1024];
    uint8_t *send_buffer, *recv_buffer;
    uint32_t events[FLOE_SCTP_EV_WRITABLE + 1]; /* how often each type was seen */
    floe_sctp_event last[FLOE_SCTP_EV_WRITABLE + 1];
    bool is_deaf; /* reads no messages */
} sctp_end;

typedef struct sctp_pair_options {
    uint64_t seed;
    uint32_t loss, duplicate, reorder; /* of a thousand packets */
    floe_time delay;                   /* one way; default 10 ms */
    floe_time jitter;                  /* reordered ones take up to so much longer; default 30 ms */
    bool is_interleaved;               /* both ask for it (RFC 8260) */
    size_t send_size, recv_size;       /* of the buffers; default 256 KiB each */
    void (*configure)(floe_sctp_config *config, int end);
    /* Whether a packet is lost whatever the odds say. */
    bool (*filter)(sctp_pair *pair, int from, floe_bytes packet);
    void (*on_message)(sctp_pair *pair, int end, const floe_sctp_recv *message, floe_bytes bytes);
    void *ctx;
} sctp_pair_options;

typedef struct sctp_pair_packet {
    floe_time at; /* arrival; NEVER: the entry is free */
    uint8_t to;
    uint16_t len;
    uint8_t bytes[SCTP_PAIR_PACKET_MAX];
} sctp_pair_packet;

struct sctp_pair {
    sctp_end end[2];
    sctp_pair_options options;
    sim_random random;    /* of the link */
    sim_random source[2]; /* of the associations */
    floe_time now;
    uint32_t sent[2]; /* packets, by sender */
    uint32_t in_flight;
    uint8_t message[512 * 1024]; /* the one that is being delivered */
    sctp_pair_packet packets[SCTP_PAIR_PACKETS];
};

/* On the heap: it is large. Fails the test where an association cannot be made. */
sctp_pair *sctp_pair_new(const sctp_pair_options *options);
void sctp_pair_free(sctp_pair *pair);
/* Both ends connect, and run until both are established. */
void sctp_pair_connect(sctp_pair *pair);

/* Drain both ends. */
void sctp_pair_drain(sctp_pair *pair);
/* Run until nothing is to happen before `until`, then be there. */
void sctp_pair_run_until(sctp_pair *pair, floe_time until);
void sctp_pair_run_for(sctp_pair *pair, floe_time duration);
/* Run until the condition holds; fails the test where it does not within `limit`. */
void sctp_pair_run_while(sctp_pair *pair, bool (*condition)(sctp_pair *pair), floe_time limit);

/* Queue a message: `len` bytes of a pattern that depends on stream and number. */
floe_err sctp_pair_send(sctp_pair *pair, int from, const floe_sctp_send *message);
/* The pattern: fill, and check (fails the test). */
void sctp_pair_fill(uint8_t *out, size_t len, uint32_t seed);
void sctp_pair_check(floe_bytes bytes, uint32_t seed);

/* After a drain: what waits for an answer has a timer, and nothing asks to be woken at once. */
void sctp_check_drained(const floe_sctp_assoc *assoc, floe_time now);

static inline floe_sctp_assoc *sctp_pair_assoc(sctp_pair *pair, int end)
{
    return &pair->end[end].assoc;
}

#endif
