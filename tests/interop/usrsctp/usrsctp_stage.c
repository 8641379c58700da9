/* usrsctp/usrsctp_stage.c - see usrsctp_stage.h. */
#include "usrsctp_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* SCTP_INTERLEAVING_SUPPORTED: version 0.9.5 has the option, and its header does not name it. */
#define INTERLEAVING_SUPPORTED 0x00001206

sctp_stage stage;

void stage_fail(const char *why, long a, long b)
{
    if (!stage.has_failed) {
        printf("    %s (%ld, %ld) at %llu ms\n", why, a, b,
               (unsigned long long)(stage.now / FLOE_MS));
    }
    stage.has_failed = true;
}

/* usrsctp reads the clock to measure round trips: it gets ours. */
int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    at->tv_sec = (time_t)(stage.now / FLOE_SECOND);
    at->tv_usec = (suseconds_t)(stage.now % FLOE_SECOND);
    return 0;
}

/* --- the link --- */

static void put_packet(int to_us, const void *bytes, size_t len)
{
    if (sim_random_chance(&stage.link, stage.loss) || stage.packet_count == PACKETS_MAX) {
        return;
    }
    packet *p = &stage.packets[stage.packet_count++];
    p->at = stage.now + 10 * FLOE_MS;
    if (sim_random_chance(&stage.link, stage.reorder)) {
        p->at += sim_random_below(&stage.link, 30 * FLOE_MS);
    }
    p->to_us = to_us;
    p->len = len;
    memcpy(p->bytes, bytes, len);
}

int stage_on_their_output(void *address, void *bytes, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)address;
    (void)tos;
    (void)set_df;
    if (len > sizeof stage.packets[0].bytes) {
        stage_fail("usrsctp sent a packet of", (long)len, 0);
        return 0;
    }
    put_packet(1, bytes, len);
    return 0;
}

/* --- messages --- */

static uint8_t byte_of(int from, uint32_t stream, uint32_t number, size_t at)
{
    return (uint8_t)(from * 97 + (int)stream * 31 + (int)number * 7 +
                     (int)(at * 2654435761u >> 24));
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
    if (stream >= STREAMS || len < sizeof number || number >= stage.sent[from][stream]) {
        stage_fail("a message that was not sent", from, (long)number);
        return;
    }
    if (stage.is_ordered && number < stage.got[from][stream]) {
        stage_fail("a message out of order", (long)number, (long)stage.got[from][stream]);
    }
    if (stage.is_ordered && stage.is_reliable && number != stage.got[from][stream]) {
        stage_fail("a message is missing", (long)number, (long)stage.got[from][stream]);
    }
    stage.got[from][stream] = stage.is_ordered ? number + 1 : stage.got[from][stream] + 1;
    for (size_t i = sizeof number; i < len; i++) {
        if (bytes[i] != byte_of(from, stream, number, i)) {
            stage_fail("other bytes than were sent, at", (long)i, (long)len);
            return;
        }
    }
}

/* --- our side --- */

static void read_ours(void)
{
    static uint8_t bytes[SIZE_LIMIT];
    floe_sctp_recv message;
    while (floe_sctp_assoc_peek(&stage.assoc, &message)) {
        size_t len = floe_sctp_assoc_copy(&stage.assoc, bytes, sizeof bytes);
        floe_sctp_assoc_release(&stage.assoc);
        if (stage.is_by_parts) {
            stage_take_part(1, bytes, len, message.has_more, message.is_cut);
            continue;
        }
        check_message(1, message.stream, bytes, len);
    }
}

void stage_drain_ours(void)
{
    uint8_t buf[1500];
    size_t len;
    floe_sctp_event event;
    bool is_any = true;
    while (is_any) {
        is_any = false;
        while (floe_sctp_assoc_poll_transmit(&stage.assoc, buf, sizeof buf, &len)) {
            floe_sctp_assoc_check_invariants(&stage.assoc);
            put_packet(0, buf, len);
        }
        while (floe_sctp_assoc_poll_event(&stage.assoc, &event)) {
            stage.events[event.type]++;
#if FLOE_SCTP_IDATA
            if (event.type == FLOE_SCTP_EV_ESTABLISHED &&
                floe_sctp_assoc_is_interleaved(&stage.assoc) != stage.is_interleaved) {
                stage_fail("interleaving is agreed on, or not", stage.is_interleaved, 0);
            }
#endif
            if (event.type == FLOE_SCTP_EV_CLOSED) {
                stage.closed = event;
            }
            is_any = true;
        }
        read_ours();
    }
}

