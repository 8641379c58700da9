/* Faults of other TURN clients and servers, replayed against ours: tests/FAULTS.md lists them. */
#include <string.h>

#include "base/addr.h"
#include "base/reader.h"
#include "stun/stun_key.h"
#include "support/turn_world.h"
#include "support/unit.h"

static turn_world w;

/* A message as from the server, to be filled in and handed to inject(). */
static uint8_t buf[1500];
static floe_stun_writer writer;

static void begin(floe_stun_class cls, uint16_t method, const uint8_t *tid)
{
    static const uint8_t none[FLOE_STUN_TID_SIZE];
    floe_stun_writer_begin(&writer, buf, sizeof buf, cls, method, tid != NULL ? tid : none);
}

static floe_err inject(bool is_signed)
{
    floe_bytes packet;
    if (is_signed) {
        floe_stun_key key;
        floe_stun_key_derive(&key, FLOE_STUN_KEY_MD5, FLOE_LIT("user"), FLOE_LIT("floe.test"),
                             FLOE_LIT("pass"));
        floe_stun_writer_put_integrity(&writer, floe_stun_key_view(&key));
    }
    assert_int_equal(floe_stun_writer_end(&writer, &packet), FLOE_OK);
    return turn_world_inject(&w, packet);
}

/* The request that is on its way to the server. */
static const uint8_t *find_request(void)
{
    for (size_t i = 0; i < TURN_WORLD_QUEUE; i++) {
        if (w.queue[i].at != 0 && w.queue[i].to_server) {
            return w.queue[i].bytes;
        }
    }
    fail_msg("no request is under way");
    return NULL;
}

static void permit(const floe_addr *peer)
{
    assert_int_equal(floe_turn_client_add_peer(&w.client, peer), FLOE_OK);
    turn_world_drain(&w);
    turn_world_run(&w, FLOE_SECOND);
    assert_true(floe_turn_client_get_head(&w.client, peer) > 0);
}

static void expect_alive(void)
{
    assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_ALLOCATED);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_LOST), 0);
}

/* One spoofed packet would send the credentials elsewhere. */
static void test_turn_faults_unauthenticated_redirect_is_not_followed(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.redirects_max = 3;
    turn_world_start(&w);
    begin(FLOE_STUN_ERROR, FLOE_STUN_ALLOCATE, find_request() + 8);
    floe_addr elsewhere = floe_addr_from_ipv4(203, 0, 113, 66, 3478);
    floe_stun_writer_put_error(&writer, 300);
    floe_stun_writer_put_addr(&writer, FLOE_STUN_ALTERNATE_SERVER, &elsewhere);
    assert_int_equal(inject(false), FLOE_E_AUTH);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_PATH_WANTED), 0);
}

static void test_turn_faults_cve_2026_27624_redirect_to_a_mapped_loopback_is_refused(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.config.redirects_max = 3;
    w.server.alternate = (floe_addr){
        .ip = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}, .port = 3478, .family = 6};
    w.server.fail_method = FLOE_STUN_ALLOCATE;
    w.server.fail_code = 300;
    w.server.fail_count = 1;
    turn_world_start(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_FAILED, FLOE_SECOND);
    assert_non_null(event);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_REDIRECT);
}

/* pjnath's transport was destroyed inside of its own functions; here there is nothing to reenter,
 * and the server is told wherever it has something for us. */
static void test_turn_faults_ghsa_g88q_closed_after_any_packet_leaves_nothing_behind(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 16; n++) {
        turn_world_init(&w);
        turn_world_start(&w);
        assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
        turn_world_drain(&w);
        for (int ms = 0; w.packets < n && ms < 1000; ms++) {
            turn_world_run(&w, FLOE_MS);
        }
        floe_turn_client_close(&w.client);
        turn_world_drain(&w);
        turn_world_run(&w, 60 * FLOE_SECOND);
        assert_int_equal(floe_turn_client_get_state(&w.client), FLOE_TURN_CLOSED);
        assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_CLOSED), 1);
        assert_false(w.server.is_allocated);
    }
}

static void expect_zero_padding(size_t payload)
{
    uint8_t dirty[128];
    size_t len = 0;
    memset(dirty, 0xEE, sizeof dirty);
    size_t head = floe_turn_client_get_head(&w.client, &turn_world_peer);
    assert_int_equal(
        floe_turn_client_wrap(&w.client, &turn_world_peer, dirty, sizeof dirty, payload, &len),
        FLOE_OK);
    assert_int_equal(len, head + ((payload + 3) & ~(size_t)3));
    for (size_t i = head + payload; i < len; i++) {
        assert_int_equal(dirty[i], 0);
    }
    assert_int_equal(dirty[len], 0xEE);
}

