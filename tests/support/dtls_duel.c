/* support/dtls_duel.c - see support/dtls_duel.h. */
#include "support/dtls_duel.h"

#include <string.h>

#include "support/unit.h"
#include "support/virtual_clock.h"

void dtls_duel_init(dtls_duel *duel, floe_dtls_role role, openssl_peer_cert cert)
{
    memset(duel, 0, sizeof *duel);
    duel->now = 1000 * FLOE_SECOND;
    virtual_clock_set(duel->now);
    assert_int_equal(floe_dtls_identity_init(&duel->identity), FLOE_OK);
    openssl_peer_init(&duel->theirs, role == FLOE_DTLS_CLIENT ? FLOE_DTLS_SERVER : FLOE_DTLS_CLIENT,
                      cert);
    duel->config.identity = &duel->identity;
    duel->config.role = role;
    duel->config.fingerprint_count = 1;
    duel->config.fingerprints[0] = duel->identity.fingerprint; /* of a peer without a certificate */
    if (cert != OPENSSL_PEER_NO_CERT) {
        duel->config.fingerprints[0] = openssl_peer_fingerprint(&duel->theirs, EVP_sha256());
    }
}

void dtls_duel_open(dtls_duel *duel)
{
    assert_int_equal(floe_dtls_conn_init(&duel->ours, &duel->config, duel->now), FLOE_OK);
    openssl_peer_open(&duel->theirs);
}

void dtls_duel_free(dtls_duel *duel)
{
    floe_dtls_conn_free(&duel->ours);
    floe_dtls_identity_free(&duel->identity);
    openssl_peer_free(&duel->theirs);
}

static void read_ours(dtls_duel *duel)
{
    size_t len;

    while (floe_dtls_conn_poll_data(&duel->ours, duel->data, sizeof duel->data, &len)) {
        assert_int_equal(floe_dtls_conn_get_state(&duel->ours), FLOE_DTLS_CONNECTED);
        duel->messages++;
        duel->len = len;
    }
    (void)floe_dtls_conn_poll_event(&duel->ours, &duel->state, &duel->cause);
}

floe_err dtls_duel_inject(dtls_duel *duel, floe_bytes datagram)
{
    floe_err err = floe_dtls_conn_input(&duel->ours, duel->now, datagram);

    read_ours(duel);
    return err;
}

static bool carry_ours(dtls_duel *duel)
{
    uint8_t buf[4096];
    size_t len;
    bool any = false;

    while (floe_dtls_conn_poll_transmit(&duel->ours, buf, sizeof buf, &len)) {
        duel->transmits++;
        openssl_peer_input(&duel->theirs, (floe_bytes){buf, len});
        any = true;
    }
    return any;
}

static bool carry_theirs(dtls_duel *duel)
{
    floe_bytes datagram;
    bool any = false;

    while (openssl_peer_next(&duel->theirs, &datagram)) {
        (void)dtls_duel_inject(duel, datagram);
        any = true;
    }
    return any;
}

void dtls_duel_run(dtls_duel *duel)
{
    floe_dtls_conn_start(&duel->ours, duel->now);
    openssl_peer_drive(&duel->theirs);
    while (carry_theirs(duel) || carry_ours(duel)) {
    }
    read_ours(duel);
}

void dtls_duel_wait(dtls_duel *duel, uint64_t duration_us)
{
    floe_time until = duel->now + duration_us;

    while (floe_dtls_conn_deadline(&duel->ours) <= until) {
        duel->now = floe_dtls_conn_deadline(&duel->ours);
        virtual_clock_set(duel->now);
        floe_dtls_conn_advance(&duel->ours, duel->now);
    }
    duel->now = until;
    virtual_clock_set(until);
    read_ours(duel);
}

bool dtls_duel_is_connected(const dtls_duel *duel)
{
    return floe_dtls_conn_get_state(&duel->ours) == FLOE_DTLS_CONNECTED &&
           SSL_is_init_finished(duel->theirs.ssl);
}

void dtls_duel_check_data(dtls_duel *duel)
{
    uint8_t buf[64];
    size_t len;
    unsigned before = duel->messages, theirs_before = duel->theirs.messages;

    openssl_peer_send(&duel->theirs, FLOE_LIT("from theirs"));
    (void)carry_theirs(duel);
    assert_int_equal(duel->messages, before + 1);
    assert_int_equal(duel->len, 11);
    assert_memory_equal(duel->data, "from theirs", 11);
    memcpy(buf + FLOE_DTLS_HEAD, "from ours", 9);
    assert_int_equal(floe_dtls_conn_seal(&duel->ours, buf, 9, sizeof buf, &len), FLOE_OK);
    openssl_peer_input(&duel->theirs, (floe_bytes){buf, len});
    assert_int_equal(duel->theirs.messages, theirs_before + 1);
    assert_memory_equal(duel->theirs.data, "from ours", 9);
}
