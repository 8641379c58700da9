/* tests/unit/dtls/test_dtls_record.c - the outside of records: boundaries, and what is let in. */
#include <string.h>

#include "dtls/dtls_internal.h"
#include "support/hex.h"
#include "support/unit.h"

#define PLAIN   FLOE_DTLS_PHASE_PLAIN
#define CHANGED FLOE_DTLS_PHASE_CHANGED
#define OPEN    FLOE_DTLS_PHASE_OPEN

static uint8_t memory[20000];

static floe_dtls_record get_record(const char *hex)
{
    floe_dtls_record record;
    floe_bytes rest = hex_decode(hex, memory, sizeof memory);

    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(rest.len, 0);
    return record;
}

static bool is_welcome(const char *hex, floe_dtls_phase phase)
{
    floe_dtls_record record = get_record(hex);
    const floe_dtls_gate gate = {phase, FLOE_DTLS_CLIENT, 0};

    return floe_dtls_record_is_welcome(&record, &gate);
}

static bool is_refused(const char *hex)
{
    floe_dtls_record record;
    floe_bytes rest = hex_decode(hex, memory, sizeof memory);

    bool taken = floe_dtls_record_next(&rest, &record);
    assert_int_equal(rest.len, 0);
    return !taken;
}

static void test_dtls_record_next_splits_a_datagram(void **state)
{
    floe_dtls_record record;
    floe_bytes rest = hex_decode("14 fefd 0000 000000000007 0001 01"
                                 "17 fefd 0001 000000000008 0003 616263",
                                 memory, sizeof memory);
    (void)state;
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.type, FLOE_DTLS_CHANGE_CIPHER);
    assert_int_equal(record.whole.len, 14);
    assert_int_equal(record.body.len, 1);
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.type, FLOE_DTLS_DATA);
    assert_int_equal(record.epoch, 1);
    assert_memory_equal(record.body.ptr, "abc", 3);
    assert_ptr_equal(record.whole.ptr, memory + 14);
    assert_false(floe_dtls_record_next(&rest, &record));
}

static void test_dtls_record_next_refuses_what_is_cut_short(void **state)
{
    (void)state;
    assert_true(is_refused(""));
    assert_true(is_refused("16"));
    assert_true(is_refused("16 fefd 0000 000000000000 00"));
    assert_true(is_refused("16 fefd 0000 000000000000 0004 010203"));
}

static void test_dtls_record_next_refuses_other_versions(void **state)
{
    (void)state;
    assert_true(is_refused("16 0303 0000 000000000000 0000"));
    assert_true(is_refused("16 fefc 0000 000000000000 0000"));
    assert_true(is_refused("2f fefd"));
    assert_false(is_refused("16 feff 0000 000000000000 0000"));
    assert_false(is_refused("16 fefd 0000 000000000000 0000"));
}

static void test_dtls_record_next_refuses_a_length_beyond_the_standard(void **state)
{
    floe_dtls_record record;
    (void)state;
    memset(memory, 0, sizeof memory);
    memcpy(memory, "\x17\xfe\xfd\0\1\0\0\0\0\0\1\x48\x01", 13); /* 18433 */
    floe_bytes rest = {memory, sizeof memory};
    assert_false(floe_dtls_record_next(&rest, &record));
    memory[12] = 0; /* 18432 = 2^14 + 2048 */
    rest = (floe_bytes){memory, sizeof memory};
    assert_true(floe_dtls_record_next(&rest, &record));
    assert_int_equal(record.body.len, FLOE_DTLS_BODY_MAX);
}

static void test_dtls_record_takes_whole_messages_and_fragments_in_plain_text(void **state)
{
    (void)state;
    /* A ServerHelloDone; bytes 2 to 4 of 8; two messages in one record. */
    assert_true(is_welcome("16 fefd 0000 000000000000 000c 0e000000 0003 000000 000000", PLAIN));
    assert_true(
        is_welcome("16 fefd 0000 000000000000 000f 0b000008 0001 000002 000003 aabbcc", PLAIN));
    assert_true(is_welcome("16 fefd 0000 000000000000 0019"
                           "0b000001 0001 000000 000001 aa 0e000000 0002 000000 000000",
                           PLAIN));
}

