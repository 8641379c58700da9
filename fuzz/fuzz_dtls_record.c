/*
 * fuzz/fuzz_dtls_record.c - records of an established association, ours against OpenSSL's.
 *
 * Two connections have the same keys: one leaves its records to OpenSSL, the other has taken them
 * over. Both are given the same datagrams: records sealed by us, then lost, swapped, repeated, cut,
 * joined or changed as the input says. Both must deliver the same bytes in the same order, agree on
 * the end of the connection, and end up in the same state. The first byte chooses the suite.
 */
#include <openssl/ssl.h>
#include <string.h>

#include "base/reader.h"
#include "dtls/dtls_internal.h"
#include "fuzz/harness.h"
#include "support/virtual_clock.c" /* gettimeofday() for OpenSSL; harnesses link no test helpers */

#define SUITES       3u
#define SLOTS        8u
#define DATAGRAM_MAX 4096u
#define PLAIN_MAX    1200u

typedef struct association {
    floe_dtls_conn client, reference, ours;
} association;

typedef struct slot {
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
} slot;

static floe_dtls_identity identities[SUITES];
static association associations[SUITES];
static slot slots[SLOTS];
static const floe_time now = FLOE_SECOND;

static void open_end(floe_dtls_conn *conn, const floe_dtls_identity *identity, floe_dtls_role role)
{
    floe_dtls_config config = {.identity = identity, .role = role, .fingerprint_count = 1};

    config.fingerprints[0] = identity->fingerprint;
    require(floe_dtls_conn_init(conn, &config, now) == FLOE_OK);
    conn->keeps_openssl = role == FLOE_DTLS_SERVER;
    floe_dtls_conn_start(conn, now);
}

static void carry(floe_dtls_conn *from, floe_dtls_conn *to)
{
    uint8_t buf[4096];
    size_t len;

    while (floe_dtls_conn_poll_transmit(from, buf, sizeof buf, &len)) {
        require(floe_dtls_conn_input(to, now, (floe_bytes){buf, len}) == FLOE_OK);
    }
}

/* The twin of a server that OpenSSL still has. */
static void make_twin(floe_dtls_conn *twin, floe_dtls_conn *server)
{
    memset(twin, 0, sizeof *twin);
    twin->role = FLOE_DTLS_SERVER;
    twin->state = FLOE_DTLS_CONNECTED;
    twin->now = now;
    twin->mtu = server->mtu;
    twin->keys = server->keys;
    memcpy(twin->finished, server->finished, sizeof twin->finished);
    require(floe_dtls_keys_take(&twin->keys, server->ssl));
}

static void set_up_once(void)
{
    static const char *const suites[SUITES] = {"ECDHE-ECDSA-AES128-GCM-SHA256",
                                               "ECDHE-ECDSA-AES256-GCM-SHA384",
                                               "ECDHE-ECDSA-CHACHA20-POLY1305"};

    virtual_clock_set(now);
    for (unsigned i = 0; i < SUITES && identities[i].ctx == NULL; i++) {
        association *a = &associations[i];
        require(floe_dtls_identity_init(&identities[i]) == FLOE_OK);
        require(SSL_CTX_set_cipher_list(identities[i].ctx, suites[i]) == 1);
        open_end(&a->client, &identities[i], FLOE_DTLS_CLIENT);
        open_end(&a->reference, &identities[i], FLOE_DTLS_SERVER);
        for (int flight = 0; flight < 3; flight++) {
            carry(&a->client, &a->reference);
            carry(&a->reference, &a->client);
        }
        require(a->client.keys.seal != NULL && a->reference.ssl != NULL);
        make_twin(&a->ours, &a->reference);
    }
}

/* Both get it, and must make the same of it. */
static void deliver(association *a, const uint8_t *bytes, size_t len)
{
    static uint8_t expected[16384], buf[16384], copy[DATAGRAM_MAX];
    size_t expected_len, got;
    bool is_expected;

    floe_err err = floe_dtls_conn_input(&a->reference, now, (floe_bytes){bytes, len});
    memcpy(copy, bytes, len);
    require(floe_dtls_conn_input(&a->ours, now, (floe_bytes){copy, len}) == err);
    do {
        is_expected =
            floe_dtls_conn_poll_data(&a->reference, expected, sizeof expected, &expected_len);
        require(floe_dtls_conn_poll_data(&a->ours, buf, sizeof buf, &got) == is_expected);
        if (is_expected) {
            require(got == expected_len && memcmp(buf, expected, got) == 0);
        }
    } while (is_expected);
    require(a->ours.state == FLOE_DTLS_CONNECTED && a->reference.state == FLOE_DTLS_CONNECTED);
    require(a->ours.flight_head == a->ours.flight_tail); /* nobody was authorised to ask */
}

static void seal(association *a, slot *to, floe_reader *r)
{
    size_t plain_len = 1 + floe_reader_get_u16(r) % PLAIN_MAX;
    uint8_t *at = to->bytes + to->len;
    size_t len;

    if (to->len + plain_len + FLOE_DTLS_OVERHEAD > sizeof to->bytes) {
        return;
    }
    memset(at + FLOE_DTLS_HEAD, (int)plain_len, plain_len);
    require(floe_dtls_keys_seal(&a->client.keys, FLOE_DTLS_DATA, at, plain_len, &len));
    to->len += len;
}

static void change(slot *to, floe_reader *r)
{
    size_t at = floe_reader_get_u16(r);
    uint8_t mask = floe_reader_get_u8(r);

    if (to->len > 0) {
        to->bytes[at % to->len] ^= mask;
    }
}

static void handle_command(association *a, uint8_t command, floe_reader *r)
{
    slot *to = &slots[command >> 3 & 7];

    switch (command & 7) {
    case 0: /* another record behind those of the datagram */
        seal(a, to, r);
        break;
    case 1:
    case 2:
        deliver(a, to->bytes, to->len);
        break;
    case 3:
        change(to, r);
        break;
    case 4:
        to->len = to->len > 0 ? floe_reader_get_u16(r) % to->len : 0;
        break;
    case 5: /* records that were lost */
        a->client.keys.next += floe_reader_get_u8(r);
        break;
    case 6: { /* bytes of the input behind */
        size_t len = floe_reader_get_u8(r);
        floe_bytes bytes = floe_reader_get_bytes(r, len < r->left ? len : r->left);
        if (bytes.len > 0 && to->len + bytes.len <= sizeof to->bytes) {
            memcpy(to->bytes + to->len, bytes.ptr, bytes.len);
            to->len += bytes.len;
        }
        break;
    }
    default:
        to->len = 0;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    floe_reader r = floe_reader_begin((floe_bytes){data, size});
    association *a = &associations[floe_reader_get_u8(&r) % SUITES];

    set_up_once();
    memset(slots, 0, sizeof slots);
    /* Far ahead of what the input before has left in the windows. */
    a->client.keys.next += 1000;
    for (unsigned step = 0; r.left > 0 && step < 400; step++) {
        handle_command(a, floe_reader_get_u8(&r), &r);
    }
    return 0;
}
