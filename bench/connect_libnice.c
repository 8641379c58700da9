/* bench/connect_libnice.c - libnice's side of the benchmark of connecting; see connect_floe.c. */
#include <agent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { COMPONENT = 1 };

typedef struct side {
    NiceAgent *agent;
    guint stream;
    gboolean is_gathered, is_connected, is_ready;
    size_t bytes; /* of heap, once it has gathered */
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
    (void)data;
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

int main(int argc, char **argv)
{
    int rounds = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    size_t bytes = 0;
    if (rounds <= 0) {
        fputs("usage: connect_libnice ROUNDS\n", stderr);
        return 2;
    }
    printf("{\"us\": [");
    for (int i = 0; i < rounds; i++) {
        bytes = connect_once(i == 0);
    }
    printf("], \"bytes\": %zu}\n", bytes);
    return 0;
}
