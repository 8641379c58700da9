/* Tests of sctp/sctp_outstanding.c: what a FORWARD TSN says. */
#include "outstanding_fixture.h"
#include "sctp/sctp_outstanding.h"

/* The list of a FORWARD TSN: pairs of stream and SSN. */
static size_t forward_list(uint16_t *pairs, size_t cap, uint32_t *cum)
{
    static uint8_t out[1000];
    floe_writer w = floe_writer_begin(out, sizeof out);
    floe_sctp_outstanding_put_forward(&f.o, &f.streams, &w);
    assert_true(w.len <= floe_sctp_outstanding_forward_size(&f.o));
    floe_bytes rest = floe_writer_view(&w);
    floe_sctp_chunk chunk;
    floe_sctp_forward forward;
    assert_true(floe_sctp_packet_next(&rest, &chunk));
    floe_sctp_forward_parse(&forward, &chunk);
    *cum = forward.cum - FIRST;
    assert_true(forward.streams.len / 2 <= cap);
    for (size_t i = 0; i < forward.streams.len / 2; i++) {
        pairs[i] = floe_load_u16(forward.streams.ptr + 2 * i);
    }
    return forward.streams.len / 4;
}

static void abandon_lost(uint32_t count)
{
    uint32_t tsn;
    for (uint32_t i = 0; i < count; i++) {
        const floe_sctp_tx *lost = floe_sctp_outstanding_lost(&f.o, &tsn);
        floe_sctp_outstanding_abandon(&f.o, &f.q, &f.streams, lost->message);
    }
    check();
}

static void test_sctp_outstanding_forward_lists_the_highest_number_of_each_stream(void **state)
{
    (void)state;
    uint16_t pairs[32];
    uint32_t cum;
    for (uint16_t i = 0; i < 6; i++) {
        queue((uint16_t)(1 + i % 2), 1, 0);
        send_chunk();
    }
    floe_sctp_outstanding_lose_all(&f.o);
    abandon_lost(5);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    assert_int_equal(forward_list(pairs, 32, &cum), 2);
    assert_int_equal(cum, 4);
    for (size_t i = 0; i < 4; i += 2) {
        assert_int_equal(pairs[i + 1], pairs[i] == 1 ? 2 : 1);
    }
}

static void test_sctp_outstanding_forward_lists_nothing_beyond_its_point(void **state)
{
    (void)state;
    uint16_t pairs[32];
    uint32_t cum;
    send_messages(5);
    floe_sctp_outstanding_lose_all(&f.o);
    abandon_lost(1);
    floe_sctp_outstanding_resend(&f.o, f.now); /* the second is reliable */
    abandon_lost(3);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    assert_int_equal(forward_list(pairs, 32, &cum), 1);
    assert_int_equal(cum, 0);
    assert_int_equal(pairs[1], 0); /* and not 4 */
    (void)sack(2, NULL, 0);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    assert_int_equal(forward_list(pairs, 32, &cum), 1);
    assert_int_equal(cum, 4);
    assert_int_equal(pairs[1], 4);
}

static void test_sctp_outstanding_forward_stops_where_its_list_is_full(void **state)
{
    (void)state;
    static floe_sctp_tx ring[256];
    uint16_t pairs[256];
    uint32_t cum;
    uint32_t count = FLOE_SCTP_STREAM_MAX < 120 ? FLOE_SCTP_STREAM_MAX : 120;
    floe_sctp_outstanding_init(&f.o, ring, 256, FIRST);
    for (uint16_t i = 0; i < count; i++) {
        queue(i, 1, 0);
        send_chunk();
    }
    floe_sctp_outstanding_lose_all(&f.o);
    abandon_lost(count);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    uint32_t first = count < 100 ? count : 100;
    assert_int_equal(forward_list(pairs, 256, &cum), first);
    assert_int_equal(cum, first - 1);
    (void)sack(first, NULL, 0);
    assert_int_equal(floe_sctp_outstanding_advance(&f.o, &f.streams), count > 100);
    assert_int_equal(forward_list(pairs, 256, &cum), count - first);
    assert_int_equal(cum, count - 1);
}

static void test_sctp_outstanding_forward_leaves_out_unordered_messages(void **state)
{
    (void)state;
    uint16_t pairs[32];
    uint32_t cum;
    queue(1, 1, FLOE_SCTP_RECORD_UNORDERED);
    send_chunk();
    floe_sctp_outstanding_lose_all(&f.o);
    abandon_lost(1);
    assert_true(floe_sctp_outstanding_advance(&f.o, &f.streams));
    assert_int_equal(forward_list(pairs, 32, &cum), 0);
    assert_int_equal(cum, 0);
}

static void test_sctp_outstanding_forward_forgets_what_the_peer_has_passed(void **state)
{
    (void)state;
    uint16_t pairs[32];
    uint32_t cum;
    send_messages(1);
    queue(2, 1, 0);
    send_chunk();
    floe_sctp_outstanding_lose_all(&f.o);
    abandon_lost(2);
    (void)floe_sctp_outstanding_advance(&f.o, &f.streams);
    (void)sack(1, NULL, 0);
    assert_int_equal(forward_list(pairs, 32, &cum), 1);
    assert_int_equal(pairs[0], 2);
    (void)sack(2, NULL, 0);
    (void)floe_sctp_outstanding_advance(&f.o, &f.streams);
    assert_int_equal(f.o.skipped, 0);
    /* pion#23: abandoned chunks were never freed. */
    assert_int_equal(floe_sctp_outstanding_count(&f.o), 0);
    assert_int_equal(f.q.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            test_sctp_outstanding_forward_lists_the_highest_number_of_each_stream, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_forward_lists_nothing_beyond_its_point,
                               set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_forward_stops_where_its_list_is_full, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_forward_leaves_out_unordered_messages, set_up),
        cmocka_unit_test_setup(test_sctp_outstanding_forward_forgets_what_the_peer_has_passed,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