/* CVE-2014-0195, CVE-2014-3571: a fragment that reaches beyond its message, or beyond its record.
 */
static void test_dtls_record_drops_a_fragment_whose_lengths_lie(void **state)
{
    (void)state;
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000f 0b000008 0001 000006 000003 aabbcc", PLAIN));
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000f 0b000008 0001 000009 000003 aabbcc", PLAIN));
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000f 0b000008 0001 ffffff 000003 aabbcc", PLAIN));
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000f 0b000008 0001 000000 000004 aabbcc", PLAIN));
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000f 0b000008 0001 000000 000002 aabbcc", PLAIN));
    assert_false(is_welcome("16 fefd 0000 000000000000 000b 0e000000 0003 000000 0000", PLAIN));
    assert_false(is_welcome("16 fefd 0000 000000000000 0000", PLAIN));
}

/* CVE-2022-29190, CVE-2014-3507: a fragment without bytes of a message that has some. */
static void test_dtls_record_drops_a_fragment_of_zero_bytes(void **state)
{
    (void)state;
    assert_false(is_welcome("16 fefd 0000 000000000000 000c 0b000008 0001 000000 000000", PLAIN));
}

/* CVE-2016-2179, openssl's 180 MB: what a single fragment may make the library reserve. */
static void test_dtls_record_drops_a_fragment_of_a_huge_message(void **state)
{
    (void)state;
    assert_true(is_welcome("16 fefd 0000 000000000000 000d 0b002000 0001 000000 000001 aa", PLAIN));
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000d 0b002001 0001 000000 000001 aa", PLAIN));
    assert_false(
        is_welcome("16 fefd 0000 000000000000 000d 0bffffff 0001 000000 000001 aa", PLAIN));
}

static void test_dtls_record_takes_change_cipher_spec_of_one_byte_alone(void **state)
{
    (void)state;
    assert_true(is_welcome("14 fefd 0000 000000000000 0001 01", PLAIN));
    assert_false(is_welcome("14 fefd 0000 000000000000 0001 02", PLAIN));
    assert_false(is_welcome("14 fefd 0000 000000000000 0002 0101", PLAIN));
    assert_false(is_welcome("14 fefd 0000 000000000000 0000", PLAIN));
}

/* CVE-2019-20786: application data that nothing protects, or before the handshake is finished. */
static void test_dtls_record_drops_data_until_the_handshake_is_finished(void **state)
{
    (void)state;
    assert_false(is_welcome("17 fefd 0000 000000000000 0001 61", PLAIN));
    assert_false(is_welcome("17 fefd 0001 000000000000 0001 61", PLAIN));
    assert_false(is_welcome("17 fefd 0001 000000000000 0001 61", CHANGED));
    assert_false(is_welcome("17 fefd 0000 000000000000 0001 61", OPEN));
    assert_true(is_welcome("17 fefd 0001 000000000000 0001 61", OPEN));
}

static void test_dtls_record_takes_the_finished_only_after_change_cipher_spec(void **state)
{
    const char *finished = "16 fefd 0001 000000000000 0010 00112233445566778899aabbccddeeff";
    (void)state;
    assert_false(is_welcome(finished, PLAIN));
    assert_true(is_welcome(finished, CHANGED));
    assert_true(is_welcome(finished, OPEN)); /* repeated: ours was lost */
}

