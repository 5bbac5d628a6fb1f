/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * functions.c - vmem_set_funcs(). See functions.h and libvmem.h.
 *
 * In vmem's own library functions had an effect only if they were set before
 * the first pool, and could not be taken back. Here they hold for each pool
 * whose first block is asked for from now on, and NULL restores the default, as
 * the manual says.
 */
#include "vmem/functions.h"

#include "vmem/facade.h"
#include "vmem/registry.h"

static struct functions current;

/* Both of one call of vmem_set_funcs(), never one of this and one of that:
 * hence the lock. */
struct functions
functions_now(void)
{
	struct functions functions;

	registry_hold();
	functions = current;
	registry_release();
	return functions;
}

/* malloc_func without free_func, or the other way round, is neither: what one
 * gave could not be given back to the other. realloc_func and strdup_func have
 * no use; vmem never called them either. The print function is read by every
 * line that is written, without a lock. */
EXPORT void
vmem_set_funcs(void *(*malloc_func)(size_t size), void (*free_func)(void *ptr),
    void *(*realloc_func)(void *ptr, size_t size),
    char *(*strdup_func)(const char *s), void (*print_func)(const char *s))
{
	bool both = malloc_func != NULL && free_func != NULL;

	TRACE(3, " ");
	(void)realloc_func;
	(void)strdup_func;
	registry_hold();
	current.malloc_func = both ? malloc_func : NULL;
	current.free_func = both ? free_func : NULL;
	registry_release();
	atomic_store(&vmem_log.print, print_func);
}
