/* base/rand_os.h - the operating system's random numbers as a floe_rand; implemented in port/. */
#ifndef FLOE_BASE_RAND_OS_H
#define FLOE_BASE_RAND_OS_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Cryptographically strong; stops the program where the system cannot give any. */
floe_rand floe_rand_os(void);

#ifdef __cplusplus
}
#endif
#endif
