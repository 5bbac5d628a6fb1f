/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - what the environment asks of the shim.
 *
 * Owns nothing: the values point into the environment block of the process.
 * Called by the constructor, once, before anything else runs: it must do with
 * what works before libc has set itself up, so it reads the block that the
 * constructor was given, not environ. What is not understood ends the process
 * with a line. Allocates nothing, takes no lock.
 */
#ifndef VMMALLOC_SETTINGS_H
#define VMMALLOC_SETTINGS_H

#include "base/base.h"

#define SETTINGS_MIN_POOL (14 * MIB)

/* The values of VMMALLOC_FORK. */
enum settings_fork {
	FORK_SHARED,          /* 0: the child shares the pool */
	FORK_PRIVATE,         /* 1: copy on write */
	FORK_COPY,            /* 2: the child gets a copy, or nobody lives */
	FORK_COPY_OR_PRIVATE, /* 3: as 2, and where that fails as 1 */
};

struct settings {
	const char *kind;      /* VMMALLOC_KIND; NULL: directory and size */
	const char *config;    /* POOLKIND_CONFIG */
	const char *directory; /* VMMALLOC_POOL_DIR */
	uint64_t size;         /* VMMALLOC_POOL_SIZE */
	enum settings_fork fork;
	bool fork_given;
	bool reserve;         /* VMMALLOC_RESERVE=1 */
	unsigned fallback;    /* VMMALLOC_FALLBACK=dram: not 0 */
	const char *log_file; /* VMMALLOC_LOG_FILE */
	uint64_t log_level;   /* VMMALLOC_LOG_LEVEL */
	uint64_t log_stats;   /* VMMALLOC_LOG_STATS, from 0 to 2 */
	char *const *environment;
};

/* Fills in what says how to log; never fails. ENVIRONMENT may be NULL. */
void settings_read_log(struct settings *settings, char *const *environment);

/* Fills in what says how the pool is to be. What is missing or wrong ends the
 * process with the line that users of the shim know. */
void settings_read_pool(struct settings *settings, char *const *environment);

#endif /* VMMALLOC_SETTINGS_H */
