/* app/stun_listen.h - `floe stun --listen`: a STUN server on sockets. */
#ifndef FLOE_APP_STUN_LISTEN_H
#define FLOE_APP_STUN_LISTEN_H

#include "io/loop.h"

typedef struct stun_listen_options {
    floe_addr local;     /* family 0: every address of this machine; port 0: any free port */
    floe_addr alternate; /* family 0: none; else another address and port, of the same family */
    bool use_json;
} stun_listen_options;

/* Until SIGINT or SIGTERM. Returns the program's exit status. */
int stun_listen_run(floe_loop *loop, const stun_listen_options *options);

#endif
