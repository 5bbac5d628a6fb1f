/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h - the engines in a process: the tables that say where their records
 * are.
 *
 * A library or program that has the engine has a note among its program headers
 * (stats/layout.h), which are in memory: so nothing is read of files, which may
 * be others by now, or in another mount namespace. Owns nothing. What is not as
 * it should be is no engine.
 */
#ifndef OUTSIDE_ENGINE_H
#define OUTSIDE_ENGINE_H

#include <string.h>

#include "outside/remote.h"
#include "stats/layout.h"

#define ENGINE_BINS 256
#define ENGINE_SMALLS 256
#define ENGINE_LARGES 1024
#define ENGINE_SLOTS 1024
#define ENGINE_RECORD (64 << 10) /* the most bytes of any record */

struct engine {
	char name[PROGRAM_MAX]; /* the file's, without .so and version */
	uint32_t version;       /* if not LAYOUT_VERSION, nothing else is set */
	struct layout layout;
	struct layout_arena arena;
	struct layout_source source;
	uint32_t bin_size[ENGINE_BINS], small_start[ENGINE_SMALLS];
	uint64_t size[ENGINE_SMALLS];
};

/* A number in a record that was read. */
static inline uint64_t
word_in(const void *record, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)record + offset, sizeof(value));
	return value;
}

/* Calls VISIT for each engine in the process, while it returns true. False:
 * what the process has mapped cannot be read. */
bool engines_find(const struct remote *remote,
    bool (*visit)(void *to, const struct engine *engine), void *to);

#endif /* OUTSIDE_ENGINE_H */
