/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.c - requests that jemalloc's ordinary path cannot serve. See
 * request.h.
 */
#include "vmmalloc/request.h"

#include <errno.h>

#include "arena/purge.h"
#include "vmmalloc/arenas.h"
#include "vmmalloc/budget.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

/* What this thread could not get when it last searched everywhere, and what
 * source_freed() was then. */
static _Thread_local struct {
	size_t bytes; /* 0: it never failed */
	uint64_t freed;
} failed __attribute__((tls_model("initial-exec")));

size_t
request_bytes(const struct request *request)
{
	size_t size = max_size(request->size, 1);
	size_t bytes = sz_sa2u(size, request->alignment);

	return bytes > SC_LARGE_MAXCLASS ? 0 : bytes;
}

void *
request_early(const struct request *request)
{
	int flags = MALLOCX_ALIGN(request->alignment) | MALLOCX_TCACHE_NONE |
	    (request->zero ? MALLOCX_ZERO : 0);
	void *block = NULL;

	if (request->size <= SC_LARGE_MAXCLASS)
		block = je_mallocx(
		    max_size(request->size, SC_LARGE_MINCLASS), flags);
	if (block == NULL)
		errno = ENOMEM;
	return block;
}

/* jemalloc's allocation without its front: any thread, any arena. */
static void *
allocate_from(
    tsd_t *tsd, arena_t *arena, const struct request *request, size_t bytes)
{
	void *block = arena_palloc(tsd_tsdn(tsd), arena, bytes,
	    request->alignment, request->zero, sz_can_use_slab(bytes), NULL);

	if (block == NULL)
		return NULL;
	thread_alloc_event(tsd, bytes);
	if (opt_junk_alloc && !request->zero)
		junk_alloc_callback(block, bytes);
	return block;
}

void *
request_unbound(tsd_t *tsd, const struct request *request)
{
	size_t bytes = request_bytes(request);
	arena_t *arena = arenas_least_used();

	if (bytes == 0 || arena == NULL)
		return NULL;
	return allocate_from(tsd, arena, request, bytes);
}

/* Whether an arena has pages that it keeps for reuse, or just gives back. */
static bool
any_purge_due(tsd_t *tsd)
{
	for (unsigned i = 0; i < arenas_count(); i++) {
		arena_t *arena = arenas_get(i);

		if (arena != NULL && purge_is_due(tsd_tsdn(tsd), arena))
			return true;
	}
	return false;
}

/* Gives the dirty pages of all arenas back to the source, where they become
 * one with their neighbours and can be had by everybody. */
static void
purge_all(tsd_t *tsd)
{
	for (unsigned i = 0; i < arenas_count(); i++) {
		arena_t *arena = arenas_get(i);

		if (arena != NULL)
			purge(tsd_tsdn(tsd), arena);
	}
}

/* Whether ARENA has a free block of size class BIN in pages that it must keep,
 * as others of that class there are in use. Read without the lock: an answer
 * that is a moment old will do. */
static bool
has_free_block(arena_t *arena, szind_t bin)
{
	const bin_stats_t *stats = &arena_get_bin(arena, bin, 0)->stats;

	return stats->curslabs * bin_infos[bin].nregs > stats->curregs;
}

/* Small blocks may be had where another thread freed some. */
static void *
search_other_arenas(tsd_t *tsd, const struct request *request, size_t bytes)
{
	szind_t bin = sz_size2index(bytes);
	void *block = NULL;

	for (unsigned i = 0; i < arenas_count() && block == NULL; i++) {
		arena_t *arena = arenas_get(i);

		if (arena != NULL && has_free_block(arena, bin))
			block = allocate_from(tsd, arena, request, bytes);
	}
	return block;
}

/* Bytes that the source must have in one piece to serve the request. */
static size_t
bytes_of_source(size_t bytes)
{
	return sz_can_use_slab(bytes) ?
	    bin_infos[sz_size2index(bytes)].slab_size :
	    bytes;
}

/*
 * The pool as a whole: pages first. They are held while they wait to be taken
 * again, so that they are not given back to the system in between.
 */
static void *
search_pages(tsd_t *tsd, const struct request *request, size_t bytes)
{
	size_t wanted = bytes_of_source(bytes);
	arena_t *arena = *tsd_arenap_get_unsafe(tsd);
	uint64_t freed;
	void *block;

	if (!any_purge_due(tsd) && failed.bytes != 0 &&
	    wanted >= failed.bytes && source_freed(pool_source) == failed.freed)
		return NULL;
	source_hold(pool_source);
	purge_all(tsd);
	freed = source_freed(pool_source);
	if (arena == NULL || arena == arenas_before_pool)
		arena = arenas_least_used();
	block = allocate_from(tsd, arena, request, bytes);
	source_unhold(pool_source);
	if (block == NULL) {
		failed.bytes = wanted;
		failed.freed = freed;
	}
	return block;
}

void *
request_again(tsd_t *tsd, const struct request *request, int saved_errno)
{
	size_t bytes = request_bytes(request);
	void *block = NULL;

	if (bytes != 0) {
		if (tcache_available(tsd))
			tcache_flush(tsd);
		block = search_pages(tsd, request, bytes);
		if (block == NULL && sz_can_use_slab(bytes))
			block = search_other_arenas(tsd, request, bytes);
		if (block == NULL)
			budget_suspend(tsd);
	}
	LOG_TRACE(block == NULL ? 1 : 3, "%zu bytes %s", request->size,
	    block == NULL ? "cannot be had" : "had at the second try");
	errno = block == NULL ? ENOMEM : saved_errno;
	return block;
}
