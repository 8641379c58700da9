/*
 * fuzz/fuzz_dtls_conn.c - two DTLS connections and a network that the input commands.
 *
 * The first byte is the configuration, then come commands of one byte each with their arguments:
 * deliver, lose, repeat, swap or corrupt what is on its way, inject bytes or a well-formed record,
 * let time pass, send, close. What must hold: an end that was given a wrong fingerprint never
 * connects; data arrives only as it was sent, at most once, in state CONNECTED; a state follows
 * another only if dtls/README.md says so; a drained connection never wants to be called at once;
 * and no handshake goes on for ever.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method(): an input always does the same */

#include <openssl/rand.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "dtls/dtls_conn.h"
#include "fuzz/harness.h"
#include "support/virtual_clock.c" /* gettimeofday() for OpenSSL; harnesses link no test helpers */

#define PACKETS     32u
#define PACKET_MAX  2048u
#define MESSAGES    256u
#define MESSAGE_LEN 40u

typedef struct packet {
    size_t len;
    uint8_t bytes[PACKET_MAX];
} packet;

typedef struct end {
    floe_dtls_conn conn;
    bool lied_to; /* has a wrong fingerprint */
    floe_dtls_state state;
    unsigned sent;
    bool got[MESSAGES]; /* of the other end */
    size_t count;       /* packets on their way to this end */
    packet packets[PACKETS];
} end;

static floe_dtls_identity identities[2];
static end ends[2];
static floe_time now;
static uint64_t random_state;

/* xorshift64* by Vigna; the keys need not be secret here. */
static int fill_random(unsigned char *out, int len)
{
    for (int i = 0; i < len; i++) {
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        out[i] = (unsigned char)(random_state * UINT64_C(0x2545F4914F6CDD1D) >> 56);
    }
    return 1;
}

static int is_seeded(void)
{
    return 1;
}

static void set_up_once(void)
{
    static RAND_METHOD method = {NULL, fill_random, NULL, NULL, fill_random, is_seeded};

    random_state = 1;
    if (identities[0].ctx == NULL) {
        RAND_set_rand_method(&method);
        require(floe_dtls_identity_init(&identities[0]) == FLOE_OK);
        require(floe_dtls_identity_init(&identities[1]) == FLOE_OK);
    }
}

static void post(int to, const uint8_t *bytes, size_t len)
{
    end *e = &ends[to];

    if (e->count < PACKETS && len <= PACKET_MAX) {
        e->packets[e->count].len = len;
        memcpy(e->packets[e->count].bytes, bytes, len);
        e->count++;
    }
}

static void take(int from, size_t index, packet *out)
{
    end *e = &ends[from];

    *out = e->packets[index];
    e->count--;
    memmove(&e->packets[index], &e->packets[index + 1], (e->count - index) * sizeof *out);
}

static void check_message(int which, const uint8_t *data, size_t len)
{
    end *e = &ends[which];

    require(len == MESSAGE_LEN && data[0] == which && data[1] < ends[1 - which].sent);
    require(!e->got[data[1]] && !e->lied_to);
    for (size_t i = 2; i < len; i++) {
        require(data[i] == (uint8_t)(data[1] + i));
    }
    e->got[data[1]] = true;
}

static void check_state(end *e)
{
    static const bool legal[5][5] = {
        [FLOE_DTLS_NEW] = {true, true, true, true, true}, /* several changes, one event */
        [FLOE_DTLS_CONNECTING] = {false, true, true, true, true},
        [FLOE_DTLS_CONNECTED] = {false, false, true, true, true},
        [FLOE_DTLS_CLOSED] = {false, false, false, true, false},
        [FLOE_DTLS_FAILED] = {false, false, false, false, true},
    };
    floe_dtls_state state = floe_dtls_conn_get_state(&e->conn);
    floe_dtls_state event;
    floe_dtls_cause cause;

    require(legal[e->state][state]);
    require(!(e->lied_to && state == FLOE_DTLS_CONNECTED));
    if (floe_dtls_conn_poll_event(&e->conn, &event, &cause)) {
        require(event == state && (cause != FLOE_DTLS_CAUSE_NONE) == (state == FLOE_DTLS_FAILED));
    }
    e->state = state;
}

