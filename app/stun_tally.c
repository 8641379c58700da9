/* app/stun_tally.c - see app/stun_tally.h. */
#include "app/stun_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

bool stun_tally_add(stun_tally *tally, const floe_stun_msg *msg, uint32_t rtt_us)
{
    floe_bytes reason;
    floe_addr mapped;
    if (msg->cls == FLOE_STUN_ERROR) {
        return floe_stun_msg_get_error(msg, &tally->error, &reason);
    }
    if (msg->cls != FLOE_STUN_SUCCESS || tally->answers == STUN_SAMPLES_MAX ||
        (!floe_stun_msg_get_addr(msg, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped) &&
         !floe_stun_msg_get_addr(msg, FLOE_STUN_MAPPED_ADDRESS, &mapped))) {
        return false;
    }
    tally->mapped = mapped;
    tally->rtts_us[tally->answers++] = rtt_us;
    return true;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void sort(stun_tally *tally)
{
    qsort(tally->rtts_us, tally->answers, sizeof tally->rtts_us[0], compare_u32);
}

static const char *silence_text(const stun_tally *tally)
{
    return tally->error != 0 ? "the server refuses with an error" : tally->silence;
}

void stun_tally_print_head(void)
{
    printf("  %-24s %-24s %s\n", "this address", "as",
           "round trip: least / median / most, answers");
}

void stun_tally_print(stun_tally *t)
{
    char local[FLOE_ADDR_TEXT_MAX], mapped[FLOE_ADDR_TEXT_MAX];
    sort(t);
    (void)floe_addr_text(&t->local, local);
    if (t->answers == 0) {
        printf("  %-24s %s", local, silence_text(t));
        printf(t->error != 0 ? " %d\n" : "\n", t->error);
        return;
    }
    bool is_same = floe_addr_equal(&t->mapped, &t->local);
    printf("  %-24s %-24s %.1f / %.1f / %.1f ms, %u of %u\n", local,
           is_same ? "as it is: no translation" : floe_addr_text(&t->mapped, mapped),
           t->rtts_us[0] / 1e3, t->rtts_us[t->answers / 2] / 1e3, t->rtts_us[t->answers - 1] / 1e3,
           t->answers, t->sent);
}

json_t *stun_tally_json(stun_tally *t)
{
    char server[FLOE_ADDR_TEXT_MAX], local[FLOE_ADDR_TEXT_MAX], mapped[FLOE_ADDR_TEXT_MAX];
    sort(t);
    json_t *o = json_pack("{s:s, s:s, s:i, s:i}", "server", floe_addr_text(&t->server, server),
                          "local", floe_addr_text(&t->local, local), "sent", (int)t->sent,
                          "received", (int)t->answers);
    if (t->answers == 0) {
        json_object_set_new(o, "error", json_string(silence_text(t)));
        if (t->error != 0) {
            json_object_set_new(o, "code", json_integer(t->error));
        }
        return o;
    }
    json_object_set_new(o, "mapped", json_string(floe_addr_text(&t->mapped, mapped)));
    json_object_set_new(o, "translated", json_boolean(!floe_addr_equal(&t->mapped, &t->local)));
    json_object_set_new(o, "rtt_ms",
                        json_pack("{s:f, s:f, s:f}", "min", t->rtts_us[0] / 1e3, "median",
                                  t->rtts_us[t->answers / 2] / 1e3, "max",
                                  t->rtts_us[t->answers - 1] / 1e3));
    return o;
}
