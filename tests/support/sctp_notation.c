/* support/sctp_notation.c - see support/sctp_notation.h. */
#include "support/sctp_notation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/sctp_param.h"
#include "support/hex.h"

typedef enum field_kind { PLAIN, OF_SENDER, OF_RECEIVER, TAG, COUNT } field_kind;

typedef struct field {
    const char *name; /* NULL: there are no more */
    uint8_t size;
    field_kind kind;
    uint32_t usual; /* where the words do not say */
} field;

typedef struct layout {
    const char *name;
    uint8_t type, flags;
    field fields[6];
} layout;

#define INIT_FIELDS                                                                                \
    {                                                                                              \
        {"tag", 4, TAG, 0}, {"rwnd", 4, PLAIN, 1 << 20}, {"out", 2, PLAIN, 1024},                  \
            {"in", 2, PLAIN, 1024},                                                                \
        {                                                                                          \
            "tsn", 4, OF_SENDER, 1                                                                 \
        }                                                                                          \
    }

static const layout layouts[] = {
    {"DATA",
     FLOE_SCTP_CHUNK_DATA,
     FLOE_SCTP_FLAG_BEGIN | FLOE_SCTP_FLAG_END,
     {{"tsn", 4, OF_SENDER, 1},
      {"sid", 2, PLAIN, 1},
      {"ssn", 2, PLAIN, 0},
      {"ppid", 4, PLAIN, 53}}},
    {"INIT", FLOE_SCTP_CHUNK_INIT, 0, INIT_FIELDS},
    {"INIT_ACK", FLOE_SCTP_CHUNK_INIT_ACK, 0, INIT_FIELDS},
    {"SACK",
     FLOE_SCTP_CHUNK_SACK,
     0,
     {{"cum", 4, OF_RECEIVER, 0},
      {"rwnd", 4, PLAIN, 1 << 20},
      {"gaps", 2, COUNT, 0},
      {"dups", 2, COUNT, 0}}},
    {"HEARTBEAT", FLOE_SCTP_CHUNK_HEARTBEAT, 0, {{0}}},
    {"HEARTBEAT_ACK", FLOE_SCTP_CHUNK_HEARTBEAT_ACK, 0, {{0}}},
    {"ABORT", FLOE_SCTP_CHUNK_ABORT, 0, {{0}}},
    {"SHUTDOWN", FLOE_SCTP_CHUNK_SHUTDOWN, 0, {{"cum", 4, OF_RECEIVER, 0}}},
    {"SHUTDOWN_ACK", FLOE_SCTP_CHUNK_SHUTDOWN_ACK, 0, {{0}}},
    {"ERROR", FLOE_SCTP_CHUNK_ERROR, 0, {{0}}},
    {"COOKIE_ECHO", FLOE_SCTP_CHUNK_COOKIE_ECHO, 0, {{0}}},
    {"COOKIE_ACK", FLOE_SCTP_CHUNK_COOKIE_ACK, 0, {{0}}},
    {"SHUTDOWN_COMPLETE", FLOE_SCTP_CHUNK_SHUTDOWN_COMPLETE, 0, {{0}}},
    {"RE_CONFIG", FLOE_SCTP_CHUNK_RE_CONFIG, 0, {{0}}},
    {"PAD", FLOE_SCTP_CHUNK_PAD, 0, {{0}}},
    {"FORWARD_TSN", FLOE_SCTP_CHUNK_FORWARD_TSN, 0, {{"cum", 4, OF_SENDER, 0}}},
    {"CHUNK", 0xFF, 0, {{0}}}, /* any other, its type=N */
};

#define LAYOUTS (sizeof layouts / sizeof layouts[0])

bool notation_split(notation_words *words, const char *line)
{
    words->count = 0;
    if (strlen(line) >= sizeof words->text) {
        return false;
    }
    (void)snprintf(words->text, sizeof words->text, "%s", line);
    for (char *rest = words->text, *word; (word = strsep(&rest, " \t\r\n")) != NULL;) {
        if (*word == '\0') {
            continue;
        }
        if (words->count == NOTATION_WORDS) {
            return false;
        }
        words->word[words->count++] = word;
    }
    return true;
}

bool notation_number(const char *text, uint32_t *number)
{
    char *end;
    *number = (uint32_t)strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    return *text != '\0' && *end == '\0';
}

