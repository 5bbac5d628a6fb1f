/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libautohbw: blocks of some sizes come from a chosen
 * kind, all others from MEMKIND_DEFAULT. See interpose/heap.h and
 * autohbw_api.h.
 *
 * Owns the settings, constant once the constructor has made `chosen` known;
 * before that everything comes from MEMKIND_DEFAULT. The kind is opened by the
 * constructor, when hardly another thread can be waiting for what that needs.
 * Takes no lock.
 */
#include <stdatomic.h>
#include <string.h>

#include "autohbw/log.h"
#include "autohbw/settings.h"
#include "autohbw_api.h"
#include "base/base.h"
#include "interpose/heap.h"

#define EXPORT __attribute__((visibility("default")))

static struct settings settings;
static _Atomic(memkind_t) chosen; /* NULL: not yet, or switched off */

static inline memkind_t
choose(size_t size)
{
	memkind_t kind = atomic_load_explicit(&chosen, memory_order_acquire);

	if (kind == NULL || size < settings.low || size > settings.high ||
	    heap_inside)
		return MEMKIND_DEFAULT;
	return kind;
}

/* Whether blocks of KIND are to be written of. */
static inline bool
is_logged(memkind_t kind)
{
	return kind != MEMKIND_DEFAULT && log_level >= LOG_BLOCKS;
}

void *
heap_malloc(size_t size)
{
	memkind_t kind = choose(size);
	void *block;

	if (likely(kind == MEMKIND_DEFAULT))
		return memkind_malloc(kind, size);
	heap_inside = true;
	block = memkind_malloc(kind, size);
	if (is_logged(kind))
		log_block("In my memkind malloc: %zu bytes at %p from %s", size,
		    block, settings.name);
	heap_inside = false;
	return block;
}

void *
heap_calloc(size_t size)
{
	memkind_t kind = choose(size);
	void *block;

	if (likely(kind == MEMKIND_DEFAULT))
		return memkind_calloc(kind, 1, size);
	heap_inside = true;
	block = memkind_calloc(kind, 1, size);
	if (is_logged(kind))
		log_block("In my memkind calloc: %zu bytes at %p from %s", size,
		    block, settings.name);
	heap_inside = false;
	return block;
}

int
heap_memalign(void **block, size_t alignment, size_t size)
{
	memkind_t kind = choose(size);
	int error;

	if (likely(kind == MEMKIND_DEFAULT))
		return memkind_posix_memalign(kind, block, alignment, size);
	heap_inside = true;
	error = memkind_posix_memalign(kind, block, alignment, size);
	if (is_logged(kind))
		log_block("In my memkind align: %zu bytes at %p, a multiple of "
			  "%zu, from %s",
		    size, error == 0 ? *block : NULL, alignment, settings.name);
	heap_inside = false;
	return error;
}

/* A block whose new size belongs to another kind. */
static void *
move(memkind_t from, void *block, size_t size)
{
	size_t bytes = memkind_malloc_usable_size(from, block);
	void *moved = heap_malloc(size);

	if (moved == NULL)
		return NULL;
	memcpy(moved, block, min_size(bytes, size));
	heap_free(block);
	return moved;
}

void *
heap_realloc(memkind_t kind, void *block, size_t size)
{
	void *resized;

	if (choose(size) != kind)
		return move(kind, block, size);
	resized = memkind_realloc(kind, block, size);
	if (is_logged(kind))
		log_block("In my memkind realloc: %zu bytes at %p, was at %p",
		    size, resized, block);
	return resized;
}

bool
heap_free(void *ptr)
{
	memkind_t kind = memkind_detect_kind(ptr);

	if (unlikely(kind == NULL))
		return false;
	if (unlikely(is_logged(kind)))
		log_block("In my memkind free: %p", ptr);
	memkind_free(kind, ptr);
	return true;
}

/* ---- Switches ------------------------------------------------------------ */

EXPORT void
enableAutoHBW(void)
{
	atomic_store(&chosen, settings.kind);
}

EXPORT void
disableAutoHBW(void)
{
	atomic_store(&chosen, NULL);
}

static void
say_what_is_chosen(void)
{
	if (settings.kind == MEMKIND_DEFAULT)
		log_say(LOG_START, "all blocks: %s", settings.name);
	else if (settings.high == SIZE_MAX)
		log_say(LOG_START, "blocks of %zu bytes and more: %s",
		    settings.low, settings.name);
	else
		log_say(LOG_START, "blocks of %zu to %zu bytes: %s",
		    settings.low, settings.high, settings.name);
}

static __attribute__((constructor)) void
start(void)
{
	heap_inside = true;
	settings_read(&settings);
	say_what_is_chosen();
	memkind_free(settings.kind, memkind_malloc(settings.kind, 1));
	heap_inside = false;
	enableAutoHBW();
}
