/*
 * support/sctp_solo.h - one SCTP association, and a test that plays its peer chunk by chunk.
 *
 * After every step the invariants are checked and everything that it wants to send is taken: the
 * packets of the last step are in `out`.
 */
#ifndef FLOE_SUPPORT_SCTP_SOLO_H
#define FLOE_SUPPORT_SCTP_SOLO_H

#include "sctp/sctp_assoc.h"
#include "sctp/sctp_chunk.h"
#include "sctp/sctp_lane.h"
#include "sctp/sctp_param.h"
#include "support/sim_random.h"

#define SOLO_OUT_MAX 128u
#define SOLO_RTT     (50 * FLOE_MS) /* of the handshake */
#define SOLO_TAG     0x11223344u    /* the peer's */
#define SOLO_TSN     0xFFFFFFF0u    /* the peer's first: it wraps soon */

typedef struct sctp_solo_packet {
    uint8_t bytes[1200];
    size_t len;
} sctp_solo_packet;

typedef struct sctp_solo {
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[256];
    floe_sctp_interleaving interleaving; /* for who asks for it */
    floe_sctp_number numbers[256];
    bool has_i_data; /* the peer announces I-DATA */
    uint8_t send_buffer[65536], recv_buffer[65536];
    sim_random source;
    floe_time now;
    uint32_t tag; /* the association's */
    uint32_t tsn; /* its first */
    uint8_t in[2048];
    floe_writer w; /* of the packet that is being made in `in` */
    uint32_t out_count;
    sctp_solo_packet out[SOLO_OUT_MAX];
} sctp_solo;

/* Make one, CLOSED; `configure` may be NULL. */
void solo_init(sctp_solo *s, void (*configure)(floe_sctp_config *config));
/* The peer answers its INIT and its COOKIE ECHO: ESTABLISHED. `rwnd` is the peer's window. */
void solo_connect(sctp_solo *s, uint32_t rwnd);
/* solo_init() and solo_connect() with a window of 1 MiB. */
void solo_establish(sctp_solo *s);

/* Half of the way: it has sent its INIT; or it has got an INIT ACK and sent its COOKIE ECHO. */
void solo_to_cookie_wait(sctp_solo *s);
void solo_to_cookie_echoed(sctp_solo *s);
/* The peer sends an INIT; returns what the INIT ACK says, and its cookie. */
floe_sctp_init solo_ask(sctp_solo *s, uint32_t tag, uint8_t *cookie, floe_bytes *view);
/* The peer sends that cookie back, in a packet with this tag. */
floe_err solo_echo(sctp_solo *s, uint32_t tag, floe_bytes cookie);
/* What the INIT or INIT ACK in the last step says. */
floe_sctp_init solo_init_of(const sctp_solo *s, uint8_t type);

/* Make a packet to it: begin, put chunks with s->w, then give it in. */
void solo_begin(sctp_solo *s, uint32_t tag);
floe_err solo_give(sctp_solo *s);
/* Give it in without ending the batch, and without taking what it sends. */
floe_err solo_give_part(sctp_solo *s);
/* A packet with its own tag and one chunk, whose value is written in hexadecimal. */
floe_err solo_give_hex(sctp_solo *s, uint8_t type, uint8_t flags, const char *value);
/* An INIT as the peer sends it, or as an INIT ACK with a cookie of 4 bytes. */
void solo_put_init(sctp_solo *s, uint8_t type, uint32_t tag);

void solo_advance(sctp_solo *s, floe_time delay);
/* Go to the next deadline, without the probe that would come before it. */
void solo_timeout(sctp_solo *s);
/* Take what it sends now. */
void solo_drain(sctp_solo *s);

/* DATA to it: an offset from SOLO_TSN, flags, stream, SSN, and `len` bytes. */
void solo_put_data(sctp_solo *s, uint32_t tsn, uint8_t flags, uint16_t stream, uint16_t ssn,
                   size_t len);
floe_err solo_give_data(sctp_solo *s, uint32_t tsn, uint8_t flags, uint16_t stream, uint16_t ssn,
                        size_t len);
/* A SACK to it: cumulative offset from its own first TSN - 1, and `count` pairs of gap block. */
floe_err solo_give_sack(sctp_solo *s, uint32_t cum, uint32_t rwnd, const uint16_t *gaps,
                        size_t count);

/* Chunks of a type among what it sent in the last step: how many, and the n-th (fails the test). */
uint32_t solo_count(const sctp_solo *s, uint8_t type);
floe_sctp_chunk solo_chunk(const sctp_solo *s, uint8_t type, uint32_t n);
/* The tag of the n-th packet. */
uint32_t solo_tag_of(const sctp_solo *s, uint32_t n);
floe_sctp_data solo_data(const sctp_solo *s, uint32_t n);
floe_sctp_sack solo_sack(const sctp_solo *s);

/* Queue a message of `len` bytes on stream 1, ordered and reliable. */
floe_err solo_send(sctp_solo *s, size_t len);
floe_err solo_send_with(sctp_solo *s, floe_sctp_send message, size_t len);
/* The next event; fails the test where it is of another type. */
floe_sctp_event solo_expect(sctp_solo *s, floe_sctp_event_type type);
void solo_expect_no_event(sctp_solo *s);
/* Take the next message and its length; 0 where there is none. */
size_t solo_read(sctp_solo *s);
floe_sctp_stats solo_stats(const sctp_solo *s);
static inline floe_sctp_state solo_state(const sctp_solo *s)
{
    return floe_sctp_assoc_get_state(&s->assoc);
}

#endif
