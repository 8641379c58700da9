/*
 * app/commands.h - the sub-commands of the program; main.c has their table.
 *
 * Each gets the arguments from its own name on and returns the program's exit status.
 */
#ifndef FLOE_APP_COMMANDS_H
#define FLOE_APP_COMMANDS_H

int cmd_bench(int argc, char **argv);
int cmd_chat(int argc, char **argv);
int cmd_nat(int argc, char **argv);
int cmd_pair(int argc, char **argv);
int cmd_peer(int argc, char **argv);
int cmd_sdp(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_stun(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_turn(int argc, char **argv);

#endif
