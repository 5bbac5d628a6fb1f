/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * environment.h - variables of the environment, for the facades, and for texts
 * of kinds that refer to the environment.
 *
 * A variable that is empty counts as not set, whatever it is about: a script
 * that writes NAME= in front of a command means to take it away. In a program
 * with more rights than its user none is set.
 *
 * Owns nothing: values lie in the environment. Allocates nothing, takes no
 * lock, fails at nothing. As libc has it, no other thread may change the
 * environment meanwhile.
 */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stdbool.h>

/* The value of NAME, or NULL. */
const char *variable(const char *name);

/* The same of an environment that a constructor was given, where libc may not
 * have set its own up yet. ENVIRONMENT may be NULL; whether the program has
 * more rights is the caller's to ask. */
const char *variable_in(char *const *environment, const char *name);

/* Whether who started the program may say by variables, and by the files that
 * they name, what it does: not in one with more rights than its user. */
bool environment_is_trusted(void);

#endif /* BASE_ENVIRONMENT_H */