bool stage_send_ours(uint32_t stream, size_t len)
{
    static uint8_t bytes[SIZE_LIMIT];
    uint32_t number = stage.sent[0][stream];
    fill_message(bytes, len, 0, stream, number);
    floe_sctp_send message = {.stream = (uint16_t)stream,
                              .ppid = 53,
                              .is_unordered = !stage.is_ordered,
                              .has_max_retransmits = !stage.is_reliable,
                              .max_retransmits = stream % 3,
                              .data = {bytes, len}};
    if (floe_sctp_assoc_send(&stage.assoc, &message) != FLOE_OK) {
        return false;
    }
    stage.sent[0][stream]++;
    return true;
}

/* --- usrsctp's side --- */

static void note_their_event(const union sctp_notification *event)
{
    if (event->sn_header.sn_type == SCTP_ASSOC_CHANGE) {
        uint16_t state = event->sn_assoc_change.sac_state;
        if (state == SCTP_COMM_LOST || state == SCTP_SHUTDOWN_COMP ||
            state == SCTP_CANT_STR_ASSOC) {
            stage.their_end = state;
        }
    } else if (event->sn_header.sn_type == SCTP_STREAM_RESET_EVENT) {
        uint16_t flags = event->sn_strreset_event.strreset_flags;
        stage.their_resets_in += (flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;
        stage.their_resets_out += (flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0;
        if ((flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)) != 0) {
            stage_fail("usrsctp says that a reset failed", flags, 0);
        }
    }
}

static void read_theirs(void)
{
    static uint8_t bytes[65536];
    while (stage.socket != NULL) {
        struct sctp_rcvinfo info;
        socklen_t info_len = sizeof info;
        unsigned info_type = 0;
        int flags = 0;
        ssize_t len = usrsctp_recvv(stage.socket, bytes, sizeof bytes, NULL, NULL, &info, &info_len,
                                    &info_type, &flags);
        if (len <= 0) {
            return;
        }
        if ((flags & MSG_NOTIFICATION) != 0) {
            note_their_event((const union sctp_notification *)bytes);
            continue;
        }
        if (stage.is_by_parts) {
            stage_take_part(0, bytes, (size_t)len, (flags & MSG_EOR) == 0, false);
            continue;
        }
        uint16_t stream = info_type == SCTP_RECVV_RCVINFO ? info.rcv_sid : STREAMS;
        if (stream >= STREAMS || stage.partial_len[stream] + (size_t)len > SIZE_LIMIT) {
            stage_fail("usrsctp delivers on stream", stream, (long)len);
            return;
        }
        memcpy(stage.partial[stream] + stage.partial_len[stream], bytes, (size_t)len);
        stage.partial_len[stream] += (size_t)len;
        if ((flags & MSG_EOR) != 0) {
            check_message(0, stream, stage.partial[stream], stage.partial_len[stream]);
            stage.partial_len[stream] = 0;
        }
    }
}

bool stage_send_theirs(uint32_t stream, size_t len)
{
    static uint8_t bytes[SIZE_LIMIT];
    uint32_t number = stage.sent[1][stream];
    fill_message(bytes, len, 1, stream, number);
    struct sctp_sendv_spa spa = {0};
    spa.sendv_flags = SCTP_SEND_SNDINFO_VALID;
    spa.sendv_sndinfo.snd_sid = (uint16_t)stream;
    spa.sendv_sndinfo.snd_flags = SCTP_EOR;
    if (!stage.is_ordered) {
        spa.sendv_sndinfo.snd_flags |= SCTP_UNORDERED;
    }
    if (!stage.is_reliable) {
        spa.sendv_flags |= SCTP_SEND_PRINFO_VALID;
        spa.sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX;
        spa.sendv_prinfo.pr_value = stream % 3;
    }
    ssize_t sent =
        usrsctp_sendv(stage.socket, bytes, len, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0);
    if (sent < 0) {
        return false;
    }
    stage.sent[1][stream]++;
    return true;
}

static void set_option(struct socket *socket, int name, const void *value, socklen_t len)
{
    if (usrsctp_setsockopt(socket, IPPROTO_SCTP, name, value, len) != 0) {
        stage_fail("usrsctp refuses option", name, errno);
    }
}

struct socket *stage_open_theirs(void)
{
    struct socket *socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (socket == NULL) {
        stage_fail("usrsctp_socket", errno, 0);
        exit(1);
    }
    static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT};
    const int on = 1;
    int size = 1 << 20;
    struct linger linger = {1, 0};
    struct sctp_initmsg init = {
        .sinit_num_ostreams = 1024, .sinit_max_instreams = 1024, .sinit_max_attempts = 20};
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
    if (stage.is_interleaved) {
        const int level = 2; /* it delivers parts of messages of several streams by turns */
        struct sctp_assoc_value wanted = {SCTP_FUTURE_ASSOC, 1};
        set_option(socket, SCTP_FRAGMENT_INTERLEAVE, &level, sizeof level);
        set_option(socket, INTERLEAVING_SUPPORTED, &wanted, sizeof wanted);
    }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct sctp_event event = {.se_assoc_id = SCTP_ALL_ASSOC, .se_type = events[i], .se_on = 1};
        set_option(socket, SCTP_EVENT, &event, sizeof event);
    }
    struct sockaddr_conn address = {
        .sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = &stage};
    if (usrsctp_bind(socket, (struct sockaddr *)&address, sizeof address) != 0) {
        stage_fail("usrsctp_bind", errno, 0);
    }
    return socket;
}

