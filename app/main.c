/* app/main.c - the `floe` program: finds the sub-command and runs it. */
#include "app/commands.h"

#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} command;

static const command commands[] = {
    {"serve", cmd_serve, "the chat page, and rooms where two members find each other"},
    {"chat", cmd_chat, "talk from the terminal to whoever is in a room"},
    {"pair", cmd_pair, "talk from terminal to terminal, connected by copy and paste of two texts"},
    {"peer", cmd_peer, "a peer driven by JSON lines on stdin and stdout, for scripts and tests"},
    {"sdp", cmd_sdp, "what a session description says, and what is wrong with it"},
    {"stun", cmd_stun, "what a STUN server sees this machine as; or be one"},
    {"turn", cmd_turn, "whether a TURN server relays, how fast, and what is wrong if it does not"},
    {"trace", cmd_trace, "why a connection of --trace came about or not, as a sentence and a page"},
    {"bench", cmd_bench, "how fast floe is here, or between here and another machine"},
    {"nat", cmd_nat, "what the NAT does, and what that means for a direct connection"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *out)
{
    (void)fputs("usage: floe COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    }
    (void)fprintf(out, "  %-8s %s\n  %-8s %s\n", "help", "this text", "version",
                  "what version this is");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    const char *name = argv[1];
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        (void)puts("floe " FLOE_VERSION);
        return 0;
    }
    (void)fprintf(stderr, "floe: there is no command \"%s\"; \"floe help\" lists them\n", name);
    return 2;
}
