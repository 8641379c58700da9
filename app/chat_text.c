/* app/chat_text.c - `floe chat`'s terminal: what is typed goes out line by line, what comes is
 * shown. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/chat.h"
#include "app/terminal.h"

void chat_say(const talk *chat, const char *format, ...)
{
    char text[512];
    va_list args;
    (void)chat;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fputs("* ", stdout);
    terminal_put(stdout, floe_bytes_of(text), "?");
    putchar('\n');
    fflush(stdout);
}

void chat_show(const talk *chat, bool is_text, const uint8_t *data, size_t len)
{
    putchar('<');
    terminal_put(stdout, floe_bytes_of(chat->other), "?");
    fputs("> ", stdout);
    if (is_text) {
        terminal_put(stdout, (floe_bytes){data, len}, "\n  ");
    } else {
        printf("(%zu bytes)", len);
    }
    putchar('\n');
    fflush(stdout);
}

/* True: the line is done with; false: there is no room for it now, WRITABLE follows. */
static bool send_one(talk *chat, const char *line, size_t len)
{
    floe_bytes text = {(const uint8_t *)line, len};
    floe_err err = floe_peer_send(floe_io_peer_get(chat->io), chat->channel, true, text);
    if (err == FLOE_E_AGAIN) {
        return false;
    }
    if (err != FLOE_OK) {
        chat_say(chat, "not sent: %s", err == FLOE_E_ARG ? "it is not UTF-8" : floe_err_name(err));
    }
    return true;
}

/* Send the whole lines that wait, as far as there is room for them. */
static void send_lines(talk *chat)
{
    size_t start = 0;
    char *end;
    chat->is_line_full = false;
    while (chat->is_open && !chat->is_line_full &&
           (end = memchr(chat->line + start, '\n', chat->line_len - start)) != NULL) {
        size_t len = (size_t)(end - (chat->line + start));
        chat->is_line_full = len > 0 && !send_one(chat, chat->line + start, len);
        start += chat->is_line_full ? 0 : len + 1;
    }
    chat->line_len -= start;
    memmove(chat->line, chat->line + start, chat->line_len);
}

void chat_send_line(talk *chat)
{
    send_lines(chat);
    if (chat->is_line_full) {
        chat_pause_input(chat);
    } else if (chat->is_open) {
        chat_open_input(chat);
    }
}

static void end_input(talk *chat)
{
    chat->is_input_over = true;
    chat_pause_input(chat);
    if (chat->line_len > 0 && chat->line_len < CHAT_LINE_MAX) {
        chat->line[chat->line_len++] = '\n'; /* a last line without its end */
        send_lines(chat);
    }
}

static void read_input(talk *chat)
{
    if (chat->line_len == CHAT_LINE_MAX) {
        chat_say(chat, "not sent: a line has at most %u bytes", CHAT_LINE_MAX - 1);
        chat->line_len = 0;
    }
    ssize_t len = read(STDIN_FILENO, chat->line + chat->line_len, CHAT_LINE_MAX - chat->line_len);
    if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (len <= 0) {
        end_input(chat);
        return;
    }
    chat->line_len += (size_t)len;
    send_lines(chat);
}

static void on_input(floe_watch *watch, int events)
{
    (void)events;
    talk *chat = watch->ctx;
    read_input(chat);
    if (chat->is_line_full) {
        chat_pause_input(chat);
    }
}

void chat_open_input(talk *chat)
{
    if (chat->is_echo || chat->is_input_watched || chat->is_input_over) {
        return;
    }
    chat->input = (floe_watch){.fd = STDIN_FILENO, .ready = on_input, .ctx = chat};
    chat->is_input_watched = floe_loop_add(chat->loop, &chat->input, FLOE_LOOP_READ) == FLOE_OK;
    /* epoll does not watch plain files, which never block: read one at once. */
    while (!chat->is_input_watched && !chat->is_input_over && !chat->is_line_full) {
        read_input(chat);
    }
}

void chat_pause_input(talk *chat)
{
    if (chat->is_input_watched) {
        floe_loop_remove(chat->loop, &chat->input);
        chat->is_input_watched = false;
    }
}
