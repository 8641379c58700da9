/* Tests of sctp/sctp_chain.c. */
#include "sctp/sctp_chain.h"

#include "support/unit.h"

#include <string.h>

#define END FLOE_SCTP_NONE

static floe_sctp_tx ring[8];
static floe_sctp_chain chain;

static int set_up(void **state)
{
    (void)state;
    memset(ring, 0xFF, sizeof ring);
    chain = (floe_sctp_chain){END, END};
    return 0;
}

/* The entries from head to tail, and back, are these. */
static void expect(const char *wanted)
{
    uint16_t before = END;
    uint16_t at = chain.head;
    for (; *wanted != '\0'; wanted++) {
        assert_int_equal(at, *wanted - '0');
        assert_int_equal(ring[at].chain_prev, before);
        before = at;
        at = ring[at].chain_next;
    }
    assert_int_equal(at, END);
    assert_int_equal(chain.tail, before);
}

static void test_sctp_chain_links_at_both_ends_and_between(void **state)
{
    (void)state;
    expect("");
    floe_sctp_chain_link(&chain, ring, chain.tail, 3);
    expect("3");
    floe_sctp_chain_link(&chain, ring, chain.tail, 1);
    expect("31");
    floe_sctp_chain_link(&chain, ring, END, 7);
    expect("731");
    floe_sctp_chain_link(&chain, ring, 3, 0);
    expect("7301");
}

static void test_sctp_chain_unlinks_from_anywhere(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 4; i++) {
        floe_sctp_chain_link(&chain, ring, chain.tail, i);
    }
    floe_sctp_chain_unlink(&chain, ring, &ring[1]);
    expect("023");
    floe_sctp_chain_unlink(&chain, ring, &ring[0]);
    expect("23");
    floe_sctp_chain_unlink(&chain, ring, &ring[3]);
    expect("2");
    floe_sctp_chain_unlink(&chain, ring, &ring[2]);
    expect("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sctp_chain_links_at_both_ends_and_between, set_up),
        cmocka_unit_test_setup(test_sctp_chain_unlinks_from_anywhere, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
