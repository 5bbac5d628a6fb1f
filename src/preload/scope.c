/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope.c - see scope.h.
 *
 * To enter a scope is to put its kind on the thread's stack of kinds, and to
 * take the thread's route away, so that its requests come to heap.c, which asks
 * for the innermost kind and has the block watched. To leave it is the reverse.
 * The list of watched blocks is the thread's; a scope is known in it by how
 * many had been watched when it was entered, so that what an inner scope
 * allocates is inside of the outer ones, too. The list ends with the outermost
 * scope, or with the thread.
 */
#include "preload/scope.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/base.h"
#include "kind/facade.h"
#include "preload/routes.h"
#include "preload/watch.h"

#define IN_TLS __attribute__((tls_model("initial-exec")))

static _Thread_local struct {
	unsigned depth;
	struct route *outside; /* the thread's route out of any scope */
	struct watch_list *watched;
	bool is_tended; /* thread_end() will be called */
	struct {
		poolkind *kind;
		uint64_t age;
	} scope[POOLKIND_SCOPES_MAX];
} here IN_TLS;

static pthread_key_t key;
static bool has_key;

poolkind *
scope_kind(void)
{
	return here.depth == 0 ? NULL : here.scope[here.depth - 1].kind;
}

void
scope_watch(const void *block, size_t size, void *const *frames, unsigned depth)
{
	watch_add(&here.watched, block, size, frames, depth);
}

static void
leave_outermost(void)
{
	here.depth = 0;
	thread_route = here.outside;
	watch_end(here.watched);
	here.watched = NULL;
}

/* The thread ends within a scope, or not. Where destructors of other keys enter
 * one afterwards, this gets another turn. */
static void
thread_end(void *unused)
{
	(void)unused;
	here.is_tended = false;
	if (here.depth > 0)
		leave_outermost();
}

/* Before the scope is entered, as libc may allocate for it. Where it cannot,
 * the list of a thread that ends within a scope stays. */
static void
tend(void)
{
	if (unlikely(!here.is_tended && has_key))
		here.is_tended = pthread_setspecific(key, &here) == 0;
}

static int
enter(poolkind *kind)
{
	if (here.depth == POOLKIND_SCOPES_MAX)
		return E2BIG;
	tend();
	poolkind_record(kind);
	if (here.depth == 0)
		here.outside = thread_route;
	thread_route = &route_unknown;
	here.scope[here.depth].kind = kind;
	here.scope[here.depth].age = watch_age(here.watched);
	here.depth++;
	return 0;
}

static int
leave(struct poolkind_scope_report *report)
{
	bool complete = true;

	if (here.depth == 0)
		return EINVAL;
	here.depth--;
	if (report != NULL && here.watched != NULL)
		complete = watch_report(
		    here.watched, here.scope[here.depth].age, report);
	if (here.depth == 0)
		leave_outermost();
	return complete ? 0 : EOVERFLOW;
}

void
scope_start(void)
{
	static const struct kind_scopes scopes = { enter, leave };

	has_key = pthread_key_create(&key, thread_end) == 0;
	poolkind_offer_scopes(&scopes);
}