static void test_dtls_record_drops_plain_text_once_it_is_encrypted(void **state)
{
    (void)state;
    assert_false(is_welcome("15 fefd 0000 000000000000 0002 0228", OPEN));
    assert_false(is_welcome("15 fefd 0000 000000000000 0002 0100", OPEN));
    assert_false(is_welcome("16 fefd 0000 000000000000 000c 0e000000 0003 000000 000000", OPEN));
    assert_false(is_welcome("16 fefd 0000 000000000000 000c 0e000000 0003 000000 000000", CHANGED));
    assert_false(is_welcome("17 fefd 0002 000000000000 0001 61", OPEN));
}

/* openssl#32363: a HelloRequest ahead of its turn ends a handshake; so does one's own hello. */
static void test_dtls_record_drops_messages_that_the_peer_has_no_reason_to_send(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        uint8_t bytes[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12,
                           0,  0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0};
        const floe_dtls_gate client = {PLAIN, FLOE_DTLS_CLIENT, 0};
        const floe_dtls_gate server = {PLAIN, FLOE_DTLS_SERVER, 0};
        floe_bytes rest = {bytes, sizeof bytes};
        floe_dtls_record record;
        bytes[13] = (uint8_t)type;
        assert_true(floe_dtls_record_next(&rest, &record));
        assert_int_equal(floe_dtls_record_is_welcome(&record, &client),
                         (type >= 2 && type <= 4) || (type >= 11 && type <= 14) || type == 22);
        assert_int_equal(floe_dtls_record_is_welcome(&record, &server),
                         type == 1 || type == 11 || type == 15 || type == 16);
    }
}

/* openssl#25290, dimpl#112: shorter than what encryption adds, so nothing can have been encrypted.
 */
static void test_dtls_record_drops_what_is_too_short_to_have_been_encrypted(void **state)
{
    const floe_dtls_gate open = {OPEN, FLOE_DTLS_CLIENT, 3},
                         changed = {CHANGED, FLOE_DTLS_CLIENT, 3};
    floe_dtls_record record;
    (void)state;
    record = get_record("16 fefd 0001 000000000000 0002 0000");
    assert_false(floe_dtls_record_is_welcome(&record, &open));
    assert_false(floe_dtls_record_is_welcome(&record, &changed));
    record = get_record("16 fefd 0001 000000000000 0003 000000");
    assert_true(floe_dtls_record_is_welcome(&record, &open));
    assert_true(floe_dtls_record_is_welcome(&record, &changed));
}

static void test_dtls_record_drops_plain_text_beyond_the_size_of_a_record(void **state)
{
    const floe_dtls_gate gate = {PLAIN, FLOE_DTLS_CLIENT, 0};
    (void)state;
    for (size_t len = 16384; len <= 16385; len++) {
        floe_dtls_record record;
        memset(memory, 0, sizeof memory);
        memcpy(memory, "\x16\xfe\xfd", 3);
        memory[11] = (uint8_t)(len >> 8);
        memory[12] = (uint8_t)len;
        /* Sound in itself: two messages of 8000 bytes, and one with what is left. */
        for (size_t at = 13; at < 13 + len;) {
            size_t message = 13 + len - at - 12 > 8000 ? 8000 : 13 + len - at - 12;
            memory[at] = 14;
            memory[at + 2] = memory[at + 10] = (uint8_t)(message >> 8);
            memory[at + 3] = memory[at + 11] = (uint8_t)message;
            at += 12 + message;
        }
        floe_bytes rest = {memory, 13 + len};
        assert_true(floe_dtls_record_next(&rest, &record));
        assert_int_equal(floe_dtls_record_is_welcome(&record, &gate), len == 16384);
    }
}

static void test_dtls_record_drops_unknown_content(void **state)
{
    (void)state;
    for (int phase = PLAIN; phase <= OPEN; phase++) {
        assert_false(is_welcome("18 fefd 0000 000000000000 0003 010004", (floe_dtls_phase)phase));
        assert_false(is_welcome("18 fefd 0001 000000000000 0003 010004", (floe_dtls_phase)phase));
        assert_false(is_welcome("19 fefd 0001 000000000000 0001 00", (floe_dtls_phase)phase));
        assert_false(is_welcome("13 fefd 0000 000000000000 0001 00", (floe_dtls_phase)phase));
    }
    assert_false(is_welcome("14 fefd 0001 000000000000 0001 01", OPEN));
}