/* pion's server waits for the padding over DTLS as over TCP. */
static void test_turn_faults_pjnath_b710011_padding_is_there_and_zero(void **state)
{
    (void)state;
    static const uint8_t transports[] = {FLOE_TCP, FLOE_TLS, FLOE_DTLS};
    for (size_t i = 0; i < 3; i++) {
        turn_world_init(&w);
        w.config.path.transport = transports[i];
        turn_world_start(&w);
        permit(&turn_world_peer);
        for (size_t payload = 0; payload < 6; payload++) {
            expect_zero_padding(payload);
        }
        assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
        turn_world_drain(&w);
        turn_world_run(&w, FLOE_SECOND);
        assert_int_equal(floe_turn_client_get_head(&w.client, &turn_world_peer), FLOE_TURN_HEAD);
        for (size_t payload = 0; payload < 6; payload++) {
            expect_zero_padding(payload);
        }
    }
}

static floe_err inject_data(const floe_addr *first, const floe_addr *second)
{
    begin(FLOE_STUN_INDICATION, FLOE_STUN_DATA, NULL);
    floe_stun_writer_put_addr(&writer, FLOE_STUN_XOR_PEER_ADDRESS, first);
    floe_stun_writer_put_addr(&writer, FLOE_STUN_XOR_PEER_ADDRESS, second);
    floe_stun_writer_put_bytes(&writer, FLOE_STUN_DATA_ATTR, FLOE_LIT("data"));
    return inject(false);
}

static void test_turn_faults_coturn_2016_the_first_of_two_peers_counts(void **state)
{
    (void)state;
    floe_addr stranger = floe_addr_from_ipv4(203, 0, 113, 66, 5000);
    turn_world_allocate(&w);
    permit(&turn_world_peer);
    assert_int_equal(inject_data(&turn_world_peer, &stranger), FLOE_OK);
    assert_int_equal(inject_data(&stranger, &turn_world_peer), FLOE_E_UNKNOWN);
}

static void test_turn_faults_libnice_6b1eec0_the_longest_lifetime_does_not_wrap(void **state)
{
    (void)state;
    turn_world_init(&w);
    w.server.lifetime_s = UINT32_MAX;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    turn_world_run(&w, 7200 * FLOE_SECOND);
    expect_alive();
    assert_true(w.server.is_allocated);
    assert_true(w.server.requests[FLOE_STUN_REFRESH] < 20);
}

typedef struct seen {
    size_t count;
    struct {
        size_t len;
        uint8_t bytes[512];
    } packet[64];
} seen;

/* Who has this transaction id already sends the same bytes. */
static void look(seen *s, const turn_world_packet *p)
{
    assert_true(p->len <= sizeof s->packet[0].bytes);
    for (size_t i = 0; i < s->count; i++) {
        if (memcmp(s->packet[i].bytes + 8, p->bytes + 8, FLOE_STUN_TID_SIZE) == 0) {
            assert_int_equal(s->packet[i].len, p->len);
            assert_memory_equal(s->packet[i].bytes, p->bytes, p->len);
            return;
        }
    }
    assert_true(s->count < 64);
    s->packet[s->count].len = p->len;
    memcpy(s->packet[s->count++].bytes, p->bytes, p->len);
}

