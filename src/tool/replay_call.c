/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_call.c - one call of a trace, made again. See replay.h.
 *
 * Owns what all calls are made on, and how many found no room. Called by all
 * threads of a replay; who needs a block that is not there yet waits for it.
 */
#include <stdlib.h>

#include "base/page.h"
#include "os/lock.h"
#include "tool/replay.h"

#define SPINS 200
#define SLEEP_MS 1000

static struct {
	poolkind *kind; /* NULL: this process's malloc */
	struct replay_slot *slots;
	bool touches, has_rounds;
	_Atomic uint64_t failures, failed_bytes;
} on;

/* ---- Blocks -------------------------------------------------------------- */

/* In place of a block for which there was no room. */
static char refused;
#define REFUSED ((void *)&refused)

static void *
aligned_block(unsigned lg_alignment, size_t size)
{
	size_t alignment = max_size((size_t)1 << lg_alignment, sizeof(void *));
	void *ptr;

	if (on.kind != NULL)
		return poolkind_aligned_alloc(
		    on.kind, (size_t)1 << lg_alignment, size);
	return posix_memalign(&ptr, alignment, size) == 0 ? ptr : NULL;
}

static void *
new_block(const struct replay_call *call, size_t size)
{
	switch (replay_operation(call)) {
	case TRACE_CALLOC:
		return on.kind != NULL ? poolkind_calloc(on.kind, 1, size) :
					 calloc(1, size);
	case TRACE_ALIGNED:
		return aligned_block(replay_lg_alignment(call), size);
	default:
		return on.kind != NULL ? poolkind_malloc(on.kind, size) :
					 malloc(size);
	}
}

static void *
resized_block(void *ptr, size_t size)
{
	return on.kind != NULL ? poolkind_realloc(on.kind, ptr, size) :
				 realloc(ptr, size);
}

static void
free_block(void *ptr)
{
	if (on.kind != NULL)
		poolkind_free(on.kind, ptr);
	else
		free(ptr);
}

/* A byte of each page of the block, from FROM on. */
static void
touch(void *ptr, size_t from, size_t size)
{
	volatile char *bytes = ptr;
	size_t at = from;

	if (!on.touches)
		return;
	while (at < size) {
		bytes[at] = 1;
		at = align_up((uintptr_t)ptr + at + 1, system_page()) -
		    (uintptr_t)ptr;
	}
}

static void
count_failure(size_t size)
{
	atomic_fetch_add(&on.failures, 1);
	atomic_fetch_add(&on.failed_bytes, size);
}

/* ---- Slots --------------------------------------------------------------- */

/* Either who waits sees the block, or who puts it there sees that it is waited
 * for: so the order of all four accesses is one for both. */
static void
put(struct replay_slot *slot, void *ptr, size_t size)
{
	slot->size = size;
	if (!on.has_rounds) {
		atomic_store_explicit(&slot->block, ptr, memory_order_relaxed);
		return;
	}
	atomic_store(&slot->block, ptr);
	if (unlikely(atomic_load(&slot->is_awaited) != 0)) {
		atomic_store(&slot->is_awaited, 0);
		wake_all(&slot->is_awaited);
	}
}

static __attribute__((noinline)) void *
wait_for(struct replay_slot *slot)
{
	void *ptr = NULL;

	for (unsigned i = 0; i < SPINS && ptr == NULL; i++)
		ptr = atomic_load(&slot->block);
	while (ptr == NULL) {
		atomic_store(&slot->is_awaited, 1);
		ptr = atomic_load(&slot->block);
		if (ptr != NULL)
			break;
		wait_while_for(&slot->is_awaited, 1, SLEEP_MS);
		ptr = atomic_load(&slot->block);
	}
	atomic_store(&slot->is_awaited, 0);
	return ptr;
}

static void *
take(struct replay_slot *slot)
{
	void *ptr = atomic_load_explicit(&slot->block, memory_order_acquire);

	if (unlikely(ptr == NULL))
		ptr = wait_for(slot);
	atomic_store_explicit(&slot->block, NULL, memory_order_relaxed);
	return ptr;
}

/* ---- Calls --------------------------------------------------------------- */

static void
allocate(const struct replay_call *call)
{
	size_t size = replay_size(call);
	void *ptr = new_block(call, size);

	if (likely(ptr != NULL)) {
		touch(ptr, 0, size);
	} else {
		count_failure(size);
		ptr = REFUSED;
	}
	put(&on.slots[call->slot], ptr, size);
}

/* One that could not be had is asked for once more, and one that cannot be
 * resized stays. */
static void
resize(const struct replay_call *call)
{
	struct replay_slot *from = &on.slots[call->from];
	size_t size = replay_size(call), before;
	void *ptr = take(from), *resized;

	if (unlikely(ptr == REFUSED)) {
		allocate(call);
		return;
	}
	before = from->size;
	resized = resized_block(ptr, size);
	if (likely(resized != NULL)) {
		touch(resized, before, size);
	} else {
		count_failure(size);
		resized = ptr;
		size = before;
	}
	put(&on.slots[call->slot], resized, size);
}

static void
release(const struct replay_call *call)
{
	void *ptr = take(&on.slots[call->slot]);

	if (likely(ptr != REFUSED))
		free_block(ptr);
}

void
replay_make(const struct replay_call *call)
{
	switch (replay_operation(call)) {
	case TRACE_FREE:
		release(call);
		break;
	case TRACE_REALLOC:
		resize(call);
		break;
	case TRACE_THREAD_ENDS:
		break;
	default:
		allocate(call);
		break;
	}
}

void
replay_make_on(const struct replay *replay, poolkind *kind, bool touches)
{
	on.kind = kind;
	on.slots = replay->slots;
	on.touches = touches;
	on.has_rounds = replay->thread_count > 1;
}

void
replay_count_failures(struct replay_result *result)
{
	result->failures = atomic_load(&on.failures);
	result->failed_bytes = atomic_load(&on.failed_bytes);
}
