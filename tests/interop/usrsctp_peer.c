/*
 * tests/interop/usrsctp_peer.c - our SCTP association against usrsctp, the one that Firefox and
 * many libraries use or used, in one process and in virtual time: no sockets, no threads.
 *
 * usrsctp takes and gives packets through AF_CONN; its timers are driven by hand. Between the two is
 * a link that delays, loses and reorders. Each scenario is run with several seeds and rates of loss;
 * contents, order and counts are compared. Prints a line a scenario; exits with 1 if one failed.
 *
 * Needs libusrsctp:  cc ... tests/interop/usrsctp_peer.c ... -lusrsctp
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <usrsctp.h>

#include "sctp/sctp_assoc.h"
#include "support/sim_random.h"

#define PORT        5000
#define PACKETS_MAX 4096
#define STREAMS     6
#define MESSAGES    40
#define SIZE_MAX_   200000

typedef struct packet {
    floe_time at;
    size_t len;
    int to_us;
    uint8_t bytes[1500];
} packet;

typedef struct stage {
    /* ours */
    floe_sctp_assoc assoc;
    floe_sctp_tx ring[1024];
    uint8_t send_buffer[1 << 20], recv_buffer[1 << 20];
    sim_random random;
    uint32_t events[FLOE_SCTP_EV_WRITABLE + 1];
    floe_sctp_event closed;
    /* usrsctp's */
    struct socket *listener, *socket;
    uint8_t *partial[STREAMS];
    size_t partial_len[STREAMS];
    uint32_t their_resets_in, their_resets_out;
    int their_end; /* a state of SCTP_ASSOC_CHANGE, once it is over */
    /* the link */
    sim_random link;
    uint32_t loss, reorder; /* of a thousand */
    packet packets[PACKETS_MAX];
    size_t packet_count;
    floe_time now, their_now;
    /* what was sent and came: by sender (0 we, 1 they) */
    uint32_t sent[2][STREAMS], got[2][STREAMS];
    bool is_reliable, is_ordered;
    bool has_failed;
} stage;

static stage st;

static void fail(const char *why, long a, long b)
{
    if (!st.has_failed) {
        printf("    %s (%ld, %ld) at %llu ms\n", why, a, b,
               (unsigned long long)(st.now / FLOE_MS));
    }
    st.has_failed = true;
}

/* usrsctp reads the clock to measure round trips: it gets ours. */
int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    at->tv_sec = (time_t)(st.now / FLOE_SECOND);
    at->tv_usec = (suseconds_t)(st.now % FLOE_SECOND);
    return 0;
}

/* --- the link --- */

static void put_packet(int to_us, const void *bytes, size_t len)
{
    if (sim_random_chance(&st.link, st.loss) || st.packet_count == PACKETS_MAX) {
        return;
    }
    packet *p = &st.packets[st.packet_count++];
    p->at = st.now + 10 * FLOE_MS;
    if (sim_random_chance(&st.link, st.reorder)) {
        p->at += sim_random_below(&st.link, 30 * FLOE_MS);
    }
    p->to_us = to_us;
    p->len = len;
    memcpy(p->bytes, bytes, len);
}

static int on_their_output(void *address, void *bytes, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)address;
    (void)tos;
    (void)set_df;
    if (len > sizeof st.packets[0].bytes) {
        fail("usrsctp sent a packet of", (long)len, 0);
        return 0;
    }
    put_packet(1, bytes, len);
    return 0;
}

/* --- messages --- */

static uint8_t byte_of(int from, uint32_t stream, uint32_t number, size_t at)
{
    return (uint8_t)(from * 97 + (int)stream * 31 + (int)number * 7 + (int)(at * 2654435761u >> 24));
}

static void fill_message(uint8_t *out, size_t len, int from, uint32_t stream, uint32_t number)
{
    memcpy(out, &number, sizeof number);
    for (size_t i = sizeof number; i < len; i++) {
        out[i] = byte_of(from, stream, number, i);
    }
}