static void drain(int which)
{
    static uint8_t buf[16384];
    end *e = &ends[which];
    size_t len;

    while (floe_dtls_conn_poll_data(&e->conn, buf, sizeof buf, &len)) {
        require(floe_dtls_conn_get_state(&e->conn) == FLOE_DTLS_CONNECTED);
        check_message(which, buf, len);
    }
    while (floe_dtls_conn_poll_transmit(&e->conn, buf, sizeof buf, &len)) {
        require(len > 0 && len <= e->conn.mtu);
        post(1 - which, buf, len);
    }
    check_state(e);
    require(floe_dtls_conn_deadline(&e->conn) > now);
}

static void give(int to, const uint8_t *bytes, size_t len)
{
    bool over = ends[to].state == FLOE_DTLS_CLOSED || ends[to].state == FLOE_DTLS_FAILED;
    floe_err err = floe_dtls_conn_input(&ends[to].conn, now, (floe_bytes){bytes, len});

    require(err == FLOE_OK || err == FLOE_E_MALFORMED || err == FLOE_E_CLOSED);
    require((err == FLOE_E_CLOSED) == over);
    drain(to);
}

static void pass_time(floe_time until)
{
    now = until;
    virtual_clock_set(now);
    for (int i = 0; i < 2; i++) {
        floe_dtls_conn_advance(&ends[i].conn, now);
        drain(i);
    }
}

static void send_message(int from)
{
    uint8_t buf[MESSAGE_LEN + FLOE_DTLS_OVERHEAD];
    uint8_t *plain = buf + FLOE_DTLS_HEAD;
    end *e = &ends[from];
    size_t len;

    if (e->sent == MESSAGES) {
        return;
    }
    plain[0] = (uint8_t)(1 - from);
    plain[1] = (uint8_t)e->sent;
    for (size_t i = 2; i < MESSAGE_LEN; i++) {
        plain[i] = (uint8_t)(plain[1] + i);
    }
    floe_err err = floe_dtls_conn_seal(&e->conn, buf, MESSAGE_LEN, sizeof buf, &len);
    require((err == FLOE_OK) == (e->state == FLOE_DTLS_CONNECTED) || err == FLOE_E_CRYPTO);
    if (err == FLOE_OK) {
        e->sent++;
        post(1 - from, buf, len);
    }
    check_state(e);
}

/* A record whose header is right, so that its body is looked at. */
static void inject_record(int to, floe_reader *r)
{
    uint8_t record[256];
    floe_writer w = floe_writer_begin(record, sizeof record);
    uint8_t type = floe_reader_get_u8(r);
    uint8_t epoch = floe_reader_get_u8(r);
    size_t len = floe_reader_get_u8(r) % 128u;
    floe_bytes body = floe_reader_get_bytes(r, len);

    floe_writer_put_u8(&w, (uint8_t)(20 + type % 5));
    floe_writer_put_u16(&w, 0xfefd);
    floe_writer_put_u16(&w, epoch % 3);
    floe_writer_put_u32(&w, 0);
    floe_writer_put_u16(&w, (uint16_t)(type << 8 | epoch));
    floe_writer_put_u16(&w, (uint16_t)body.len);
    floe_writer_put_bytes(&w, body);
    give(to, record, w.len);
}

/* A fragment of a handshake message whose lengths agree with each other. */
static void inject_fragment(int to, floe_reader *r)
{
    uint8_t record[256];
    floe_writer w = floe_writer_begin(record, sizeof record);
    uint8_t type = floe_reader_get_u8(r);
    uint8_t sequence = floe_reader_get_u8(r);
    uint16_t total = (uint16_t)(floe_reader_get_u16(r) % 2048);
    uint16_t offset = (uint16_t)(total > 0 ? floe_reader_get_u16(r) % total : 0);
    size_t len = floe_reader_get_u8(r) % 128u;
    size_t left = (size_t)total - offset;
    floe_bytes body = floe_reader_get_bytes(r, len < left ? len : left);

    floe_writer_put_u8(&w, 22);
    floe_writer_put_u16(&w, 0xfefd);
    floe_writer_put_zeros(&w, 8);
    floe_writer_put_u16(&w, (uint16_t)(12 + body.len));
    floe_writer_put_u8(&w, type % 24);
    floe_writer_put_u8(&w, 0);
    floe_writer_put_u16(&w, total);
    floe_writer_put_u16(&w, sequence % 12);
    floe_writer_put_u8(&w, 0);
    floe_writer_put_u16(&w, offset);
    floe_writer_put_u8(&w, 0);
    floe_writer_put_u16(&w, (uint16_t)body.len);
    floe_writer_put_bytes(&w, body);
    give(to, record, w.len);
}

