/*
 * support/sim_guard.h - what protects a packet: whether a change in it would be noticed by who gets
 * it, without UDP's checksum.
 *
 * Most of what floe sends is authenticated. What is not, by the standards, is the beginning of a
 * DTLS handshake (a change there ends it: nobody can tell a bad line from an attacker), the answers
 * of STUN and TURN servers to requests without credentials, and a TURN server's refusal.
 */
#ifndef FLOE_SUPPORT_SIM_GUARD_H
#define FLOE_SUPPORT_SIM_GUARD_H

#include "base/floe.h"

/* A changed bit costs no more than this packet; what a relay wraps is looked into. */
bool sim_guard_is_protected(floe_bytes packet);

#endif