static void check_message(int from, uint32_t stream, const uint8_t *bytes, size_t len)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    if (stream >= STREAMS || len < sizeof number || number >= st.sent[from][stream]) {
        fail("a message that was not sent", from, (long)number);
        return;
    }
    if (st.is_ordered && number < st.got[from][stream]) {
        fail("a message out of order", (long)number, (long)st.got[from][stream]);
    }
    if (st.is_ordered && st.is_reliable && number != st.got[from][stream]) {
        fail("a message is missing", (long)number, (long)st.got[from][stream]);
    }
    st.got[from][stream] = st.is_ordered ? number + 1 : st.got[from][stream] + 1;
    for (size_t i = sizeof number; i < len; i++) {
        if (bytes[i] != byte_of(from, stream, number, i)) {
            fail("other bytes than were sent, at", (long)i, (long)len);
            return;
        }
    }
}

/* --- our side --- */

static void read_ours(void)
{
    static uint8_t bytes[SIZE_MAX_];
    floe_sctp_recv message;
    while (floe_sctp_assoc_peek(&st.assoc, &message)) {
        size_t len = floe_sctp_assoc_copy(&st.assoc, bytes, sizeof bytes);
        floe_sctp_assoc_release(&st.assoc);
        check_message(1, message.stream, bytes, len);
    }
}

static void drain_ours(void)
{
    uint8_t buf[1500];
    size_t len;
    floe_sctp_event event;
    bool is_any = true;
    while (is_any) {
        is_any = false;
        while (floe_sctp_assoc_poll_transmit(&st.assoc, buf, sizeof buf, &len)) {
            floe_sctp_assoc_check_invariants(&st.assoc);
            put_packet(0, buf, len);
        }
        while (floe_sctp_assoc_poll_event(&st.assoc, &event)) {
            st.events[event.type]++;
            if (event.type == FLOE_SCTP_EV_CLOSED) {
                st.closed = event;
            }
            is_any = true;
        }
        read_ours();
    }
}

static bool send_ours(uint32_t stream, size_t len)
{
    static uint8_t bytes[SIZE_MAX_];
    uint32_t number = st.sent[0][stream];
    fill_message(bytes, len, 0, stream, number);
    floe_sctp_send message = {.stream = (uint16_t)stream,
                              .ppid = 53,
                              .is_unordered = !st.is_ordered,
                              .has_max_retransmits = !st.is_reliable,
                              .max_retransmits = stream % 3,
                              .data = {bytes, len}};
    if (floe_sctp_assoc_send(&st.assoc, &message) != FLOE_OK) {
        return false;
    }
    st.sent[0][stream]++;
    return true;
}

/* --- usrsctp's side --- */

