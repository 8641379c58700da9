/* bench/connect_libnice.c - libnice's side of the benchmark of an ICE agent; see connect_floe.c. */
#include <agent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COMPONENT = 1, DATAGRAM = 1200, RUN = 50 };

typedef struct side {
    NiceAgent *agent;
    guint stream;
    gboolean is_gathered, is_connected, is_ready;
    size_t bytes; /* of heap, once it has gathered */
    size_t datagrams;
} side;

static void gathered(NiceAgent *agent, guint stream, gpointer data)
{
    (void)agent;
    (void)stream;
    ((side *)data)->is_gathered = TRUE;
}

static void changed(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
    side *s = data;
    (void)agent;
    (void)stream;
    (void)component;
    s->is_connected |=
        state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY;
    s->is_ready |= state == NICE_COMPONENT_STATE_READY;
}

static void receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *bytes,
                    gpointer data)
{
    (void)agent;
    (void)stream;
    (void)component;
    (void)len;
    (void)bytes;
    ((side *)data)->datagrams++;
}

static void prepare(side *s, gboolean is_controlling)
{
    NiceAddress addr;
    size_t before = mallinfo2().uordblks;
    *s = (side){.agent = nice_agent_new(NULL, NICE_COMPATIBILITY_RFC5245)};
    g_object_set(s->agent, "controlling-mode", is_controlling, "ice-tcp", FALSE, "upnp", FALSE,
                 NULL);
    nice_address_init(&addr);
    (void)nice_address_set_from_string(&addr, "127.0.0.1");
    (void)nice_agent_add_local_address(s->agent, &addr);
    g_signal_connect(s->agent, "candidate-gathering-done", G_CALLBACK(gathered), s);
    g_signal_connect(s->agent, "component-state-changed", G_CALLBACK(changed), s);
    s->stream = nice_agent_add_stream(s->agent, 1);
    (void)nice_agent_attach_recv(s->agent, s->stream, COMPONENT, NULL, receive, s);
    (void)nice_agent_gather_candidates(s->agent, s->stream);
    while (!s->is_gathered) {
        g_main_context_iteration(NULL, TRUE);
    }
    s->bytes = mallinfo2().uordblks - before;
}

static void introduce(side *s, side *peer)
{
    gchar *ufrag, *pwd;
    GSList *list = nice_agent_get_local_candidates(peer->agent, peer->stream, COMPONENT);
    if (!nice_agent_get_local_credentials(peer->agent, peer->stream, &ufrag, &pwd) ||
        !nice_agent_set_remote_credentials(s->agent, s->stream, ufrag, pwd) ||
        nice_agent_set_remote_candidates(s->agent, s->stream, COMPONENT, list) < 1) {
        abort();
    }
    g_free(ufrag);
    g_free(pwd);
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
}

static size_t connect_once(gboolean is_first)
{
    static side a, b;
    gint64 connected = 0;
    prepare(&a, TRUE);
    prepare(&b, FALSE);
    gint64 start = g_get_monotonic_time();
    introduce(&a, &b);
    introduce(&b, &a);
    while (!a.is_ready || !b.is_ready) {
        g_main_context_iteration(NULL, TRUE);
        if (connected == 0 && a.is_connected && b.is_connected) {
            connected = g_get_monotonic_time();
        }
    }
    printf("%s[%d, %d]", is_first ? "" : ", ", (int)(connected - start),
           (int)(g_get_monotonic_time() - start));
    g_object_unref(a.agent);
    g_object_unref(b.agent);
    return b.bytes;
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) {
        abort();
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As many in one call as floe has in a run; then what there is to receive. */
static size_t send_data(side *s)
{
    static gchar bytes[DATAGRAM]; /* zeros: nothing of STUN's */
    static GOutputVector vector = {bytes, DATAGRAM};
    NiceOutputMessage messages[RUN];
    for (int i = 0; i < RUN; i++) {
        messages[i] = (NiceOutputMessage){&vector, 1};
    }
    gint sent = nice_agent_send_messages_nonblocking(s->agent, s->stream, COMPONENT, messages, RUN,
                                                     NULL, NULL);
    return sent > 0 ? (size_t)sent : 0;
}

static void pass_data(size_t count)
{
    static side a, b;
    size_t sent = 0;
    prepare(&a, TRUE);
    prepare(&b, FALSE);
    introduce(&a, &b);
    introduce(&b, &a);
    while (!a.is_ready || !b.is_ready) {
        g_main_context_iteration(NULL, TRUE);
    }
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID), start = seconds_of(CLOCK_MONOTONIC);
    while (sent < count) {
        sent += send_data(&a);
        while (g_main_context_iteration(NULL, FALSE)) {
        }
    }
    printf("{\"sent\": %zu, \"received\": %zu, \"cpu_s\": %.6f, \"wall_s\": %.6f}\n", sent,
           b.datagrams, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds_of(CLOCK_MONOTONIC) - start);
}

int main(int argc, char **argv)
{
    gboolean is_data = argc == 3 && strcmp(argv[1], "data") == 0;
    long rounds = argc == 2 || is_data ? strtol(argv[argc - 1], NULL, 10) : 0;
    size_t bytes = 0;
    if (rounds <= 0) {
        fputs("usage: connect_libnice ROUNDS, or connect_libnice data DATAGRAMS\n", stderr);
        return 2;
    }
    if (is_data) {
        pass_data((size_t)rounds);
        return 0;
    }
    printf("{\"us\": [");
    for (long i = 0; i < rounds; i++) {
        bytes = connect_once(i == 0);
    }
    printf("], \"bytes\": %zu}\n", bytes);
    return 0;
}
