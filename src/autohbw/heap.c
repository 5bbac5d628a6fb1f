/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libautohbw: blocks of some sizes come from a chosen
 * kind, all others from MEMKIND_DEFAULT. See interpose/door.h and
 * autohbw_api.h.
 *
 * Owns the settings, constant once the constructor has made `chosen` known;
 * before that everything comes from MEMKIND_DEFAULT. The kind is opened by the
 * constructor, when hardly another thread can be waiting for what that needs.
 * Takes no lock.
 *
 * What must not happen is that choosing a kind needs malloc, which needs the
 * kind: opening one reads the machine, by libraries that allocate. So whoever
 * goes into the chosen kind raises the thread's word heap_inside first, and
 * while that is up each request is served from MEMKIND_DEFAULT, which needs
 * nobody (interpose/inside.h). The same holds for what is logged.
 *
 * A block of either kind is freed, resized and measured by its address, never
 * by its size, so programs can switch the choice on and off at any time. A
 * kind that is full gives NULL; there is no second try with MEMKIND_DEFAULT,
 * as kinds that merely prefer nodes are there for that.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "autohbw/door.h"
#include "autohbw/log.h"
#include "autohbw/settings.h"
#include "autohbw_api.h"
#include "base/base.h"
#include "interpose/inside.h"
#include "kind/facade.h"

/* Until the constructor has run no size is outside of the range, so that
 * entry.c hands every request to this file. */
struct chosen_sizes chosen_sizes = { NO_HEAP, 0, 0, SIZE_MAX };

static struct settings settings;
static _Atomic(memkind_t) chosen; /* NULL: not yet, or switched off */

/* The kind for a block of SIZE bytes. calloc comes here with its product, where
 * memkind's libautohbw looked at the size of one element. Acquires what the
 * constructor wrote to the settings. */
static inline memkind_t
choose(size_t size)
{
	memkind_t kind = atomic_load_explicit(&chosen, memory_order_acquire);

	if (kind == NULL || size < settings.low || size > settings.high ||
	    heap_inside)
		return MEMKIND_DEFAULT;
	return kind;
}

/* Whether lines are written about blocks of KIND: all kinds but
 * MEMKIND_DEFAULT, from level 1 on. */
static inline bool
is_logged(memkind_t kind)
{
	return kind != MEMKIND_DEFAULT && autohbw_log.level >= LOG_BLOCKS;
}

/* heap_inside is down where another kind than MEMKIND_DEFAULT was chosen, so it
 * is put down again without a look at what it was; the same in the next two. */
void *
door_malloc(size_t size)
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
door_calloc(size_t size)
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

static int
memalign(void **block, size_t alignment, size_t size)
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

/* memkind wants an alignment of a pointer's size at least, and returns its
 * error; the callers in interpose/ take any power of two, and errno. */
void *
door_memalign(size_t alignment, size_t size)
{
	int saved = errno;
	void *block = NULL;
	int error = memalign(&block, max_size(alignment, sizeof(void *)), size);

	errno = error == 0 ? saved : error;
	return error == 0 ? block : NULL;
}

/* The engine's kinds, for interpose/info.c; NULL until the constructor has had
 * a block of each. */
static poolkind *kinds[2];

poolkind *
door_kind(unsigned number)
{
	return number < ARRAY_SIZE(kinds) ? kinds[number] : NULL;
}

/* Of glibc's own blocks nothing is known: 0. */
size_t
door_usable_size(const void *ptr)
{
	size_t usable = cache_size_of(chosen_sizes.heap, ptr);
	poolkind *kind;

	return likely(usable != 0) || poolkind_block_of(ptr, &kind, &usable) ?
	    usable :
	    0;
}

/* A block whose new size belongs to another kind. By hand and not by
 * memkind_realloc(), so that the new block is had, and logged, as any other; on
 * failure the old one is as it was. */
static void *
move(void *block, size_t size)
{
	size_t bytes = poolkind_usable_size(block);
	void *moved = door_malloc(size);

	if (moved == NULL)
		return NULL;
	memcpy(moved, block, min_size(bytes, size));
	door_free(block);
	return moved;
}

/* A block stays in its kind as long as its size is one of that kind's. Here
 * heap_inside need not be up: a kind that has a block is open. */
bool
door_realloc(void *ptr, size_t size, void **resized)
{
	memkind_t kind = memkind_detect_kind(ptr);

	if (unlikely(kind == NULL))
		return false;
	if (choose(size) != kind) {
		*resized = move(ptr, size);
		return true;
	}
	*resized = memkind_realloc(kind, ptr, size);
	if (is_logged(kind))
		log_block("In my memkind realloc: %zu bytes at %p, was at %p",
		    size, *resized, ptr);
	return true;
}

