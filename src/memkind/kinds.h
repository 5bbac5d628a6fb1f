/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.h - memkind's kinds, and the engine's kinds behind them.
 *
 * There is a record for each of memkind's own kinds, which a program finds by
 * name and may use before any constructor has run, and there are records for
 * the kinds that programs make, which are used again after these are destroyed.
 * The engine's kind behind one of memkind's own is opened when it is first
 * used. One lock guards opening, making and destroying; using takes none.
 */
#ifndef MEMKIND_KINDS_H
#define MEMKIND_KINDS_H

#include <stdatomic.h>

#include "kind/facade.h"
#include "memkind.h"
#include "memkind/nodes.h"

/* Calls a function of the program, where it has one and may. */
#ifdef MEMKIND_DECORATION_ENABLED
#define DECORATED true
#define DECORATE(hook, ...) \
	do { \
		if (hook != NULL) \
			hook(__VA_ARGS__); \
	} while (0)
#else
#define DECORATED false
#define DECORATE(hook, ...) ((void)0)
#endif

#define MEMKIND_OWN 26
#define MEMKIND_KINDS_MAX (MEMKIND_OWN + 4000)

/* What one of memkind's own kinds is. */
struct memkind_rule {
	const char *name; /* "memkind_hbw" */
	enum family family;
	enum spec_scope scope;
	enum spec_policy policy;
	bool huge; /* in pages of 2 MiB */
};

struct memkind {
	_Atomic(poolkind *) engine; /* NULL: not open */
	const struct memkind_rule *rule;
	bool zero_allowed; /* requests of no bytes get a block */
	_Atomic bool alive;
	struct memkind *next; /* free records */
	/* As of memkind_update_cached_stats(). */
	struct poolkind_stats stats;
};

extern struct memkind memkind_own[MEMKIND_OWN];

/* A number below MEMKIND_KINDS_MAX, which only one live kind has. */
unsigned memkind_index(memkind_t kind);

/* Whether KIND is a record, and of a kind that was not destroyed. */
bool memkind_is_alive(memkind_t kind);

/* The kind behind which the engine's kind ENGINE stands, or NULL. */
memkind_t memkind_of(poolkind *engine);

/* The engine's kind behind KIND, opened if need be; NULL with errno ENOMEM, or
 * EINVAL for what is not a kind. While the thread reads the machine's topology,
 * the one behind MEMKIND_DEFAULT. */
poolkind *memkind_open(memkind_t kind);

/* memkind_malloc() and memkind_realloc() of a block that counts for memtier
 * (allocate.c); PTR is not NULL, and its size not 0. */
void *memkind_malloc_counted(memkind_t kind, size_t size);
void *memkind_realloc_counted(memkind_t kind, void *ptr, size_t size);

/* Where a kind with nodes has its memory: 0 or a MEMKIND_ERROR. */
int memkind_localities(memkind_t kind, struct localities *localities);

/* A record for a kind to be made, alive as soon as the engine's is behind it;
 * NULL if there are too many. And back again. */
memkind_t memkind_record_take(void);
void memkind_enliven(memkind_t kind, poolkind *engine);
void memkind_record_give(memkind_t kind);

/* Takes the record of a made kind for destroying it: false if it is none, or
 * another call has it. */
bool memkind_claim(memkind_t kind);

/* Calls DO_IT for each kind that is open, one after the other; none of them is
 * destroyed meanwhile. */
void memkind_each(void (*do_it)(memkind_t kind, void *with), void *with);

/* Registers the handlers of the kinds, if that is still to be done: those that
 * are registered afterwards are called sooner. */
void memkind_follow_forks(void);

#endif /* MEMKIND_KINDS_H */
