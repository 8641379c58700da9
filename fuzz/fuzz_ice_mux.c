/*
 * fuzz/fuzz_ice_mux.c - any datagrams from anywhere among any calls of a demultiplexer.
 *
 * Oracle: a model of plain lists says who has a path and a name; lookups agree with it, and no
 * datagram changes a table.
 */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "fuzz/harness.h"
#include "ice/ice_mux.h"
#include "support/sim_random.h"

#define OWNER_MAX 3u
#define PORTS     64u

typedef struct model {
    uint32_t path[PORTS];
    uint32_t name[8];                 /* of "name0" to "name7" */
    uint8_t newest[OWNER_MAX + 1][2]; /* of each: 1 more than the number; 0: none */
} model;

static floe_path path_of(uint8_t port)
{
    return (floe_path){.local = floe_addr_from_ipv4(192, 0, 2, 1, 7000),
                       .remote = floe_addr_from_ipv4(198, 51, 100, 9, port % PORTS),
                       .transport = FLOE_UDP};
}

/* The older of two goes. */
static void add_name(model *m, uint8_t name, uint32_t owner)
{
    uint8_t *newest = m->newest[owner];
    if (newest[1] != 0) {
        m->name[newest[1] - 1] = 0;
    }
    newest[1] = newest[0];
    newest[0] = (uint8_t)(name + 1);
    m->name[name] = owner;
}

static void change(floe_ice_mux *mux, model *m, uint8_t op, uint8_t arg)
{
    uint32_t owner = 1 + arg % OWNER_MAX;
    uint8_t text[] = {'n', 'a', 'm', 'e', (uint8_t)('0' + arg / 4 % 8)};
    uint32_t *name = &m->name[arg / 4 % 8];
    floe_bytes ufrag = {text, sizeof text};
    floe_path path = path_of(arg / 4);
    uint32_t *place = &m->path[arg / 4 % PORTS];
    floe_err err;
    switch (op % 4) {
    case 0:
        err = floe_ice_mux_take(mux, &path, owner);
        require(err == (*place == 0 || *place == owner ? FLOE_OK : FLOE_E_STATE) ||
                (err == FLOE_E_FULL && *place == 0));
        *place = err == FLOE_OK ? owner : *place;
        break;
    case 1:
        floe_ice_mux_release(mux, &path);
        *place = 0;
        break;
    case 2:
        err = floe_ice_mux_add_name(mux, ufrag, owner);
        require(err == (*name == 0 || *name == owner ? FLOE_OK : FLOE_E_ARG));
        if (*name == 0) {
            add_name(m, arg / 4 % 8, owner);
        }
        break;
    default:
        floe_ice_mux_remove(mux, owner);
        for (size_t i = 0; i < PORTS; i++) {
            m->path[i] = m->path[i] == owner ? 0 : m->path[i];
        }
        for (size_t i = 0; i < 8; i++) {
            m->name[i] = m->name[i] == owner ? 0 : m->name[i];
        }
        memset(m->newest[owner], 0, sizeof m->newest[owner]);
    }
}

static void receive(floe_ice_mux *mux, const model *m, uint8_t port, floe_bytes datagram)
{
    floe_path path = path_of(port);
    uint32_t holder = m->path[port % PORTS];
    floe_ice_mux_stats before, after;
    floe_ice_mux_get_stats(mux, &before);
    floe_ice_mux_found found = floe_ice_mux_find(mux, &path, datagram);
    floe_ice_mux_get_stats(mux, &after);
    require(after.paths == before.paths && after.names == before.names);
    require(after.dropped_unknown + after.by_name + after.by_path + after.by_request ==
            before.dropped_unknown + before.by_name + before.by_path + before.by_request + 1);
    require(found.owner <= OWNER_MAX && found.rival == (found.owner != holder ? holder : 0));
    if (datagram.len > 0 && datagram.ptr[0] > 3) {
        require(found.owner == holder);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t memory[512];
    floe_ice_mux mux;
    model m;
    memset(&m, 0, sizeof m);
    sim_random random = sim_random_begin(1, 0);
    floe_reader r = floe_reader_begin((floe_bytes){data, size});
    require(floe_ice_mux_size(OWNER_MAX) <= sizeof memory);
    floe_ice_mux_init(&mux, memory, OWNER_MAX, sim_random_source(&random));
    while (r.left >= 2) {
        uint8_t op = floe_reader_get_u8(&r);
        uint8_t arg = floe_reader_get_u8(&r);
        if (op < 128) {
            change(&mux, &m, op, arg);
            floe_ice_mux_check_invariants(&mux);
            continue;
        }
        size_t len = (size_t)(op - 128) * 2;
        len = len < r.left ? len : r.left;
        floe_bytes datagram = floe_reader_get_bytes(&r, len);
        if (arg % 2 == 0) {
            receive(&mux, &m, arg / 2, datagram);
        } else {
            floe_ice_mux_sent(&mux, datagram, 1 + arg / 2 % OWNER_MAX);
        }
    }
    return 0;
}
