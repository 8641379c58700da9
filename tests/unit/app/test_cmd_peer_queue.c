/* tests/unit/app/test_cmd_peer_queue.c - what waits, in which order it goes, and what is dropped.
 * The peer is a floe_peer_send_with() of the test's own. */
#include "app/cmd_peer_queue.h"

#include "peer/peer_parts.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static struct {
    char log[256];          /* what was sent: "1:text " or "1#size " */
    int left;               /* sends that are taken before AGAIN */
    floe_dc_id bad_channel; /* answers STATE */
    uint8_t first_bytes[8];
    int count;
    uint32_t cookies; /* sum of those of messages that ask */
} fake;

/* Stands in for the facade's. */
floe_err floe_peer_send_with(floe_peer *peer, floe_dc_id channel,
                             const floe_dc_send_options *options, floe_bytes data)
{
    (void)peer;
    if (channel == fake.bad_channel) {
        return FLOE_E_STATE;
    }
    if (fake.left == 0) {
        return FLOE_E_AGAIN;
    }
    fake.left--;
    if (data.len > 0 && fake.count < (int)sizeof fake.first_bytes) {
        fake.first_bytes[fake.count] = data.ptr[0];
    }
    fake.count++;
    fake.cookies += options->wants_fate ? options->cookie : 0;
    size_t at = strlen(fake.log);
    snprintf(fake.log + at, sizeof fake.log - at, options->is_text ? "%u:%.*s " : "%u#%d ", channel,
             (int)data.len, (const char *)data.ptr);
    return FLOE_OK;
}

#if FLOE_SCTP_PARTS
/* Likewise: "1+size " is a part, "1=size " the last. */
floe_err floe_peer_begin(floe_peer *peer, floe_dc_id channel, bool is_text)
{
    (void)peer;
    (void)is_text;
    return channel == fake.bad_channel ? FLOE_E_STATE : FLOE_OK;
}

floe_err floe_peer_write(floe_peer *peer, floe_dc_id channel, floe_bytes part, bool is_last)
{
    (void)peer;
    if (fake.left == 0) {
        return FLOE_E_AGAIN;
    }
    fake.left--;
    size_t at = strlen(fake.log);
    snprintf(fake.log + at, sizeof fake.log - at, "%u%c%d ", channel, is_last ? '=' : '+',
             (int)part.len);
    return FLOE_OK;
}
#endif

static int setup(void **state)
{
    static send_queue queue;
    memset(&queue, 0, sizeof queue);
    memset(&fake, 0, sizeof fake);
    fake.bad_channel = FLOE_DC_NONE;
    fake.left = 1000;
    *state = &queue;
    return 0;
}

static int teardown(void **state)
{
    send_queue *queue = *state;
    send_queue_clear(queue);
    return queue->first == NULL && queue->last == NULL && queue->bytes == 0 ? 0 : -1;
}

static void add(send_queue *queue, floe_dc_id channel, const char *text, uint64_t count)
{
    assert_int_equal(send_queue_add(queue, channel, &(floe_dc_send_options){.is_text = true},
                                    floe_bytes_of(text), count),
                     FLOE_OK);
}

static void test_send_queue_sends_in_order_and_is_empty_then(void **state)
{
    send_queue *queue = *state;
    add(queue, 1, "a", 1);
    add(queue, 2, "b", 2);
    add(queue, 1, "", 1);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_string_equal(fake.log, "1:a 2:b 2:b 1: ");
    assert_null(queue->first);
    assert_int_equal(queue->bytes, 0);
}

static void test_send_queue_keeps_what_is_not_taken(void **state)
{
    send_queue *queue = *state;
    add(queue, 1, "a", 3);
    add(queue, 1, "b", 1);
    fake.left = 2;
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_E_AGAIN);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_E_AGAIN);
    fake.left = 1000;
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_string_equal(fake.log, "1:a 1:a 1:a 1:b ");
}

static void test_send_queue_drops_an_item_that_is_refused_and_goes_on(void **state)
{
    send_queue *queue = *state;
    fake.bad_channel = 7;
    add(queue, 7, "never", 1000000);
    add(queue, 1, "a", 1);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_E_STATE);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_string_equal(fake.log, "1:a ");
}

static void test_send_queue_makes_every_message_of_a_pattern_different(void **state)
{
    send_queue *queue = *state;
    assert_int_equal(send_queue_add(queue, 1, &(floe_dc_send_options){0}, (floe_bytes){NULL, 5}, 3),
                     FLOE_OK);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_string_equal(fake.log, "1#5 1#5 1#5 ");
    assert_memory_equal(fake.first_bytes, "\0\1\2", 3);
}

static void test_send_queue_sends_nothing_for_a_count_of_zero(void **state)
{
    send_queue *queue = *state;
    add(queue, 1, "a", 0);
    add(queue, 1, "b", 1);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_string_equal(fake.log, "1:b ");
}

static void test_send_queue_gives_every_message_a_cookie_of_its_own(void **state)
{
    send_queue *queue = *state;
    floe_dc_send_options options = {.wants_fate = true, .cookie = 100};
    assert_int_equal(send_queue_add(queue, 1, &options, FLOE_LIT("x"), 3), FLOE_OK);
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_int_equal(fake.cookies, 100 + 101 + 102);
}

#if FLOE_SCTP_PARTS
static void test_send_queue_hands_over_parts_as_they_are_taken(void **state)
{
    send_queue *queue = *state;
    add(queue, 1, "0123456789", 2);
    send_queue_by_parts(queue, 4);
    fake.left = 2;
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_E_AGAIN);
    fake.left = 100;
    assert_int_equal(send_queue_pump(queue, NULL), FLOE_OK);
    assert_string_equal(fake.log, "1+4 1+4 1=2 1+4 1+4 1=2 ");
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_send_queue_sends_in_order_and_is_empty_then),
        TEST(test_send_queue_keeps_what_is_not_taken),
        TEST(test_send_queue_drops_an_item_that_is_refused_and_goes_on),
        TEST(test_send_queue_makes_every_message_of_a_pattern_different),
        TEST(test_send_queue_sends_nothing_for_a_count_of_zero),
        TEST(test_send_queue_gives_every_message_a_cookie_of_its_own),
#if FLOE_SCTP_PARTS
        TEST(test_send_queue_hands_over_parts_as_they_are_taken),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
