/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - the heap of libmemtier: all blocks come from one memory of tiers,
 * whose policy chooses. See interpose/door.h.
 *
 * Owns that memory, made by the constructor and never deleted, as blocks may be
 * freed until the process is gone. What is allocated before, or by those who
 * look at the machine for a tier, comes from MEMKIND_DEFAULT, and counts for
 * it: where that is a tier, as DRAM is, it counts for the proportion. Takes no
 * lock.
 *
 * Every block goes through memtier's functions, or through their quick ways
 * (door.h), so that the accounts are complete. A block is found by its address
 * when it is resized or freed, and stays in its kind, as memtier's blocks do.
 * Pointers that are of no kind of memkind's are left to entry.c.
 */
#include <errno.h>
#include <stdatomic.h>

#include "base/base.h"
#include "interpose/inside.h"
#include "kind/facade.h"
#include "memtier/door.h"
#include "memtier/log.h"
#include "memtier/tiers.h"

/* The memory until there is one: the tier has the id NO_HEAP, under which no
 * thread has a cache. */
static struct memtier_memory none = {
	.policy = MEMTIER_POLICY_STATIC_RATIO,
	.last = none.tiers,
	.tiers = { { .heap = NO_HEAP } },
};
_Atomic(struct memtier_memory *) door_memory = &none;

/*
 * The memory, and heap_inside up; NULL where MEMKIND_DEFAULT has to do: before
 * the constructor is done, and where the thread is inside already, because
 * opening a tier or reading the machine has called malloc. A handler of a
 * signal that comes in between is served like that, too. leave() puts the word
 * down, which was down before.
 */
static inline struct memtier_memory *
enter(void)
{
	struct memtier_memory *tiers = atomic_load_explicit(
	    &door_memory, memory_order_acquire);

	if (unlikely(tiers == &none || heap_inside))
		return NULL;
	heap_inside = true;
	return tiers;
}

static inline void
leave(void)
{
	heap_inside = false;
}

void *
door_malloc(size_t size)
{
	struct memtier_memory *tiers = enter();
	void *block;

	if (unlikely(tiers == NULL))
		return memtier_kind_malloc(MEMKIND_DEFAULT, size);
	block = memtier_malloc(tiers, size);
	leave();
	return block;
}

void *
door_calloc(size_t size)
{
	struct memtier_memory *tiers = enter();
	void *block;

	if (unlikely(tiers == NULL))
		return memtier_kind_calloc(MEMKIND_DEFAULT, 1, size);
	block = memtier_calloc(tiers, 1, size);
	leave();
	return block;
}

static int
memalign(void **block, size_t alignment, size_t size)
{
	struct memtier_memory *tiers = enter();
	int error;

	if (unlikely(tiers == NULL))
		return memtier_kind_posix_memalign(
		    MEMKIND_DEFAULT, block, alignment, size);
	error = memtier_posix_memalign(tiers, block, alignment, size);
	leave();
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

/* Without a look at the policy: the kind is the block's own. It is open, so
 * heap_inside need not be up, here and in what follows. */
bool
door_realloc(void *ptr, size_t size, void **resized)
{
	memkind_t kind = memkind_detect_kind(ptr);

	if (unlikely(kind == NULL))
		return false;
	*resized = memtier_kind_realloc(kind, ptr, size);
	return true;
}

/* With decorators the program is to see the call. */
bool
door_free(void *ptr)
{
#ifdef MEMKIND_DECORATION_ENABLED
	memkind_t kind = memkind_detect_kind(ptr);

	if (kind != NULL) {
		memtier_kind_free(kind, ptr);
		return true;
	}
#endif
	return poolkind_free_counted(ptr);
}

poolkind *
door_kind(unsigned number)
{
	return tiers_kind(number);
}

size_t
door_usable_size(const void *ptr)
{
	poolkind *kind;
	size_t usable;

	return poolkind_block_of(ptr, &kind, &usable) ? usable : 0;
}

/*
 * Ends the process, with a line, where the settings are not valid or a tier
 * cannot be had: a program must not run with its data elsewhere than its user
 * has arranged for. The settings are static, as they are some 9 KiB; nobody
 * needs them afterwards.
 */
static __attribute__((constructor)) void
start(void)
{
	static struct settings settings;

	heap_inside = true;
	settings_read(&settings);
	door_memory = tiers_make(&settings);
	log_info("tiers: %u, policy: %s", settings.tier_count,
	    settings.policy == MEMTIER_POLICY_STATIC_RATIO ?
		"STATIC_RATIO" :
		"DYNAMIC_THRESHOLD");
	heap_inside = false;
}