static void note_their_event(const union sctp_notification *event)
{
    if (event->sn_header.sn_type == SCTP_ASSOC_CHANGE) {
        uint16_t state = event->sn_assoc_change.sac_state;
        if (state == SCTP_COMM_LOST || state == SCTP_SHUTDOWN_COMP || state == SCTP_CANT_STR_ASSOC) {
            st.their_end = state;
        }
    } else if (event->sn_header.sn_type == SCTP_STREAM_RESET_EVENT) {
        uint16_t flags = event->sn_strreset_event.strreset_flags;
        st.their_resets_in += (flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;
        st.their_resets_out += (flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0;
        if ((flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)) != 0) {
            fail("usrsctp says that a reset failed", flags, 0);
        }
    }
}

static void read_theirs(void)
{
    static uint8_t bytes[65536];
    while (st.socket != NULL) {
        struct sctp_rcvinfo info;
        socklen_t info_len = sizeof info;
        unsigned info_type = 0;
        int flags = 0;
        ssize_t len = usrsctp_recvv(st.socket, bytes, sizeof bytes, NULL, NULL, &info, &info_len,
                                    &info_type, &flags);
        if (len <= 0) {
            return;
        }
        if ((flags & MSG_NOTIFICATION) != 0) {
            note_their_event((const union sctp_notification *)bytes);
            continue;
        }
        uint16_t stream = info_type == SCTP_RECVV_RCVINFO ? info.rcv_sid : STREAMS;
        if (stream >= STREAMS || st.partial_len[stream] + (size_t)len > SIZE_MAX_) {
            fail("usrsctp delivers on stream", stream, (long)len);
            return;
        }
        memcpy(st.partial[stream] + st.partial_len[stream], bytes, (size_t)len);
        st.partial_len[stream] += (size_t)len;
        if ((flags & MSG_EOR) != 0) {
            check_message(0, stream, st.partial[stream], st.partial_len[stream]);
            st.partial_len[stream] = 0;
        }
    }
}

static bool send_theirs(uint32_t stream, size_t len)
{
    static uint8_t bytes[SIZE_MAX_];
    uint32_t number = st.sent[1][stream];
    fill_message(bytes, len, 1, stream, number);
    struct sctp_sendv_spa spa = {0};
    spa.sendv_flags = SCTP_SEND_SNDINFO_VALID;
    spa.sendv_sndinfo.snd_sid = (uint16_t)stream;
    spa.sendv_sndinfo.snd_flags = SCTP_EOR;
    if (!st.is_ordered) {
        spa.sendv_sndinfo.snd_flags |= SCTP_UNORDERED;
    }
    if (!st.is_reliable) {
        spa.sendv_flags |= SCTP_SEND_PRINFO_VALID;
        spa.sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX;
        spa.sendv_prinfo.pr_value = stream % 3;
    }
    ssize_t sent = usrsctp_sendv(st.socket, bytes, len, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0);
    if (sent < 0) {
        return false;
    }
    st.sent[1][stream]++;
    return true;
}

static void set_option(struct socket *socket, int name, const void *value, socklen_t len)
{
    if (usrsctp_setsockopt(socket, IPPROTO_SCTP, name, value, len) != 0) {
        fail("usrsctp refuses option", name, errno);
    }
}

static struct socket *open_theirs(void)
{
    struct socket *socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (socket == NULL) {
        fail("usrsctp_socket", errno, 0);
        exit(1);
    }
    static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT};
    const int on = 1;
    int size = 1 << 20;
    struct linger linger = {1, 0};
    struct sctp_initmsg init = {.sinit_num_ostreams = 1024, .sinit_max_instreams = 1024};
    struct sctp_assoc_value resets = {SCTP_ALL_ASSOC, SCTP_ENABLE_RESET_STREAM_REQ};
    struct sctp_paddrparams path = {.spp_flags = SPP_PMTUD_DISABLE, .spp_pathmtu = 1188};
    path.spp_address.ss_family = AF_CONN;
    usrsctp_set_non_blocking(socket, 1);
    (void)usrsctp_setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    (void)usrsctp_setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)usrsctp_setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    set_option(socket, SCTP_NODELAY, &on, sizeof on);
    set_option(socket, SCTP_RECVRCVINFO, &on, sizeof on);
    set_option(socket, SCTP_INITMSG, &init, sizeof init);
    set_option(socket, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets);
    set_option(socket, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct sctp_event event = {
            .se_assoc_id = SCTP_ALL_ASSOC, .se_type = events[i], .se_on = 1};
        set_option(socket, SCTP_EVENT, &event, sizeof event);
    }
    struct sockaddr_conn address = {
        .sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = &st};
    if (usrsctp_bind(socket, (struct sockaddr *)&address, sizeof address) != 0) {
        fail("usrsctp_bind", errno, 0);
    }
    return socket;
}

static void connect_theirs(void)
{
    struct sockaddr_conn address = {
        .sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = &st};
    st.socket = open_theirs();
    if (usrsctp_connect(st.socket, (struct sockaddr *)&address, sizeof address) != 0 &&
        errno != EINPROGRESS) {
        fail("usrsctp_connect", errno, 0);
    }
}

static void accept_theirs(void)
{
    if (st.listener != NULL && st.socket == NULL) {
        st.socket = usrsctp_accept(st.listener, NULL, NULL);
        if (st.socket != NULL) {
            usrsctp_set_non_blocking(st.socket, 1);
        }
    }
}

/* --- time --- */

static void deliver(void)
{
    bool has_input = false;
    for (size_t i = 0; i < st.packet_count;) {
        static packet p;
        if (st.packets[i].at > st.now) {
            i++;
            continue;
        }
        p = st.packets[i];
        memmove(&st.packets[i], &st.packets[i + 1],
                (--st.packet_count - i) * sizeof st.packets[0]);
        if (p.to_us) {
            (void)!floe_sctp_assoc_input(&st.assoc, st.now, (floe_bytes){p.bytes, p.len});
            floe_sctp_assoc_check_invariants(&st.assoc);
            has_input = true;
        } else {
            usrsctp_conninput(&st, p.bytes, p.len, 0);
        }
    }
    if (has_input) {
        floe_sctp_assoc_input_end(&st.assoc);
    }
}

