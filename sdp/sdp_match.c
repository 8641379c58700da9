/*
 * sdp/sdp_match.c - patterns: the grammar of RFC 8866 section 9 as data (sdp/sdp_internal.h).
 *
 * An m= line is "T D T+/ T+ ", a candidate "V D V D V D typ V". What cannot be said so is a few
 * lines of C beside the pattern. Read next: sdp/sdp_grammar.c.
 */
#include <string.h>

#include "sdp/sdp_internal.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
    uint8_t lower = c | 0x20;
    return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

static bool is_one_of(uint8_t c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

enum { IN_D = 1, IN_T = 2, IN_V = 4, IN_H = 8, IN_C = 16, IN_X = 32 };

/* The classes of each ASCII character. T: RFC 8866 §9, token-char. C: RFC 8839 §5.4 has letters,
 * digits, + and /; the others, - = _ #, are seen in the field and do no harm, and a colon would, in
 * the USERNAME of a check. */
static const uint8_t classes[128] = {
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
    0x20, 0x2e, 0x2c, 0x3e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2c, 0x2c, 0x2e, 0x3e, 0x2c, 0x3e, 0x2e, 0x34,
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x2c, 0x2c, 0x2c, 0x3c, 0x2c, 0x2c,
    0x2c, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e,
    0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x2c, 0x2c, 0x2c, 0x2e, 0x3e,
    0x2e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e,
    0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x2e, 0x2e, 0x2e, 0x2e, 0x20,
};

static uint8_t class_of(char letter)
{
    switch (letter) {
    case 'D':
    case 'Y':
        return IN_D;
    case 'T':
        return IN_T;
    case 'V':
        return IN_V;
    case 'H':
        return IN_H;
    case 'C':
        return IN_C;
    default:
        return IN_X;
    }
}

static bool is_member(uint8_t class_bit, uint8_t c)
{
    return ((c < 128 ? classes[c] : IN_V | IN_H | IN_X) & class_bit) != 0;
}

static bool skip_word(floe_text *t, char class_letter)
{
    const uint8_t class_bit = class_of(class_letter);
    size_t len = 0;
    while (len < t->left && is_member(class_bit, t->ptr[len])) {
        len++;
    }
    if (len == 0 || (len > FLOE_SDP_WORD_MAX && class_letter != 'X')) {
        return false;
    }
    if (class_letter == 'Y' && len < t->left && is_one_of(t->ptr[len], "dhms")) {
        len++;
    }
    t->ptr += len;
    t->left -= len;
    return true;
}

/* A separator belongs to a list only where another word follows. */
static bool skip_separator(floe_text *t, char separator, char class_letter)
{
    return separator != '\0' && t->left >= 2 && is_member(class_of(class_letter), t->ptr[1]) &&
           floe_text_get_char(t, separator);
}

bool floe_sdp_match(floe_text *t, const char *pattern, floe_bytes *fields)
{
    while (*pattern != '\0') {
        char letter = *pattern++;
        if (letter < 'A' || letter > 'Z') {
            if (!floe_text_get_char(t, letter)) {
                return false;
            }
            continue;
        }
        char separator = '\0';
        if (*pattern == '+') {
            separator = pattern[1];
            pattern += 2;
        }
        const uint8_t *start = t->ptr;
        do {
            if (!skip_word(t, letter)) {
                return false;
            }
        } while (skip_separator(t, separator, letter));
        if (fields != NULL) {
            *fields++ = (floe_bytes){start, (size_t)(t->ptr - start)};
        }
    }
    return true;
}

bool floe_sdp_is_word(floe_bytes bytes, char class_letter)
{
    floe_text t = floe_text_begin(bytes);
    return skip_word(&t, class_letter) && floe_text_is_end(&t);
}

/* By its characters. A last label of digits alone is a broken IPv4 address. */
bool floe_sdp_is_name(floe_bytes host)
{
    bool is_number = true;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];
        if (!is_alnum(c) && !is_one_of(c, "-_.")) {
            return false;
        }
        is_number = c == '.' || (is_number && is_digit(c));
    }
    return !is_number;
}

bool floe_sdp_has_word(floe_bytes text, floe_bytes word)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != ' ' && text.ptr[i] != ',') {
            continue;
        }
        if (i > start && floe_bytes_equal((floe_bytes){text.ptr + start, i - start}, word)) {
            return true;
        }
        start = i + 1;
    }
    return false;
}
