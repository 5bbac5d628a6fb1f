/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.c - see rules.h.
 *
 * One thread looks. Others that come meanwhile are served without rules, as
 * what was allocated before was: nobody waits, since the loader's lock is
 * needed (caller.h). A child that is forked in that moment by another thread
 * has no rules.
 */
#include "preload/rules.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/environment.h"
#include "interpose/inside.h"
#include "os/os.h"
#include "preload/caller.h"
#include "preload/log.h"
#include "preload/recorder.h"
#include "preload/site_heap.h"
#include "preload/sites.h"
#include "preload/watch.h"

/* Until somebody has looked, and while somebody does. */
static const struct rules_table not_yet, looking;
static _Atomic(const struct rules_table *) found = &not_yet;

static const struct rules_table *
unless_a_mark(const struct rules_table *table)
{
	return likely(table != &not_yet && table != &looking) ? table : NULL;
}

const struct rules_table *
rules_known(void)
{
	return unless_a_mark(
	    atomic_load_explicit(&found, memory_order_acquire));
}

/* A process that has lost the table says nothing, as children do. */
static const struct rules_table *
look(struct rules_place *place)
{
	const char *value = variable(RULES_VARIABLE), *problem = NULL;
	const struct rules_table *table;

	if (value == NULL)
		return NULL;
	table = rules_table_find(value, place, &problem);
	if (table == NULL && problem != NULL)
		say(RULES_VARIABLE "=%.40s: %s; there are no rules, and all "
				   "blocks come from ordinary memory",
		    value, problem);
	return table;
}

static __attribute__((noinline, cold)) void
begin(void)
{
	const struct rules_table *table, *before = &not_yet;
	bool was_inside = heap_inside;
	struct rules_place place;

	if (!atomic_compare_exchange_strong(&found, &before, &looking))
		return;
	heap_inside = true;
	table = look(&place);
	if (table != NULL) {
		log_start(table->flags,
		    place.process != 0 && place.process != os_process());
		caller_start();
		if (sites_start(table))
			site_heap_start(table);
	}
	recorder_start();
	if (recorder == RECORDER_TRACE)
		watch_all_frees();
	if (table == NULL || table->kinds.count == 1)
		watch_expect_one();
	heap_inside = was_inside;
	atomic_store(&found, table);
}

const struct rules_table *
rules_find(bool *ready)
{
	const struct rules_table *table = atomic_load_explicit(
	    &found, memory_order_acquire);

	if (unlikely(table == &not_yet) && environ != NULL) {
		begin();
		table = atomic_load(&found);
	}
	*ready = table != &not_yet && table != &looking;
	return unless_a_mark(table);
}

/* The descriptor is the program's own by now, unless a table is in it. */
void
rules_keep_from_children(void)
{
	const char *value = variable(RULES_VARIABLE);
	struct rules_place place;
	void *memory;
	size_t bytes;

	if (value != NULL && rules_place_read(value, &place) &&
	    os_map_sealed(place.fd, &memory, &bytes) == 0) {
		if (rules_table_problem(memory, bytes) == NULL)
			os_close_on_exec(place.fd);
		os_unmap(memory, bytes);
	}
	unsetenv(RULES_VARIABLE);
}