/* A millisecond passes; usrsctp's timers tick in tens of them. */
static void tick(void)
{
    st.now += FLOE_MS;
    deliver();
    floe_sctp_assoc_advance(&st.assoc, st.now);
    drain_ours();
    if (st.now - st.their_now >= 10 * FLOE_MS) {
        usrsctp_handle_timers((uint32_t)((st.now - st.their_now) / FLOE_MS));
        st.their_now = st.now;
    }
    accept_theirs();
    read_theirs();
}

static bool run_until(bool (*is_done)(void), unsigned limit_s)
{
    for (unsigned i = 0; i < limit_s * 1000 && !st.has_failed; i++) {
        if (is_done()) {
            return true;
        }
        tick();
    }
    return is_done();
}

/* --- scenarios --- */

typedef enum who { WE, THEY, BOTH } who;

static bool is_established(void)
{
    return st.events[FLOE_SCTP_EV_ESTABLISHED] > 0 && st.socket != NULL;
}

static void begin(who connects)
{
    floe_sctp_config config = {
        .rand = sim_random_source(&st.random),
        .send_buffer = {st.send_buffer, sizeof st.send_buffer},
        .recv_buffer = {st.recv_buffer, sizeof st.recv_buffer},
        .tx_ring = st.ring,
        .tx_ring_len = 1024,
        .remote_message_max = UINT32_MAX,
    };
    if (floe_sctp_assoc_init(&st.assoc, &config, st.now) != FLOE_OK) {
        fail("init", 0, 0);
    }
    usrsctp_register_address(&st);
    if (connects == WE) {
        st.listener = open_theirs();
        (void)usrsctp_listen(st.listener, 1);
    } else {
        connect_theirs();
    }
    if (connects != THEY) {
        (void)!floe_sctp_assoc_connect(&st.assoc);
    }
    drain_ours();
    if (!run_until(is_established, 60)) {
        fail("not established", floe_sctp_assoc_get_state(&st.assoc), 0);
    }
}

static void end(void)
{
    if (st.socket != NULL) {
        usrsctp_close(st.socket);
    }
    if (st.listener != NULL) {
        usrsctp_close(st.listener);
    }
    usrsctp_handle_timers(1000);
    usrsctp_deregister_address(&st);
}

static size_t take_size(void)
{
    static const size_t limits[] = {100, 100, 2000, 20000, SIZE_MAX_ - 100};
    size_t limit = limits[sim_random_below(&st.link, st.is_reliable ? 5 : 3)];
    return 4 + sim_random_below(&st.link, limit);
}

static bool feed(void)
{
    bool is_more = false;
    for (uint32_t stream = 0; stream < STREAMS; stream++) {
        if (st.sent[0][stream] < MESSAGES) {
            is_more = true;
            (void)send_ours(stream, take_size());
        }
        if (st.sent[1][stream] < MESSAGES) {
            is_more = true;
            (void)send_theirs(stream, take_size());
        }
    }
    return is_more;
}

static bool has_everything(void)
{
    for (int from = 0; from < 2; from++) {
        for (uint32_t stream = 0; stream < STREAMS; stream++) {
            if (st.got[from][stream] < st.sent[from][stream]) {
                return false;
            }
        }
    }
    return true;
}

