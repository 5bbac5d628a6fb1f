/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outer_pid.h - processes in other namespaces of process numbers, as the
 * command knows them: those of a container have numbers of their own.
 *
 * Owns nothing; no locks. What /proc does not show is not there.
 */
#ifndef TOOL_OUTER_PID_H
#define TOOL_OUTER_PID_H

#include <sys/types.h>

/* The number, as the command has it, of the process that is PID in a namespace,
 * named as /proc/self/ns/pid leads to it there; "" is the command's own. 0:
 * there is none. */
pid_t outer_pid(pid_t pid, const char *namespace);

#endif /* TOOL_OUTER_PID_H */
