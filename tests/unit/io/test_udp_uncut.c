/* tests/unit/io/test_udp_uncut.c - datagrams that must not be cut up on their way. */
#include "io/udp.h"

#include <netinet/in.h>

#include "base/addr.h"
#include "support/unit.h"

/* RFC 8899 §3: what is to find out how large a packet may be must not be cut up on its way. */
static void test_udp_send_does_not_let_large_datagrams_be_cut_up(void **state)
{
    (void)state;
    static uint8_t bytes[2 * FLOE_UDP_CUT_MAX + 2];
    floe_addr local = floe_addr_from_ipv4(127, 0, 0, 1, 0);
    floe_udp udp;
    assert_int_equal(floe_udp_open(&udp, &local), FLOE_OK);
    static const struct {
        size_t segment;
        int mode;
    } sends[] = {{FLOE_UDP_CUT_MAX, IP_PMTUDISC_WANT},
                 {FLOE_UDP_CUT_MAX + 1, IP_PMTUDISC_PROBE},
                 {100, IP_PMTUDISC_WANT}};
    for (size_t i = 0; i < sizeof sends / sizeof *sends; i++) {
        floe_transmit run = {.buf = bytes, .cap = sizeof bytes, .len = sends[i].segment};
        run.segment = run.len;
        run.path = (floe_path){.local = udp.local, .remote = udp.local};
        size_t done = 0;
        int mode = -1;
        socklen_t len = sizeof mode;
        assert_int_equal(floe_udp_send_run(&udp, &run, &done), FLOE_OK);
        assert_int_equal(getsockopt(udp.fd, IPPROTO_IP, IP_MTU_DISCOVER, &mode, &len), 0);
        assert_int_equal(mode, sends[i].mode);
    }
    floe_udp_close(&udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp_send_does_not_let_large_datagrams_be_cut_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