static void exchange(void)
{
    while (!st.has_failed && feed()) {
        for (uint64_t i = sim_random_below(&st.link, 30); i > 0; i--) {
            tick();
        }
        if (st.now > 4000 * FLOE_SECOND) {
            fail("stuck while sending", 0, 0);
        }
    }
    if (st.is_reliable && !run_until(has_everything, 600)) {
        fail("not everything arrived", st.got[0][0], st.got[1][0]);
    }
    if (!st.is_reliable) { /* what comes last is reliable, and arrives behind all that was given up */
        for (int i = 0; i < 20000; i++) {
            tick();
        }
        floe_sctp_stats stats;
        floe_sctp_assoc_get_stats(&st.assoc, &stats);
        if (stats.buffered > 0 || (st.loss > 0 && stats.messages_abandoned == 0)) {
            fail("unreliable messages stay", stats.buffered, (long)stats.messages_abandoned);
        }
        for (uint32_t stream = 0; stream < STREAMS; stream++) {
            st.got[0][stream] = st.got[1][stream] = st.is_ordered ? MESSAGES : 0;
            st.sent[0][stream] = st.sent[1][stream] = st.is_ordered ? MESSAGES : 0;
        }
        st.is_reliable = true;
        for (uint32_t stream = 0; stream < STREAMS; stream++) {
            (void)send_ours(stream, 100);
            (void)send_theirs(stream, 100);
        }
        if (!run_until(has_everything, 60)) {
            fail("nothing comes after unreliable messages", st.got[0][0], st.got[1][0]);
        }
    }
}

static void scenario_we_connect(void)
{
    begin(WE);
    exchange();
}

static void scenario_they_connect(void)
{
    begin(THEY);
    exchange();
}

static void scenario_both_connect(void)
{
    begin(BOTH);
    exchange();
}

static void scenario_unordered(void)
{
    st.is_ordered = false;
    begin(BOTH);
    exchange();
}

static void scenario_unreliable(void)
{
    st.is_reliable = false;
    begin(BOTH);
    exchange();
}

static void scenario_unreliable_unordered(void)
{
    st.is_reliable = st.is_ordered = false;
    begin(BOTH);
    exchange();
}

static uint32_t resets_wanted;

static bool is_reset(void)
{
    return st.events[FLOE_SCTP_EV_RESET_DONE] >= resets_wanted &&
           st.events[FLOE_SCTP_EV_STREAM_RESET] >= resets_wanted &&
           st.their_resets_in >= resets_wanted && st.their_resets_out >= resets_wanted;
}

static void reset_theirs(uint16_t stream)
{
    uint8_t memory[sizeof(struct sctp_reset_streams) + 2];
    struct sctp_reset_streams *reset = (struct sctp_reset_streams *)memory;
    memset(memory, 0, sizeof memory);
    reset->srs_flags = SCTP_STREAM_RESET_OUTGOING;
    reset->srs_number_streams = 1;
    reset->srs_stream_list[0] = stream;
    for (int i = 0; i < 20000; i++) { /* it refuses as long as a request is under way */
        if (usrsctp_setsockopt(st.socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, reset,
                               (socklen_t)sizeof memory) == 0) {
            return;
        }
        tick();
    }
    fail("usrsctp refuses to reset", errno, 0);
}

/* A channel is used, closed from both sides, and used again. */
static void scenario_resets(void)
{
    begin(BOTH);
    for (resets_wanted = 1; resets_wanted <= 5 && !st.has_failed; resets_wanted++) {
        for (int i = 0; i < 10; i++) {
            (void)send_ours(1, take_size() % 5000 + 4);
            (void)send_theirs(1, take_size() % 5000 + 4);
        }
        if (floe_sctp_assoc_reset_stream(&st.assoc, 1) != FLOE_OK) {
            fail("reset", 0, 0);
        }
        if (!run_until(has_everything, 120)) {
            fail("not everything came before the reset", st.got[0][1], st.got[1][1]);
        }
        reset_theirs(1);
        if (!run_until(is_reset, 120)) {
            fail("not reset", (long)st.events[FLOE_SCTP_EV_RESET_DONE], st.their_resets_out);
        }
    }
    if (st.events[FLOE_SCTP_EV_RESET_FAILED] > 0) {
        fail("a reset of ours failed", 0, 0);
    }
}

static bool is_over(void)
{
    return st.events[FLOE_SCTP_EV_CLOSED] > 0 && st.their_end != 0;
}

static void scenario_we_shut_down(void)
{
    begin(BOTH);
    (void)send_ours(1, 50000);
    if (floe_sctp_assoc_shutdown(&st.assoc) != FLOE_OK || !run_until(is_over, 120)) {
        fail("not shut down", floe_sctp_assoc_get_state(&st.assoc), st.their_end);
    }
    if (st.got[0][1] != 1 || (st.loss == 0 && st.closed.cause != FLOE_SCTP_CAUSE_SHUTDOWN)) {
        fail("shut down, but", st.got[0][1], (long)st.closed.cause);
    }
}

