/*
 * usrsctp/usrsctp_parts.c - messages that are larger than our memory: ours written by parts and
 * read by usrsctp as they come (its partial delivery), its own written by parts (its explicit end
 * of record) and read by us as they come.
 */
#include "usrsctp_stage.h"

#include <errno.h>
#include <string.h>

#include "sctp/sctp_parts.h"

#define STREAM 2
#define TOTAL  3000017u
#define SHORT  500009u
#define PART   9000u

static uint8_t byte_at(int from, uint64_t at)
{
    return (uint8_t)((unsigned)from * 101 + at * 31 + (at >> 9) * 7);
}

void stage_take_part(int from, const uint8_t *bytes, size_t len, bool has_more, bool is_cut)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != byte_at(from, stage.part_read[from] + i)) {
            stage_fail("another byte than was sent, at", (long)stage.part_read[from] + (long)i,
                       from);
            return;
        }
    }
    stage.part_read[from] += len;
    if (has_more) {
        return;
    }
    is_cut |= from == 0 && stage.is_part_given_up; /* to its reader usrsctp says it by an event */
    if (!is_cut && stage.part_read[from] != stage.part_total) {
        stage_fail("the message ends at", (long)stage.part_read[from], from);
    }
    stage.part_whole[from] += !is_cut;
    stage.part_cut += is_cut;
    stage.part_read[from] = 0;
}

#if FLOE_SCTP_PARTS

static void fill(uint8_t part[PART], int from, size_t *len)
{
    uint64_t at = stage.part_written[from];
    *len = stage.part_total - at < PART ? (size_t)(stage.part_total - at) : PART;
    for (size_t i = 0; i < *len; i++) {
        part[i] = byte_at(from, at + i);
    }
}

static void write_ours(void)
{
    uint8_t part[PART];
    size_t len;
    floe_err err = FLOE_OK;
    while (err == FLOE_OK && stage.part_written[0] < stage.part_total) {
        fill(part, 0, &len);
        err = floe_sctp_assoc_write(&stage.assoc, stage.part_stream, (floe_bytes){part, len},
                                    stage.part_written[0] + len == stage.part_total);
        stage.part_written[0] += err == FLOE_OK ? len : 0;
    }
    if (err != FLOE_OK && err != FLOE_E_AGAIN) {
        stage_fail("a part of ours is refused", err, (long)stage.part_written[0]);
    }
    stage_drain_ours();
}

static void write_theirs(void)
{
    uint8_t part[PART];
    size_t len;
    while (stage.part_written[1] < stage.part_total) {
        fill(part, 1, &len);
        struct sctp_sndinfo info = {.snd_sid = STREAM};
        info.snd_flags = stage.part_written[1] + len == stage.part_total ? SCTP_EOR : 0;
        ssize_t sent = usrsctp_sendv(stage.socket, part, len, NULL, 0, &info, sizeof info,
                                     SCTP_SENDV_SNDINFO, 0);
        if (sent <= 0) {
            return;
        }
        stage.part_written[1] += (uint64_t)sent;
    }
}

static void begin_ours(uint16_t stream, uint32_t total)
{
    const floe_sctp_send message = {.stream = stream, .ppid = 53};
    if (floe_sctp_assoc_begin_message(&stage.assoc, &message) != FLOE_OK) {
        stage_fail("a message by parts is refused", 0, 0);
    }
    stage.part_written[0] = 0;
    stage.part_total = total;
    stage.part_stream = stream;
}

static void set_explicit_end(void)
{
    const int on = 1;
    if (usrsctp_setsockopt(stage.socket, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, &on, sizeof on) != 0) {
        stage_fail("usrsctp takes no messages by parts", errno, 0);
    }
}

void stage_scenario_parts(void)
{
    begin_ours(STREAM, TOTAL);
    set_explicit_end();
    for (uint32_t i = 0; i < 600000 && !stage.has_failed; i++) {
        write_ours();
        write_theirs();
        stage_tick();
        if (stage.part_whole[0] == 1 && stage.part_whole[1] == 1) {
            return;
        }
    }
    stage_fail("not all has come", (long)stage.part_read[0], (long)stage.part_read[1]);
}

/* Whatever usrsctp had of it is gone, and the next one arrives. It is on another stream: on one
 * where a message was given up of which its reader had seen a part, version 0.9.5 delivers nothing
 * more. */
void stage_scenario_parts_given_up(void)
{
    for (uint32_t round = 0; round < 3 && !stage.has_failed; round++) {
        begin_ours((uint16_t)(STREAM + round), TOTAL);
        for (uint32_t i = 0; i < 50 + 150 * round; i++) {
            write_ours();
            stage_tick();
        }
        if (stage.part_written[0] < stage.part_total &&
            floe_sctp_assoc_abort_message(&stage.assoc, stage.part_stream) != FLOE_OK) {
            stage_fail("it can't be given up", 0, 0);
        }
        stage.is_part_given_up = true;
        stage_drain_ours();
        for (uint32_t i = 0; i < 5000; i++) {
            stage_tick();
        }
        stage.is_part_given_up = false;
        stage.part_read[0] = 0;
        uint32_t whole = stage.part_whole[0];
        begin_ours(1, SHORT);
        for (uint32_t i = 0; i < 300000 && stage.part_whole[0] == whole; i++) {
            write_ours();
            stage_tick();
        }
        if (stage.part_whole[0] == whole) {
            stage_fail("nothing comes after it", (long)stage.part_read[0], (long)round);
        }
    }
}

#endif
