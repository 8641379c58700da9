/* app/stun_link.h - `floe stun` over TCP, TLS and DTLS: what the server sees this machine as. */
#ifndef FLOE_APP_STUN_LINK_H
#define FLOE_APP_STUN_LINK_H

#include "app/stun_tally.h"
#include "app/stun_target.h"

typedef struct stun_link_options {
    const stun_target *target; /* resolved */
    unsigned samples;
    const char *ca_file;
    bool is_unverified, use_json;
} stun_link_options;

/* Ask at each address of the target, and tell. Returns how many answered. */
size_t stun_link_run(floe_loop *loop, const stun_link_options *options);

#endif
