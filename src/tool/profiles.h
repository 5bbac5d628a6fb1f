/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profiles.h - the commands that read profiles and traces, which a build
 * without protobuf-c and zlib does not have.
 *
 * Owns nothing; no locks. What fails is said on standard error.
 */
#ifndef TOOL_PROFILES_H
#define TOOL_PROFILES_H

#include "profile/profile.h"

/* Words that are read by the command itself: those behind its own. */
int command_report(int argc, char **argv);
int command_advise(int argc, char **argv);
int command_replay(int argc, char **argv);

/* Reads PATH, with functions and lines as far as they can be had here. NULL,
 * and then it is said why. */
struct profile *profiles_open(const char *path);

/* Whether anything counted accesses in it. */
bool profiles_has_accesses(const struct profile *profile);

/* A line above a table: program, processes, time, sampler. */
void profiles_print_head(const struct profile *profile);

#endif /* TOOL_PROFILES_H */
