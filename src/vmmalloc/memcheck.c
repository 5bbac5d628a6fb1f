/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcheck.c - blocks as valgrind's memcheck is to see them. See memcheck.h.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vmmalloc/memcheck.h"

#ifdef HAVE_VALGRIND

#include <string.h>
#include <valgrind/memcheck.h>

/* Bytes behind a block: what an overrun meets, and room for a size. */
#define FENCE ((size_t)32)

bool memcheck_on;

/* How tests and people find out, by strings(1). */
static const char support[]
    __attribute__((used)) = "compiled with support for Valgrind memcheck";

void
memcheck_open(void)
{
	char probe;

	if (VALGRIND_MAKE_MEM_UNDEFINED(&probe, sizeof(probe)) == 0)
		return;
	memcheck_on = true;
	opt_tcache = false;
	if (malloc_initialized())
		tcache_enabled_set(tsd_fetch(), false);
}

static size_t *
size_kept(const void *ptr, size_t bytes)
{
	return (size_t *)((uintptr_t)ptr + bytes) - 1;
}

/* Forbids the block, but for what its owner asked for. */
static void
announce(void *block, size_t bytes, size_t usable)
{
	size_t *kept = size_kept(block, bytes);

	VALGRIND_MAKE_MEM_UNDEFINED(kept, sizeof(*kept));
	*kept = usable;
	VALGRIND_MAKE_MEM_NOACCESS(block, bytes);
	VALGRIND_MALLOCLIKE_BLOCK(block, usable, FENCE, false);
}

/*
 * jemalloc's records point at the first block of each slab, so a leak there
 * would never be found: that one is left unused. It is the same with large
 * blocks, of which nobody wants to lose as many.
 */
static void *
allocate_unreferenced(tsd_t *tsd, const struct request *request)
{
	void *block = request_unbound(tsd, request), *another;

	if (!is_aligned((uintptr_t)block, PAGE_BYTES) ||
	    request->alignment >= PAGE_BYTES ||
	    !sz_can_use_slab(request_bytes(request)))
		return block;
	another = request_unbound(tsd, request);
	return another != NULL ? another : block;
}

void *
memcheck_allocate(tsd_t *tsd, const struct request *request, int saved_errno)
{
	struct request fenced = *request;
	size_t usable = request_bytes(request);
	void *block = NULL;

	fenced.zero = false;
	fenced.size = usable + FENCE;
	if (usable != 0)
		block = allocate_unreferenced(tsd, &fenced);
	if (block == NULL)
		block = request_again(tsd, &fenced, saved_errno);
	if (block == NULL)
		return NULL;
	announce(block, request_bytes(&fenced), usable);
	if (request->zero)
		memset(block, 0, usable);
	return block;
}

void
memcheck_free(void *ptr)
{
	VALGRIND_FREELIKE_BLOCK(ptr, FENCE);
}

void
memcheck_look_away(void)
{
	VALGRIND_DISABLE_ERROR_REPORTING;
}

void
memcheck_look_again(void)
{
	VALGRIND_ENABLE_ERROR_REPORTING;
}

size_t
memcheck_usable(const void *ptr, size_t bytes)
{
	size_t *kept = size_kept(ptr, bytes), usable;

	if (!memcheck_on)
		return bytes;
	VALGRIND_MAKE_MEM_DEFINED(kept, sizeof(*kept));
	usable = *kept;
	VALGRIND_MAKE_MEM_NOACCESS(kept, sizeof(*kept));
	return usable;
}

#endif