/* Commands that take a packet off the way to end `to`. */
static void handle_packet(uint8_t command, int to, floe_reader *r)
{
    packet p;

    if (ends[to].count == 0) {
        return;
    }
    size_t index = command == 3 ? ends[to].count - 1 : 0;
    take(to, index, &p);
    switch (command) {
    case 0: /* deliver */
    case 3: /* deliver the newest first */
        give(to, p.bytes, p.len);
        break;
    case 1: /* lose */
        break;
    case 2: /* repeat */
        give(to, p.bytes, p.len);
        give(to, p.bytes, p.len);
        break;
    default: { /* corrupt */
        size_t at = floe_reader_get_u16(r) % p.len;
        p.bytes[at] ^= floe_reader_get_u8(r);
        give(to, p.bytes, p.len);
        break;
    }
    }
}

static void handle_command(uint8_t command, int which, floe_reader *r)
{
    switch (command) {
    case 5:
        pass_time(now + 1 + floe_reader_get_u8(r) * 20 * FLOE_MS);
        break;
    case 6: {
        size_t len = floe_reader_get_u16(r) % PACKET_MAX;
        floe_bytes bytes = floe_reader_get_bytes(r, len < r->left ? len : r->left);
        give(which, bytes.ptr, bytes.len);
        break;
    }
    case 7:
        inject_record(which, r);
        break;
    case 8:
        inject_fragment(which, r);
        break;
    case 9:
        send_message(which);
        break;
    case 10:
        floe_dtls_conn_close(&ends[which].conn, now);
        drain(which);
        break;
    case 11:
        floe_dtls_conn_start(&ends[which].conn, now);
        drain(which);
        break;
    default:
        handle_packet(command % 5, which, r);
        break;
    }
}

static void open_end(int which, uint8_t choice)
{
    static const uint32_t mtus[] = {0, 256, 576, 1400};
    floe_dtls_config config = {.identity = &identities[which],
                               .role = which == 0 ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER,
                               .fingerprint_count = 1,
                               .mtu = mtus[choice >> 4 & 3]};
    end *e = &ends[which];

    e->count = e->sent = 0;
    memset(e->got, 0, sizeof e->got);
    e->state = FLOE_DTLS_NEW;
    e->lied_to = (choice >> which & 1) != 0;
    config.fingerprints[0] = identities[1 - which].fingerprint;
    config.fingerprints[0].value[5] ^= e->lied_to ? 4 : 0;
    require(floe_dtls_conn_init(&e->conn, &config, now) == FLOE_OK);
}

/* Both, whatever was done to them, come to an end: connected, failed or closed. */
static void settle(void)
{
    floe_time limit = now + 2 * FLOE_DTLS_HANDSHAKE_US;

    for (unsigned step = 0; step < 2000 && now < limit; step++) {
        int to = (int)(step % 2);
        if (ends[to].count > 0) {
            handle_packet(0, to, NULL);
        } else if (ends[1 - to].count == 0) {
            floe_time next = floe_time_min(floe_dtls_conn_deadline(&ends[0].conn),
                                           floe_dtls_conn_deadline(&ends[1].conn));
            pass_time(floe_time_min(next, limit));
        }
    }
    require(ends[0].state != FLOE_DTLS_CONNECTING && ends[1].state != FLOE_DTLS_CONNECTING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    floe_reader r = floe_reader_begin((floe_bytes){data, size});
    uint8_t choice = floe_reader_get_u8(&r);

    set_up_once();
    now = FLOE_SECOND;
    virtual_clock_set(now);
    for (int i = 0; i < 2; i++) {
        open_end(i, choice);
    }
    for (unsigned step = 0; r.left > 0 && step < 400; step++) {
        uint8_t command = floe_reader_get_u8(&r);
        handle_command(command & 15, command >> 4 & 1, &r);
    }
    settle();
    for (int i = 0; i < 2; i++) {
        floe_dtls_conn_free(&ends[i].conn);
    }
    return 0;
}