static void test_turn_faults_libjuice_eda1cbf_no_transaction_id_is_used_twice(void **state)
{
    (void)state;
    static seen s;
    memset(&s, 0, sizeof s);
    turn_world_init(&w);
    w.server.nonce_life = 20 * FLOE_SECOND;
    turn_world_start(&w);
    assert_int_equal(floe_turn_client_bind(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    for (int i = 0; i < 60000; i++) { /* ten minutes, looked at every ten milliseconds */
        for (size_t k = 0; k < TURN_WORLD_QUEUE; k++) {
            if (w.queue[k].at != 0 && w.queue[k].to_server) {
                look(&s, &w.queue[k]);
            }
        }
        turn_world_run(&w, 10 * FLOE_MS);
    }
    assert_true(s.count > 8 && w.client.stats.nonces > 2);
}

/* Nothing but packets of a busy peer moves the client's time. */
static void test_turn_faults_libjuice_f097f19_a_busy_peer_does_not_starve_refreshes(void **state)
{
    (void)state;
    uint8_t out[2048];
    uint8_t answer[2048];
    floe_transmit request = {.buf = out, .cap = sizeof out};
    floe_turn_data data;
    floe_path path;
    turn_world_allocate(&w);
    permit(&turn_world_peer);
    path = w.client.path;
    for (int i = 0; i < 20000; i++) { /* more than three lifetimes */
        w.now += 100 * FLOE_MS;
        size_t len =
            turn_server_model_relay(&w.server, w.now, &turn_world_peer, FLOE_LIT("x"), out);
        assert_true(len > 0);
        assert_int_equal(
            floe_turn_client_input(&w.client, w.now, &path, (floe_bytes){out, len}, &data),
            FLOE_OK);
        while (floe_turn_client_poll_transmit(&w.client, &request)) {
            len = turn_server_model_input(&w.server, w.now, &path.local,
                                          (floe_bytes){out, request.len}, answer);
            assert_int_equal(
                floe_turn_client_input(&w.client, w.now, &path, (floe_bytes){answer, len}, &data),
                FLOE_OK);
        }
    }
    expect_alive();
    assert_true(w.server.is_allocated);
}

static void test_turn_faults_libpeer_264_a_ticket_larger_than_its_memory_is_none(void **state)
{
    (void)state;
    static const uint8_t ticket[FLOE_TURN_TICKET_MAX + 4];
    turn_world_init(&w);
    w.config.wants_mobility = true;
    turn_world_start(&w);
    assert_non_null(turn_world_wait(&w, FLOE_TURN_EV_ALLOCATED, FLOE_SECOND));
    floe_turn_client_refresh(&w.client);
    turn_world_drain(&w);
    begin(FLOE_STUN_SUCCESS, FLOE_STUN_REFRESH, find_request() + 8);
    floe_stun_writer_put_u32(&writer, FLOE_STUN_LIFETIME, 600);
    floe_stun_writer_put_bytes(&writer, FLOE_STUN_MOBILITY_TICKET,
                               (floe_bytes){ticket, sizeof ticket});
    assert_int_equal(inject(true), FLOE_OK);
    expect_alive();
    floe_path path = w.config.path;
    path.local.port++;
    assert_int_equal(floe_turn_client_set_path(&w.client, &path), FLOE_OK);
    turn_world_drain(&w);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_LOST, FLOE_SECOND);
    assert_non_null(event);
    assert_int_equal(event->cause, FLOE_TURN_CAUSE_MOVED);
}

/* pion's server refuses permissions by an error response that has no code. */
static void test_turn_faults_pion_error_without_a_code_is_no_answer(void **state)
{
    (void)state;
    turn_world_allocate(&w);
    assert_int_equal(floe_turn_client_add_peer(&w.client, &turn_world_peer), FLOE_OK);
    turn_world_drain(&w);
    begin(FLOE_STUN_ERROR, FLOE_STUN_CREATE_PERMISSION, find_request() + 8);
    assert_int_equal(inject(true), FLOE_E_MALFORMED);
    assert_int_equal(turn_world_count(&w, FLOE_TURN_EV_PEER), 0);
    const floe_turn_event *event = turn_world_wait(&w, FLOE_TURN_EV_PEER, FLOE_SECOND);
    assert_non_null(event);
    assert_true(event->is_ready);
    expect_alive();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_faults_unauthenticated_redirect_is_not_followed),
        cmocka_unit_test(test_turn_faults_cve_2026_27624_redirect_to_a_mapped_loopback_is_refused),
        cmocka_unit_test(test_turn_faults_ghsa_g88q_closed_after_any_packet_leaves_nothing_behind),
        cmocka_unit_test(test_turn_faults_pjnath_b710011_padding_is_there_and_zero),
        cmocka_unit_test(test_turn_faults_coturn_2016_the_first_of_two_peers_counts),
        cmocka_unit_test(test_turn_faults_libnice_6b1eec0_the_longest_lifetime_does_not_wrap),
        cmocka_unit_test(test_turn_faults_libjuice_eda1cbf_no_transaction_id_is_used_twice),
        cmocka_unit_test(test_turn_faults_libjuice_f097f19_a_busy_peer_does_not_starve_refreshes),
        cmocka_unit_test(test_turn_faults_libpeer_264_a_ticket_larger_than_its_memory_is_none),
        cmocka_unit_test(test_turn_faults_pion_error_without_a_code_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
