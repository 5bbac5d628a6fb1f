/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope.c - scopes, in which a thread's malloc comes from a kind. See
 * poolkind.h.
 *
 * malloc is not the engine's: the library that stands in its place offers what
 * enters and leaves, and without one there are no scopes. Owns what was
 * offered, once, when that library was loaded. Takes no lock.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "kind/facade.h"
#include "kind/kind.h"

static _Atomic(const struct kind_scopes *) offered;

EXPORT void
poolkind_offer_scopes(const struct kind_scopes *scopes)
{
	atomic_store(&offered, scopes);
}

static int
no_scopes(void)
{
	return error_set(ENOTSUP,
	    "malloc of this process comes from no kind: start the program by "
	    "poolkind run, or link it with -lpoolkind-malloc");
}

EXPORT int
poolkind_enter(poolkind *kind)
{
	const struct kind_scopes *scopes = atomic_load_explicit(
	    &offered, memory_order_acquire);

	if (unlikely(kind_of(kind) == NULL))
		return -1;
	if (unlikely(scopes == NULL))
		return no_scopes();
	if (unlikely(scopes->enter(kind) != 0))
		return error_set(E2BIG,
		    "%u scopes are entered: no more can be, one inside of the "
		    "other",
		    POOLKIND_SCOPES_MAX);
	return 0;
}

static int
leave(struct poolkind_scope_report *report)
{
	const struct kind_scopes *scopes = atomic_load_explicit(
	    &offered, memory_order_acquire);
	int error;

	if (unlikely(scopes == NULL))
		return no_scopes();
	error = scopes->leave(report);
	if (likely(error == 0))
		return 0;
	if (error == EOVERFLOW)
		return error_set(error,
		    "more blocks of scopes lived at once than can be watched: "
		    "the report is of some of them");
	return error_set(error, "this thread is in no scope");
}

EXPORT int
poolkind_leave(void)
{
	return leave(NULL);
}

EXPORT int
poolkind_leave_report(struct poolkind_scope_report *report, size_t report_size)
{
	struct poolkind_scope_report all = { 0 };
	int result, error;

	if (report == NULL || report_size == 0)
		return error_set(EINVAL,
		    "a report needs a place of %zu bytes, got %zu at %p",
		    sizeof(all), report_size, (void *)report);
	result = leave(&all);
	error = errno;
	copy_out(report, report_size, &all, sizeof(all));
	errno = error;
	return result;
}
