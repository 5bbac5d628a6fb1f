/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * environment.h - variables of the environment, for the libraries that stand on
 * the engine; which itself reads none.
 *
 * A variable that is empty counts as not set, whatever it is about: a script
 * that writes NAME= in front of a command means to take it away. In a program
 * with more rights than its user none is set.
 *
 * Owns nothing: values lie in the environment. Allocates nothing, takes no
 * lock, fails at nothing.
 */
#ifndef SUPPORT_ENVIRONMENT_H
#define SUPPORT_ENVIRONMENT_H

/* The value of NAME, or NULL. */
const char *variable(const char *name);

/* The same of an environment that a constructor was given, where libc may not
 * have set its own up yet. ENVIRONMENT may be NULL; whether the program has
 * more rights is the caller's to ask. */
const char *variable_in(char *const *environment, const char *name);

#endif /* SUPPORT_ENVIRONMENT_H */
