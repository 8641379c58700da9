/* base/text.c - see base/text.h. */
#include "base/text.h"

#include <string.h>

static floe_bytes take(floe_text *t, size_t len)
{
    floe_bytes part = {t->ptr, len};
    if (len > 0) {
        t->ptr += len;
        t->left -= len;
    }
    return part;
}

bool floe_text_get_literal(floe_text *t, const char *word)
{
    floe_bytes wanted = floe_bytes_of(word);
    if (t->left < wanted.len || !floe_bytes_equal((floe_bytes){t->ptr, wanted.len}, wanted)) {
        return false;
    }
    take(t, wanted.len);
    return true;
}

bool floe_text_get_token(floe_text *t, size_t max, floe_bytes *token)
{
    size_t len = 0;
    while (len < t->left && t->ptr[len] != ' ') {
        len++;
    }
    if (len == 0 || len > max) {
        return false;
    }
    *token = take(t, len);
    return true;
}

void floe_text_get_until(floe_text *t, char stop, floe_bytes *part)
{
    const uint8_t *found = t->left > 0 ? memchr(t->ptr, stop, t->left) : NULL;
    *part = take(t, found != NULL ? (size_t)(found - t->ptr) : t->left);
    if (found != NULL) {
        take(t, 1);
    }
}

bool floe_text_get_decimal(floe_text *t, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    size_t len = 0;
    for (; len < t->left && t->ptr[len] >= '0' && t->ptr[len] <= '9'; len++) {
        unsigned digit = t->ptr[len] - (unsigned)'0';
        if (len >= 20 || sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    if (len == 0 || sum > max) {
        return false;
    }
    take(t, len);
    *value = sum;
    return true;
}

floe_bytes floe_text_get_rest(floe_text *t)
{
    return take(t, t->left);
}

bool floe_text_is_decimal(floe_bytes bytes, uint64_t max, uint64_t *value)
{
    floe_text t = floe_text_begin(bytes);
    return floe_text_get_decimal(&t, max, value) && floe_text_is_end(&t);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool floe_text_is_word(floe_bytes bytes, const char *word)
{
    /* Most words differ in their first letter. */
    if (bytes.len > 0 && lower(bytes.ptr[0]) != lower((uint8_t)word[0])) {
        return false;
    }
    if (bytes.len != strlen(word)) {
        return false;
    }
    for (size_t i = 1; i < bytes.len; i++) {
        if (lower(bytes.ptr[i]) != lower((uint8_t)word[i])) {
            return false;
        }
    }
    return true;
}
