/*
 * tests/io/soak.c - what a process has after long work: no more memory and no more descriptors than
 * after a little of it.
 *
 *     io_soak traffic SECONDS     one connection to a child, all kinds of messages, over and over
 *     io_soak connects COUNT      connections in this process, made and closed one after the other
 *
 * Over loopback. Prints what it sees; exits with 1 if something grows.
 */
#include "app/bench_cases.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARM_UP     20u /* connections after which all is there that is made once */
#define RESIDENT    ((size_t)512 * 1024) /* bytes that may come and go with the heap's moods */
#define HEAP        ((size_t)16 * 1024)  /* bytes in use, once everything is closed */
#define SLICE       ((floe_time)400 * FLOE_MS) /* of each kind of message */
#define WARM_CYCLES 3

#if defined(__SANITIZE_ADDRESS__)
#define IS_JUDGED false /* what is freed stays for a while; what is not, is told at the end */
#else
#define IS_JUDGED true
#endif

typedef struct footprint {
    size_t resident, heap, descriptors;
} footprint;

static void require(bool is_well, const char *what, const char *why)
{
    if (!is_well) {
        (void)fprintf(stderr, "io_soak: %s: %s\n", what, why);
        exit(1);
    }
}

static size_t resident_of(pid_t pid)
{
    char name[64];
    unsigned long pages = 0;
    (void)snprintf(name, sizeof name, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(name, "r");
    require(file != NULL && fscanf(file, "%*u %lu", &pages) == 1, name, "cannot be read");
    (void)fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t descriptors_of(pid_t pid)
{
    char name[64];
    size_t count = 0;
    (void)snprintf(name, sizeof name, "/proc/%ld/fd", (long)pid);
    DIR *folder = opendir(name);
    require(folder != NULL, name, "cannot be read");
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static footprint look(pid_t pid)
{
    bool is_ours = pid == getpid();
    if (is_ours) {
        (void)malloc_trim(0);
    }
    return (footprint){.resident = resident_of(pid),
                       .heap = is_ours ? mallinfo2().uordblks : 0,
                       .descriptors = descriptors_of(pid)};
}

static void tell(const char *when, const footprint *f)
{
    printf("%-24s resident %6zu KB, heap in use %6zu KB, %zu descriptors\n", when,
           f->resident / 1024, f->heap / 1024, f->descriptors);
    (void)fflush(stdout);
}

static bool has_grown(const footprint *now, const footprint *before)
{
    return IS_JUDGED && (now->resident > before->resident + RESIDENT ||
                         now->heap > before->heap + HEAP || now->descriptors > before->descriptors);
}

static floe_time wall_clock(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (floe_time)t.tv_sec * FLOE_SECOND + (floe_time)t.tv_nsec / 1000;
}

/* Every kind of message, each on a channel that is opened and closed for it. */
static void pass_messages(bench_pair *pair)
{
    static const bench_flow kinds[] = {
        {.size = 65536}, {.size = 1024}, {.size = 100, .is_loose = true}};
    bench_spread spread;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bench_flow flow = kinds[i];
        bool is_well = bench_case_flow(pair, SLICE, &flow);
        require(is_well, "messages", pair->why);
        require(flow.is_loose || flow.received == flow.sent, "messages",
                "not those that were sent");
    }
    /* In both directions as much as a buffer holds before the warm-up ends: each page is used. */
    bool is_well = bench_case_echo(pair, 500, 1024, &spread);
    require(is_well, "round trips", pair->why);
}

static int soak_traffic(const bench_options *options, unsigned seconds)
{
    bench_pair pair;
    footprint before[2] = {{0}}, now[2] = {{0}};
    bool is_bad = false;
    unsigned cycles = 0;
    bool is_well = bench_pair_fork(&pair, options);
    require(is_well, "no connection", pair.why);
    const pid_t pids[2] = {getpid(), pair.child};
    static const char *const names[2] = {"this end", "the other end"};
    floe_time start = wall_clock();
    while (!is_bad && (wall_clock() - start < seconds * FLOE_SECOND || cycles <= WARM_CYCLES)) {
        pass_messages(&pair);
        cycles++;
        for (int i = 0; i < 2; i++) {
            now[i] = look(pids[i]);
            if (cycles == WARM_CYCLES) {
                before[i] = now[i];
                tell(names[i], &now[i]);
            }
            is_bad |= cycles > WARM_CYCLES && has_grown(&now[i], &before[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        tell(names[i], &now[i]);
    }
    printf("%s: %u cycles in %u s\n", is_bad ? "it grows" : "ok", cycles,
           (unsigned)((wall_clock() - start) / FLOE_SECOND));
    bench_pair_close(&pair);
    return is_bad ? 1 : 0;
}

static int soak_connects(const bench_options *options, unsigned count)
{
    bench_spread spread;
    const char *why = "";
    bool is_well = bench_case_connect(options, WARM_UP, &spread, &why);
    require(is_well, "no connection", why);
    footprint before = look(getpid());
    tell("after a few", &before);
    is_well = bench_case_connect(options, count, &spread, &why);
    require(is_well, "no connection", why);
    footprint now = look(getpid());
    tell("after all", &now);
    bool is_bad = has_grown(&now, &before);
    printf("%s: %u connections, the worst in %u ms\n", is_bad ? "it grows" : "ok", count,
           (unsigned)(spread.worst / FLOE_MS));
    return is_bad ? 1 : 0;
}

/* Blocks that a thread keeps for itself once they are freed would count as in use: run without. */
static void leave_nothing_aside(char **argv)
{
    if (getenv("GLIBC_TUNABLES") == NULL &&
        setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) == 0) {
        (void)execv("/proc/self/exe", argv);
    }
}

int main(int argc, char **argv)
{
    floe_dtls_identity identity;
    unsigned amount = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    bool is_traffic = amount > 0 && strcmp(argv[1], "traffic") == 0;
    if (!is_traffic && (amount == 0 || strcmp(argv[1], "connects") != 0)) {
        (void)fputs("usage: io_soak traffic SECONDS, or io_soak connects COUNT\n", stderr);
        return 2;
    }
    leave_nothing_aside(argv);
    require(floe_dtls_identity_init(&identity) == FLOE_OK, "no certificate", "");
    bench_options options = {.identity = &identity, .use_loopback = true};
    int status = is_traffic ? soak_traffic(&options, amount) : soak_connects(&options, amount);
    floe_dtls_identity_free(&identity);
    return status;
}
