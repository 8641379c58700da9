/*
 * io/netwatch.h - says when the addresses or interfaces of this machine have changed (rtnetlink).
 *
 * What changed is for the owner to find out, with floe_interfaces_get(): messages of the kernel may
 * get lost, its list does not. A change is told once the kernel has been quiet for
 * FLOE_NETWATCH_QUIET, since an interface that comes up makes many messages; or after
 * FLOE_NETWATCH_LIMIT, if it never is. All watches of a loop share one socket. Linux.
 */
#ifndef FLOE_IO_NETWATCH_H
#define FLOE_IO_NETWATCH_H

#include "io/loop.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FLOE_NETWATCH_QUIET (50 * FLOE_MS)
#define FLOE_NETWATCH_LIMIT (500 * FLOE_MS)

typedef struct floe_netwatch { /* in the caller's memory, not to be moved; fields are private */
    floe_loop *loop;           /* NULL: closed */
    void (*changed)(void *ctx);
    void *ctx;
    struct floe_netwatch *next;
} floe_netwatch;

/* `changed` runs inside floe_loop_wait() only, and may close this watch and others. FULL: no
 * descriptors or memory, or the system does not let us; nothing is watched then. */
FLOE_MUST_USE floe_err floe_netwatch_open(floe_netwatch *watch, floe_loop *loop,
                                          void (*changed)(void *ctx), void *ctx);
void floe_netwatch_close(floe_netwatch *watch); /* a zeroed or closed one is fine */

#ifdef __cplusplus
}
#endif
#endif
