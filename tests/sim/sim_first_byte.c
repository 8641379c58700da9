/*
 * tests/sim/sim_first_byte.c - how many round trips until the first byte of an application has
 * arrived: docs/FIRST-BYTE.md.
 *
 * Two whole peers in virtual time, 100 ms of round trip apart, no loss, no servers. The clock
 * starts when both know both descriptions. FLOE_SIM_FIRST_BYTE=write in the environment writes the
 * document anew; else the run fails where it is not what came out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/document.h"
#include "support/sim_scene.h"
#include "support/unit.h"

#define ROUND_TRIP (100 * FLOE_MS)

typedef enum way { HANDSHAKE, COOKIE, SNAP, WAYS } way;

static const char *const names[WAYS] = {
    [HANDSHAKE] = "SCTP's handshake, data after it",
    [COOKIE] = "SCTP's handshake, data behind the COOKIE ECHO",
    [SNAP] = "`a=sctp-init` in both descriptions",
};

typedef struct role {
    const char *name;
    int sender; /* 0: the offerer, which is controlling; 1: the answerer */
    bool is_client;
} role;

static const role roles[] = {
    {"offerer (controlling), DTLS server", 0, false},
    {"offerer (controlling), DTLS client", 0, true},
    {"answerer (controlled), DTLS client", 1, true},
    {"answerer (controlled), DTLS server", 1, false},
};

#define ROLES (sizeof roles / sizeof *roles)

typedef struct run {
    sim_scene scene;
    way how;
    int sender;
    floe_dc_id channels[2];
    floe_time began_at, dtls_at, byte_at; /* NEVER: not yet */
} run;

/* ---- the application ---- */

static void send_first(run *r)
{
    sim_peer *peer = r->scene.peers[r->sender];
    assert_int_equal(floe_peer_send(peer->peer, r->channels[r->sender], true, FLOE_LIT("first")),
                     FLOE_OK);
}

static void on_event(void *self, sim_peer *peer, const floe_peer_event *event)
{
    run *r = self;
    bool is_sender = peer == r->scene.peers[r->sender];
    if (event->type == FLOE_PEER_EV_CHANNEL_OPEN && is_sender && r->how != COOKIE) {
        send_first(r);
    }
}

static void on_idle(void *self, sim_peer *peer)
{
    run *r = self;
    floe_time now = r->scene.world->now;
    floe_dc_message message;
    bool is_sender = peer == r->scene.peers[r->sender];
    if (peer == r->scene.peers[0] && peer->has_remote && r->began_at == FLOE_TIME_NEVER) {
        r->began_at = now;
    }
    if (is_sender && r->dtls_at == FLOE_TIME_NEVER &&
        floe_peer_get_dtls_state(peer->peer) == FLOE_DTLS_CONNECTED) {
        r->dtls_at = now;
    }
    if (!is_sender && floe_peer_peek(peer->peer, &message)) {
        r->byte_at = floe_time_min(r->byte_at, now);
        floe_peer_release(peer->peer);
    }
}

static bool has_byte(void *self)
{
    return ((run *)self)->byte_at != FLOE_TIME_NEVER;
}

/* ---- one run ---- */

/* Let the offerer be the DTLS client: in place, for it gets shorter. */
static void offer_active(char *description)
{
    char *at = strstr(description, "a=setup:actpass");
    if (at != NULL) {
        memmove(at + 14, at + 15, strlen(at + 15) + 1);
        memcpy(at + 8, "active", 6);
    }
}

static void open_channels(run *r)
{
    floe_dc_options options = {.label = FLOE_LIT("first"), .is_negotiated = true};
    for (int n = 0; n < 2; n++) {
        sim_peer *peer = r->scene.peers[n];
        peer->app = (sim_app){.self = r, .event = on_event, .idle = on_idle};
        assert_int_equal(floe_peer_open_channel(peer->peer, &options, &r->channels[n]), FLOE_OK);
    }
    if (r->how == COOKIE) { /* channels wait for the association; the association does not */
        floe_sctp_send message = {.ppid = 51, .data = FLOE_LIT("first")};
        assert_int_equal(floe_sctp_assoc_send(&r->scene.peers[r->sender]->peer->sctp, &message),
                         FLOE_OK);
    }
}

static void play(run *r, way how, const role *as)
{
    sim_place places[2];
    bool is_offerer_client = as->is_client == (as->sender == 0);
    memset(places, 0, sizeof places);
    for (int n = 0; n < 2; n++) {
        places[n].link.delay = ROUND_TRIP / 4;
        places[n].config.letter_delay = places[n].config.candidate_delay = 1;
        places[n].config.snap = how == SNAP ? FLOE_PEER_SNAP_OFFERED : FLOE_PEER_SNAP_OFF;
    }
    places[0].config.tamper = is_offerer_client ? offer_active : NULL;
    *r = (run){.how = how, .sender = as->sender};
    r->began_at = r->dtls_at = r->byte_at = FLOE_TIME_NEVER;
    sim_scene_init(&r->scene, 1, places);
    open_channels(r);
    sim_peer_offer(r->scene.peers[0]);
    assert_true(sim_world_run_until(r->scene.world, 5 * FLOE_SECOND, has_byte, r));
    assert_int_equal(r->scene.peers[as->sender]->peer->dtls.role,
                     as->is_client ? FLOE_DTLS_CLIENT : FLOE_DTLS_SERVER);
    sim_scene_free(&r->scene);
}

