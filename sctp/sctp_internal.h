/*
 * sctp/sctp_internal.h - what the parts of the association share:
 *     sctp_assoc.c      the public functions, states, timers
 *     sctp_handshake.c  INIT to COOKIE ACK, restart
 *     sctp_snap.c       no handshake: both descriptions have said it all
 *     sctp_input.c      from packet to chunk handler
 *     sctp_receive.c    DATA, SACK, FORWARD TSN
 *     sctp_interleaved.c  who has I-DATA, and what is different then
 *     sctp_loss.c       what is lost, and when to find out
 *     sctp_pace.c       when data may go out, and how much at a time
 *     sctp_pmtu_assoc.c what the path carries
 *     sctp_output.c     from state to packet
 *     sctp_events.c     events and messages for the user
 *     sctp_control.c    HEARTBEAT, ERROR, answers that are owed
 *     sctp_reset.c      RE-CONFIG
 *     sctp_shutdown.c   SHUTDOWN, ABORT
 *     sctp_parts.c      a message by parts
 */
#ifndef FLOE_SCTP_SCTP_INTERNAL_H
#define FLOE_SCTP_SCTP_INTERNAL_H

#include "sctp/sctp_assoc.h"
#include "sctp/sctp_chunk.h"
#include "sctp/sctp_interleaved_internal.h"
#include "sctp/sctp_param.h"

/* floe_sctp_assoc.pending */
#define SEND_INIT              0x0001u
#define SEND_INIT_ACK          0x0002u
#define SEND_COOKIE_ECHO       0x0004u
#define SEND_COOKIE_ACK        0x0008u
#define SEND_SACK              0x0010u
#define SEND_FORWARD           0x0020u
#define SEND_HEARTBEAT         0x0040u
#define SEND_SHUTDOWN          0x0080u
#define SEND_SHUTDOWN_ACK      0x0100u
#define SEND_SHUTDOWN_COMPLETE 0x0200u
#define SEND_ABORT             0x0400u

/* floe_sctp_assoc.events, in the order in which they are reported */
#define EV_RESTARTED   0x01u
#define EV_ESTABLISHED 0x02u
#define EV_WRITABLE    0x04u
#define EV_CLOSED      0x08u

#define STREAMS_ANNOUNCED 65535u /* RFC 8831 §6.2: both directions; state is made on use */
#define RWND_MIN          1500u  /* RFC 9260 §3.3.2: what an INIT announces at least */

/* sctp_assoc.c */
void floe_sctp_set_state(floe_sctp_assoc *a, floe_sctp_state state);
/* Start the transport state anew, for a peer whose parameters are set. */
void floe_sctp_start_transport(floe_sctp_assoc *a);
/* From here on data is received: the receive buffer is cut up. */
void floe_sctp_start_receiving(floe_sctp_assoc *a);
/* The window that INIT and INIT ACK announce. */
uint32_t floe_sctp_initial_rwnd(const floe_sctp_assoc *a);
/* End. What is to be sent last stays pending. */
void floe_sctp_close(floe_sctp_assoc *a, floe_sctp_cause cause, uint16_t value);
/* The peer did something that ends the association: tell it, with this error cause. */
void floe_sctp_fail(floe_sctp_assoc *a, floe_sctp_error_cause cause);
void floe_sctp_set_timer(floe_sctp_assoc *a, floe_sctp_timer_id id, uint64_t delay_us);

/* Whether the message can be sent at all; not whether there is room. */
FLOE_MUST_USE floe_err floe_sctp_check_send(const floe_sctp_assoc *a,
                                            const floe_sctp_send *message);
/* The send buffer may have room again: tell who was refused. */
void floe_sctp_note_room(floe_sctp_assoc *a);

static inline bool floe_sctp_is_open(const floe_sctp_assoc *a)
{
    return a->state >= FLOE_SCTP_ESTABLISHED;
}

