/* bench/bench.c - see bench/bench.h. */
#include "bench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* CPU time of this process: what others do on the machine counts less than on the wall clock. */
static double cpu_ns(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
        abort();
    }
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool read_hex(const char *text, bench_input *in)
{
    unsigned byte;
    for (; text[0] != '\0'; text += 2) {
        if (in->packet_len == sizeof in->packet || text[1] == '\0' ||
            sscanf(text, "%2x", &byte) != 1) {
            return false;
        }
        in->packet[in->packet_len++] = (uint8_t)byte;
    }
    return true;
}

void bench_drop_fingerprint(bench_input *in)
{
    in->packet_len -= 8;
    in->packet[3] = (uint8_t)(in->packet[3] - 8);
}

static const bench_mode *find(const bench_mode *modes, const char *name)
{
    while (modes->name != NULL && strcmp(modes->name, name) != 0) {
        modes++;
    }
    return modes->name != NULL ? modes : NULL;
}

static void print_json(const char *library, const char *mode, size_t rounds, double ns,
                       const bench_input *in)
{
    printf("{\"library\": \"%s\", \"mode\": \"%s\", \"rounds\": %zu, \"cpu_ns\": %.2f, "
           "\"answer\": \"",
           library, mode, rounds, ns);
    for (size_t i = 0; i < in->answer_len; i++) {
        printf("%02x", in->answer[i]);
    }
    puts("\"}");
}

int bench_main(const char *library, const bench_mode *modes, int argc, char **argv)
{
    static bench_input in;
    bool is_json = argc == 7 && strcmp(argv[6], "--json") == 0;
    const bench_mode *mode = argc >= 3 ? find(modes, argv[1]) : NULL;
    size_t rounds = mode != NULL ? strtoul(argv[2], NULL, 10) : 0;
    if ((argc != 6 && !is_json) || rounds == 0 || !read_hex(argv[3], &in)) {
        fprintf(stderr, "usage: %s MODE ROUNDS PACKET USERNAME PASSWORD [--json]\nmodes:", argv[0]);
        for (; modes->name != NULL; modes++) {
            fprintf(stderr, " %s", modes->name);
        }
        fputs("\n", stderr);
        return 2;
    }
    in.username = argv[4];
    in.password = argv[5];
    double start = cpu_ns();
    size_t good = mode->run(&in, rounds);
    double ns = (cpu_ns() - start) / (double)rounds;
    if (good != rounds) {
        fprintf(stderr, "%s %s: %zu of %zu rounds failed\n", library, mode->name, rounds - good,
                rounds);
        return 1;
    }
    if (is_json) {
        print_json(library, mode->name, rounds, ns, &in);
    } else {
        printf("%s %s: %.1f ns\n", library, mode->name, ns);
    }
    return 0;
}
