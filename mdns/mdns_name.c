/* mdns/mdns_name.c - see mdns/mdns_name.h. */
#include "mdns/mdns_name.h"

#include <string.h>

#include "base/assert.h"

#define UUID_LEN 36u

void floe_mdns_name_make(floe_mdns_name *name, const floe_rand *rand)
{
    rand->fill(rand->ctx, name->uuid, sizeof name->uuid);
    /* RFC 4122 §4.4: version 4 and the variant; all other bits are random. */
    name->uuid[6] = (uint8_t)((name->uuid[6] & 0x0f) | 0x40);
    name->uuid[8] = (uint8_t)((name->uuid[8] & 0x3f) | 0x80);
}

bool floe_mdns_name_equal(const floe_mdns_name *a, const floe_mdns_name *b)
{
    return memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static int digit_of(uint8_t c)
{
    c = lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash_at(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool parse_uuid(uint8_t uuid[16], const uint8_t *text)
{
    size_t digits = 0;
    for (size_t i = 0; i < UUID_LEN; i++) {
        int digit = digit_of(text[i]);
        if (is_dash_at(i) ? text[i] != '-' : digit < 0) {
            return false;
        }
        if (!is_dash_at(i)) {
            unsigned above = digits % 2 == 0 ? 0u : uuid[digits / 2] * 16u;
            uuid[digits / 2] = (uint8_t)(above + (unsigned)digit);
            digits++;
        }
    }
    return true;
}

static bool is_local(const uint8_t *text)
{
    static const uint8_t local[] = {'l', 'o', 'c', 'a', 'l'};
    for (size_t i = 0; i < sizeof local; i++) {
        if (lower(text[i]) != local[i]) {
            return false;
        }
    }
    return true;
}

static floe_err parse_parts(floe_mdns_name *name, const uint8_t *uuid, const uint8_t *local)
{
    floe_mdns_name parsed;
    if (!is_local(local) || !parse_uuid(parsed.uuid, uuid)) {
        return FLOE_E_MALFORMED;
    }
    *name = parsed;
    return FLOE_OK;
}

floe_err floe_mdns_name_parse(floe_mdns_name *name, floe_bytes text)
{
    if (text.len != FLOE_MDNS_NAME_LEN || text.ptr[UUID_LEN] != '.') {
        return FLOE_E_MALFORMED;
    }
    return parse_parts(name, text.ptr, text.ptr + UUID_LEN + 1);
}

floe_err floe_mdns_name_parse_labels(floe_mdns_name *name, floe_bytes labels)
{
    if (labels.len != FLOE_MDNS_NAME_LABELS || labels.ptr[0] != UUID_LEN ||
        labels.ptr[UUID_LEN + 1] != 5) {
        return FLOE_E_MALFORMED;
    }
    return parse_parts(name, labels.ptr + 1, labels.ptr + UUID_LEN + 2);
}

static void put_uuid(const floe_mdns_name *name, floe_writer *w)
{
    for (size_t i = 0; i < sizeof name->uuid; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            floe_writer_put_u8(w, '-');
        }
        floe_writer_put_hex(w, name->uuid[i], 2);
    }
}

const char *floe_mdns_name_text(const floe_mdns_name *name, char out[FLOE_MDNS_NAME_TEXT_MAX])
{
    floe_writer w = floe_writer_begin((uint8_t *)out, FLOE_MDNS_NAME_TEXT_MAX);
    put_uuid(name, &w);
    floe_writer_put_text(&w, ".local");
    floe_writer_put_u8(&w, 0);
    FLOE_ASSERT(floe_writer_is_ok(&w));
    return out;
}

void floe_mdns_name_put_labels(const floe_mdns_name *name, floe_writer *w)
{
    floe_writer_put_u8(w, UUID_LEN);
    put_uuid(name, w);
    floe_writer_put_u8(w, 5);
    floe_writer_put_text(w, "local");
    floe_writer_put_u8(w, 0);
}
