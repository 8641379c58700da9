/* sctp/sctp_pmtu.c - see sctp/sctp_pmtu.h. */
#include "sctp/sctp_pmtu.h"

#include "base/floe_config.h"

void floe_sctp_pmtu_init(floe_sctp_pmtu *p, uint16_t base)
{
    *p = (floe_sctp_pmtu){.base = base, .size = base};
}

static void ask(floe_sctp_pmtu *p, floe_sctp_pmtu_state state, uint32_t size)
{
    p->state = (uint8_t)state;
    p->probe = (uint16_t)(size & ~3u);
    p->tries = 0;
    p->is_due = true;
    p->is_out = false;
}

static void complete(floe_sctp_pmtu *p)
{
    p->state = FLOE_SCTP_PMTU_COMPLETE;
    p->probe = 0;
    p->is_due = false;
    p->is_out = false;
}

/* RFC 8899 §5.3.2 leaves the order to us. Most paths carry what Ethernet does: that first. Beyond
 * it there is what our own link has, or nothing. Below it, half of what is left each time. */
static void search(floe_sctp_pmtu *p)
{
    bool is_jumbo = p->size >= p->usual;
    if (p->ceiling < p->size + FLOE_SCTP_PMTU_STEP || (is_jumbo && !p->is_whole)) {
        complete(p);
    } else if (!is_jumbo && p->usual <= p->ceiling) {
        ask(p, FLOE_SCTP_PMTU_SEARCHING, p->usual);
    } else if (p->is_whole) {
        ask(p, FLOE_SCTP_PMTU_SEARCHING, p->ceiling);
    } else {
        ask(p, FLOE_SCTP_PMTU_SEARCHING, (p->size + p->ceiling + 4u) / 2);
    }
}

void floe_sctp_pmtu_begin(floe_sctp_pmtu *p, uint16_t usual, uint16_t limit)
{
    p->size = p->base;
    p->usual = usual & (uint16_t)~3u;
    p->limit = limit & (uint16_t)~3u;
    p->ceiling = p->limit;
    p->is_whole = true;
    complete(p);
    p->state = FLOE_SCTP_PMTU_DISABLED;
    if (p->limit > p->base) {
        ask(p, FLOE_SCTP_PMTU_BASE, p->base);
        p->is_due = false; /* a new path has other things to do first */
    }
}

void floe_sctp_pmtu_on_sent(floe_sctp_pmtu *p)
{
    p->is_due = false;
    p->is_out = true;
}

void floe_sctp_pmtu_on_answer(floe_sctp_pmtu *p)
{
    if (!p->is_out) {
        return;
    }
    p->is_answered = true;
    p->size = p->probe;
    search(p);
}

bool floe_sctp_pmtu_on_doubt(floe_sctp_pmtu *p)
{
    if (p->state != FLOE_SCTP_PMTU_COMPLETE || p->size <= p->base ||
        ++p->doubts < FLOE_SCTP_PMTU_DOUBTS) {
        return false;
    }
    p->doubts = 0;
    ask(p, FLOE_SCTP_PMTU_SEARCHING, p->size);
    return true;
}

void floe_sctp_pmtu_on_black_hole(floe_sctp_pmtu *p)
{
    if (p->size <= p->base) {
        return;
    }
    /* RFC 8899 §4.3, §5.2: to the base size at once. It may have been bad luck: the size of before
     * is among the first that are asked for. */
    p->ceiling = p->size;
    p->is_whole = true;
    p->size = p->base;
    ask(p, FLOE_SCTP_PMTU_BASE, p->base);
}

/* Three probes were not answered. */
static void fail(floe_sctp_pmtu *p)
{
    if (p->state == FLOE_SCTP_PMTU_SEARCHING && p->probe > p->size) {
        p->ceiling = (uint16_t)(p->probe - 4u);
        p->is_whole = false;
        search(p);
        return;
    }
    if (p->size > p->base) { /* it was carried, and is no more */
        floe_sctp_pmtu_on_black_hole(p);
        return;
    }
    /* RFC 8899 §5.2: the path carries less than the base size, or it is gone, or the peer does not
     * answer what is padded. There is no smaller size to fall back to: what was cut for the base
     * size can't be cut again (RFC 9260 §6.9). Asked again later. */
    p->state = FLOE_SCTP_PMTU_ERROR;
    p->tries = 0;
    p->is_out = false;
}

void floe_sctp_pmtu_on_timeout(floe_sctp_pmtu *p)
{
    if (p->state == FLOE_SCTP_PMTU_COMPLETE) {
        p->ceiling = p->limit;
        p->is_whole = true;
        search(p);
    } else if (p->is_out && ++p->tries >= FLOE_SCTP_PMTU_TRIES) {
        fail(p);
    } else {
        p->is_due = p->state != FLOE_SCTP_PMTU_DISABLED;
        p->is_out = false;
    }
}

uint64_t floe_sctp_pmtu_wait(const floe_sctp_pmtu *p, uint64_t rto_us)
{
    if (p->state == FLOE_SCTP_PMTU_DISABLED || p->is_due) {
        return 0;
    }
    if (p->state == FLOE_SCTP_PMTU_COMPLETE) {
        return p->size < p->limit ? FLOE_SCTP_PMTU_RAISE_US : 0;
    }
    if (p->state == FLOE_SCTP_PMTU_ERROR && !p->is_out) {
        return p->is_answered ? FLOE_SCTP_PMTU_ERROR_US : FLOE_SCTP_PMTU_RAISE_US;
    }
    /* RFC 8899 §5.1.1: not below a second. It wants 15 where the round trip is not known; here it
     * is. */
    return p->is_out && rto_us < FLOE_SCTP_PMTU_PROBE_US ? FLOE_SCTP_PMTU_PROBE_US : rto_us;
}