/* With decorators the program is to see the call of memkind's function. */
static bool
free_if_any(void *ptr)
{
#ifdef MEMKIND_DECORATION_ENABLED
	memkind_t kind = memkind_detect_kind(ptr);

	if (kind != NULL) {
		memkind_free(kind, ptr);
		return true;
	}
#endif
	return poolkind_free_if_any(ptr);
}

/* The line is written before the block is free, since it may be somebody else's
 * afterwards. What kind it is of is looked up for the line alone. */
bool
door_free(void *ptr)
{
	if (unlikely(autohbw_log.level >= LOG_BLOCKS &&
		is_logged(memkind_detect_kind(ptr))))
		log_block("In my memkind free: %p", ptr);
	return free_if_any(ptr);
}

/* ---- Switches ------------------------------------------------------------ */

/* Requests of LOW to HIGH bytes come to door_malloc(), which chooses the kind;
 * those of SIZE_MAX bytes if there is nothing to choose. */
static void
look_at(size_t low, size_t high)
{
	atomic_store(&chosen_sizes.plain, min_size(low, CACHE_SIZE_MAX + 1));
	atomic_store(&chosen_sizes.low, low);
	atomic_store(&chosen_sizes.span, high - low);
}

/* A program may switch at any time and from any thread. `chosen` decides; the
 * bounds merely say which requests entry.c hands to this file. A thread that
 * reads them while they change may get a block of the other kind, as it would
 * have a moment earlier or later. */
EXPORT void
enableAutoHBW(void)
{
	atomic_store(&chosen, settings.kind);
	if (settings.kind != MEMKIND_DEFAULT)
		look_at(settings.low, settings.high);
}

EXPORT void
disableAutoHBW(void)
{
	atomic_store(&chosen, NULL);
	look_at(SIZE_MAX, SIZE_MAX);
}

static void
say_what_is_chosen(void)
{
	if (settings.kind == MEMKIND_DEFAULT)
		autohbw_say(LOG_START, "all blocks: %s", settings.name);
	else if (settings.high == SIZE_MAX)
		autohbw_say(LOG_START, "blocks of %zu bytes and more: %s",
		    settings.low, settings.name);
	else
		autohbw_say(LOG_START, "blocks of %zu to %zu bytes: %s",
		    settings.low, settings.high, settings.name);
}

/*
 * Has entry.c ask the thread's cache of MEMKIND_DEFAULT first, unless the
 * library is built with decorators, functions of the program's that are called
 * for each block of memkind's. A block leads to the
 * engine's kind, and that to the id of its heap. It does not matter in which
 * order another thread sees the bounds and the id change: with the bounds of
 * the beginning, or without an id, entry.c takes no block by itself and calls
 * this file.
 */
static void
find_default(void)
{
	void *block = memkind_malloc(MEMKIND_DEFAULT, 1);
	poolkind *kind = poolkind_of(block);

	kinds[0] = kind;
	look_at(SIZE_MAX, SIZE_MAX);
#ifndef MEMKIND_DECORATION_ENABLED
	if (kind != NULL)
		chosen_sizes.heap = poolkind_id(kind);
#endif
	memkind_free(MEMKIND_DEFAULT, block);
}

/* Opens the kind by taking a block from it. That may fail although the machine
 * has the nodes, as in a sandbox that does not let processes choose nodes. */
static void
try_kind(void)
{
	void *block = memkind_malloc(settings.kind, 1);

	if (block == NULL && settings.kind != MEMKIND_DEFAULT) {
		autohbw_say(LOG_START, "%s cannot be had: all blocks: %s",
		    settings.name, "memkind_default");
		settings.kind = MEMKIND_DEFAULT;
		settings.name = "memkind_default";
	}
	if (settings.kind != MEMKIND_DEFAULT)
		kinds[1] = poolkind_of(block);
	memkind_free(settings.kind, block);
}

/*
 * Under heap_inside all the way: variables are read, kinds are asked for and
 * opened, lines are written, and whatever allocates for that gets its blocks
 * from MEMKIND_DEFAULT. Other constructors may have allocated before, and were
 * served from there as well. Nothing here can keep the program from starting.
 */
static __attribute__((constructor)) void
start(void)
{
	heap_inside = true;
	settings_read(&settings);
	say_what_is_chosen();
	try_kind();
	find_default();
	heap_inside = false;
	enableAutoHBW();
}
