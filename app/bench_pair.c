/* app/bench_pair.c - see app/bench_pair.h. */
#include "app/bench_pair.h"

#include "peer/peer_blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char gone[] = "the other side is gone";

/* Until the description is whole. */
static bool gather(floe_loop *loop, bench_end *end)
{
    bool is_well = true;
    while (is_well && !end->is_gathered) {
        floe_loop_wait(loop, -1);
        is_well = bench_end_drain(end);
    }
    return is_well;
}

/* A description crosses the line with its NUL. */
static bool write_description(int line, const bench_end *end)
{
    uint8_t sdp[BENCH_SDP_MAX];
    floe_peer_sdp_type type;
    size_t len;
    if (floe_peer_get_local(floe_io_peer_get(end->io), &type, sdp, sizeof sdp - 1, &len) !=
        FLOE_OK) {
        return false;
    }
    sdp[len] = '\0';
    return write(line, sdp, len + 1) == (ssize_t)len + 1;
}

static bool read_description(int line, bench_end *end, floe_peer_sdp_type type)
{
    uint8_t sdp[BENCH_SDP_MAX];
    size_t len = 0;
    while (len == 0 || sdp[len - 1] != '\0') {
        ssize_t more = read(line, sdp + len, sizeof sdp - len);
        if (more <= 0) {
            return false;
        }
        len += (size_t)more;
    }
    return floe_peer_set_remote(floe_io_peer_get(end->io), type, (floe_bytes){sdp, len - 1},
                                NULL) == FLOE_OK;
}

static void hang_up(floe_watch *watch, int events)
{
    (void)events;
    *(bool *)watch->ctx = true;
}

/* The child: answers, and serves until the line ends. */
static int serve(int line, const bench_options *options)
{
    bench_end end = {.io = NULL};
    floe_loop *loop;
    const char *why;
    bool is_over = false;
    floe_watch watch = {.fd = line, .ready = hang_up, .ctx = &is_over};
    if (floe_loop_open(&loop) != FLOE_OK || !bench_end_open(&end, loop, options, true, &why) ||
        !read_description(line, &end, FLOE_PEER_OFFER) ||
        floe_peer_set_local(floe_io_peer_get(end.io), FLOE_PEER_ANSWER) != FLOE_OK ||
        !gather(loop, &end) || !write_description(line, &end) ||
        floe_loop_add(loop, &watch, FLOE_LOOP_READ) != FLOE_OK) {
        return 1;
    }
    while (!is_over) {
        floe_loop_wait(loop, -1);
        is_over |= !bench_end_drain(&end);
    }
    bench_end_close(&end);
    floe_loop_remove(loop, &watch);
    floe_loop_close(loop);
    return 0;
}

static bool start(bench_pair *pair, const bench_options *options)
{
    pair->why = "no memory or no file descriptors";
    return floe_loop_open(&pair->loop) == FLOE_OK &&
           bench_end_open(&pair->end, pair->loop, options, false, &pair->why) &&
           bench_end_offer(&pair->end) && gather(pair->loop, &pair->end);
}

bool bench_pair_fork(bench_pair *pair, const bench_options *options)
{
    int line[2];
    *pair = (bench_pair){.line = -1, .why = "no more processes"};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, line) != 0) {
        return false;
    }
    fflush(NULL);
    pair->child = fork();
    if (pair->child == 0) {
        close(line[0]);
        _exit(serve(line[1], options));
    }
    close(line[1]);
    pair->line = line[0];
    if (pair->child < 0) {
        pair->child = 0;
        return false;
    }
    if (!start(pair, options)) {
        return false;
    }
    pair->why = gone;
    return write_description(pair->line, &pair->end) &&
           read_description(pair->line, &pair->end, FLOE_PEER_ANSWER) &&
           clock_getcpuclockid(pair->child, &pair->its_clock) == 0 &&
           bench_pair_await(pair, pair->end.question);
}

static bool take_blob(bench_end *end, floe_peer_sdp_type expected, const char *blob,
                      const char **why)
{
    static uint8_t sdp[FLOE_PEER_BLOB_SDP_MAX];
    floe_peer_sdp_type type;
    floe_sdp_fault fault = {0, 0, ""};
    size_t len;
    if (floe_peer_blob_to_sdp(floe_bytes_of(blob), &type, sdp, sizeof sdp, &len, why) != FLOE_OK) {
        return false;
    }
    *why = "it is of the wrong kind: one side invites, the other answers";
    if (type != expected) {
        return false;
    }
    floe_err err =
        floe_peer_set_remote(floe_io_peer_get(end->io), type, (floe_bytes){sdp, len}, &fault);
    *why = fault.rule;
    return err == FLOE_OK;
}

