/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - the heap over fork(2). See fork.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vmmalloc/heap.h"

#include <pthread.h>

#include "arena/purge.h"
#include "base/error.h"
#include "os/records.h"
#include "vmmalloc/arenas.h"
#include "vmmalloc/fork.h"
#include "vmmalloc/log.h"
#include "vmmalloc/memcheck.h"
#include "vmmalloc/pool.h"

/* STEP: purge_stop or purge_go. */
static void
in_all_arenas(void (*step)(tsdn_t *tsdn, arena_t *arena))
{
	tsdn_t *tsdn = tsd_tsdn(tsd_fetch());

	for (unsigned i = 0; i < arenas_count(); i++) {
		arena_t *arena = arenas_get(i);

		if (arena != NULL)
			step(tsdn, arena);
	}
}

static void
before_fork(void)
{
	int errnum;

	in_all_arenas(purge_stop);
	jemalloc_prefork();
	memcheck_look_away();
	errnum = sources_prefork();
	memcheck_look_again();
	if (errnum != 0) {
		LOG_TRACE(1, "%s", error_name(errnum));
		log_fatal(pool_spec.fork == SPEC_FORK_COPY ?
			"pool cloning failed" :
			"pool remapping failed");
	}
	records_prefork();
}

static void
after_fork_in_parent(void)
{
	records_postfork();
	sources_postfork_parent();
	jemalloc_postfork_parent();
	in_all_arenas(purge_go);
}

static void
after_fork_in_child(void)
{
	records_postfork();
	sources_postfork_child();
	if (pool_source != NULL && source_refused(pool_source))
		log_fatal("pool mapping failed");
	jemalloc_postfork_child();
	in_all_arenas(purge_go);
}

void
fork_open(void)
{
	int errnum = pthread_atfork(
	    before_fork, after_fork_in_parent, after_fork_in_child);

	if (errnum != 0)
		log_fatal("pthread_atfork: %s", error_name(errnum));
}
