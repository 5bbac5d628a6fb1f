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

/* Writes "poolkind: " and the line to standard error. Returns FAILED. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with how the command is used behind it. Returns NOT_UNDERSTOOD. */
int not_understood(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Opens the topology that the last word of a command names, or that of this
 * machine if there is none. 0, or the status to end with; then all is said. */
int open_from(int argc, char **argv, struct topology **topology);

/* The best value of NODE that the firmware reports; 0: none. */
uint64_t best_value(const struct topology *topology,
    enum topology_attribute attribute, unsigned node);

/* The numbers of the nodes in BITS, as ranges: 0-3,5. */
void print_nodes(const uint64_t *bits);

#endif /* TOOL_COMMANDS_H */
