/*
 * support/ice_pair_net.h - two ICE agents, the network between them, and a STUN server, in virtual
 * time and from one seed.
 *
 * The network delays and loses datagrams, translates addresses, and can be cut or listened to.
 * After every step both agents' invariants are checked, and that a drained agent's deadline lies
 * ahead.
 */
#ifndef FLOE_SUPPORT_ICE_PAIR_NET_H
#define FLOE_SUPPORT_ICE_PAIR_NET_H

#include "ice/ice_relays.h"

#define ICE_NET_FLIGHT_MAX  512
#define ICE_NET_MAPPING_MAX 128
#define ICE_NET_STUN_PORT   3478

typedef enum ice_net_nat {
    ICE_NET_OPEN,
    ICE_NET_CONE,      /* one public port a socket; only who was sent to may answer */
    ICE_NET_SYMMETRIC, /* one public port a socket and destination; likewise */
} ice_net_nat;

typedef struct ice_net_datagram {
    floe_time at;
    floe_addr from, to; /* as on the wire in the public network */
    size_t len;
    bool is_used;
    uint8_t transport; /* only UDP is lost, and translated */
    uint8_t bytes[FLOE_ICE_RELAY_HEAD + FLOE_DATAGRAM_MAX + FLOE_ICE_RELAY_TAIL];
} ice_net_datagram;

typedef struct ice_net_mapping {
    floe_addr inside, outside, peer;
} ice_net_mapping;

typedef struct ice_net_side {
    floe_ice_agent agent;
    floe_ice_relays *relays; /* NULL: none */
    ice_net_nat nat;
    floe_addr public_ip; /* of the NAT; port unused */
    uint64_t random;     /* state of the agent's random numbers */
    floe_ice_state state;
    floe_ice_cause cause;
    floe_path path;    /* of the last SELECTED */
    unsigned selected; /* SELECTED events */
    unsigned roles;    /* ROLE events */
    unsigned told;     /* CANDIDATE events */
    unsigned sent;     /* datagrams */
    unsigned unsent;   /* to relays without a permission */
    unsigned received; /* packets of data that were accepted */
    uint8_t data[64];  /* the last of them */
    floe_path data_path;
    floe_time connected_at, failed_at; /* FLOE_TIME_NEVER: not yet */
    bool is_cut_off;                   /* nothing from or to this side gets through */
    unsigned states_seen;              /* bit per floe_ice_state */
} ice_net_side;

typedef struct ice_pair_net ice_pair_net;

/* May this datagram pass? `side` sends it. */
typedef bool (*ice_net_filter)(ice_pair_net *net, int side, const floe_path *path,
                               floe_bytes packet);

/* Is this for something else than the two agents? Then it has been dealt with. */
typedef bool (*ice_net_server)(ice_pair_net *net, const ice_net_datagram *d);
/* A connection to a TURN server is wanted, or not any more. */
typedef void (*ice_net_link)(ice_pair_net *net, int side, const floe_ice_relays_event *event);

struct ice_pair_net {
    ice_net_side side[2];
    floe_time now;
    uint64_t random;
    unsigned loss_permille;
    floe_time delay_us, jitter_us;
    floe_addr stun_server; /* answers; family 0: there is none */
    bool is_trickling;     /* candidates reach the other side as they come */
    bool is_signalled;     /* credentials have been exchanged */
    ice_net_filter filter; /* NULL: all pass */
    const void *filter_ctx;
    ice_net_server server; /* NULL: none */
    ice_net_link link;
    void *server_ctx;
    uint16_t next_port;
    unsigned mapping_count;
    ice_net_mapping mapping[ICE_NET_MAPPING_MAX];
    ice_net_datagram flight[ICE_NET_FLIGHT_MAX];
};

/* Side 0 is controlling, side 1 controlled; no sockets yet; delay 10 ms. */
void ice_net_init(ice_pair_net *net, uint64_t seed);
/* Likewise with a configuration of one's own for each side; role and rand are filled in. */
void ice_net_init_with(ice_pair_net *net, uint64_t seed, const floe_ice_config config[2]);
/* A socket on 10.<side>.0.<n>:5000 + n, or on 192.0.2.<10 * side + n> where the side is open. */
floe_addr ice_net_add_host(ice_pair_net *net, int side, unsigned n);
void ice_net_set_nat(ice_pair_net *net, int side, ice_net_nat nat);
/* Tell a side of the STUN server. */
void ice_net_use_stun(ice_pair_net *net, int side);
/* Exchange credentials and the candidates known so far, and begin to trickle. */
void ice_net_signal(ice_pair_net *net);
/* Tell `side` of the other one's credentials and candidates. */
void ice_net_signal_to(ice_pair_net *net, int side);
/* Send and process everything that happens up to and including this time. */
void ice_net_run(ice_pair_net *net, floe_time until);
/* Run until both sides are CONNECTED or COMPLETED; false: not by `until`. */
bool ice_net_connect(ice_pair_net *net, floe_time until);
/* One side gathered, signalled to the other and both started: the usual beginning of a test. One
 * open host each. */
void ice_net_start_simple(ice_pair_net *net, uint64_t seed);
/* A number below `limit`, from the network's seed. */
unsigned ice_net_random(ice_pair_net *net, unsigned limit);
/* Both sides gather: `hosts` sockets each, and the STUN server where there is a NAT. */
void ice_net_gather(ice_pair_net *net, unsigned hosts);
/* Put a packet on its way, through the NAT if there is one; or on the public network. */
void ice_net_send(ice_pair_net *net, int side, const floe_path *path, floe_bytes packet);
void ice_net_launch(ice_pair_net *net, const floe_path *path, floe_bytes packet);
/* After a call to an agent or its relays. */
void ice_net_drain(ice_pair_net *net, int side);
/* Send a text on the path for data; false: there is none, or the relay has no permission. */
bool ice_net_send_data(ice_pair_net *net, int side, const char *text);
/* The counters of one side's agent. */
floe_ice_stats ice_net_get_stats(const ice_pair_net *net, int side);
/* Is what either calls local, as seen from outside, what the other calls remote? */
bool ice_net_has_agreed(const ice_pair_net *net);
bool ice_net_is_connected(const ice_pair_net *net, int side);

#endif
