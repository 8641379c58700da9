/*
 * support/sim_tcp.h - connections of TCP between two peers of a simulation, beside the network of
 * datagrams: reliable, in order, with a delay, cut anywhere.
 *
 * Who connects to an address where the other one listens is accepted after half a round trip and
 * connected after a whole one; elsewhere it is refused. Bytes arrive in pieces of any size.
 */
#ifndef FLOE_SUPPORT_SIM_TCP_H
#define FLOE_SUPPORT_SIM_TCP_H

#include "peer/peer.h"
#include "stun/stun_stream.h"
#include "support/sim_random.h"

#define SIM_TCP_CONNS  24
#define SIM_TCP_PIECES 4096
#define SIM_TCP_PORT   50000u /* where a peer listens */
#define SIM_TCP_DELAY  (15 * FLOE_MS)

typedef struct sim_tcp_piece {
    floe_time at;
    size_t len;
    uint8_t *bytes; /* NULL: free */
    int conn, to;   /* that end of it */
    uint64_t order;
} sim_tcp_piece;

typedef struct sim_tcp_end {
    floe_path path;
    uint32_t request;
    bool is_open; /* the peer has it, and has not closed it */
    floe_stun_stream stream;
    uint8_t *memory;
} sim_tcp_end;

typedef struct sim_tcp_conn {
    bool is_used, is_accepted;
    sim_tcp_end end[2]; /* of side 0 and 1 */
    int from;           /* the side that connected */
    floe_time accepted_at, connected_at;
    bool is_cut; /* both ends are to be told */
} sim_tcp_conn;

typedef struct sim_tcp {
    floe_peer *peer[2];
    sim_random random;
    uint64_t order;
    unsigned connects, disconnects; /* events of the peers */
    bool is_refusing;
    uint16_t next_port;
    sim_tcp_conn conn[SIM_TCP_CONNS];
    sim_tcp_piece piece[SIM_TCP_PIECES];
} sim_tcp;

sim_tcp *sim_tcp_new(uint64_t seed);
void sim_tcp_free(sim_tcp *tcp);
/* EV_CONNECT, EV_DISCONNECT of a peer. */
void sim_tcp_take_event(sim_tcp *tcp, int side, floe_time now, const floe_peer_event *event);
/* What the peer sends, if it goes on one of them; false: it does not. */
bool sim_tcp_send(sim_tcp *tcp, int side, floe_time now, const floe_transmit *run);
floe_time sim_tcp_next(const sim_tcp *tcp, int side);
void sim_tcp_deliver(sim_tcp *tcp, int side, floe_time now);
/* All connections break, for both sides, in a moment. */
void sim_tcp_cut(sim_tcp *tcp, floe_time now);
unsigned sim_tcp_count_open(const sim_tcp *tcp);

#endif
