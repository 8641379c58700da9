/* support/sctp_script.c - see support/sctp_script.h. */
#include "support/sctp_script.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

/* Of the script that is being set up: configure() has no context of its own. */
static const sctp_script *configuring;

static void wrong(sctp_script *s, const char *what, const char *came)
{
    fail_msg("%s:%d: %s\n    line: %s\n    came: %s", s->file, s->line_number, what, s->line, came);
}

static const char *word(const sctp_script *s, size_t n)
{
    return n < s->words.count ? s->words.word[n] : "";
}

static uint32_t number(sctp_script *s, const char *text)
{
    uint32_t value;
    if (!notation_number(text, &value)) {
        wrong(s, "no number", text);
    }
    return value;
}

/* The value of "name=", or what it is without. */
static uint32_t option(sctp_script *s, const char *name, uint32_t usual)
{
    const char *text = notation_find(&s->words, 0, s->words.count, name);
    return text != NULL ? number(s, text) : usual;
}

static bool has_option(const sctp_script *s, const char *name)
{
    for (size_t i = 1; i < s->words.count; i++) {
        if (strcmp(s->words.word[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static notation_frame frame_in(const sctp_script *s)
{
    return (notation_frame){.sender = s->peer_tsn - 1,
                            .receiver = s->tsn - 1,
                            .tag = SOLO_TAG,
                            .cookie = {s->cookie, s->cookie_len}};
}

static notation_frame frame_out(const sctp_script *s)
{
    return (notation_frame){.sender = s->tsn - 1, .receiver = s->peer_tsn - 1};
}

/* --- what it sends --- */

static void learn_cookie(sctp_script *s, floe_bytes params)
{
    floe_sctp_param param;
    while (floe_sctp_param_next(&params, &param)) {
        if (param.type == FLOE_SCTP_PARAM_STATE_COOKIE) {
            assert_true(param.value.len <= sizeof s->cookie);
            memcpy(s->cookie, param.value.ptr, param.value.len);
            s->cookie_len = param.value.len;
        }
    }
}

/* Tags and first numbers are known from INIT, INIT ACK, and COOKIE ACK. */
static void learn(sctp_script *s, const floe_sctp_chunk *chunk)
{
    floe_sctp_init init;
    if (chunk->type == FLOE_SCTP_CHUNK_INIT) {
        floe_sctp_init_parse(&init, chunk);
        s->solo.tag = init.tag;
        s->tsn = s->solo.tsn = init.tsn;
    } else if (chunk->type == FLOE_SCTP_CHUNK_INIT_ACK) {
        floe_sctp_init_parse(&init, chunk);
        s->offered_tag = init.tag;
        s->offered_tsn = init.tsn;
        learn_cookie(s, init.params);
    } else if (chunk->type == FLOE_SCTP_CHUNK_COOKIE_ACK && s->is_echoed) {
        s->solo.tag = s->offered_tag;
        s->tsn = s->solo.tsn = s->offered_tsn;
        s->peer_tag = s->asking_tag;
        s->peer_tsn = s->asking_tsn;
    }
}

static void collect(sctp_script *s)
{
    for (uint32_t i = 0; i < s->solo.out_count; i++) {
        floe_sctp_packet packet;
        floe_sctp_chunk chunk;
        assert_true(s->count < SOLO_OUT_MAX);
        s->queue[s->count++] = s->solo.out[i];
        floe_bytes bytes = {s->solo.out[i].bytes, s->solo.out[i].len};
        assert_int_equal(floe_sctp_packet_parse(&packet, bytes), FLOE_OK);
        while (floe_sctp_packet_next(&packet.chunks, &chunk)) {
            learn(s, &chunk);
        }
    }
    s->solo.out_count = 0;
}

static void show(const sctp_script *s, const sctp_solo_packet *sent, char *out, size_t cap)
{
    floe_sctp_packet packet;
    floe_sctp_chunk chunk;
    notation_frame frame = frame_out(s);
    assert_int_equal(floe_sctp_packet_parse(&packet, (floe_bytes){sent->bytes, sent->len}),
                     FLOE_OK);
    int len = snprintf(out, cap, "tag=0x%x", packet.tag);
    while (floe_sctp_packet_next(&packet.chunks, &chunk)) {
        char text[256];
        notation_show(&chunk, &frame, text, sizeof text);
        len += snprintf(out + len, cap - (size_t)len, " + %s", text);
        assert_true((size_t)len < cap);
    }
}

static void expect_nothing_more(sctp_script *s)
{
    char text[4096];
    if (s->first < s->count) {
        show(s, &s->queue[s->first], text, sizeof text);
        wrong(s, "a packet that no line before this one expects", text);
    }
    s->first = s->count = 0;
}

/* --- packets in --- */

static size_t end_of_chunk(const sctp_script *s, size_t from)
{
    while (from < s->words.count && strcmp(s->words.word[from], "+") != 0) {
        from++;
    }
    return from;
}

/* The tag of a packet: what the words say before the first chunk, or the right one. */
static uint32_t tag_of(sctp_script *s, const char *text, uint32_t right)
{
    if (text == NULL) {
        return right;
    }
    if (strcmp(text, "wrong") == 0) {
        return right ^ 1;
    }
    if (strcmp(text, "peer") == 0) {
        return s->peer_tag;
    }
    if (strcmp(text, "own") == 0) {
        return s->solo.tag;
    }
    return strcmp(text, "offered") == 0 ? s->offered_tag : number(s, text);
}

/* Words of the packet itself stand before its first chunk, whose name is in capitals. */
static size_t first_chunk(const sctp_script *s)
{
    size_t i = 1;
    while (i < s->words.count && (s->words.word[i][0] < 'A' || s->words.word[i][0] > 'Z')) {
        i++;
    }
    return i;
}

static void note_input(sctp_script *s, size_t from)
{
    if (strcmp(word(s, from), "INIT") == 0) {
        const char *tag = notation_find(&s->words, from, s->words.count, "tag");
        s->asking_tag = tag != NULL ? number(s, tag) : SOLO_TAG;
        s->asking_tsn = s->peer_tsn - 1 + option(s, "tsn", 1);
    }
    s->is_echoed |= strcmp(word(s, from), "COOKIE_ECHO") == 0;
}

static void give(sctp_script *s)
{
    size_t from = first_chunk(s);
    notation_frame frame = frame_in(s);
    bool is_init = strcmp(word(s, from), "INIT") == 0;
    bool is_echo = strcmp(word(s, from), "COOKIE_ECHO") == 0;
    uint32_t right = is_init ? 0 : is_echo ? s->offered_tag : s->solo.tag;
    const char *checksum = notation_find(&s->words, 1, from, "checksum");
    solo_begin(&s->solo, tag_of(s, notation_find(&s->words, 1, from, "tag"), right));
    note_input(s, from);
    for (size_t to; from < s->words.count; from = to + 1) {
        to = end_of_chunk(s, from);
        const char *bad = notation_put(&s->solo.w, &frame, &s->words, from, to);
        if (bad != NULL) {
            wrong(s, "not a chunk", bad);
        }
    }
    assert_true(floe_writer_is_ok(&s->solo.w));
    floe_sctp_packet_end(&s->solo.w);
    if (checksum != NULL) {
        s->solo.in[8] ^= 1;
    }
    floe_bytes packet = floe_writer_view(&s->solo.w);
    s->input_err = floe_sctp_assoc_input(&s->solo.assoc, s->solo.now, packet);
    floe_sctp_assoc_check_invariants(&s->solo.assoc);
    floe_sctp_assoc_input_end(&s->solo.assoc);
    solo_drain(&s->solo);
    collect(s);
}

/* --- packets out --- */

static const char *match(sctp_script *s, const sctp_solo_packet *sent)
{
    floe_sctp_packet packet;
    floe_sctp_chunk chunk;
    notation_frame frame = frame_out(s);
    size_t from = first_chunk(s);
    assert_int_equal(floe_sctp_packet_parse(&packet, (floe_bytes){sent->bytes, sent->len}),
                     FLOE_OK);
    const char *name = word(s, from);
    uint32_t right = strcmp(name, "INIT") == 0       ? 0
                     : strcmp(name, "INIT_ACK") == 0 ? s->asking_tag
                                                     : s->peer_tag;
    if (packet.tag != tag_of(s, notation_find(&s->words, 1, from, "tag"), right)) {
        return "another tag";
    }
    for (size_t to; from < s->words.count; from = to + 1) {
        to = end_of_chunk(s, from);
        if (!floe_sctp_packet_next(&packet.chunks, &chunk)) {
            return "the packet has fewer chunks";
        }
        const char *bad = notation_match(&chunk, &frame, &s->words, from, to);
        if (bad != NULL) {
            return bad;
        }
    }
    return floe_sctp_packet_next(&packet.chunks, &chunk) ? "the packet has more chunks" : NULL;
}

static void expect(sctp_script *s)
{
    char text[4096];
    if (strcmp(word(s, 1), "nothing") == 0) {
        expect_nothing_more(s);
        return;
    }
    if (s->first == s->count) {
        wrong(s, "a packet was expected", "nothing");
    }
    const char *bad = match(s, &s->queue[s->first]);
    if (bad != NULL) {
        show(s, &s->queue[s->first], text, sizeof text);
        wrong(s, bad, text);
    }
    s->first++;
}

/* --- the states --- */

static void configure(floe_sctp_config *config)
{
    config->init_retries = configuring->init_retries;
    config->data_retries = configuring->data_retries;
    config->heartbeat_ms = configuring->heartbeat_ms;
    config->message_max = configuring->message_max;
}

static void begin(sctp_script *s)
{
    configuring = s;
    solo_init(&s->solo, configure);
    s->peer_tag = SOLO_TAG;
    s->peer_tsn = s->asking_tsn = SOLO_TSN;
    s->has_begun = true;
}

static void forget_packets(sctp_script *s)
{
    collect(s);
    s->first = s->count = 0;
}

/* Into the first half of the states, by the way that the association itself goes. */
static void be_set_up(sctp_script *s, floe_sctp_state state)
{
    begin(s);
    if (state == FLOE_SCTP_COOKIE_WAIT) {
        solo_to_cookie_wait(&s->solo);
    } else if (state == FLOE_SCTP_COOKIE_ECHOED) {
        solo_to_cookie_echoed(&s->solo);
    } else if (state != FLOE_SCTP_CLOSED) {
        solo_connect(&s->solo, option(s, "rwnd", 1 << 20));
    }
    s->tsn = s->solo.tsn;
    forget_packets(s);
}

static void be(sctp_script *s, floe_sctp_state state)
{
    be_set_up(s, state);
    bool has_data = state == FLOE_SCTP_SHUTDOWN_PENDING || state == FLOE_SCTP_SHUTDOWN_RECEIVED;
    if (has_data) {
        assert_int_equal(solo_send(&s->solo, 100), FLOE_OK);
        solo_drain(&s->solo);
    }
    if (state == FLOE_SCTP_SHUTDOWN_PENDING || state == FLOE_SCTP_SHUTDOWN_SENT) {
        assert_int_equal(floe_sctp_assoc_shutdown(&s->solo.assoc), FLOE_OK);
        solo_drain(&s->solo);
    } else if (state > FLOE_SCTP_SHUTDOWN_SENT) {
        solo_begin(&s->solo, s->solo.tag);
        floe_sctp_shutdown_put(&s->solo.w, s->tsn - 1);
        assert_int_equal(solo_give(&s->solo), FLOE_OK);
    }
    forget_packets(s);
    assert_int_equal(solo_state(&s->solo), state);
}

/* "cookie-wait" for the library's name of it. */
static floe_sctp_state state_named(sctp_script *s, const char *text)
{
    static const char *const names[] = {
        "closed",           "cookie-wait",   "cookie-echoed",     "established",
        "shutdown-pending", "shutdown-sent", "shutdown-received", "shutdown-ack-sent"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            return (floe_sctp_state)i;
        }
    }
    wrong(s, "no state", text);
    return FLOE_SCTP_CLOSED;
}

/* --- the lines --- */

static void do_be(sctp_script *s)
{
    be(s, state_named(s, word(s, 1)));
}

static void do_with(sctp_script *s)
{
    s->init_retries = option(s, "retries", s->init_retries);
    s->data_retries = option(s, "data-retries", s->data_retries);
    s->heartbeat_ms = option(s, "heartbeat", s->heartbeat_ms);
    s->message_max = option(s, "message", s->message_max);
}

static void do_state(sctp_script *s)
{
    floe_sctp_state state = solo_state(&s->solo);
    if (state != state_named(s, word(s, 1))) {
        wrong(s, "another state", floe_sctp_state_name(state));
    }
}

static void do_event(sctp_script *s)
{
    static const char *const names[] = {"established", "restarted",    "closed", "reset",
                                        "reset-done",  "reset-failed", "low",    "writable"};
    static const char *const causes[] = {"", "shutdown", "aborted", "local", "timeout", "protocol"};
    floe_sctp_event event;
    bool is_there;
    do { /* buffers that fell low are no part of the protocol */
        is_there = floe_sctp_assoc_poll_event(&s->solo.assoc, &event);
    } while (is_there && event.type == FLOE_SCTP_EV_BUFFERED_LOW);
    const char *came = is_there ? names[event.type] : "none";
    if (strcmp(came, word(s, 1)) != 0) {
        wrong(s, "another event", came);
    }
    if (s->words.count > 2 && strcmp(word(s, 2), causes[event.cause]) != 0) {
        wrong(s, "another cause", causes[event.cause]);
    }
}

static void do_send(sctp_script *s)
{
    floe_sctp_send message = {
        .stream = (uint16_t)option(s, "sid", 1),
        .is_unordered = has_option(s, "unordered"),
        .has_max_retransmits = notation_find(&s->words, 1, s->words.count, "rtx") != NULL,
        .max_retransmits = option(s, "rtx", 0),
        .has_lifetime = notation_find(&s->words, 1, s->words.count, "life") != NULL,
        .lifetime_ms = option(s, "life", 0)};
    bool is_taken = solo_send_with(&s->solo, message, number(s, word(s, 1))) == FLOE_OK;
    if (is_taken == has_option(s, "refused")) {
        wrong(s, "the call", is_taken ? "took it" : "refused it");
    }
    solo_drain(&s->solo);
    collect(s);
}

/* A call that may be refused. */
static void judge(sctp_script *s, floe_err err)
{
    if ((err == FLOE_OK) == has_option(s, "refused")) {
        wrong(s, "the call", err == FLOE_OK ? "did it" : "refused it");
    }
    solo_drain(&s->solo);
    collect(s);
}

static void do_connect(sctp_script *s)
{
    judge(s, floe_sctp_assoc_connect(&s->solo.assoc));
}

static void do_shutdown(sctp_script *s)
{
    judge(s, floe_sctp_assoc_shutdown(&s->solo.assoc));
}

static void do_reset(sctp_script *s)
{
    judge(s, floe_sctp_assoc_reset_stream(&s->solo.assoc, (uint16_t)number(s, word(s, 1))));
}

static void do_abort(sctp_script *s)
{
    floe_sctp_assoc_abort(&s->solo.assoc);
    judge(s, FLOE_OK);
}

static void do_read(sctp_script *s)
{
    char came[64] = "nothing";
    floe_sctp_recv message;
    bool is_there = floe_sctp_assoc_peek(&s->solo.assoc, &message);
    bool wants_any = strcmp(word(s, 1), "nothing") != 0;
    if (is_there) {
        (void)snprintf(came, sizeof came, "%zu bytes, stream %u", message.len, message.stream);
    }
    if (is_there != wants_any || (wants_any && (message.len != number(s, word(s, 1)) ||
                                                message.stream != option(s, "sid", 1)))) {
        wrong(s, "another message", came);
    }
    (void)solo_read(&s->solo);
    solo_drain(&s->solo);
    collect(s);
}

/* Go on in time, awake at each deadline. */
static void do_wait(sctp_script *s)
{
    floe_time until = s->solo.now + number(s, word(s, 1)) * FLOE_MS;
    for (floe_time at; (at = floe_sctp_assoc_deadline(&s->solo.assoc)) <= until;) {
        solo_advance(&s->solo, at - s->solo.now);
        collect(s);
    }
    solo_advance(&s->solo, until - s->solo.now);
    collect(s);
}

static void do_timeout(sctp_script *s)
{
    solo_timeout(&s->solo);
    collect(s);
}

typedef struct command {
    const char *name;
    void (*run)(sctp_script *s);
    bool is_stimulus; /* nothing that was sent before it may be unexpected */
} command;

static const command commands[] = {
    {"be", do_be, false},
    {"with", do_with, false},
    {"<", give, true},
    {">", expect, false},
    {"state", do_state, false},
    {"event", do_event, false},
    {"send", do_send, true},
    {"read", do_read, true},
    {"connect", do_connect, true},
    {"shutdown", do_shutdown, true},
    {"reset", do_reset, true},
    {"abort", do_abort, true},
    {"wait", do_wait, true},
    {"timeout", do_timeout, true},
};

static void run_line(sctp_script *s)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, word(s, 0)) == 0) {
            if (commands[i].is_stimulus) {
                expect_nothing_more(s);
            }
            commands[i].run(s);
            return;
        }
    }
    wrong(s, "no such command", word(s, 0));
}

/* The next line of the purpose, without its comment; false at its end. */
static bool next_line(sctp_script *s, FILE *file)
{
    if (fgets(s->line, sizeof s->line, file) == NULL) {
        return false;
    }
    s->line_number++;
    s->line[strcspn(s->line, "#\r\n")] = '\0';
    if (!notation_split(&s->words, s->line)) {
        wrong(s, "too many words", "");
    }
    return strcmp(word(s, 0), "purpose") != 0 && strcmp(word(s, 0), "none") != 0;
}

void sctp_script_run(sctp_script *s, const char *name, int line)
{
    char path[512];
    memset(s, 0, sizeof *s);
    s->file = name;
    (void)snprintf(path, sizeof path, "%s/../conformance/%s", FLOE_TEST_DATA, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (s->line_number < line) {
        (void)next_line(s, file);
    }
    while (next_line(s, file)) {
        if (s->words.count > 0) {
            run_line(s);
        }
    }
    (void)snprintf(s->line, sizeof s->line, "(the end of the purpose)");
    assert_true(s->has_begun);
    expect_nothing_more(s);
    (void)fclose(file);
}
