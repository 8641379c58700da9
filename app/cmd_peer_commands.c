/*
 * app/cmd_peer_commands.c - the commands of `floe peer`: each checks all that it was given, then
 * acts.
 */
#include "app/cmd_peer_internal.h"
#include "app/ice_option.h"
#include "app/json_args.h"
#include "app/json_report.h"
#include "base/base64.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUIT_PATIENCE (2 * FLOE_SECOND)
#define COUNT_MAX     (UINT64_C(1) << 53)
#define SIZE_LIMIT    (64u * 1024u * 1024u)

void session_error(session *s, const char *what, const char *why)
{
    char text[512];
    (void)snprintf(text, sizeof text, "%s%s%s", what, why[0] != '\0' ? ": " : "", why);
    json_t *event = json_report_event("error");
    json_object_set_new(event, "text", json_report_text(floe_bytes_of(text)));
    json_out_put(&s->out, event);
}

static bool is_refused(session *s, const char *what, floe_err err)
{
    if (err != FLOE_OK) {
        session_error(s, what, floe_err_name(err));
    }
    return err != FLOE_OK;
}

static bool are_args_wrong(session *s, const char *what, const json_args *args)
{
    if (!json_args_is_ok(args)) {
        session_error(s, what, args->fault);
    }
    return !json_args_is_ok(args);
}

void session_quit(session *s)
{
    if (!s->is_quitting) {
        s->is_quitting = true;
        s->quit_by = floe_time_after(floe_loop_now(s->loop), QUIT_PATIENCE);
    }
}

static uint16_t read_priority(json_args *args)
{
    static const struct {
        const char *name;
        uint16_t value;
    } table[] = {{"very-low", 128}, {"low", 256}, {"medium", 512}, {"high", 1024}};
    floe_bytes name = json_args_text(args, "priority");
    if (name.ptr == NULL) {
        return 0;
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (floe_bytes_equal(name, floe_bytes_of(table[i].name))) {
            return table[i].value;
        }
    }
    json_args_fail(args, "\"priority\" is very-low, low, medium or high");
    return 0;
}

/* The members of RTCDataChannelInit, and the label. The result views into the JSON. */
static floe_dc_options read_options(json_args *args, const char *label)
{
    floe_dc_options options = {.label = json_args_text(args, "label"),
                               .protocol = json_args_text(args, "protocol"),
                               .is_unordered = !json_args_flag(args, "ordered", true),
                               .has_max_retransmits = json_args_has(args, "maxRetransmits"),
                               .has_lifetime = json_args_has(args, "maxPacketLifeTime"),
                               .is_negotiated = json_args_flag(args, "negotiated", false),
                               .priority = read_priority(args)};
    options.max_retransmits = (uint16_t)json_args_number(args, "maxRetransmits", UINT16_MAX, 0);
    options.lifetime_ms = (uint16_t)json_args_number(args, "maxPacketLifeTime", UINT16_MAX, 0);
    uint16_t id = (uint16_t)json_args_number(args, "id", FLOE_STREAM_NONE - 1u, FLOE_STREAM_NONE);
    if (options.has_max_retransmits && options.has_lifetime) {
        json_args_fail(args, "not both \"maxRetransmits\" and \"maxPacketLifeTime\"");
    }
    if (options.is_negotiated && id == FLOE_STREAM_NONE) {
        json_args_fail(args, "\"negotiated\" needs \"id\"");
    }
    if (options.is_negotiated) {
        options.stream = id; /* without it the W3C has the id ignored */
    }
    if (options.label.ptr == NULL) {
        options.label = floe_bytes_of(label);
    }
    return options;
}

static void open_channel(session *s, const floe_dc_options *options)
{
    floe_dc_id id;
    if (!is_refused(s, "channel", floe_peer_open_channel(s->peer, options, &id)) &&
        s->first == FLOE_DC_NONE) {
        s->first = id;
    }
}

static void do_channel(session *s, json_args *args)
{
    floe_dc_options options = read_options(args, "");
    if (!are_args_wrong(s, "channel", args)) {
        open_channel(s, &options);
    }
}