/* The value of a word "name=value", or NULL. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

const char *notation_find(const notation_words *words, size_t from, size_t to, const char *name)
{
    for (size_t i = from; i < to; i++) {
        const char *value = value_of(words->word[i], name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static const layout *layout_named(const char *name)
{
    for (size_t i = 0; i < LAYOUTS; i++) {
        if (strcmp(layouts[i].name, name) == 0) {
            return &layouts[i];
        }
    }
    return NULL;
}

static const layout *layout_of(uint8_t type)
{
    for (size_t i = 0; i < LAYOUTS - 1; i++) {
        if (layouts[i].type == type) {
            return &layouts[i];
        }
    }
    return &layouts[LAYOUTS - 1];
}

/* Flags as a number, or as letters: E, B, U, I of DATA, T of others. */
static bool read_flags(const char *text, uint8_t *flags)
{
    static const char letters[] = "EBUI";
    uint32_t number;
    *flags = 0;
    if (notation_number(text, &number)) {
        *flags = (uint8_t)number;
        return true;
    }
    for (; *text != '\0'; text++) {
        const char *found = strchr(letters, *text == 'T' ? 'E' : *text);
        if (found == NULL) {
            return false;
        }
        *flags |= (uint8_t)(1u << (found - letters));
    }
    return true;
}

static uint32_t base_of(field_kind kind, const notation_frame *frame)
{
    return kind == OF_SENDER ? frame->sender : kind == OF_RECEIVER ? frame->receiver : 0;
}

/* Two numbers with a sign between them. */
static bool read_pair(const char *text, char sign, uint16_t pair[2])
{
    char *end;
    unsigned long first = strtoul(text, &end, 10);
    if (end == text || *end != sign) {
        return false;
    }
    unsigned long second = strtoul(end + 1, &end, 10);
    pair[0] = (uint16_t)first;
    pair[1] = (uint16_t)second;
    return *end == '\0';
}

static bool put_pair(floe_writer *w, const char *text, char sign)
{
    uint16_t pair[2];
    bool is_good = read_pair(text, sign, pair);
    floe_writer_put_u16(w, is_good ? pair[0] : 0);
    floe_writer_put_u16(w, is_good ? pair[1] : 0);
    return is_good;
}

/* "TYPE" or "TYPE:HEX". */
static bool read_param(const char *text, uint16_t *type, const char **hex)
{
    char number[16];
    uint32_t value;
    size_t len = strcspn(text, ":");
    (void)snprintf(number, sizeof number, "%.*s", (int)len, text);
    *hex = text[len] == ':' ? text + len + 1 : NULL;
    bool is_good = notation_number(number, &value) && value <= UINT16_MAX;
    *type = (uint16_t)value;
    return is_good;
}

static bool put_param(floe_writer *w, const char *text)
{
    uint8_t bytes[1024];
    uint16_t type;
    const char *hex;
    if (!read_param(text, &type, &hex)) {
        return false;
    }
    floe_sctp_param_put(w, type, hex_decode(hex != NULL ? hex : "", bytes, sizeof bytes));
    return true;
}

static void put_cookie(floe_writer *w, const notation_frame *frame, const char *which)
{
    uint8_t bytes[1024];
    floe_bytes cookie = frame->cookie;
    if (strcmp(which, "ours") != 0 && strcmp(which, "bad") != 0) {
        cookie = hex_decode(which, bytes, sizeof bytes);
    } else if (strcmp(which, "bad") == 0 && cookie.len > 0) {
        memcpy(bytes, cookie.ptr, cookie.len);
        bytes[cookie.len / 2] ^= 1;
        cookie.ptr = bytes;
    }
    floe_writer_put_bytes(w, cookie);
}

/* A word that stands behind the fixed fields, each time that it is there. */
static bool put_tail(floe_writer *w, const notation_frame *frame, const char *word)
{
    uint8_t bytes[1024];
    uint32_t number;
    const char *v;
    if ((v = value_of(word, "gap")) != NULL) {
        return put_pair(w, v, '-');
    }
    if ((v = value_of(word, "skip")) != NULL) {
        return put_pair(w, v, ':');
    }
    if ((v = value_of(word, "dup")) != NULL) {
        bool is_good = notation_number(v, &number);
        floe_writer_put_u32(w, frame->receiver + number);
        return is_good;
    }
    if ((v = value_of(word, "param")) != NULL || (v = value_of(word, "cause")) != NULL) {
        return put_param(w, v);
    }
    if ((v = value_of(word, "value")) != NULL) {
        floe_bytes value = hex_decode(v, bytes, sizeof bytes);
        floe_writer_put_bytes(w, value);
    } else if ((v = value_of(word, "cookie")) != NULL) {
        put_cookie(w, frame, v);
    } else if ((v = value_of(word, "len")) != NULL) {
        bool is_good = notation_number(v, &number) && number <= sizeof bytes;
        memset(bytes, 'x', sizeof bytes);
        floe_writer_put_bytes(w, (floe_bytes){bytes, is_good ? number : 0});
        return is_good;
    }
    return true;
}

