/*
 * tests/interop/ice/nice_probe.c - libnice's agent with the words of README.md beside this file.
 *
 *   nice_probe controlling|controlled ADDRESS[,ADDRESS]... [OPTION]...
 * Options: lite, regular (nomination), renomination, no-trickle, consent (freshness).
 */
#include <agent.h>
#include <stdio.h>
#include <string.h>

enum { COMPONENT = 1 };

typedef struct probe {
    GMainLoop *loop;
    NiceAgent *agent;
    guint stream;
    gboolean is_trickle;
    GSList *held; /* candidates, until their end if there is no trickle */
} probe;

static void tell_credentials(probe *p)
{
    gchar *ufrag, *pwd;
    if (nice_agent_get_local_credentials(p->agent, p->stream, &ufrag, &pwd)) {
        g_print("local %s %s\n", ufrag, pwd);
        g_free(ufrag);
        g_free(pwd);
    }
}

/* Without ICE-TCP, UDP candidates are all there are. */
static void tell_candidates(NiceAgent *agent, guint stream, gpointer data)
{
    (void)data;
    GSList *list = nice_agent_get_local_candidates(agent, stream, COMPONENT);
    for (GSList *at = list; at != NULL; at = at->next) {
        gchar *text = nice_agent_generate_local_candidate_sdp(agent, at->data);
        g_print("candidate %s\n", text + strlen("a="));
        g_free(text);
    }
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    g_print("end\n");
}

static void tell_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
    static const char *const names[] = {"new",       "gathering", "checking",
                                        "connected", "completed", "failed"};
    (void)agent;
    (void)stream;
    (void)component;
    (void)data;
    g_print("state %s\n", names[state]);
}

static void tell_selected(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
                          NiceCandidate *remote, gpointer data)
{
    gchar texts[2][NICE_ADDRESS_STRING_LEN];
    (void)agent;
    (void)stream;
    (void)component;
    (void)data;
    nice_address_to_string(&local->addr, texts[0]);
    nice_address_to_string(&remote->addr, texts[1]);
    g_print("selected %s:%u %s:%u\n", texts[0], nice_address_get_port(&local->addr), texts[1],
            nice_address_get_port(&remote->addr));
}

static void receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *bytes,
                    gpointer data)
{
    (void)agent;
    (void)stream;
    (void)component;
    (void)data;
    g_print("received %.*s\n", (int)len, bytes);
}

static void add_held(probe *p)
{
    (void)nice_agent_set_remote_candidates(p->agent, p->stream, COMPONENT, p->held);
    g_slist_free_full(p->held, (GDestroyNotify)nice_candidate_free);
    p->held = NULL;
}

static void add_remote(probe *p, const char *text)
{
    gchar *line = g_strconcat("a=", text, NULL);
    NiceCandidate *cand = nice_agent_parse_remote_candidate_sdp(p->agent, p->stream, line);
    g_free(line);
    if (cand == NULL) {
        g_print("error candidate\n");
        return;
    }
    p->held = g_slist_append(p->held, cand);
    if (p->is_trickle) {
        add_held(p);
    }
}

static void end_remote(probe *p)
{
    if (p->is_trickle) {
        nice_agent_peer_candidate_gathering_done(p->agent, p->stream);
    } else {
        add_held(p);
    }
}

static void send_text(probe *p, const char *text)
{
    if (nice_agent_send(p->agent, p->stream, COMPONENT, (guint)strlen(text), text) < 0) {
        g_print("error send\n");
    }
}

static void restart(probe *p)
{
    if (!nice_agent_restart_stream(p->agent, p->stream)) {
        g_print("error restart\n");
    }
    tell_credentials(p);
    tell_candidates(p->agent, p->stream, p);
}

