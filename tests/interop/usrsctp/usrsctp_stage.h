/*
 * usrsctp/usrsctp_stage.h - one of our SCTP associations, a socket of usrsctp, and a link between
 * them that delays, loses and reorders: in one process and in virtual time, without threads.
 *
 * usrsctp takes and gives packets through AF_CONN; its timers are driven by hand, and it reads our
 * clock. Messages have a number and a pattern, so that order, count and content are checked.
 */
#ifndef FLOE_INTEROP_USRSCTP_STAGE_H
#define FLOE_INTEROP_USRSCTP_STAGE_H

#include <usrsctp.h>

#include "sctp/sctp_assoc.h"
#include "sctp/sctp_lane.h"
#include "support/sim_random.h"

#define PORT        5000
#define PACKETS_MAX 4096
#define STREAMS     6
#define MESSAGES    40
#define SIZE_LIMIT  200000 /* of a message */

typedef struct packet {
    floe_time at;
    size_t len;
    int to_us;
    uint8_t bytes[1500];
} packet;

typedef struct sctp_stage {
    /* ours */
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[1024];
    floe_sctp_interleaving interleaving;
    floe_sctp_number numbers[1024];
    uint8_t send_buffer[1 << 20], recv_buffer[1 << 20];
    sim_random random;
    uint32_t events[FLOE_SCTP_EV_WRITABLE + 1];
    floe_sctp_event closed;
    /* usrsctp's */
    struct socket *listener, *socket;
    uint8_t *partial[STREAMS];
    size_t partial_len[STREAMS];
    uint32_t their_resets_in, their_resets_out;
    int their_end; /* a state of SCTP_ASSOC_CHANGE, once it is over */
    /* the link */
    sim_random link;
    uint32_t loss, reorder; /* of a thousand */
    packet packets[PACKETS_MAX];
    size_t packet_count;
    floe_time now, their_now;
    /* what was sent and came: by sender (0 we, 1 they) */
    uint32_t sent[2][STREAMS], got[2][STREAMS];
    bool is_reliable, is_ordered;
    bool is_interleaved; /* RFC 8260: both sides ask for it */
    bool has_failed;
    /* a message by parts each way, beyond our memory: usrsctp_parts.c */
    bool is_by_parts, is_part_given_up;
    uint16_t part_stream;                   /* of ours */
    uint64_t part_total;                    /* bytes of each */
    uint64_t part_written[2], part_read[2]; /* by sender */
    uint32_t part_whole[2], part_cut;
} sctp_stage;

extern sctp_stage stage;

/* The scenario has failed: say why, once. */
void stage_fail(const char *why, long a, long b);
/* Queue the next message of a stream. */
bool stage_send_ours(uint32_t stream, size_t len);
bool stage_send_theirs(uint32_t stream, size_t len);
/* Of the message by parts: what came of it. */
void stage_take_part(int from, const uint8_t *bytes, size_t len, bool has_more, bool is_cut);
void stage_scenario_parts(void);
void stage_scenario_parts_given_up(void);
/* Take what our association wants to send, tell, and deliver. */
void stage_drain_ours(void);
/* A socket of usrsctp, bound; and one that connects. */
struct socket *stage_open_theirs(void);
void stage_connect_theirs(void);
/* What usrsctp sends, for usrsctp_init_nothreads(). */
int stage_on_their_output(void *address, void *bytes, size_t len, uint8_t tos, uint8_t set_df);
/* A millisecond passes. */
void stage_tick(void);
/* Run until the condition holds; false: it does not within so many seconds. */
bool stage_run_until(bool (*is_done)(void), unsigned limit_s);

#endif