static uint32_t count_words(const notation_words *words, size_t from, size_t to, const char *name)
{
    uint32_t count = 0;
    for (size_t i = from; i < to; i++) {
        count += value_of(words->word[i], name) != NULL;
    }
    return count;
}

static bool put_fields(floe_writer *w, const layout *l, const notation_frame *frame,
                       const notation_words *words, size_t from, size_t to)
{
    for (const field *f = l->fields; f->name != NULL; f++) {
        const char *text = notation_find(words, from, to, f->name);
        uint32_t value = f->kind == TAG ? frame->tag : f->usual;
        if (f->kind == COUNT) {
            value = count_words(words, from, to, f->name[0] == 'g' ? "gap" : "dup");
        }
        if (text != NULL && !notation_number(text, &value)) {
            return false;
        }
        value += base_of(f->kind, frame);
        if (f->size == 4) {
            floe_writer_put_u32(w, value);
        } else {
            floe_writer_put_u16(w, (uint16_t)value);
        }
    }
    return true;
}

static bool has_word(const notation_words *words, size_t from, size_t to, const char *word)
{
    for (size_t i = from; i < to; i++) {
        if (strcmp(words->word[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* What an INIT, INIT ACK and a DATA chunk have behind their fields unless the words say other. */
static void put_usual(floe_writer *w, const layout *l, const notation_words *words, size_t from,
                      size_t to)
{
    static const uint8_t cookie[] = {'c', 'o', 'o', 'k'};
    if (has_word(words, from, to, "bare")) {
        return;
    }
    if (l->type == FLOE_SCTP_CHUNK_INIT_ACK) {
        floe_sctp_param_put(w, FLOE_SCTP_PARAM_STATE_COOKIE, (floe_bytes){cookie, sizeof cookie});
    }
    if (l->type == FLOE_SCTP_CHUNK_INIT || l->type == FLOE_SCTP_CHUNK_INIT_ACK) {
        floe_sctp_init_params_put(w, false);
    }
}

const char *notation_put(floe_writer *w, const notation_frame *frame, const notation_words *words,
                         size_t from, size_t to)
{
    const layout *l = layout_named(words->word[from]);
    uint32_t number;
    if (l == NULL) {
        return words->word[from];
    }
    uint8_t type = l->type, flags = l->flags;
    const char *text = notation_find(words, from, to, "type");
    if (text != NULL && notation_number(text, &number)) {
        type = (uint8_t)number;
    }
    text = notation_find(words, from, to, "flags");
    if (text != NULL && !read_flags(text, &flags)) {
        return text;
    }
    size_t begin = floe_sctp_chunk_begin(w, type, flags);
    if (!put_fields(w, l, frame, words, from, to)) {
        return "a field";
    }
    put_usual(w, l, words, from, to);
    for (size_t i = from + 1; i < to; i++) {
        if (!put_tail(w, frame, words->word[i])) {
            return words->word[i];
        }
    }
    floe_sctp_chunk_end(w, begin);
    text = notation_find(words, from, to, "length"); /* what its header says, true or not */
    if (text != NULL && notation_number(text, &number)) {
        floe_store_u16(w->buf + begin + 2, (uint16_t)number);
    }
    return NULL;
}

/* --- comparing --- */

static bool load_field(const floe_sctp_chunk *chunk, const layout *l, const char *name, size_t *at,
                       const field **found)
{
    *at = 0;
    for (const field *f = l->fields; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) {
            *found = f;
            return *at + f->size <= chunk->value.len;
        }
        *at += f->size;
    }
    return false;
}

static size_t fixed_size(const layout *l)
{
    size_t size = 0;
    for (const field *f = l->fields; f->name != NULL; f++) {
        size += f->size;
    }
    return size;
}

static bool match_param(floe_bytes list, const char *text)
{
    uint8_t bytes[1024];
    uint16_t type;
    const char *hex;
    floe_sctp_param param;
    if (!read_param(text, &type, &hex)) {
        return false;
    }
    floe_bytes value = hex_decode(hex != NULL ? hex : "", bytes, sizeof bytes);
    while (floe_sctp_param_next(&list, &param)) {
        bool is_same = hex == NULL || (param.value.len == value.len &&
                                       memcmp(param.value.ptr, value.ptr, value.len) == 0);
        if (param.type == type && is_same) {
            return true;
        }
    }
    return false;
}

/* A block or a pair, anywhere in the list behind the fixed fields. */
static bool match_pair(floe_bytes tail, const char *text, char sign)
{
    uint16_t pair[2];
    if (!read_pair(text, sign, pair)) {
        return false;
    }
    for (size_t i = 0; i + 4 <= tail.len; i += 4) {
        if (floe_load_u16(tail.ptr + i) == pair[0] && floe_load_u16(tail.ptr + i + 2) == pair[1]) {
            return true;
        }
    }
    return false;
}

static bool match_dup(floe_bytes tail, uint32_t tsn)
{
    for (size_t i = 0; i + 4 <= tail.len; i += 4) {
        if (floe_load_u32(tail.ptr + i) == tsn) {
            return true;
        }
    }
    return false;
}

static bool match_field(const floe_sctp_chunk *chunk, const field *f, size_t at, uint32_t number,
                        const notation_frame *frame)
{
    const uint8_t *p = chunk->value.ptr + at;
    uint32_t value = f->size == 4 ? floe_load_u32(p) : floe_load_u16(p);
    return value == (uint32_t)(number + base_of(f->kind, frame));
}

static bool match_tail(const floe_sctp_chunk *chunk, const notation_frame *frame, floe_bytes tail,
                       const char *word)
{
    uint8_t bytes[1024];
    uint32_t number;
    const char *v;
    if ((v = value_of(word, "len")) != NULL) {
        return notation_number(v, &number) && tail.len == number;
    }
    if ((v = value_of(word, "gap")) != NULL) {
        return match_pair(tail, v, '-');
    }
    if ((v = value_of(word, "skip")) != NULL) {
        return match_pair(tail, v, ':');
    }
    if ((v = value_of(word, "dup")) != NULL) {
        return notation_number(v, &number) && match_dup(tail, frame->receiver + number);
    }
    if ((v = value_of(word, "param")) != NULL || (v = value_of(word, "cause")) != NULL) {
        return match_param(tail, v);
    }
    if ((v = value_of(word, "without")) != NULL) {
        return !match_param(tail, v);
    }
    if ((v = value_of(word, "value")) != NULL || (v = value_of(word, "cookie")) != NULL) {
        floe_bytes value = hex_decode(v, bytes, sizeof bytes);
        return chunk->value.len == value.len &&
               (value.len == 0 || memcmp(chunk->value.ptr, value.ptr, value.len) == 0);
    }
    return false;
}

static bool match_word(const floe_sctp_chunk *chunk, const layout *l, const notation_frame *frame,
                       const char *word)
{
    char name[16];
    uint32_t number;
    uint8_t flags;
    size_t at;
    const field *f;
    size_t len = strcspn(word, "=");
    (void)snprintf(name, sizeof name, "%.*s", (int)len, word);
    const char *text = word[len] == '=' ? word + len + 1 : "";
    if (load_field(chunk, l, name, &at, &f)) {
        return notation_number(text, &number) && match_field(chunk, f, at, number, frame);
    }
    if (strcmp(name, "flags") == 0) {
        return read_flags(text, &flags) && chunk->flags == flags;
    }
    size_t fixed = fixed_size(l);
    if (chunk->value.len < fixed) {
        return false;
    }
    floe_bytes tail = {chunk->value.ptr + fixed, chunk->value.len - fixed};
    return match_tail(chunk, frame, tail, word);
}

const char *notation_match(const floe_sctp_chunk *chunk, const notation_frame *frame,
                           const notation_words *words, size_t from, size_t to)
{
    const layout *l = layout_named(words->word[from]);
    if (l == NULL || l->type != chunk->type) {
        return words->word[from];
    }
    for (size_t i = from + 1; i < to; i++) {
        if (!match_word(chunk, l, frame, words->word[i])) {
            return words->word[i];
        }
    }
    return NULL;
}

void notation_show(const floe_sctp_chunk *chunk, const notation_frame *frame, char *out, size_t cap)
{
    const layout *l = layout_of(chunk->type);
    size_t at = 0;
    int len = snprintf(out, cap, "%s", l->name);
    if (chunk->flags != l->flags) {
        len += snprintf(out + len, cap - (size_t)len, " flags=0x%x", chunk->flags);
    }
    for (const field *f = l->fields; f->name != NULL && at + f->size <= chunk->value.len; f++) {
        const uint8_t *p = chunk->value.ptr + at;
        uint32_t value = f->size == 4 ? floe_load_u32(p) : floe_load_u16(p);
        len += snprintf(out + len, cap - (size_t)len, " %s=%u", f->name,
                        value - base_of(f->kind, frame));
        at += f->size;
    }
    len += snprintf(out + len, cap - (size_t)len, " len=%zu:", chunk->value.len - at);
    for (size_t i = at; i < chunk->value.len && i < at + 24; i++) {
        len += snprintf(out + len, cap - (size_t)len, "%02x", chunk->value.ptr[i]);
    }
}
