/*
 * ice/ice_mux.c - hash tables from paths, user fragments and transactions to their owners.
 *
 * Entries of the first two lie in pools, chained from their buckets by number; those of the third
 * in sets of four, whose oldest goes where there is no room: transactions are random, so the sets
 * fill evenly.
 */
#include "ice/ice_mux.h"

#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "stun/stun_msg.h"

#define SET 4u /* requests */

_Static_assert(FLOE_ICE_MUX_NAMES == 2, "the one that is not the newer goes");

_Static_assert(sizeof(floe_ice_mux_request) == FLOE_STUN_TID_SIZE + 4, "as the header has it");

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64u - bits);
}

static void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein): what it comes to can't be foreseen without the key. */
static uint64_t hash(const floe_ice_mux *mux, floe_bytes text)
{
    uint64_t v[4] = {
        mux->key[0] ^ UINT64_C(0x736f6d6570736575), mux->key[1] ^ UINT64_C(0x646f72616e646f6d),
        mux->key[0] ^ UINT64_C(0x6c7967656e657261), mux->key[1] ^ UINT64_C(0x7465646279746573)};
    for (size_t at = 0; at <= text.len; at += 8) {
        size_t rest = text.len - at < 8 ? text.len - at : 8;
        uint64_t word = rest < 8 ? (uint64_t)(text.len & 0xffu) << 56 : 0;
        for (size_t i = 0; i < rest; i++) {
            word |= (uint64_t)text.ptr[at + i] << 8 * i;
        }
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) {
        mix(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The least power of two that is no less. */
static uint32_t power_of_two(uint32_t least)
{
    uint32_t power = 1;
    while (power < least) {
        power *= 2;
    }
    return power;
}

static uint32_t bucket_count(uint32_t owner_max)
{
    return power_of_two(2 * owner_max);
}

static uint32_t request_count(uint32_t owner_max)
{
    return power_of_two(FLOE_ICE_MUX_REQUESTS * owner_max);
}

size_t floe_ice_mux_size(uint32_t owner_max)
{
    return (size_t)FLOE_ICE_MUX_NAMES * owner_max * sizeof(floe_ice_mux_name) +
           (size_t)FLOE_ICE_MUX_PATHS * owner_max * sizeof(floe_ice_mux_path) +
           (size_t)request_count(owner_max) * sizeof(floe_ice_mux_request) +
           ((size_t)2 * bucket_count(owner_max) + owner_max) * sizeof(uint32_t);
}

void floe_ice_mux_init(floe_ice_mux *mux, void *memory, uint32_t owner_max, floe_rand rand)
{
    FLOE_ASSERT(owner_max > 0 && owner_max <= UINT32_C(1) << 24);
    uint32_t buckets = bucket_count(owner_max);
    uint32_t requests = request_count(owner_max);
    memset(mux, 0, sizeof *mux);
    memset(memory, 0, floe_ice_mux_size(owner_max));
    mux->key[0] = floe_rand_u64(&rand);
    mux->key[1] = floe_rand_u64(&rand);
    mux->owner_max = owner_max;
    mux->bucket_mask = buckets - 1;
    mux->request_mask = requests - 1;
    mux->names = memory; /* the strictest alignment first */
    mux->paths = (floe_ice_mux_path *)(void *)(mux->names + FLOE_ICE_MUX_NAMES * owner_max);
    mux->requests = (floe_ice_mux_request *)(void *)(mux->paths + FLOE_ICE_MUX_PATHS * owner_max);
    mux->path_buckets = (uint32_t *)(void *)(mux->requests + requests);
    mux->name_buckets = mux->path_buckets + buckets;
    mux->path_counts = mux->name_buckets + buckets;
    for (uint32_t i = FLOE_ICE_MUX_PATHS * owner_max; i > 0; i--) {
        mux->paths[i - 1].next = mux->free_path;
        mux->free_path = i;
    }
}

/* The link to the entry of this name, or to the end of its chain. */
static uint32_t *find_name(const floe_ice_mux *mux, uint64_t wanted)
{
    uint32_t *link = &mux->name_buckets[wanted & mux->bucket_mask];
    while (*link != 0 && mux->names[*link - 1].hash != wanted) {
        link = &mux->names[*link - 1].next;
    }
    return link;
}

static void free_name(floe_ice_mux *mux, uint32_t *link)
{
    floe_ice_mux_name *name = &mux->names[*link - 1];
    *link = name->next;
    memset(name, 0, sizeof *name);
    mux->stats.names--;
}

floe_err floe_ice_mux_add_name(floe_ice_mux *mux, floe_bytes ufrag, uint32_t owner)
{
    FLOE_ASSERT(owner > 0 && owner <= mux->owner_max);
    uint64_t wanted = hash(mux, ufrag);
    uint32_t index = *find_name(mux, wanted);
    if (index != 0) {
        return mux->names[index - 1].owner == owner ? FLOE_OK : FLOE_E_ARG;
    }
    floe_ice_mux_name *theirs = &mux->names[FLOE_ICE_MUX_NAMES * (owner - 1)];
    size_t slot = theirs[0].owner == 0 || (theirs[1].owner != 0 && theirs[1].is_newer) ? 0 : 1;
    if (theirs[slot].owner != 0) {
        free_name(mux, find_name(mux, theirs[slot].hash));
    }
    theirs[!slot].is_newer = false;
    theirs[slot] = (floe_ice_mux_name){.hash = wanted, .owner = owner, .is_newer = true};
    *find_name(mux, wanted) = FLOE_ICE_MUX_NAMES * (owner - 1) + (uint32_t)slot + 1;
    mux->stats.names++;
    return FLOE_OK;
}

static uint32_t *find_path(const floe_ice_mux *mux, const floe_path *path)
{
    uint8_t bytes[2 * 18];
    const floe_addr *ends[] = {&path->local, &path->remote};
    for (size_t i = 0; i < 2; i++) {
        memcpy(bytes + 18 * i, ends[i]->ip, 16);
        bytes[18 * i + 16] = (uint8_t)(ends[i]->port >> 8);
        bytes[18 * i + 17] = (uint8_t)ends[i]->port;
    }
    uint64_t bucket = hash(mux, (floe_bytes){bytes, sizeof bytes}) & mux->bucket_mask;
    uint32_t *link = &mux->path_buckets[bucket];
    while (*link != 0 && !floe_path_equal(&mux->paths[*link - 1].path, path)) {
        link = &mux->paths[*link - 1].next;
    }
    return link;
}

floe_err floe_ice_mux_take(floe_ice_mux *mux, const floe_path *path, uint32_t owner)
{
    FLOE_ASSERT(owner > 0 && owner <= mux->owner_max);
    uint32_t *link = find_path(mux, path);
    if (*link != 0) {
        return mux->paths[*link - 1].owner == owner ? FLOE_OK : FLOE_E_STATE;
    }
    if (mux->free_path == 0) {
        return FLOE_E_FULL;
    }
    floe_ice_mux_path *entry = &mux->paths[mux->free_path - 1];
    *link = mux->free_path;
    mux->free_path = entry->next;
    *entry = (floe_ice_mux_path){.path = *path, .owner = owner};
    mux->path_counts[owner - 1]++;
    mux->stats.paths++;
    return FLOE_OK;
}

static void free_path(floe_ice_mux *mux, uint32_t *link)
{
    uint32_t index = *link;
    floe_ice_mux_path *entry = &mux->paths[index - 1];
    *link = entry->next;
    mux->path_counts[entry->owner - 1]--;
    *entry = (floe_ice_mux_path){.next = mux->free_path};
    mux->free_path = index;
    mux->stats.paths--;
}

void floe_ice_mux_release(floe_ice_mux *mux, const floe_path *path)
{
    uint32_t *link = find_path(mux, path);
    if (*link != 0) {
        free_path(mux, link);
    }
}

bool floe_ice_mux_make_room(floe_ice_mux *mux, uint32_t owner)
{
    FLOE_ASSERT(owner > 0 && owner <= mux->owner_max && mux->free_path == 0);
    uint32_t most = 0;
    uint32_t index = 0;
    if (mux->path_counts[owner - 1] >= FLOE_ICE_MUX_PATHS) {
        return false;
    }
    for (uint32_t i = 1; i < mux->owner_max; i++) {
        most = mux->path_counts[i] > mux->path_counts[most] ? i : most;
    }
    while (mux->paths[index].owner != most + 1) {
        index++; /* all are in use, and not all by this one: so it has some */
    }
    free_path(mux, find_path(mux, &mux->paths[index].path));
    return true;
}

bool floe_ice_mux_next(const floe_ice_mux *mux, size_t *cursor, floe_path *path, uint32_t *owner)
{
    while (*cursor < (size_t)FLOE_ICE_MUX_PATHS * mux->owner_max) {
        const floe_ice_mux_path *entry = &mux->paths[(*cursor)++];
        if (entry->owner != 0) {
            *path = entry->path;
            *owner = entry->owner;
            return true;
        }
    }
    return false;
}

void floe_ice_mux_remove(floe_ice_mux *mux, uint32_t owner)
{
    FLOE_ASSERT(owner > 0 && owner <= mux->owner_max);
    for (uint32_t i = 0; i <= mux->bucket_mask; i++) {
        for (uint32_t *link = &mux->path_buckets[i]; *link != 0;) {
            if (mux->paths[*link - 1].owner == owner) {
                free_path(mux, link);
            } else {
                link = &mux->paths[*link - 1].next;
            }
        }
    }
    for (uint32_t i = 0; i < FLOE_ICE_MUX_NAMES; i++) {
        const floe_ice_mux_name *name = &mux->names[FLOE_ICE_MUX_NAMES * (owner - 1) + i];
        if (name->owner != 0) {
            free_name(mux, find_name(mux, name->hash));
        }
    }
    for (uint32_t i = 0; i <= mux->request_mask; i++) {
        mux->requests[i].owner = mux->requests[i].owner == owner ? 0 : mux->requests[i].owner;
    }
}

/* The set that a transaction belongs to. Ours are random, but a response's is whatever its sender
 * likes: it costs no more than another. */
static floe_ice_mux_request *set_of(const floe_ice_mux *mux, const uint8_t *tid)
{
    uint32_t word =
        (uint32_t)tid[0] | (uint32_t)tid[1] << 8 | (uint32_t)tid[2] << 16 | (uint32_t)tid[3] << 24;
    return &mux->requests[word & mux->request_mask & ~(SET - 1)];
}

static floe_ice_mux_request *find_request(const floe_ice_mux *mux, const uint8_t *tid)
{
    floe_ice_mux_request *set = set_of(mux, tid);
    for (size_t i = 0; i < SET; i++) {
        if (set[i].owner != 0 && memcmp(set[i].tid, tid, sizeof set[i].tid) == 0) {
            return &set[i];
        }
    }
    return NULL;
}

/* RFC 7983 §7: the first byte decides; others than these are of DTLS and the like. */
static bool is_stun(floe_bytes datagram)
{
    return datagram.len > 0 && datagram.ptr[0] <= 3 && floe_stun_msg_is(datagram);
}

static floe_stun_class class_of(floe_bytes message)
{
    return (floe_stun_class)((message.ptr[0] & 1) << 1 | (message.ptr[1] >> 4 & 1));
}

void floe_ice_mux_sent(floe_ice_mux *mux, floe_bytes datagram, uint32_t owner)
{
    if (!is_stun(datagram) || class_of(datagram) != FLOE_STUN_REQUEST) {
        return;
    }
    const uint8_t *tid = datagram.ptr + FLOE_STUN_HEADER_SIZE - FLOE_STUN_TID_SIZE;
    floe_ice_mux_request *set = set_of(mux, tid);
    if (find_request(mux, tid) != NULL) {
        return; /* a repetition */
    }
    memmove(set + 1, set, (SET - 1) * sizeof *set);
    memcpy(set->tid, tid, sizeof set->tid);
    set->owner = owner;
}

static uint32_t find_by_name(const floe_ice_mux *mux, const floe_stun_msg *msg)
{
    floe_stun_attr name;
    if (!floe_stun_msg_find(msg, FLOE_STUN_USERNAME, &name)) {
        return 0;
    }
    /* RFC 8445 §7.2.2: the fragment of the one who is asked, a colon, that of the one who asks. */
    const uint8_t *colon = name.value.len > 0 ? memchr(name.value.ptr, ':', name.value.len) : NULL;
    if (colon == NULL) {
        return 0;
    }
    floe_bytes ufrag = {name.value.ptr, (size_t)(colon - name.value.ptr)};
    uint32_t index = *find_name(mux, hash(mux, ufrag));
    return index != 0 ? mux->names[index - 1].owner : 0;
}

static uint32_t find_by_stun(floe_ice_mux *mux, floe_bytes datagram, uint32_t holder)
{
    floe_stun_msg msg;
    if (floe_stun_msg_parse(&msg, datagram) != FLOE_OK) {
        return 0;
    }
    if (msg.cls == FLOE_STUN_REQUEST) {
        uint32_t owner = find_by_name(mux, &msg);
        mux->stats.by_name += owner != 0;
        return owner;
    }
    if (msg.cls != FLOE_STUN_INDICATION) {
        const floe_ice_mux_request *request = find_request(mux, msg.tid);
        if (request != NULL) {
            mux->stats.by_request++;
            return request->owner;
        }
    }
    mux->stats.by_path += holder != 0;
    return holder;
}

floe_ice_mux_found floe_ice_mux_find(floe_ice_mux *mux, const floe_path *path, floe_bytes datagram)
{
    uint32_t index = *find_path(mux, path);
    uint32_t holder = index != 0 ? mux->paths[index - 1].owner : 0;
    floe_ice_mux_found found = {.owner = holder};
    if (is_stun(datagram)) {
        found.owner = find_by_stun(mux, datagram, holder);
        found.rival = holder != found.owner ? holder : 0;
    } else {
        mux->stats.by_path += holder != 0;
    }
    mux->stats.dropped_unknown += found.owner == 0;
    return found;
}

void floe_ice_mux_get_stats(const floe_ice_mux *mux, floe_ice_mux_stats *stats)
{
    *stats = mux->stats;
}

void floe_ice_mux_check_invariants(const floe_ice_mux *mux)
{
    uint32_t paths = 0;
    uint32_t names = 0;
    uint32_t counted = 0;
    for (uint32_t i = 0; i < mux->owner_max; i++) {
        counted += mux->path_counts[i];
    }
    for (uint32_t i = 0; i < FLOE_ICE_MUX_PATHS * mux->owner_max; i++) {
        const floe_ice_mux_path *entry = &mux->paths[i];
        paths += entry->owner != 0;
        FLOE_ASSERT(entry->owner == 0 || (*find_path(mux, &entry->path) == i + 1 &&
                                          mux->path_counts[entry->owner - 1] > 0));
    }
    for (uint32_t i = 0; i < FLOE_ICE_MUX_NAMES * mux->owner_max; i++) {
        const floe_ice_mux_name *name = &mux->names[i];
        names += name->owner != 0;
        FLOE_ASSERT(name->owner == 0 || *find_name(mux, name->hash) == i + 1);
    }
    FLOE_ASSERT(paths == mux->stats.paths && paths == counted && names == mux->stats.names);
}
