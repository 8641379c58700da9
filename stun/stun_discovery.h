/*
 * stun/stun_discovery.h - what does the NAT between here and a server do? (RFC 5780)
 *
 * From one UDP socket, or two, it asks a STUN server that has two addresses, and tells how the NAT
 * maps, what it filters, whether it lets two hosts behind it reach each other by their outside
 * addresses (hairpinning), and how long a silent mapping lives. Of a server with one address it
 * tells our outside address, and why not the rest. Sans-I/O, driven like every object of floe:
 *     1. change it once:  _init(), _input() or _advance()
 *     2. drain packets:   while (floe_stun_discovery_poll_transmit(...)) send
 *     3. drain events:    while (floe_stun_discovery_poll_event(...)) look at _get()
 *     4. sleep until a packet or floe_stun_discovery_deadline(); after DONE that is for ever
 * The sockets must be fresh: what they have sent before changes what the NAT lets in. A response
 * counts if its transaction id, its source and the socket that it reaches are right; it is not
 * authenticated, and nothing but this report depends on it. Does not know: names, what a verdict
 * means for a connection. Read next: stun/README.md for the tests and their order. Reading guide:
 * step 3.
 */
#ifndef FLOE_STUN_STUN_DISCOVERY_H
#define FLOE_STUN_STUN_DISCOVERY_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_stun_discovery floe_stun_discovery; /* complete below */

/* On what a mapping, or a filter, depends (RFC 4787 sections 4.1 and 5). */
typedef enum floe_stun_rule {
    FLOE_STUN_RULE_UNKNOWN,
    FLOE_STUN_RULE_ENDPOINT_INDEPENDENT,
    FLOE_STUN_RULE_ADDRESS_DEPENDENT,
    FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT
} floe_stun_rule;

typedef enum floe_stun_doubt {                       /* why something is not known */
                               FLOE_STUN_DOUBT_NONE, /* it is known */
                               FLOE_STUN_DOUBT_PENDING,
                               FLOE_STUN_DOUBT_NOT_ASKED, /* the configuration leaves it out */
                               FLOE_STUN_DOUBT_SILENT,    /* nothing comes back from the server */
                               FLOE_STUN_DOUBT_REFUSED,   /* it answers with an error: .error */
                               FLOE_STUN_DOUBT_NO_OTHER,  /* it does not name a second address */
                               FLOE_STUN_DOUBT_BAD_OTHER, /* the one that it names is of no use */
                               FLOE_STUN_DOUBT_OTHER_SILENT, /* nothing comes back from there */
                               FLOE_STUN_DOUBT_NOT_HONOURED, /* it does not answer from, or to,
                                                                where it is asked to */
                               FLOE_STUN_DOUBT_NO_NAT /* nothing is translated, so there is nothing
                                                         to find out */
} floe_stun_doubt;

typedef struct floe_stun_discovery_config { /* copied by init; zero means the default */
    floe_addr server;                       /* required */
    floe_addr local;        /* required: the socket that is asked about, never 0.0.0.0 or :: */
    floe_addr local2;       /* another; family 0: neither hairpinning nor lifetime is tested */
    floe_rand rand;         /* required */
    floe_time lifetime_max; /* the longest life of a mapping to look for; 0: not tested */
    uint32_t interval_us;   /* between two sends of a request: default 250000 */
    uint32_t patience_us;   /* after the last one: default 1500000 */
    uint8_t sends_max;      /* of a request: default 16 */
} floe_stun_discovery_config;

typedef struct floe_stun_discovery_report {
    floe_addr mapped; /* what the server sees `local` as; family 0: not known, by `binding` */
    floe_addr other;  /* the server's second address; family 0: none that is of use */
    bool is_translated;
    bool is_rewritten; /* something on the way replaces addresses inside of packets */
    uint16_t error;    /* of a REFUSED binding */
    floe_stun_rule mapping, filtering;
    bool has_hairpin;
    floe_time lifetime_min, lifetime_max; /* a silent mapping lived for min; at max it was gone,
                                           * which it never was if this is FLOE_TIME_NEVER */
    floe_stun_doubt binding_doubt, mapping_doubt, filtering_doubt, hairpin_doubt, lifetime_doubt;
} floe_stun_discovery_report;

typedef enum floe_stun_discovery_event { /* a part of the report is final */
                                         FLOE_STUN_DISCOVERY_BINDING,
                                         FLOE_STUN_DISCOVERY_FILTERING,
                                         FLOE_STUN_DISCOVERY_MAPPING,
                                         FLOE_STUN_DISCOVERY_HAIRPIN,
                                         FLOE_STUN_DISCOVERY_LIFETIME,
                                         FLOE_STUN_DISCOVERY_DONE
} floe_stun_discovery_event;

/* ARG: no server, no usable local address, addresses of two families, or no rand.fill. */
FLOE_MUST_USE floe_err floe_stun_discovery_init(floe_stun_discovery *discovery,
                                                const floe_stun_discovery_config *config,
                                                floe_time now);
/* A datagram that reached one of the sockets. Any error: dropped; only time has passed. */
FLOE_MUST_USE floe_err floe_stun_discovery_input(floe_stun_discovery *discovery, floe_time now,
                                                 const floe_path *path, floe_bytes packet);
void floe_stun_discovery_advance(floe_stun_discovery *discovery, floe_time now);
floe_time floe_stun_discovery_deadline(const floe_stun_discovery *discovery);
bool floe_stun_discovery_poll_transmit(floe_stun_discovery *discovery, floe_transmit *out);
bool floe_stun_discovery_poll_event(floe_stun_discovery *discovery,
                                    floe_stun_discovery_event *event);
/* What is known so far. */
const floe_stun_discovery_report *floe_stun_discovery_get(const floe_stun_discovery *discovery);

#ifdef __cplusplus
}
#endif

#include "stun/stun_discovery_struct.h" /* for its size only: every field is private */
#endif
