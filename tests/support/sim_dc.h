/*
 * support/sim_dc.h - two associations in memory with channel tables on top, in virtual time.
 *
 * End 0 is the DTLS client. An end without channels ("raw") is a peer that may send anything: the
 * test then uses its association itself, and reads the association's events from the log. After
 * every step invariants are checked, and a drained association wants to be called in the future.
 */
#ifndef FLOE_SUPPORT_SIM_DC_H
#define FLOE_SUPPORT_SIM_DC_H

#include "datachannel/dc.h"
#include "datachannel/dcep.h"
#include "support/sim_random.h"

#define SIM_DC_EVENTS  512u
#define SIM_DC_PACKETS 1024u
#define SIM_DC_BUFFER  65536u
#define SIM_DC_RING    64u

typedef struct sim_dc_end {
    floe_sctp_assoc assoc;
    floe_dc dc;
    bool is_raw;
    bool is_sink; /* a raw end that reads whatever comes, and counts it */
    size_t sunk;
    sim_random random;
    floe_dc_event events[SIM_DC_EVENTS];        /* read from the channels, oldest first */
    floe_sctp_event sctp_events[SIM_DC_EVENTS]; /* handed on by the channels; all of a raw end */
    size_t event_count, sctp_event_count;
    floe_sctp_tx ring[SIM_DC_RING];
    uint8_t send_buffer[SIM_DC_BUFFER], recv_buffer[SIM_DC_BUFFER];
} sim_dc_end;

typedef struct sim_dc_packet {
    floe_time at;
    int to;
    size_t len;
    uint8_t bytes[FLOE_SCTP_PACKET_MAX];
} sim_dc_packet;

typedef struct sim_dc {
    floe_time now, delay;
    uint32_t loss; /* per mille */
    bool is_cut;   /* nothing gets through */
    sim_random random;
    sim_dc_end ends[2];
    sim_dc_packet packets[SIM_DC_PACKETS]; /* a ring, in order of arrival */
    size_t first, count;
} sim_dc;

/* A pair that is not connected yet, roles not told. */
sim_dc *sim_dc_new(uint64_t seed);
/* Tell the roles, connect both, run until both are established; their events are dropped. */
void sim_dc_connect(sim_dc *pair);
/* Both at once. With is_raw set for end 1 before connecting it has no channels. */
sim_dc *sim_dc_new_connected(uint64_t seed);
sim_dc *sim_dc_new_with_raw_peer(uint64_t seed);
void sim_dc_free(sim_dc *pair);

/* Give out what calls on an end have produced, and take its events into the log. */
void sim_dc_drain(sim_dc *pair, int end);
void sim_dc_run(sim_dc *pair, floe_time duration);

/* Open a channel on an end and run until what that causes is over. */
floe_dc_id sim_dc_open(sim_dc *pair, int end, const floe_dc_options *options);
/* A channel with this label, reliable and ordered, opened by `end`: ids of both ends; the events of
 * opening are dropped. */
void sim_dc_open_both(sim_dc *pair, int end, const char *label, floe_dc_id ids[2]);
void sim_dc_close(sim_dc *pair, int end, floe_dc_id channel);
floe_dc_info sim_dc_info(const sim_dc *pair, int end, floe_dc_id channel);

/* Send or read a text on a channel; reading fails the test where there is none, or another. */
void sim_dc_send(sim_dc *pair, int end, floe_dc_id channel, const char *text);
void sim_dc_read(sim_dc *pair, int end, floe_dc_id channel, const char *text);
/* Send anything from the association itself. */
void sim_dc_send_raw(sim_dc *pair, int end, uint16_t stream, uint32_t ppid, floe_bytes data);
void sim_dc_reset_raw(sim_dc *pair, int end, uint16_t stream);

/* How many events of a type, of this channel or (FLOE_DC_NONE) of any, are in the log. */
size_t sim_dc_count(const sim_dc *pair, int end, floe_dc_event_type type, floe_dc_id channel);
/* Likewise of the association, of this stream or (FLOE_STREAM_NONE) of any. */
size_t sim_dc_count_sctp(const sim_dc *pair, int end, floe_sctp_event_type type, uint16_t stream);
/* The channel of the first event of a type; fails the test where there is none. */
floe_dc_id sim_dc_find(const sim_dc *pair, int end, floe_dc_event_type type);
void sim_dc_clear(sim_dc *pair);

#endif