/* A description of ours, which is told when it is ready. */
static void describe(session *s, floe_peer_sdp_type type)
{
    if (!is_refused(s, floe_peer_sdp_type_name(type), floe_peer_set_local(s->peer, type))) {
        s->is_local_owed = true;
    }
}

static bool read_is_offer(json_args *args)
{
    floe_bytes role = json_args_text(args, "role");
    bool is_offer = floe_bytes_equal(role, FLOE_LIT("offer"));
    if (!is_offer && !floe_bytes_equal(role, FLOE_LIT("answer"))) {
        json_args_fail(args, "\"role\" is offer or answer");
    }
    return is_offer;
}

/* Which of the names the option has; the first of all values if it is not there. A value without a
 * name can't be asked for. */
static unsigned read_name(json_args *args, const char *key, const char *const *names, size_t count,
                          const char *fault)
{
    floe_bytes name = json_args_text(args, key);
    for (unsigned i = 0; i < count; i++) {
        if (names[i] != NULL && floe_bytes_equal(name, floe_bytes_of(names[i]))) {
            return i;
        }
    }
    if (name.ptr != NULL) {
        json_args_fail(args, fault);
    }
    return 0;
}

#define READ_NAME(args, key, names, fault)                                                         \
    read_name(args, key, names, sizeof(names) / sizeof(names)[0], fault)

static floe_ice_policy read_policy(json_args *args)
{
    static const char *const names[] = {
        [FLOE_ICE_POLICY_ALL] = "all", [FLOE_ICE_POLICY_RELAY] = "relay"};
    return (floe_ice_policy)READ_NAME(args, "policy", names, "\"policy\" is all or relay");
}

static floe_ice_nomination read_nomination(json_args *args)
{
    static const char *const names[] = {
        [FLOE_ICE_NOMINATE_SOON] = "soon",
        [FLOE_ICE_NOMINATE_FAST] = "fast",
        [FLOE_ICE_NOMINATE_CONSERVATIVE] = "conservative",
    };
    return (floe_ice_nomination)READ_NAME(args, "nomination", names,
                                          "\"nomination\" is soon, fast or conservative");
}

static floe_ip_handling read_ip_handling(json_args *args)
{
    floe_ip_handling mode = FLOE_IP_ALL;
    floe_bytes name = json_args_text(args, "ipHandling");
    if (name.ptr != NULL && !ice_option_ip_handling((const char *)name.ptr, &mode)) {
        json_args_fail(args, "\"ipHandling\" is all, private, public or relay");
    }
    return mode;
}

static floe_peer_glare read_glare(json_args *args)
{
    static const char *const names[] = {[FLOE_PEER_GLARE_REFUSED] = "refused",
                                        [FLOE_PEER_GLARE_POLITE] = "polite",
                                        [FLOE_PEER_GLARE_IMPOLITE] = "impolite"};
    return (floe_peer_glare)READ_NAME(args, "glare", names,
                                      "\"glare\" is refused, polite or impolite");
}

static floe_io_tcp read_tcp(json_args *args)
{
    static const char *const names[] = {
        [FLOE_IO_TCP_NONE] = "none", [FLOE_IO_TCP_ACTIVE] = "active", [FLOE_IO_TCP_BOTH] = "both"};
    return (floe_io_tcp)READ_NAME(args, "tcp", names, "\"tcp\" is none, active or both");
}

static floe_sctp_scheduler read_scheduler(json_args *args)
{
    static const char *const names[] = {
        [FLOE_SCTP_SCHEDULER_WFQ] = "weighted",  [FLOE_SCTP_SCHEDULER_FAIR] = "fair",
        [FLOE_SCTP_SCHEDULER_FCFS] = "fcfs",     [FLOE_SCTP_SCHEDULER_ROUND_ROBIN] = "round-robin",
        [FLOE_SCTP_SCHEDULER_PACKET] = "packet", [FLOE_SCTP_SCHEDULER_PRIORITY] = "priority"};
    return (floe_sctp_scheduler)READ_NAME(
        args, "scheduler", names,
        "\"scheduler\" is weighted, fair, fcfs, round-robin, packet or priority");
}

