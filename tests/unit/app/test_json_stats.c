/* tests/unit/app/test_json_stats.c - a peer's statistics in the W3C's words. */
#include "app/json_stats.h"

#include <string.h>

#include "support/peer_pair.h"
#include "support/unit.h"

typedef struct fixture {
    peer_pair *pair;
    json_t *report;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f.pair = peer_pair_new();
    (void)peer_pair_connect(f.pair);
    f.report = json_stats_report(&f.pair->end[0].peer);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    json_decref(f->report);
    peer_pair_free(f->pair);
    return 0;
}

/* The only object with this member; the test fails where there is none, or more. */
static const json_t *find(const json_t *report, const char *key, const char *value)
{
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(report); i++) {
        const json_t *object = json_array_get(report, i);
        if (strcmp(json_string_value(json_object_get(object, key)), value) == 0) {
            assert_null(found);
            found = object;
        }
    }
    assert_non_null(found);
    return found;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    assert_non_null(value);
    return value;
}

static void test_json_stats_ids_lead_from_the_transport_to_the_addresses(void **state)
{
    const json_t *report = ((fixture *)*state)->report;
    const json_t *transport = find(report, "type", "transport");
    const json_t *pair = find(report, "id", text(transport, "selectedCandidatePairId"));
    assert_string_equal(text(pair, "type"), "candidate-pair");
    assert_string_equal(text(pair, "state"), "succeeded");
    assert_true(json_real_value(json_object_get(pair, "currentRoundTripTime")) == 0.01);
    const json_t *local = find(report, "id", text(pair, "localCandidateId"));
    assert_string_equal(text(local, "type"), "local-candidate");
    assert_string_equal(text(local, "address"), "192.0.2.1");
    const json_t *remote = find(report, "id", text(pair, "remoteCandidateId"));
    assert_string_equal(text(remote, "type"), "remote-candidate");
    assert_string_equal(text(remote, "candidateType"), "host");
}

static void test_json_stats_transport_has_roles_version_and_certificates(void **state)
{
    const json_t *report = ((fixture *)*state)->report;
    const json_t *transport = find(report, "type", "transport");
    assert_string_equal(text(transport, "iceRole"), "controlling");
    assert_string_equal(text(transport, "dtlsRole"), "server");
    assert_string_equal(text(transport, "dtlsState"), "connected");
    assert_string_equal(text(transport, "tlsVersion"), "FEFD");
    assert_int_equal(strlen(text(transport, "iceLocalUsernameFragment")), 8);
    const json_t *cert = find(report, "id", text(transport, "remoteCertificateId"));
    assert_string_equal(text(cert, "fingerprintAlgorithm"), "sha-256");
    assert_int_equal(strlen(text(cert, "fingerprint")), 32 * 3 - 1);
}

static void test_json_stats_channel_and_connection_count(void **state)
{
    const json_t *report = ((fixture *)*state)->report;
    const json_t *channel = find(report, "type", "data-channel");
    assert_string_equal(text(channel, "state"), "open");
    assert_int_equal(json_integer_value(json_object_get(channel, "bytesSent")), 0);
    assert_true(json_is_integer(json_object_get(channel, "dataChannelIdentifier")));
    const json_t *connection = find(report, "type", "peer-connection");
    assert_int_equal(json_integer_value(json_object_get(connection, "dataChannelsOpened")), 1);
    const json_t *sctp = find(report, "type", "sctp-transport");
    assert_true(json_integer_value(json_object_get(sctp, "congestionWindow")) > 0);
    assert_true(json_is_false(json_object_get(sctp, "interleaved"))); /* nobody has asked for it */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json_stats_ids_lead_from_the_transport_to_the_addresses),
        TEST(test_json_stats_transport_has_roles_version_and_certificates),
        TEST(test_json_stats_channel_and_connection_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
