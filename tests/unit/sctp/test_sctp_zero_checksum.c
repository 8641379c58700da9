/* Tests of packets without checksum between two associations: RFC 9653, each direction by itself.
 */
#include <stdio.h>

#include "sctp/sctp_chunk.h"
#include "support/hex.h"
#include "support/sctp_pair.h"
#include "support/sctp_solo.h"
#include "support/unit.h"

static unsigned accepting;           /* bit n: end n is over DTLS, so it says */
static uint32_t without[2], with[2]; /* packets with DATA or SACK, by sender */
static uint32_t unchecked_setup;

static void configure(floe_sctp_config *config, int end)
{
    config->is_over_dtls = (accepting >> end & 1) != 0;
}

static bool look(sctp_pair *pair, int from, floe_bytes packet)
{
    (void)pair;
    bool is_zero = floe_load_u32(packet.ptr + 8) == 0;
    uint8_t type = packet.ptr[FLOE_SCTP_HEADER_SIZE];
    if (type == FLOE_SCTP_CHUNK_DATA || type == FLOE_SCTP_CHUNK_SACK) {
        without[from] += is_zero;
        with[from] += !is_zero;
    } else if (type != FLOE_SCTP_CHUNK_COOKIE_ACK) {
        unchecked_setup += is_zero;
    }
    return false;
}

/* Connect, and send a message each way. */
static void run(unsigned ends)
{
    static const uint8_t bytes[5000];
    accepting = ends;
    unchecked_setup = 0;
    for (int n = 0; n < 2; n++) {
        without[n] = with[n] = 0;
    }
    sctp_pair *pair =
        sctp_pair_new(&(sctp_pair_options){.seed = 1, .configure = configure, .filter = look});
    sctp_pair_connect(pair);
    for (int n = 0; n < 2; n++) {
        floe_sctp_send message = {.stream = 1, .data = {bytes, sizeof bytes}};
        assert_int_equal(sctp_pair_send(pair, n, &message), FLOE_OK);
    }
    sctp_pair_run_for(pair, FLOE_SECOND);
    for (int n = 0; n < 2; n++) {
        floe_sctp_stats stats;
        floe_sctp_assoc_get_stats(sctp_pair_assoc(pair, n), &stats);
        assert_int_equal(stats.dropped_checksum, 0);
        assert_int_equal(stats.messages_received, 1);
        assert_true(with[n] + without[n] > 0);
    }
    assert_int_equal(unchecked_setup, 0);
    sctp_pair_free(pair);
}

static void test_sctp_checksums_are_left_out_where_both_ends_are_over_dtls(void **state)
{
    (void)state;
    run(3);
    assert_int_equal(with[0], 0);
    assert_int_equal(with[1], 0);
}

static void test_sctp_checksums_stay_where_one_end_says_nothing(void **state)
{
    (void)state;
    for (unsigned ends = 0; ends < 3; ends++) {
        run(ends);
        assert_int_equal(without[0], 0);
        assert_int_equal(without[1], 0);
    }
}

static void say_dtls(floe_sctp_config *config)
{
    config->is_over_dtls = true;
}

/* What our INIT ACK says to an INIT with these parameters. */
static bool does_ack_announce(const char *params)
{
    static sctp_solo solo;
    uint8_t bytes[64];
    char init[120];
    solo_init(&solo, say_dtls);
    (void)snprintf(init, sizeof init, "0000000a 00010000 0400 0400 00000001 %s", params);
    solo_begin(&solo, 0);
    floe_sctp_chunk_put(&solo.w, FLOE_SCTP_CHUNK_INIT, 0, hex_decode(init, bytes, sizeof bytes));
    assert_int_equal(solo_give(&solo), FLOE_OK);
    floe_sctp_init ack = solo_init_of(&solo, FLOE_SCTP_CHUNK_INIT_ACK);
    floe_sctp_init_params found;
    floe_writer report = floe_writer_begin(NULL, 0);
    floe_sctp_init_params_parse(&found, ack.params, &report);
    return found.has_zero_checksum;
}

/* pion/sctp 1.8 drops a whole INIT ACK for a parameter that it does not know. */
static void test_sctp_init_ack_announces_zero_checksum_only_to_who_did(void **state)
{
    (void)state;
    assert_true(does_ack_announce("80010008 00000001"));
    assert_false(does_ack_announce(""));
    assert_false(does_ack_announce("c0000004"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sctp_checksums_are_left_out_where_both_ends_are_over_dtls),
        cmocka_unit_test(test_sctp_checksums_stay_where_one_end_says_nothing),
        cmocka_unit_test(test_sctp_init_ack_announces_zero_checksum_only_to_who_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