/* The result views into `servers`. */
static floe_io_config read_config(json_args *args, ice_option_list *servers)
{
    const char *why = "";
    floe_io_config config = {
        .ca_file = (const char *)json_args_text(args, "caFile").ptr,
        .is_unverified = json_args_flag(args, "unverified", false),
        .ice = {.policy = read_policy(args),
                .nomination = read_nomination(args),
                .is_lite = json_args_flag(args, "lite", false)},
        .ip_handling = read_ip_handling(args),
        .tcp = read_tcp(args),
        .glare = read_glare(args),
        .use_loopback = json_args_flag(args, "loopback", false),
        .send_buffer = (size_t)json_args_number(args, "sendBuffer", SIZE_LIMIT, 0),
        .recv_buffer = (size_t)json_args_number(args, "recvBuffer", SIZE_LIMIT, 0),
        .message_max = (uint32_t)json_args_number(args, "maxMessageSize", SIZE_LIMIT, 0),
        .snap =
            json_args_flag(args, "snap", false) ? FLOE_PEER_SNAP_OFFERED : FLOE_PEER_SNAP_ANSWERED,
        .scheduler = read_scheduler(args),
        .is_interleaved = json_args_flag(args, "interleaved", false),
        .parts_from = (uint32_t)json_args_number(args, "partsFrom", SIZE_LIMIT, 0)};
    if (!ice_option_read(servers, json_args_array(args, "ice"), &why)) {
        json_args_fail(args, why);
    }
    config.servers = servers->servers;
    config.server_count = servers->count;
    return config;
}

/* With --port. */
static bool open_port(session *s, floe_io_config *config)
{
    floe_io_port_config port = {.number = s->number,
                                .peer_max = 1,
                                .use_loopback = config->use_loopback,
                                .ip_handling = config->ip_handling};
    bool is_wanted = s->number != 0 && s->port == NULL;
    bool is_well = !is_wanted || floe_io_port_open(&s->port, s->loop, &port) == FLOE_OK;
    config->port = s->port;
    return is_well;
}

static void do_init(session *s, json_args *args)
{
    ice_option_list servers;
    const char *why = "";
    bool is_offer = read_is_offer(args);
    floe_io_config config = read_config(args, &servers);
    json_args channel = json_args_begin(json_args_object(args, "channel"));
    floe_dc_options options = read_options(&channel, "lab");
    s->is_trickle = json_args_flag(args, "trickle", false);
    s->is_echo = json_args_flag(args, "echo", false);
    json_args_fail(args, channel.fault);
    if (are_args_wrong(s, "init", args)) {
        return;
    }
    config.is_hiding = s->is_hiding;
    if (!open_port(s, &config)) {
        session_error(s, "init", "the port can not be used");
        return;
    }
    config.trace = trace_log_sink(&s->trace);
    trace_log_begin(&s->trace, "", json_args_array(args, "ice"));
    floe_err err = floe_io_peer_open(&s->io, s->loop, &config, &why);
    if (err != FLOE_OK) {
        session_error(s, "init", why[0] != '\0' ? why : floe_err_name(err));
        return;
    }
    s->peer = floe_io_peer_get(s->io);
    if (!is_offer) {
        json_out_put(&s->out, json_report_event("ready"));
        return;
    }
    open_channel(s, &options);
    describe(s, FLOE_PEER_OFFER);
}

static bool read_type(json_args *args, floe_peer_sdp_type *type)
{
    floe_bytes name = json_args_text(args, "type");
    for (*type = FLOE_PEER_OFFER; *type <= FLOE_PEER_ROLLBACK; (*type)++) {
        if (floe_bytes_equal(name, floe_bytes_of(floe_peer_sdp_type_name(*type)))) {
            return true;
        }
    }
    json_args_fail(args, "\"type\" is offer, answer or rollback");
    return false;
}

