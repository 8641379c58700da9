/*
 * base/text.h - the cursor that every text parser uses: SDP, candidates, URIs.
 *
 * Works on (pointer, length), never on NUL. Every getter either consumes what it returns and is
 * true, or consumes nothing and is false. Tokens carry a maximum, so that no field is unbounded.
 */
#ifndef FLOE_BASE_TEXT_H
#define FLOE_BASE_TEXT_H

#include "base/floe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct floe_text {
    const uint8_t *ptr;
    size_t left;
} floe_text;

static inline floe_text floe_text_begin(floe_bytes bytes)
{
    floe_text t = {bytes.ptr, bytes.len};
    return t;
}

static inline bool floe_text_is_end(const floe_text *t)
{
    return t->left == 0;
}

/* The next character, or -1 at the end. Consumes nothing. */
static inline int floe_text_peek(const floe_text *t)
{
    return t->left > 0 ? t->ptr[0] : -1;
}

/* Exactly this character. */
static inline bool floe_text_get_char(floe_text *t, char c)
{
    if (t->left == 0 || t->ptr[0] != (uint8_t)c) {
        return false;
    }
    t->ptr++;
    t->left--;
    return true;
}

bool floe_text_get_literal(floe_text *t, const char *word); /* exactly these, case matters */
/* One to `max` characters up to a space or the end; false for none or for more. */
bool floe_text_get_token(floe_text *t, size_t max, floe_bytes *token);
/* Zero or more characters up to `stop` (which is consumed), or to the end where there is none. */
void floe_text_get_until(floe_text *t, char stop, floe_bytes *part);
/* Decimal digits with a value of at most `max`; no sign, at most 20 digits. */
bool floe_text_get_decimal(floe_text *t, uint64_t max, uint64_t *value);
/* All that is left. */
floe_bytes floe_text_get_rest(floe_text *t);

/* The whole of `bytes` as a decimal of at most `max`. */
bool floe_text_is_decimal(floe_bytes bytes, uint64_t max, uint64_t *value);
/* Compare with an ASCII word, ignoring case. */
bool floe_text_is_word(floe_bytes bytes, const char *word);

#ifdef __cplusplus
}
#endif
#endif
