/* app/turn_line.c - see app/turn_line.h. */
#include "app/turn_line.h"

#include <string.h>

#include "base/rand_os.h"

/* Over TCP nothing is asked twice: what finds no room has to wait for it. */
static bool flush(turn_line *line)
{
    size_t len = line->waiting_len;
    if (len > 0 && floe_server_link_send(line->link, line->waiting, len, len) != FLOE_E_AGAIN) {
        line->waiting_len = 0;
    }
    return line->waiting_len == 0;
}

void turn_line_drain(turn_line *line)
{
    floe_transmit out = {.buf = line->waiting, .cap = sizeof line->waiting};
    floe_turn_event event;
    while (line->is_open && flush(line) && floe_turn_client_poll_transmit(&line->client, &out)) {
        line->waiting_len = out.len;
    }
    while (line->is_open && floe_turn_client_poll_event(&line->client, &event)) {
        line->event[event.type] = event;
        line->seen[event.type]++;
    }
}

static void prepare(floe_timer *timer)
{
    turn_line *line = timer->ctx;
    turn_line_drain(line);
    timer->at = line->is_open ? floe_turn_client_deadline(&line->client) : FLOE_TIME_NEVER;
}

static void woke(floe_timer *timer, floe_time now)
{
    turn_line *line = timer->ctx;
    if (line->is_open) {
        floe_turn_client_advance(&line->client, now);
    }
}

static void on_opened(void *ctx, floe_server_link *link)
{
    turn_line *line = ctx;
    floe_turn_config config = {.path = *floe_server_link_get_path(link),
                               .username = line->config->username,
                               .password = line->config->password,
                               .rand = floe_rand_os(),
                               .relay = FLOE_TURN_RELAY_BOTH};
    if (floe_turn_client_init(&line->client, &config, floe_loop_now(line->loop)) != FLOE_OK) {
        line->broken = "the user name or the password is too long";
        return;
    }
    line->is_open = true;
    turn_line_drain(line);
}

/* A text of the server, for a terminal. */
static void keep_text(const floe_stun_msg *msg, uint16_t type, char out[TURN_LINE_TEXT_MAX])
{
    floe_stun_attr attr;
    if (!floe_stun_msg_find(msg, type, &attr)) {
        return;
    }
    size_t len = attr.value.len < TURN_LINE_TEXT_MAX ? attr.value.len : TURN_LINE_TEXT_MAX - 1;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = attr.value.ptr[i];
        out[i] = c >= 0x20 && c < 0x7F ? (char)c : '?';
    }
    out[len] = '\0';
}

static void watch_message(turn_line *line, const floe_stun_msg *msg, bool is_taken)
{
    floe_bytes reason;
    keep_text(msg, FLOE_STUN_SOFTWARE, line->software);
    if (msg->cls == FLOE_STUN_SUCCESS && msg->method == FLOE_STUN_REFRESH && is_taken) {
        line->refreshed++;
    }
    if (msg->cls != FLOE_STUN_ERROR || !floe_stun_msg_get_error(msg, &line->code, &reason)) {
        return;
    }
    (void)floe_stun_msg_get_addr(msg, FLOE_STUN_ALTERNATE_SERVER, &line->alternate);
    if (line->code == 401 && line->challenged_at == 0) {
        line->challenged_at = floe_loop_now(line->loop);
        keep_text(msg, FLOE_STUN_REALM, line->realm);
        line->code = 0;
    }
}

static void on_received(void *ctx, floe_server_link *link, floe_span in)
{
    turn_line *line = ctx;
    floe_bytes message = {in.ptr, in.len};
    floe_turn_data data;
    floe_stun_msg msg;
    if (!line->is_open) {
        return;
    }
    bool is_stun = floe_stun_msg_is(message) && floe_stun_msg_parse(&msg, message) == FLOE_OK;
    bool is_taken =
        floe_turn_client_input(&line->client, floe_loop_now(line->loop),
                               floe_server_link_get_path(link), message, &data) == FLOE_OK;
    if (is_stun) {
        watch_message(line, &msg, is_taken);
    }
    if (is_taken && data.peer.family != 0 && line->config->received != NULL) {
        line->config->received(line->config->ctx, &data.peer, data.payload);
    }
    turn_line_drain(line);
}