static void do_remote(session *s, json_args *args)
{
    floe_peer_sdp_type type;
    floe_sdp_fault fault = {0, 0, ""};
    floe_bytes sdp = json_args_text(args, "sdp");
    if (read_type(args, &type) && type != FLOE_PEER_ROLLBACK && sdp.ptr == NULL) {
        json_args_fail(args, "\"sdp\" is missing");
    }
    if (are_args_wrong(s, "remote", args)) {
        return;
    }
    floe_err err = floe_peer_set_remote(s->peer, type, sdp, &fault);
    if (err != FLOE_OK) {
        char why[256];
        (void)snprintf(why, sizeof why, "%s: line %u, column %u: %.160s", floe_err_name(err),
                       (unsigned)fault.line, (unsigned)fault.column, fault.rule);
        session_error(s, "remote", fault.line != 0 ? why : floe_err_name(err));
        return;
    }
    if (type == FLOE_PEER_OFFER) {
        describe(s, FLOE_PEER_ANSWER);
    }
}

static void do_candidate(session *s, json_args *args)
{
    floe_bytes candidate = json_args_text(args, "candidate"); /* empty: there are no more */
    floe_bytes mid = json_args_text(args, "mid");
    if (!are_args_wrong(s, "candidate", args)) {
        (void)is_refused(s, "candidate", floe_peer_add_candidate(s->peer, candidate, mid));
    }
}

/* The channel of "label" or "id", or the first one. */
static bool find_channel(session *s, json_args *args, floe_dc_id *id)
{
    bool has_id = json_args_has(args, "id");
    uint64_t stream = json_args_number(args, "id", FLOE_STREAM_NONE - 1u, 0);
    floe_bytes label = json_args_text(args, "label");
    size_t cursor = 0;
    floe_dc_info info;
    if (!has_id && label.ptr == NULL && s->first != FLOE_DC_NONE) {
        *id = s->first;
        return json_args_is_ok(args);
    }
    while (floe_peer_next_channel(s->peer, &cursor, id)) {
        if (floe_peer_get_channel(s->peer, *id, &info) == FLOE_OK &&
            (!has_id || info.stream == stream) &&
            (label.ptr == NULL || floe_bytes_equal(info.options.label, label))) {
            return json_args_is_ok(args);
        }
    }
    json_args_fail(args, "there is no such channel");
    return false;
}

static void queue(session *s, floe_dc_id id, const floe_dc_send_options *options, floe_bytes bytes,
                  uint64_t count)
{
    (void)is_refused(s, "send", send_queue_add(&s->queue, id, options, bytes, count));
}

static void queue_base64(session *s, json_args *args, floe_dc_id id,
                         const floe_dc_send_options *options, uint64_t count)
{
    floe_bytes text = json_args_text(args, "base64");
    uint8_t *bytes = malloc(FLOE_BASE64_DECODED_MAX(text.len) + 1);
    size_t len;
    if (bytes == NULL || floe_base64_decode(text, bytes, &len) != FLOE_OK) {
        session_error(s, "send", bytes == NULL ? "no memory" : "\"base64\" is not base64");
    } else {
        queue(s, id, options, (floe_bytes){bytes, len}, count);
    }
    free(bytes);
}

static void do_send(session *s, json_args *args)
{
    floe_dc_id id;
    bool has_text = json_args_has(args, "text");
    bool has_base64 = json_args_has(args, "base64");
    uint64_t count = json_args_number(args, "count", COUNT_MAX, 1);
    size_t size = (size_t)json_args_number(args, "size", SIZE_LIMIT, 0);
    size_t part = (size_t)json_args_number(args, "part", SIZE_LIMIT, 0);
    floe_bytes text = json_args_text(args, "text");
    floe_dc_send_options options = {.is_text = has_text, .wants_fate = json_args_has(args, "fate")};
    options.cookie = (uint32_t)json_args_number(args, "fate", UINT32_MAX, 0);
    (void)json_args_text(args, "base64");
    if (has_text + has_base64 + json_args_has(args, "size") != 1) {
        json_args_fail(args, "one of \"text\", \"base64\" and \"size\" is needed");
    }
    (void)find_channel(s, args, &id);
    if (are_args_wrong(s, "send", args)) {
        return;
    }
    if (has_base64) {
        queue_base64(s, args, id, &options, count);
    } else {
        queue(s, id, &options, has_text ? text : (floe_bytes){NULL, size}, count);
    }
    if (part > 0) {
        send_queue_by_parts(&s->queue, part);
    }
}