static void test_dtls_record_knows_the_plain_alerts_that_would_end_a_connection(void **state)
{
    floe_dtls_record record;
    uint8_t alert = 0;
    (void)state;
    record = get_record("15 fefd 0000 000000000000 0002 0228");
    assert_true(floe_dtls_record_is_plain_alert(&record, &alert));
    assert_int_equal(alert, 40);
    record = get_record("15 fefd 0000 000000000000 0002 0100");
    assert_true(floe_dtls_record_is_plain_alert(&record, &alert));
    assert_int_equal(alert, 0);
    record = get_record("15 fefd 0000 000000000000 0002 015a"); /* a warning */
    assert_false(floe_dtls_record_is_plain_alert(&record, &alert));
    record = get_record("15 fefd 0000 000000000000 0003 022828");
    assert_false(floe_dtls_record_is_plain_alert(&record, &alert));
    record = get_record("15 fefd 0001 000000000000 0002 0228");
    assert_false(floe_dtls_record_is_plain_alert(&record, &alert));
}

static void test_dtls_record_knows_any_fragment_of_a_client_hello(void **state)
{
    floe_dtls_record record;
    (void)state;
    record = get_record("16 feff 0000 000000000001 000f 01000008 0000 000005 000003 aabbcc");
    assert_true(floe_dtls_record_is_client_hello(&record));
    record = get_record("16 feff 0000 000000000001 000f 01000008 0000 000006 000003 aabbcc");
    assert_false(floe_dtls_record_is_client_hello(&record));
    record = get_record("16 feff 0000 000000000001 000f 02000008 0000 000005 000003 aabbcc");
    assert_false(floe_dtls_record_is_client_hello(&record));
    record = get_record("16 feff 0001 000000000001 000f 01000008 0000 000005 000003 aabbcc");
    assert_false(floe_dtls_record_is_client_hello(&record));
    record = get_record("14 feff 0000 000000000001 0001 01");
    assert_false(floe_dtls_record_is_client_hello(&record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtls_record_next_splits_a_datagram),
        cmocka_unit_test(test_dtls_record_next_refuses_what_is_cut_short),
        cmocka_unit_test(test_dtls_record_next_refuses_other_versions),
        cmocka_unit_test(test_dtls_record_next_refuses_a_length_beyond_the_standard),
        cmocka_unit_test(test_dtls_record_takes_whole_messages_and_fragments_in_plain_text),
        cmocka_unit_test(test_dtls_record_drops_a_fragment_whose_lengths_lie),
        cmocka_unit_test(test_dtls_record_drops_a_fragment_of_zero_bytes),
        cmocka_unit_test(test_dtls_record_drops_a_fragment_of_a_huge_message),
        cmocka_unit_test(test_dtls_record_takes_change_cipher_spec_of_one_byte_alone),
        cmocka_unit_test(test_dtls_record_drops_data_until_the_handshake_is_finished),
        cmocka_unit_test(test_dtls_record_takes_the_finished_only_after_change_cipher_spec),
        cmocka_unit_test(test_dtls_record_drops_plain_text_once_it_is_encrypted),
        cmocka_unit_test(test_dtls_record_drops_messages_that_the_peer_has_no_reason_to_send),
        cmocka_unit_test(test_dtls_record_drops_what_is_too_short_to_have_been_encrypted),
        cmocka_unit_test(test_dtls_record_drops_plain_text_beyond_the_size_of_a_record),
        cmocka_unit_test(test_dtls_record_drops_unknown_content),
        cmocka_unit_test(test_dtls_record_knows_the_plain_alerts_that_would_end_a_connection),
        cmocka_unit_test(test_dtls_record_knows_any_fragment_of_a_client_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