static void on_writable(void *ctx, floe_server_link *link)
{
    (void)link;
    turn_line_drain(ctx);
}

static void on_failed(void *ctx, floe_server_link *link, const char *why)
{
    turn_line *line = ctx;
    (void)link;
    line->broken = why;
}

floe_err turn_line_open(turn_line *line, floe_loop *loop, const turn_line_config *config)
{
    *line = (turn_line){.config = config, .loop = loop};
    line->timer =
        (floe_timer){.at = FLOE_TIME_NEVER, .prepare = prepare, .woke = woke, .ctx = line};
    floe_server_link_config link = config->link;
    link.opened = on_opened;
    link.received = on_received;
    link.writable = on_writable;
    link.failed = on_failed;
    link.ctx = line;
    floe_err err = floe_server_link_open(&line->link, loop, &link);
    if (err == FLOE_OK) {
        floe_loop_add_timer(loop, &line->timer);
    }
    return err;
}

void turn_line_close(turn_line *line)
{
    if (line->link != NULL) {
        floe_loop_remove_timer(line->loop, &line->timer);
        floe_server_link_close(line->link);
    }
    line->link = NULL;
    line->is_open = false;
}

static bool is_over(const turn_line *line)
{
    return line->broken != NULL || line->seen[FLOE_TURN_EV_FAILED] > 0 ||
           line->seen[FLOE_TURN_EV_LOST] > 0 || line->seen[FLOE_TURN_EV_PATH_WANTED] > 0;
}

static void sleep_until(turn_line *line, floe_time end)
{
    floe_time now = floe_loop_now(line->loop);
    floe_loop_wait(line->loop, end > now ? (int)((end - now + FLOE_MS - 1) / FLOE_MS) : 0);
}

bool turn_line_run(turn_line *line, floe_time end, const bool *flag)
{
    while (!*flag && !is_over(line) && floe_loop_now(line->loop) < end) {
        sleep_until(line, end);
    }
    return *flag;
}

bool turn_line_wait_open(turn_line *line, floe_time patience)
{
    return turn_line_run(line, floe_loop_now(line->loop) + patience, &line->is_open);
}

bool turn_line_wait(turn_line *line, floe_turn_event_type type, floe_time patience)
{
    floe_time end = floe_loop_now(line->loop) + patience;
    turn_line_drain(line);
    while (line->seen[type] == 0 && !is_over(line) && floe_loop_now(line->loop) < end) {
        sleep_until(line, end);
    }
    return line->seen[type] > 0;
}

bool turn_line_refresh(turn_line *line, floe_time patience)
{
    floe_time end = floe_loop_now(line->loop) + patience;
    unsigned before = line->refreshed;
    line->code = 0;
    floe_turn_client_refresh(&line->client);
    turn_line_drain(line);
    while (line->refreshed == before && !is_over(line) && floe_loop_now(line->loop) < end) {
        sleep_until(line, end);
    }
    return line->refreshed > before;
}

bool turn_line_send(turn_line *line, const floe_addr *peer, floe_bytes payload)
{
    uint8_t buf[FLOE_DATAGRAM_MAX];
    size_t len, head = floe_turn_client_get_head(&line->client, peer);
    if (!line->is_open || head == 0 || head + payload.len + FLOE_TURN_TAIL > sizeof buf) {
        return false;
    }
    memcpy(buf + head, payload.ptr, payload.len);
    return floe_turn_client_wrap(&line->client, peer, buf, sizeof buf, payload.len, &len) ==
               FLOE_OK &&
           floe_server_link_send(line->link, buf, len, len) == FLOE_OK;
}
