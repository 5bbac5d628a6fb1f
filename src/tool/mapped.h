/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapped.h - who else has a file mapped: the processes that a program has left
 * behind, and that may still write to what the command reads.
 *
 * Owns nothing; no locks. What cannot be read has nothing mapped.
 */
#ifndef TOOL_MAPPED_H
#define TOOL_MAPPED_H

#include <stdbool.h>

/* Whether any other process has the file mapped that this one has at ADDRESS.
 */
bool mapped_elsewhere(const void *address);

#endif /* TOOL_MAPPED_H */
