/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h - the words of the program poolkind, and what they share.
 *
 * A command gets the words behind its own, prints its answer to standard output
 * and returns the status to end with. Commands own what they print; there is
 * one thread, and no lock.
 */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

#include "topology/topology.h"

#define FAILED 1
#define NOT_UNDERSTOOD 2

int command_nodes(int argc, char **argv);
int command_devices(int argc, char **argv);
int command_rank(int argc, char **argv);
int command_check(int argc, char **argv);
int command_specs(int argc, char **argv);
int command_kinds(int argc, char **argv);
int command_run(int argc, char **argv);
int command_record(int argc, char **argv);
int command_move(int argc, char **argv);
int command_stat(int argc, char **argv);
int command_top(int argc, char **argv);
int command_plot(int argc, char **argv);

/* Prints what the kind TEXT comes to on this machine. 0, or the status to end
 * with; then it is said why it cannot be had. */
int check_kind(const char *text);

/* Prints the help of the command that runs. Returns 0. */
int print_help(void);

/* Writes "poolkind: " and the line to standard error: that an answer is empty,
 * and no mistake. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same of what is one. Returns FAILED. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* And of what was not understood, with how the command is used behind it.
 * Returns NOT_UNDERSTOOD. */
int not_understood(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Opens the topology that the last word of a command names, or that of this
 * machine if there is none. 0, or the status to end with; then all is said. */
int open_from(int argc, char **argv, struct topology **topology);

/* The numbers of the nodes in BITS, as ranges: 0-3,5. */
void print_nodes(const uint64_t *bits);

#endif /* TOOL_COMMANDS_H */