/* ---- all of them ---- */

typedef struct outcome {
    floe_time dtls, byte; /* since both descriptions were known */
} outcome;

static outcome outcomes[WAYS][ROLES];

static bool has_all(void)
{
    return FLOE_SCTP_SNAP != 0;
}

static void play_all(void)
{
    static run r;
    for (unsigned how = 0; how < WAYS; how++) {
        for (size_t i = 0; i < ROLES; i++) {
            play(&r, (way)how, &roles[i]);
            outcomes[how][i] = (outcome){r.dtls_at - r.began_at, r.byte_at - r.began_at};
        }
    }
}

/* From the end of DTLS at the sender: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK, and half a round
 * trip for the data; no COOKIE ACK; none of it. */
static void test_sim_first_byte_takes_as_many_round_trips_as_there_are_answers(void **state)
{
    (void)state;
    UNIT_NEEDS(has_all());
    static const floe_time after[WAYS] = {
        [HANDSHAKE] = ROUND_TRIP * 5 / 2, [COOKIE] = ROUND_TRIP * 3 / 2, [SNAP] = ROUND_TRIP / 2};
    play_all();
    for (unsigned how = 0; how < WAYS; how++) {
        for (size_t i = 0; i < ROLES; i++) {
            const outcome *o = &outcomes[how][i];
            if (o->byte > o->dtls + after[how] + FLOE_MS) {
                fail_msg("%s, %s: %u ms after DTLS", names[how], roles[i].name,
                         (unsigned)((o->byte - o->dtls) / FLOE_MS));
            }
        }
    }
}

/* ---- the document ---- */

static char document[8192];
static size_t document_len;

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(document + document_len, sizeof document - document_len, format, args);
    va_end(args);
    assert_true(len >= 0 && document_len + (size_t)len < sizeof document);
    document_len += (size_t)len;
}

static void put_round_trips(floe_time time)
{
    unsigned tenths = (unsigned)((time * 10 + ROUND_TRIP / 2) / ROUND_TRIP);
    put(" %u.%u |", tenths / 10, tenths % 10);
}

static void put_row(const char *name, const outcome row[ROLES], bool is_dtls)
{
    put("| %s |", name);
    for (size_t i = 0; i < ROLES; i++) {
        put_round_trips(is_dtls ? row[i].dtls : row[i].byte);
    }
    put("\n");
}

static void put_document(void)
{
    put("# Round trips to the first byte\n\n"
        "Written by `FLOE_SIM_FIRST_BYTE=write build/dev/sim_first_byte`: two whole peers in "
        "virtual time, 100 ms of round trip apart,\nno loss. The clock starts when both know both "
        "descriptions, and stops when the first byte of an application has arrived:\nICE, DTLS "
        "1.2, SCTP, half a round trip for the byte. The channel is negotiated; one that is "
        "announced costs nothing more,\nfor data follows the OPEN at once. The run fails where "
        "this file is not what came out.\n\n| sent by the |");
    for (size_t i = 0; i < ROLES; i++) {
        put(" %s |", roles[i].name);
    }
    put("\n|---|---|---|---|---|\n");
    put_row("DTLS connected, at the sender", outcomes[HANDSHAKE], true);
    for (unsigned how = 0; how < WAYS; how++) {
        put_row(names[how], outcomes[how], false);
    }
    put("\nThe offerer is the DTLS server unless its offer says `a=setup:active`. The server is "
        "connected half a round trip before the\nclient, and with `a=sctp-init` "
        "(draft-hancke-tsvwg-snap-00, `config.snap`) its data arrives with the end of the "
        "handshake.\nWithout it, who is connected first sends its INIT first, so that the other "
        "side need not wait for an answer to its own.\n\n"
        "The second way is what the association can do: a message that is queued before it is "
        "established goes with the COOKIE ECHO.\nData channels do not use that: they are open, and "
        "take messages, when the association is established, as a browser's.\n");
}

/* After the other: of what it found. */
static void test_sim_first_byte_document_is_what_came_out(void **state)
{
    (void)state;
    UNIT_NEEDS(has_all());
    put_document();
    document_hold("FIRST-BYTE.md", "FLOE_SIM_FIRST_BYTE", document, document_len);
}

#define SIM(test) cmocka_unit_test_teardown(test, sim_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM(test_sim_first_byte_takes_as_many_round_trips_as_there_are_answers),
        SIM(test_sim_first_byte_document_is_what_came_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
