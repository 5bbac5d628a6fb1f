/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - the hook variables of glibc before 2.34, which lead libraries that
 * call its malloc by other names back to us. Programs were linked with them.
 *
 * Owns the four variables. Nobody reads them any more on a later glibc.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/base.h"

static void *
hook_malloc(size_t size, const void *caller)
{
	(void)caller;
	return malloc(size);
}

static void *
hook_realloc(void *ptr, size_t size, const void *caller)
{
	(void)caller;
	return realloc(ptr, size);
}

static void *
hook_memalign(size_t alignment, size_t size, const void *caller)
{
	(void)caller;
	return memalign(alignment, size);
}

static void
hook_free(void *ptr, const void *caller)
{
	(void)caller;
	free(ptr);
}

extern void *(*volatile __malloc_hook)(size_t, const void *);
extern void *(*volatile __realloc_hook)(void *, size_t, const void *);
extern void *(*volatile __memalign_hook)(size_t, size_t, const void *);
extern void (*volatile __free_hook)(void *, const void *);

EXPORT void *(*volatile __malloc_hook)(size_t, const void *) = hook_malloc;
EXPORT void *(*volatile __realloc_hook)(
    void *, size_t, const void *) = hook_realloc;
EXPORT void *(*volatile __memalign_hook)(
    size_t, size_t, const void *) = hook_memalign;
EXPORT void (*volatile __free_hook)(void *, const void *) = hook_free;
