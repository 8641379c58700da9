/* support/tls_pair.c - see support/tls_pair.h. */
#include "support/tls_pair.h"

#include <string.h>

#include "support/unit.h"
#include "support/virtual_clock.h"

#define NOT_CUT 1000000u /* more than any flight */

void tls_pair_init(tls_pair *pair)
{
    memset(pair, 0, sizeof *pair);
    pair->step = NOT_CUT;
    pair->now = 5 * FLOE_SECOND;
    virtual_clock_set(pair->now);
    tls_authority_init(&pair->authority);
    assert_int_equal(floe_tls_trust_init(&pair->trust, pair->authority.path), FLOE_OK);
}

void tls_pair_free(tls_pair *pair)
{
    floe_tls_client_free(&pair->client);
    tls_server_free(&pair->server);
    floe_tls_trust_free(&pair->trust);
    tls_authority_free(&pair->authority);
}

void tls_pair_open(tls_pair *pair, const char *host, const tls_leaf *leaf, bool is_datagram)
{
    floe_tls_client_config config = {
        .trust = &pair->trust, .host = floe_bytes_of(host), .is_datagram = is_datagram};
    tls_server_init(&pair->server, &pair->authority, leaf, is_datagram);
    assert_int_equal(floe_tls_client_init(&pair->client, &config, pair->now), FLOE_OK);
}

void tls_pair_read(tls_pair *pair)
{
    size_t len;
    while (floe_tls_client_poll_data(&pair->client, pair->data + pair->len,
                                     sizeof pair->data - pair->len, &len)) {
        pair->len += len;
    }
    (void)floe_tls_client_poll_event(&pair->client, &pair->state, &pair->cause);
}

/* Give the client bytes of the server, pair->step at a time. */
void tls_pair_give(tls_pair *pair, floe_bytes in)
{
    while (in.len > 0) {
        size_t len = in.len < pair->step && !pair->server.is_datagram ? in.len : pair->step;
        len = len < in.len ? len : in.len;
        if (floe_tls_client_input(&pair->client, pair->now, (floe_bytes){in.ptr, len}) != FLOE_OK) {
            return;
        }
        tls_pair_read(pair);
        in = (floe_bytes){in.ptr + len, in.len - len};
    }
}

bool tls_pair_carry_to_server(tls_pair *pair)
{
    uint8_t buf[4096];
    size_t len;
    bool is_any = false;
    size_t cap = pair->step < sizeof buf && !pair->server.is_datagram ? pair->step : sizeof buf;
    while (floe_tls_client_poll_transmit(&pair->client, buf, cap, &len)) {
        tls_server_input(&pair->server, (floe_bytes){buf, len});
        is_any = true;
    }
    return is_any;
}

bool tls_pair_carry_to_client(tls_pair *pair)
{
    uint8_t buf[65536];
    size_t len = tls_server_output(&pair->server, buf, sizeof buf);
    tls_pair_give(pair, (floe_bytes){buf, len});
    return len > 0;
}

void tls_pair_run(tls_pair *pair)
{
    bool is_any = true;
    while (is_any) {
        is_any = tls_pair_carry_to_server(pair);
        is_any = tls_pair_carry_to_client(pair) || is_any;
    }
}

void tls_pair_connect(tls_pair *pair, const char *host, const tls_leaf *leaf, bool is_datagram)
{
    tls_pair_open(pair, host, leaf, is_datagram);
    tls_server_open(&pair->server);
    floe_tls_client_start(&pair->client, pair->now);
    tls_pair_run(pair);
    tls_pair_read(pair);
}

void tls_pair_say(tls_pair *pair, floe_bytes plain)
{
    uint8_t record[FLOE_TLS_PLAIN_MAX + FLOE_TLS_OVERHEAD];
    size_t len = 0;
    assert_int_equal(floe_tls_client_seal(&pair->client, plain, record, sizeof record, &len),
                     FLOE_OK);
    assert_true(len > plain.len && len <= plain.len + FLOE_TLS_OVERHEAD);
    tls_server_input(&pair->server, (floe_bytes){record, len});
}

void tls_pair_expect_talk(tls_pair *pair)
{
    static const uint8_t ping[] = "ping", pong[] = "pong!";
    tls_pair_say(pair, (floe_bytes){ping, sizeof ping});
    assert_int_equal(pair->server.len, sizeof ping);
    assert_memory_equal(pair->server.data, ping, sizeof ping);
    tls_server_send(&pair->server, (floe_bytes){pong, sizeof pong});
    tls_pair_run(pair);
    assert_int_equal(pair->len, sizeof pong);
    assert_memory_equal(pair->data, pong, sizeof pong);
}

void tls_pair_expect_failure(tls_pair *pair, floe_tls_cause cause)
{
    assert_int_equal(pair->state, FLOE_DTLS_FAILED);
    assert_int_equal(pair->cause, cause);
    assert_int_equal(floe_tls_client_get_state(&pair->client), FLOE_DTLS_FAILED);
    assert_int_equal(floe_tls_client_deadline(&pair->client), FLOE_TIME_NEVER);
}
