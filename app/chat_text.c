/* app/chat_text.c - `floe chat`'s terminal: what is typed goes out line by line, what comes is
 * shown. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/chat.h"

/* What the other side wrote must not move the cursor or change colours here: control characters
 * become '?'. */
static void put_safely(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_c1 = data[i] == 0xc2 && i + 1 < len && data[i + 1] < 0xa0;
        if ((data[i] < 0x20 && data[i] != '\t' && data[i] != '\n') || data[i] == 0x7f || is_c1) {
            putchar('?');
            i += is_c1;
        } else {
            putchar(data[i]);
        }
    }
}

void chat_say(const talk *chat, const char *format, ...)
{
    char text[512];
    va_list args;
    (void)chat;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fputs("* ", stdout);
    put_safely((const uint8_t *)text, strlen(text));
    putchar('\n');
    fflush(stdout);
}

void chat_show(const talk *chat, bool is_text, const uint8_t *data, size_t len)
{
    putchar('<');
    put_safely((const uint8_t *)chat->other, strlen(chat->other));
    fputs("> ", stdout);
    if (is_text) {
        put_safely(data, len);
    } else {
        printf("(%zu bytes)", len);
    }
    putchar('\n');
    fflush(stdout);
}

/* True: the line is done with; false: there is no room for it now, WRITABLE follows. */
static bool send_one(talk *chat, size_t len)
{
    floe_bytes text = {(const uint8_t *)chat->line, len};
    floe_err err = floe_peer_send(floe_io_peer_get(chat->io), chat->channel, true, text);
    if (err == FLOE_E_AGAIN) {
        return false;
    }
    if (err != FLOE_OK) {
        chat_say(chat, "not sent: %s", err == FLOE_E_ARG ? "it is not UTF-8" : floe_err_name(err));
    }
    return true;
}

void chat_send_line(talk *chat)
{
    char *end;
    while (chat->is_open && (end = memchr(chat->line, '\n', chat->line_len)) != NULL) {
        size_t len = (size_t)(end - chat->line);
        chat->is_line_full = len > 0 && !send_one(chat, len);
        if (chat->is_line_full) {
            chat_pause_input(chat);
            return;
        }
        chat->line_len -= len + 1;
        memmove(chat->line, end + 1, chat->line_len);
    }
    if (chat->is_open && !chat->is_input_over) {
        chat_open_input(chat);
    }
}

static void end_input(talk *chat)
{
    chat->is_input_over = true;
    chat_pause_input(chat);
    if (chat->line_len > 0 && chat->line_len < CHAT_LINE_MAX) {
        chat->line[chat->line_len++] = '\n'; /* a last line without its end */
        chat_send_line(chat);
    }
}

static void read_input(talk *chat)
{
    if (chat->line_len == CHAT_LINE_MAX) {
        chat_say(chat, "not sent: a line has at most %u bytes", CHAT_LINE_MAX - 1);
        chat->line_len = 0;
    }
    ssize_t len = read(STDIN_FILENO, chat->line + chat->line_len, CHAT_LINE_MAX - chat->line_len);
    if (len <= 0) {
        end_input(chat);
        return;
    }
    chat->line_len += (size_t)len;
    chat_send_line(chat);
}

static void on_input(floe_watch *watch, int events)
{
    (void)events;
    read_input(watch->ctx);
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
