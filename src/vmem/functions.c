/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * functions.c - vmem_set_funcs(). See functions.h and libvmem.h.
 */
#include "vmem/functions.h"

#include "vmem/facade.h"
#include "vmem/registry.h"

static struct functions current;

struct functions
functions_now(void)
{
	struct functions functions;

	registry_hold();
	functions = current;
	registry_release();
	return functions;
}

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