static void do_close(session *s, json_args *args)
{
    floe_dc_id id;
    (void)find_channel(s, args, &id);
    if (!are_args_wrong(s, "close", args)) {
        (void)is_refused(s, "close", floe_peer_close_channel(s->peer, id));
    }
}

static void do_threshold(session *s, json_args *args)
{
    floe_dc_id id;
    size_t bytes = (size_t)json_args_number(args, "bytes", SIZE_LIMIT, 0);
    (void)find_channel(s, args, &id);
    if (!are_args_wrong(s, "threshold", args) &&
        !is_refused(s, "threshold", floe_peer_set_low_threshold(s->peer, id, bytes))) {
        s->tells_low = true;
    }
}

static void do_read(session *s, json_args *args)
{
    uint64_t count = json_args_number(args, "count", COUNT_MAX, UINT64_MAX);
    if (!are_args_wrong(s, "read", args)) {
        s->reads = count;
    }
}

static void do_stats(session *s, json_args *args)
{
    (void)args;
    floe_io_stats io;
    json_t *event = json_report_stats(s->peer);
    floe_io_peer_get_stats(s->io, &io);
    json_object_set_new(event, "sockets", json_integer(io.sockets));
    json_object_set_new(event, "send_dropped", json_integer((json_int_t)io.send_dropped));
    json_object_set_new(event, "recv_dropped", json_integer((json_int_t)io.recv_dropped));
    json_out_put(&s->out, json_report_pair(s->peer));
    json_out_put(&s->out, event);
}

static void do_offer(session *s, json_args *args)
{
    (void)args;
    describe(s, FLOE_PEER_OFFER);
}

static void do_restart(session *s, json_args *args)
{
    floe_peer_restart_ice(s->peer);
    do_offer(s, args);
}

static void do_quit(session *s, json_args *args)
{
    (void)args;
    session_quit(s);
}

typedef enum needs { ANYTIME, NO_PEER, A_PEER } needs;

static const struct {
    const char *name;
    needs needs;
    void (*run)(session *s, json_args *args);
} commands[] = {
    {"init", NO_PEER, do_init},          {"remote", A_PEER, do_remote},
    {"candidate", A_PEER, do_candidate}, {"channel", A_PEER, do_channel},
    {"send", A_PEER, do_send},           {"close", A_PEER, do_close},
    {"threshold", A_PEER, do_threshold}, {"read", A_PEER, do_read},
    {"stats", A_PEER, do_stats},         {"offer", A_PEER, do_offer},
    {"restart", A_PEER, do_restart},     {"quit", ANYTIME, do_quit},
};

static void run_command(session *s, const json_t *object)
{
    json_args args = json_args_begin(object);
    floe_bytes name = json_args_text(&args, "cmd");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (!floe_bytes_equal(name, floe_bytes_of(commands[i].name))) {
            continue;
        }
        if (commands[i].needs == NO_PEER && s->io != NULL) {
            session_error(s, commands[i].name, "there is a peer already");
        } else if (commands[i].needs == A_PEER && s->io == NULL) {
            session_error(s, commands[i].name, "\"init\" comes first");
        } else {
            commands[i].run(s, &args);
        }
        return;
    }
    session_error(s, name.ptr != NULL ? "unknown command" : "\"cmd\" is missing or no string", "");
}

void session_command(session *s, floe_bytes line)
{
    json_error_t error;
    /* JSON_ALLOW_NUL: a message may contain the character U+0000. */
    json_t *object = json_loadb(line.len > 0 ? (const char *)line.ptr : "", line.len,
                                JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (object == NULL) {
        char why[256];
        (void)snprintf(why, sizeof why, "column %d: %.160s", error.column, error.text);
        session_error(s, "not JSON", why);
        return;
    }
    if (json_is_object(object)) {
        run_command(s, object);
    } else {
        session_error(s, "not a JSON object", "");
    }
    json_decref(object);
}