static bool print_blob(const bench_end *end, const char **why)
{
    static uint8_t memory[FLOE_PEER_BLOB_SDP_MAX];
    static char blob[4 * FLOE_PEER_BLOB_MAX];
    if (floe_peer_blob_get_local(floe_io_peer_get(end->io), memory, blob, sizeof blob, why) !=
        FLOE_OK) {
        return false;
    }
    fprintf(stderr, "give this to the other side%s:\n",
            end->is_mirror ? "" : ", for floe bench, and paste its answer here");
    printf("%s\n", blob);
    fflush(stdout);
    return true;
}

bool bench_pair_invite(bench_pair *pair, const bench_options *options)
{
    char blob[4 * FLOE_PEER_BLOB_MAX];
    *pair = (bench_pair){.line = -1};
    if (!start(pair, options) || !print_blob(&pair->end, &pair->why)) {
        return false;
    }
    pair->why = "no answer was given";
    if (fgets(blob, sizeof blob, stdin) == NULL) {
        return false;
    }
    floe_loop_wait(pair->loop, 0); /* time has passed */
    return take_blob(&pair->end, FLOE_PEER_ANSWER, blob, &pair->why) &&
           bench_pair_await(pair, pair->end.question);
}

int bench_pair_mirror(const char *invitation, const bench_options *options)
{
    bench_end end = {.io = NULL};
    floe_loop *loop;
    const char *why = "no memory or no file descriptors";
    if (floe_loop_open(&loop) != FLOE_OK || !bench_end_open(&end, loop, options, true, &why) ||
        !take_blob(&end, FLOE_PEER_OFFER, invitation, &why) ||
        floe_peer_set_local(floe_io_peer_get(end.io), FLOE_PEER_ANSWER) != FLOE_OK ||
        !gather(loop, &end) || !print_blob(&end, &why)) {
        fprintf(stderr, "floe bench: %s\n", why);
        return 1;
    }
    do {
        floe_loop_wait(loop, -1);
    } while (bench_end_drain(&end));
    int status = floe_peer_get_state(floe_io_peer_get(end.io)) == FLOE_PEER_CLOSED ? 0 : 1;
    if (status != 0) {
        fprintf(stderr, "floe bench: %s\n", bench_end_reason(&end));
    }
    bench_end_close(&end);
    floe_loop_close(loop);
    return status;
}

void bench_pair_close(bench_pair *pair)
{
    bench_end_close(&pair->end);
    floe_loop_close(pair->loop);
    if (pair->line >= 0) {
        close(pair->line);
    }
    if (pair->child > 0) {
        (void)waitpid(pair->child, NULL, 0);
    }
}

static floe_time read_clock(clockid_t clock)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(clock, &t);
    return (floe_time)t.tv_sec * 1000000 + (floe_time)t.tv_nsec / 1000;
}

floe_time bench_pair_cpu(const bench_pair *pair)
{
    floe_time ours = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    return pair->child > 0 ? ours + read_clock(pair->its_clock) : ours;
}

bool bench_pair_turn(bench_pair *pair)
{
    floe_loop_wait(pair->loop, -1);
    bool is_well = bench_end_drain(&pair->end);
    if (!is_well) {
        const char *reason = bench_end_reason(&pair->end);
        pair->why = *reason != '\0' ? reason : gone;
    }
    return is_well;
}

bool bench_pair_await(bench_pair *pair, floe_dc_id channel)
{
    bool is_well = true;
    while (is_well && !bench_end_is_open(&pair->end, channel)) {
        is_well = bench_pair_turn(pair);
    }
    return is_well;
}

static bool hand_over(const bench_end *from, bench_end *to)
{
    uint8_t sdp[BENCH_SDP_MAX];
    floe_peer_sdp_type type;
    size_t len;
    return floe_peer_get_local(floe_io_peer_get(from->io), &type, sdp, sizeof sdp, &len) ==
               FLOE_OK &&
           floe_peer_set_remote(floe_io_peer_get(to->io), type, (floe_bytes){sdp, len}, NULL) ==
               FLOE_OK;
}

bool bench_pair_join(floe_loop *loop, const bench_options *options, bench_end ends[2],
                     const char **why)
{
    ends[0].io = ends[1].io = NULL;
    if (!bench_end_open(&ends[0], loop, options, false, why) ||
        !bench_end_open(&ends[1], loop, options, true, why)) {
        return false;
    }
    *why = "the two ends do not understand each other";
    if (!bench_end_offer(&ends[0]) || !gather(loop, &ends[0]) || !hand_over(&ends[0], &ends[1]) ||
        floe_peer_set_local(floe_io_peer_get(ends[1].io), FLOE_PEER_ANSWER) != FLOE_OK ||
        !gather(loop, &ends[1]) || !hand_over(&ends[1], &ends[0])) {
        return false;
    }
    bool is_well = true;
    while (is_well && !bench_end_is_open(&ends[0], ends[0].question)) {
        floe_loop_wait(loop, -1);
        is_well = bench_end_drain(&ends[0]) && bench_end_drain(&ends[1]);
    }
    *why = bench_end_reason(&ends[0]);
    return is_well;
}