static void obey(probe *p, const char *line)
{
    gchar **words = g_strsplit(line, " ", 0);
    const char *rest = strchr(line, ' ');
    rest = rest != NULL ? rest + 1 : "";
    if (strcmp(words[0], "remote") == 0 && g_strv_length(words) >= 3) {
        (void)nice_agent_set_remote_credentials(p->agent, p->stream, words[1], words[2]);
    } else if (strcmp(words[0], "candidate") == 0) {
        add_remote(p, rest);
    } else if (strcmp(words[0], "end") == 0) {
        end_remote(p);
    } else if (strcmp(words[0], "send") == 0) {
        send_text(p, rest);
    } else if (strcmp(words[0], "restart") == 0) {
        restart(p);
    } else {
        g_print("error unknown: %s\n", line);
    }
    g_strfreev(words);
}

static gboolean hear(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    probe *p = data;
    gchar *line = NULL;
    gsize end = 0;
    (void)condition;
    /* The channel has a buffer of its own: what is in it wakes nobody. */
    do {
        if (g_io_channel_read_line(channel, &line, NULL, &end, NULL) != G_IO_STATUS_NORMAL) {
            g_main_loop_quit(p->loop);
            return FALSE;
        }
        line[end] = '\0';
        obey(p, line);
        g_free(line);
    } while (g_io_channel_get_buffer_condition(channel) & G_IO_IN);
    return TRUE;
}

static NiceAgentOption options_of(char **words)
{
    NiceAgentOption options = NICE_AGENT_OPTION_NONE;
    const gchar *const *list = (const gchar *const *)words;
    options |= g_strv_contains(list, "lite") ? NICE_AGENT_OPTION_LITE_MODE : 0;
    options |= g_strv_contains(list, "regular") ? NICE_AGENT_OPTION_REGULAR_NOMINATION : 0;
    options |= g_strv_contains(list, "renomination") ? NICE_AGENT_OPTION_SUPPORT_RENOMINATION : 0;
    options |= g_strv_contains(list, "no-trickle") ? 0 : NICE_AGENT_OPTION_ICE_TRICKLE;
    options |= g_strv_contains(list, "consent") ? NICE_AGENT_OPTION_CONSENT_FRESHNESS : 0;
    return options;
}

static void bind_all(NiceAgent *agent, const char *texts)
{
    gchar **list = g_strsplit(texts, ",", 0);
    for (gchar **text = list; *text != NULL; text++) {
        NiceAddress addr;
        nice_address_init(&addr);
        if (nice_address_set_from_string(&addr, *text)) {
            (void)nice_agent_add_local_address(agent, &addr);
        }
    }
    g_strfreev(list);
}

int main(int argc, char **argv)
{
    probe p = {0};
    if (argc < 3) {
        g_printerr("nice_probe: see its first lines for what it takes\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    p.loop = g_main_loop_new(NULL, FALSE);
    NiceAgentOption options = options_of(argv + 3);
    p.is_trickle = (options & NICE_AGENT_OPTION_ICE_TRICKLE) != 0;
    p.agent = nice_agent_new_full(NULL, NICE_COMPATIBILITY_RFC5245, options);
    g_object_set(p.agent, "controlling-mode", (gboolean)(strcmp(argv[1], "controlling") == 0),
                 "ice-tcp", FALSE, "upnp", FALSE, NULL);
    bind_all(p.agent, argv[2]);
    p.stream = nice_agent_add_stream(p.agent, 1);
    g_signal_connect(p.agent, "candidate-gathering-done", G_CALLBACK(tell_candidates), &p);
    g_signal_connect(p.agent, "component-state-changed", G_CALLBACK(tell_state), &p);
    g_signal_connect(p.agent, "new-selected-pair-full", G_CALLBACK(tell_selected), &p);
    (void)nice_agent_attach_recv(p.agent, p.stream, COMPONENT, NULL, receive, &p);
    tell_credentials(&p);
    (void)nice_agent_gather_candidates(p.agent, p.stream);
    g_io_add_watch(g_io_channel_unix_new(0), G_IO_IN | G_IO_HUP, hear, &p);
    g_main_loop_run(p.loop);
    g_object_unref(p.agent);
    return 0;
}