static void scenario_they_shut_down(void)
{
    begin(BOTH);
    (void)send_theirs(1, 50000);
    (void)usrsctp_shutdown(st.socket, SHUT_WR);
    if (!run_until(is_over, 120)) {
        fail("not shut down", floe_sctp_assoc_get_state(&st.assoc), st.their_end);
    }
    if (st.got[1][1] != 1 || st.closed.cause != FLOE_SCTP_CAUSE_SHUTDOWN) {
        fail("shut down, but", st.got[1][1], (long)st.closed.cause);
    }
}

static void scenario_we_abort(void)
{
    begin(BOTH);
    st.loss = 0; /* it is sent once */
    floe_sctp_assoc_abort(&st.assoc);
    if (!run_until(is_over, 10) || st.their_end != SCTP_COMM_LOST) {
        fail("not aborted", st.their_end, 0);
    }
}

static bool is_closed(void)
{
    return st.events[FLOE_SCTP_EV_CLOSED] > 0;
}

static void scenario_they_abort(void)
{
    begin(BOTH);
    st.loss = 0;
    usrsctp_close(st.socket); /* with a linger of zero, that is an ABORT */
    st.socket = NULL;
    if (!run_until(is_closed, 10) || st.closed.cause != FLOE_SCTP_CAUSE_ABORTED ||
        st.closed.value != 12) {
        fail("not aborted", (long)st.closed.cause, st.closed.value);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"we connect", scenario_we_connect},
    {"they connect", scenario_they_connect},
    {"both connect", scenario_both_connect},
    {"unordered messages", scenario_unordered},
    {"unreliable messages", scenario_unreliable},
    {"unreliable unordered messages", scenario_unreliable_unordered},
    {"streams are reset and used again", scenario_resets},
    {"we shut down", scenario_we_shut_down},
    {"they shut down", scenario_they_shut_down},
    {"we abort", scenario_we_abort},
    {"they abort", scenario_they_abort},
};

static bool run_scenario(size_t which, uint64_t seed, uint32_t loss)
{
    memset(&st, 0, sizeof st);
    for (size_t i = 0; i < STREAMS; i++) {
        static uint8_t memory[STREAMS][SIZE_MAX_];
        st.partial[i] = memory[i];
    }
    st.random = sim_random_begin(seed, 1);
    st.link = sim_random_begin(seed, 2);
    st.now = st.their_now = FLOE_SECOND;
    st.loss = loss;
    st.reorder = loss;
    st.is_reliable = st.is_ordered = true;
    scenarios[which].run();
    end();
    return !st.has_failed;
}

int main(int argc, char **argv)
{
    static const uint32_t losses[] = {0, 20, 100, 200};
    const char *filter = argc > 1 ? argv[1] : "";
    uint64_t seeds = argc > 2 ? strtoull(argv[2], NULL, 10) : 3;
    bool is_good = true;
    usrsctp_init_nothreads(0, on_their_output, NULL);
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_rto_min_default(200);
    usrsctp_sysctl_set_sctp_rto_max_default(10000);
    usrsctp_sysctl_set_sctp_rto_initial_default(500);
    usrsctp_sysctl_set_sctp_init_rto_max_default(2000);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (strstr(scenarios[i].name, filter) == NULL) {
            continue;
        }
        unsigned runs = 0;
        unsigned failed = 0;
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            for (size_t k = 0; k < sizeof losses / sizeof losses[0]; k++) {
                runs++;
                if (!run_scenario(i, seed, losses[k])) {
                    printf("    seed %llu, %u of 1000 lost\n", (unsigned long long)seed, losses[k]);
                    failed++;
                }
            }
        }
        printf("%s %s: %u runs, %u failed\n", failed == 0 ? "ok  " : "FAIL", scenarios[i].name, runs,
               failed);
        is_good &= failed == 0;
        fflush(stdout);
    }
    (void)usrsctp_finish();
    return is_good ? 0 : 1;
}
