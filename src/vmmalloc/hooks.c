/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - the hook variables of glibc before 2.34.
 *
 * That glibc calls what they point to at the beginning of its own malloc,
 * realloc, memalign and free. So whoever reaches these in spite of LD_PRELOAD,
 * by another of their names or as a library that was opened with RTLD_DEEPBIND,
 * is led back to the pool. The functions here call ours, never glibc's, so they
 * cannot go in circles.
 *
 * From glibc 2.34 on nobody reads the variables. They are still defined: they
 * are part of the library's interface as data, and a program that was linked
 * with it may refer to them. Headers of such a glibc do not declare them, hence
 * the declarations below, volatile as they were there.
 *
 * Owns the four variables. Hooks that a program sets itself in a later moment
 * are not ours to call.
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
