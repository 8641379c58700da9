/*
 * base/floe.h - the vocabulary that every module shares: time, bytes, errors, addresses, paths,
 * runs.
 *
 * Includes nothing but C11 headers; every other header of floe includes it. Types here are plain
 * values: copy them freely. Nothing in floe keeps a pointer longer than its header says.
 * Read next: base/reader.h, base/writer.h. Reading guide: step 1.
 */
#ifndef FLOE_BASE_FLOE_H
#define FLOE_BASE_FLOE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FLOE_MUST_USE __attribute__((warn_unused_result))
#else
#define FLOE_MUST_USE
#endif

/* Microseconds since an epoch that the caller picks. It never goes backwards. */
typedef uint64_t floe_time;
#define FLOE_TIME_NEVER UINT64_MAX
#define FLOE_MS         UINT64_C(1000)
#define FLOE_SECOND     UINT64_C(1000000)

/* The later deadline of two never hides the earlier: use this to merge them. */
static inline floe_time floe_time_min(floe_time a, floe_time b)
{
    return a < b ? a : b;
}

/* A point `delta` after `now`; stays FLOE_TIME_NEVER where the sum would overflow. */
static inline floe_time floe_time_after(floe_time now, uint64_t delta)
{
    return delta > FLOE_TIME_NEVER - now ? FLOE_TIME_NEVER : now + delta;
}

/* Borrowed bytes, never owned. ptr may be NULL only where len is 0. */
typedef struct floe_bytes {
    const uint8_t *ptr;
    size_t len;
} floe_bytes;

/* Memory that the caller lends for the life of an object. */
typedef struct floe_span {
    uint8_t *ptr;
    size_t len;
} floe_span;

/* The bytes of a string literal, without its NUL. */
#define FLOE_LIT(s) ((floe_bytes){(const uint8_t *)(s), sizeof(s) - 1})

/* The bytes of a NUL-terminated string, without its NUL. NULL gives the empty bytes. */
floe_bytes floe_bytes_of(const char *text);
bool floe_bytes_equal(floe_bytes a, floe_bytes b);

/* The one error type. Its class says what the caller does about it: see floe_err_class(). */
typedef enum floe_err {
    FLOE_OK = 0,
    FLOE_E_ARG = -1,     /* USAGE: a documented precondition is broken; a bug in the caller     */
    FLOE_E_STATE = -2,   /* USAGE: legal call, wrong moment (the module's README has the states) */
    FLOE_E_FULL = -3,    /* BOUND: a table or buffer of documented size is full; nothing changed */
    FLOE_E_AGAIN = -4,   /* BOUND: no room, or nothing there, right now; an event tells when     */
    FLOE_E_TOO_BIG = -5, /* BOUND: larger than a documented or negotiated limit; never fits      */
    FLOE_E_MALFORMED = -6, /* WIRE: the bytes violate a standard; dropped and counted */
    FLOE_E_AUTH = -7, /* WIRE: integrity or credential mismatch; dropped and counted          */
    FLOE_E_UNSUPPORTED = -8, /* WIRE: well-formed, but not something this side does */
    FLOE_E_UNKNOWN = -9, /* WIRE: well-formed, but belongs to nothing here (late or stray)       */
    FLOE_E_CLOSED = -10, /* DEAD: the object has ended; only its init function is legal now      */
    FLOE_E_CRYPTO = -11  /* DEAD: the crypto library failed (no memory, no algorithm)            */
} floe_err;

typedef enum floe_err_kind {
    FLOE_KIND_OK,
    FLOE_KIND_USAGE, /* fix the program */
    FLOE_KIND_BOUND, /* nothing changed; retry later, or raise the limit */
    FLOE_KIND_WIRE,  /* the packet is dropped and counted; carry on */
    FLOE_KIND_DEAD   /* the object is over */
} floe_err_kind;

floe_err_kind floe_err_class(floe_err err);
const char *floe_err_name(floe_err err); /* "FULL", "AUTH", ...: static storage */

/* A transport address. IPv4 uses ip[0..3] and keeps the rest zero; a v4-mapped IPv6 address is
 * turned into IPv4 where it enters floe, so that equal addresses are equal bytes. */
typedef struct floe_addr {
    uint8_t ip[16]; /* network byte order */
    uint16_t port;  /* host byte order */
    uint8_t family; /* 4, 6, or 0 for "none" */
    uint8_t zero;   /* padding, always 0 */
} floe_addr;

typedef enum floe_transport { FLOE_UDP, FLOE_TCP, FLOE_TLS, FLOE_DTLS } floe_transport;

/* One way between two ends. `local` is the address that a socket (or relay) of ours is bound to. */
typedef struct floe_path {
    floe_addr local, remote;
    uint8_t transport; /* floe_transport */
} floe_path;

/* A run: packets of equal size back to back, the last one possibly shorter, all for one path. This
 * is the unit in which packets cross every boundary of floe; a single packet is a run of one. The
 * caller sets buf and cap; poll_transmit sets the rest when it returns true. */
typedef struct floe_transmit {
    uint8_t *buf;   /* the caller's memory */
    size_t cap;     /* its size; FLOE_DATAGRAM_MAX or more (base/floe_config.h) */
    size_t len;     /* out: bytes of the whole run */
    size_t segment; /* out: bytes of each packet but the last, as UDP_SEGMENT wants it */
    floe_path path; /* out */
} floe_transmit;

/* Where random numbers come from: cryptographically strong, always succeeds. Injected, so that
 * a simulation is repeatable. */
typedef struct floe_rand {
    void (*fill)(void *ctx, uint8_t *out, size_t len);
    void *ctx;
} floe_rand;

uint32_t floe_rand_u32(const floe_rand *rand);
uint64_t floe_rand_u64(const floe_rand *rand);

#ifdef __cplusplus
}
#endif
#endif