void stage_connect_theirs(void)
{
    struct sockaddr_conn address = {
        .sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = &stage};
    stage.socket = stage_open_theirs();
    if (usrsctp_connect(stage.socket, (struct sockaddr *)&address, sizeof address) != 0 &&
        errno != EINPROGRESS) {
        stage_fail("usrsctp_connect", errno, 0);
    }
}

static void accept_theirs(void)
{
    if (stage.listener != NULL && stage.socket == NULL) {
        stage.socket = usrsctp_accept(stage.listener, NULL, NULL);
        if (stage.socket != NULL) {
            usrsctp_set_non_blocking(stage.socket, 1);
        }
    }
}

/* --- time --- */

static void deliver(void)
{
    bool has_input = false;
    for (size_t i = 0; i < stage.packet_count;) {
        static packet p;
        if (stage.packets[i].at > stage.now) {
            i++;
            continue;
        }
        p = stage.packets[i];
        memmove(&stage.packets[i], &stage.packets[i + 1],
                (--stage.packet_count - i) * sizeof stage.packets[0]);
        if (p.to_us) {
            (void)!floe_sctp_assoc_input(&stage.assoc, stage.now, (floe_bytes){p.bytes, p.len});
            floe_sctp_assoc_check_invariants(&stage.assoc);
            has_input = true;
        } else {
            usrsctp_conninput(&stage, p.bytes, p.len, 0);
        }
    }
    if (has_input) {
        floe_sctp_assoc_input_end(&stage.assoc);
    }
}

/* A millisecond passes; usrsctp's timers tick in tens of them. */
void stage_tick(void)
{
    stage.now += FLOE_MS;
    deliver();
    floe_sctp_assoc_advance(&stage.assoc, stage.now);
    stage_drain_ours();
    if (stage.now - stage.their_now >= 10 * FLOE_MS) {
        usrsctp_handle_timers((uint32_t)((stage.now - stage.their_now) / FLOE_MS));
        stage.their_now = stage.now;
    }
    accept_theirs();
    read_theirs();
}

bool stage_run_until(bool (*is_done)(void), unsigned limit_s)
{
    for (unsigned i = 0; i < limit_s * 1000 && !stage.has_failed; i++) {
        if (is_done()) {
            return true;
        }
        stage_tick();
    }
    return is_done();
}
