/*
 * sctp/sctp_scheduler.h - which stream's message is sent next (RFC 8260 section 3): the choices.
 *
 * A message that has begun is sent to its end before another begins, unless messages are
 * interleaved; then the choice is made anew before each fragment. A stream's own messages go in the
 * order in which they were queued, and what was lost goes first, whatever is chosen.
 * "Priority" is the one that floe_sctp_send has, and a channel.
 */
#ifndef FLOE_SCTP_SCTP_SCHEDULER_H
#define FLOE_SCTP_SCTP_SCHEDULER_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum floe_sctp_scheduler {
    /* The default, as browsers expect it (RFC 8831 section 6.4): streams share the bytes by
     * priority, short messages go before long ones, none starves (section 3.6). */
    FLOE_SCTP_SCHEDULER_WFQ,
    /* Each stream gets as many bytes as any other, whatever its priority (3.5). */
    FLOE_SCTP_SCHEDULER_FAIR,
    /* As they were queued (3.1). One stream with a full buffer is all that the others wait for. */
    FLOE_SCTP_SCHEDULER_FCFS,
    /* Each stream in turn one message or, where they are interleaved, one chunk (3.2). */
    FLOE_SCTP_SCHEDULER_ROUND_ROBIN,
    /* Each stream in turn one packet, in which no other has new messages (3.3): a packet that is
     * lost holds up one stream. Packets are less full for it. */
    FLOE_SCTP_SCHEDULER_PACKET,
    /* The highest priority first, in turn where several have it (3.4). The others wait for as long
     * as it has something to be sent. */
    FLOE_SCTP_SCHEDULER_PRIORITY
} floe_sctp_scheduler;

#ifdef __cplusplus
}
#endif
#endif