/* sctp_handshake.c */
void floe_sctp_handle_init(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_handle_init_ack(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
/* Whether the packet is accepted, and its other chunks with it. */
FLOE_MUST_USE floe_err floe_sctp_handle_cookie_echo(floe_sctp_assoc *a,
                                                    const floe_sctp_packet *packet,
                                                    const floe_sctp_chunk *chunk);
void floe_sctp_handle_cookie_ack(floe_sctp_assoc *a);
void floe_sctp_handle_stale_cookie(floe_sctp_assoc *a);
void floe_sctp_retry_init(floe_sctp_assoc *a);
/* What an INIT of the peer says, and the error cause that it is refused with, or 0. */
uint16_t floe_sctp_read_init(floe_sctp_init_reply *reply, const floe_sctp_chunk *chunk);
/* As if the INIT of init_reply had been answered, and its cookie had come back. */
void floe_sctp_set_up(floe_sctp_assoc *a);
/* The INIT chunk of an association with this tag and first TSN of ours. */
void floe_sctp_put_init_chunk(const floe_sctp_assoc *a, uint32_t tag, uint32_t tsn, floe_writer *w);
void floe_sctp_put_init(floe_sctp_assoc *a, floe_writer *w);
void floe_sctp_put_init_ack(floe_sctp_assoc *a, floe_writer *w);
void floe_sctp_put_cookie_echo(floe_sctp_assoc *a, floe_writer *w);

/* sctp_snap.c */
#if FLOE_SCTP_SNAP
/* Begin the association that was agreed on; false: there is none, or it has begun. */
bool floe_sctp_snap_start(floe_sctp_assoc *a);
/* The INIT in init_reply is that of the association there is: the peer did not see ours. */
bool floe_sctp_snap_is_late(const floe_sctp_assoc *a);
#else
static inline bool floe_sctp_snap_start(floe_sctp_assoc *a)
{
    (void)a;
    return false;
}
static inline bool floe_sctp_snap_is_late(const floe_sctp_assoc *a)
{
    (void)a;
    return false;
}
#endif

/* sctp_pmtu_assoc.c */
#if FLOE_SCTP_PMTUD
/* A path, or a peer, to which nothing is known: from the base size on. */
void floe_sctp_pmtu_start(floe_sctp_assoc *a);
void floe_sctp_pmtu_timeout(floe_sctp_assoc *a);
/* Something was lost just now: was it in packets that nobody gets? Not asked again while it waits
 * to be sent once more, for the answer would be the same. */
void floe_sctp_pmtu_look_for_hole(floe_sctp_assoc *a);
/* A message was lost, and is given up. */
void floe_sctp_pmtu_doubt(floe_sctp_assoc *a);
/* A probe is due: it can be sent now, and fits into a buffer of `cap` bytes, whatever w has of it.
 */
bool floe_sctp_pmtu_put(floe_sctp_assoc *a, floe_writer *w, size_t cap);
/* Of a HEARTBEAT ACK: it is about a probe. */
bool floe_sctp_pmtu_take_answer(floe_sctp_assoc *a, floe_bytes info);
static inline size_t floe_sctp_packet_size(const floe_sctp_assoc *a)
{
    return a->pmtu.size;
}
#else
static inline void floe_sctp_pmtu_start(floe_sctp_assoc *a)
{
    (void)a;
}
static inline void floe_sctp_pmtu_timeout(floe_sctp_assoc *a)
{
    (void)a;
}
static inline void floe_sctp_pmtu_look_for_hole(floe_sctp_assoc *a)
{
    (void)a;
}
static inline void floe_sctp_pmtu_doubt(floe_sctp_assoc *a)
{
    (void)a;
}
static inline bool floe_sctp_pmtu_put(floe_sctp_assoc *a, floe_writer *w, size_t cap)
{
    (void)a;
    (void)w;
    (void)cap;
    return false;
}
static inline bool floe_sctp_pmtu_take_answer(floe_sctp_assoc *a, floe_bytes info)
{
    (void)a;
    (void)info;
    return false;
}
static inline size_t floe_sctp_packet_size(const floe_sctp_assoc *a)
{
    return a->config.packet_max;
}
#endif

/* sctp_receive.c */
void floe_sctp_handle_data(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_handle_sack(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_handle_forward(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
/* What a SACK, or the cumulative TSN of a SHUTDOWN, says. */
void floe_sctp_apply_sack(floe_sctp_assoc *a, const floe_sctp_sack *sack, bool has_window);

/* sctp_loss.c */
/* Something has arrived, or time has passed: find what is overdue. */
void floe_sctp_find_losses(floe_sctp_assoc *a);
/* Nothing is in flight: there is no loss to be found. */
void floe_sctp_stop_waiting(floe_sctp_assoc *a);
/* A probe has arrived that was needed. */
void floe_sctp_on_repair(floe_sctp_assoc *a);
/* Take back the last reduction where nothing had been lost. */
void floe_sctp_consider_undo(floe_sctp_assoc *a);
/* Data was sent, or acknowledged: when to probe for the loss of the last of it. */
void floe_sctp_start_probe(floe_sctp_assoc *a);
void floe_sctp_probe_timeout(floe_sctp_assoc *a);
void floe_sctp_data_timeout(floe_sctp_assoc *a);
/* All that is in flight is to be sent again. */
void floe_sctp_lose_all(floe_sctp_assoc *a);
/* Have there been timeouts, and no packet of the peer for a second? A closed window is no silence.
 */
bool floe_sctp_is_silent(const floe_sctp_assoc *a);
/* That is over, so the path works again, though it may be for our packets alone that it did not:
 * what waits goes out now, not when a timeout comes that has doubled to many seconds. */
void floe_sctp_try_again(floe_sctp_assoc *a);
/* After a SACK: the timer runs from the last progress (RFC 9260 section 6.3.2). */
void floe_sctp_restart_data_timer(floe_sctp_assoc *a, bool is_cum_moved);

/* sctp_pace.c */
/* So many bytes of data were put into a packet. */
void floe_sctp_spend_pace(floe_sctp_assoc *a, uint32_t bytes);
/* A burst has gone out, and the next may not yet. */
bool floe_sctp_is_paced_out(const floe_sctp_assoc *a);
/* Whether window and pace let data go out now; if it is the pace that does not, the timer says when
 * it will. */
bool floe_sctp_may_send_data(floe_sctp_assoc *a);
/* Data is sent after nothing was for so long. */
void floe_sctp_end_pause(floe_sctp_assoc *a, floe_time pause);
/* Whether there is any. */
static inline bool floe_sctp_has_data_to_send(const floe_sctp_assoc *a)
{
    return a->outstanding.lost.head != FLOE_SCTP_NONE || a->sendq.unsent > 0;
}

/* sctp_shutdown.c */
void floe_sctp_handle_shutdown(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_handle_shutdown_ack(floe_sctp_assoc *a);
void floe_sctp_handle_shutdown_complete(floe_sctp_assoc *a);
void floe_sctp_handle_abort(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
/* Go on with a shutdown as soon as everything is acknowledged. */
void floe_sctp_shutdown_progress(floe_sctp_assoc *a);
void floe_sctp_retry_shutdown(floe_sctp_assoc *a);

/* sctp_control.c */
void floe_sctp_handle_heartbeat(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_handle_heartbeat_ack(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_handle_error(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
void floe_sctp_put_heartbeat(floe_sctp_assoc *a, floe_writer *w);
void floe_sctp_heartbeat_timeout(floe_sctp_assoc *a);
void floe_sctp_heartbeat_start(floe_sctp_assoc *a);
/* Owe the peer an ERROR with one cause; dropped where there is no room. */
void floe_sctp_owe_error(floe_sctp_assoc *a, uint16_t cause, floe_bytes value);
/* Owe an answer outside of any association. */
void floe_sctp_owe_stray(floe_sctp_assoc *a, floe_sctp_stray stray);

/* sctp_reset.c */
void floe_sctp_reset_init(floe_sctp_assoc *a);
void floe_sctp_handle_reconfig(floe_sctp_assoc *a, const floe_sctp_chunk *chunk);
/* Perform the peer's deferred request if it can be, now that data has arrived or was read. */
void floe_sctp_reset_progress(floe_sctp_assoc *a);
/* Make a request of streams that are to be reset and have drained. */
void floe_sctp_reset_prepare(floe_sctp_assoc *a);
void floe_sctp_reset_timeout(floe_sctp_assoc *a);
size_t floe_sctp_reconfig_size(const floe_sctp_assoc *a);
void floe_sctp_put_reconfig(floe_sctp_assoc *a, floe_writer *w);

/* sctp_events.c */
/* Received bytes were released: there is room. */
void floe_sctp_note_released(floe_sctp_assoc *a);

/* sctp_parts.c */
#if FLOE_SCTP_PARTS
/* The message by parts of this serial number is over. */
void floe_sctp_abandon_parts(floe_sctp_assoc *a, uint16_t serial);
/* The one under way on this stream, NONE: on any, will not be ended. */
void floe_sctp_cut_parts(floe_sctp_assoc *a, uint16_t stream);
/* So many bytes of the send buffer are free. */
void floe_sctp_note_room_for_parts(floe_sctp_assoc *a, size_t room);
/* Its limit may have passed. */
void floe_sctp_expire_parts(floe_sctp_assoc *a);
/* Whether it keeps all others waiting; or, interleaved, those of its own stream. */
bool floe_sctp_is_taken(const floe_sctp_assoc *a, uint16_t stream);
/* Who was refused because of it is to be told at its end. False: not interleaved, there is no room
 * before that. */
bool floe_sctp_await_parts(floe_sctp_assoc *a);
#else
static inline bool floe_sctp_await_parts(floe_sctp_assoc *a)
{
    (void)a;
    return false;
}
static inline bool floe_sctp_is_taken(const floe_sctp_assoc *a, uint16_t stream)
{
    (void)a;
    (void)stream;
    return false;
}
static inline void floe_sctp_cut_parts(floe_sctp_assoc *a, uint16_t stream)
{
    (void)a;
    (void)stream;
}
#endif

/* sctp_output.c */
/* Give up on what is over its limit and may not be sent (again). */
void floe_sctp_expire(floe_sctp_assoc *a);

#endif
