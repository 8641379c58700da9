/*
 * bench/bench.h - what the programs of this folder share: their command line, the clock, the
 * result. A program does a fixed amount of work, so that two sizes of it can be subtracted.
 */
#ifndef FLOE_BENCH_BENCH_H
#define FLOE_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_PACKET_MAX 1500u

typedef struct bench_input {
    uint8_t packet[BENCH_PACKET_MAX]; /* a Binding request */
    size_t packet_len;
    const char *username, *password;
    uint8_t answer[BENCH_PACKET_MAX]; /* of the last round, where the mode makes one */
    size_t answer_len;
} bench_input;

typedef struct bench_mode {
    const char *name;
    size_t (*run)(bench_input *in,
                  size_t rounds); /* returns how many rounds ended as they should */
} bench_mode;

/* Without its last attribute: a library that always verifies FINGERPRINT is to parse only. */
void bench_drop_fingerprint(bench_input *in);

/* PROGRAM MODE ROUNDS PACKET(hex) USERNAME PASSWORD [--json]. Ends with 1 if a round failed, with 2
 * for a wrong command line. `modes` ends with a name of NULL. */
int bench_main(const char *library, const bench_mode *modes, int argc, char **argv);

#endif
