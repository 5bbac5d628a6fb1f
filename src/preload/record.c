/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - see record.h.
 *
 * How many blocks there are of each size a thread counts in a record of its
 * own, which it gives back when it ends; so the counts of all threads come to
 * what was allocated, however few blocks were chosen. Where there are more
 * threads than records, and after a thread has given its own back, it counts in
 * one that it shares, by atomic additions.
 */
#include "preload/record.h"

#include <pthread.h>

#include "os/os.h"
#include "preload/record_account.h"
#include "preload/record_apart.h"
#include "preload/record_sample.h"
#include "preload/record_sites.h"
#include "preload/sites.h"

_Thread_local struct record_here record_here;

static pthread_key_t ends;
static bool ends_are_seen;

/* ---- Threads ------------------------------------------------------------- */

static void
end_thread(void *counts)
{
	record_here.is_over = true;
	if (record_here.counts == counts)
		atomic_store(&record_here.counts->is_taken, 0);
	record_here.counts = NULL;
}

static struct recording_thread *
take_counts(struct recording_part *part)
{
	for (unsigned i = 0; i < RECORDING_THREADS; i++) {
		uint32_t free = 0;

		if (atomic_load(&part->thread[i].is_taken) == 0 &&
		    atomic_compare_exchange_strong(
			&part->thread[i].is_taken, &free, 1))
			return &part->thread[i];
	}
	return NULL;
}

/* pthread_setspecific(3) may allocate, so that all else is there before it. */
static __attribute__((noinline, cold)) void
begin_thread(struct recording_part *part)
{
	record_here.part = record_own->number;
	record_here.number = atomic_fetch_add(&part->threads, 1);
	record_here.counts = NULL;
	record_sample_begin(&record_here.sample,
	    part->start_ns * 31 + part->process * UINT64_C(65537) +
		record_here.number,
	    record_head->sample_mean);
	if (record_here.is_over || !ends_are_seen)
		return;
	record_here.counts = take_counts(part);
	if (record_here.counts != NULL &&
	    pthread_setspecific(ends, record_here.counts) != 0)
		end_thread(record_here.counts);
}

static void
count(struct recording_part *part, size_t size)
{
	struct recording_thread *shared = &part->thread[RECORDING_THREADS];
	unsigned class = recording_size_class(size);

	if (likely(record_here.counts != NULL)) {
		record_count_own(size);
		return;
	}
	atomic_fetch_add_explicit(
	    &shared->blocks[class], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &shared->bytes[class], size, memory_order_relaxed);
}

/* ---- Blocks -------------------------------------------------------------- */

static uint64_t
now_in(const struct recording_part *part)
{
	return unlikely(record_head->keeps_freed != 0) ?
	    os_now_ns() / 1000 - part->start_ns / 1000 :
	    (os_now_ms() - part->start_ms) * 1000;
}

static __attribute__((noinline, cold)) void
tell_of_freed(struct recording_part *part, const void *ptr,
    const struct record_block *block, uint64_t now)
{
	uint64_t number = atomic_fetch_add(&part->freed_count, 1);
	struct recording_freed *freed = &part->freed[number % RECORDING_FREED];

	atomic_store(&freed->number, 0);
	atomic_thread_fence(memory_order_release);
	freed->address = (uintptr_t)ptr;
	freed->size = block->size;
	freed->born = block->born;
	freed->died = now;
	freed->site = block->site;
	freed->weight = block->weight;
	atomic_store_explicit(&freed->number, number + 1, memory_order_release);
}

static void
count_free(struct recording_part *part, const void *ptr,
    const struct record_block *block, uint64_t now)
{
	record_count_free(part, block, now);
	if (unlikely(record_head->keeps_freed != 0))
		tell_of_freed(part, ptr, block, now);
}

/* Counts a block; whether it is recorded, and with which weight. */
static uint32_t
weigh(struct recording_part *part, size_t size)
{
	uint64_t mean = record_head->sample_mean;

	if (unlikely(record_here.part != record_own->number))
		begin_thread(part);
	count(part, size);
	if (size >= record_head->sites_from)
		return RECORDING_ONE;
	if (likely(!record_sample_hits(&record_here.sample, size)))
		return 0;
	record_sample_next(&record_here.sample, mean);
	return record_sample_weight(size == 0 ? 1 : size, mean, RECORDING_ONE);
}

/* A block may be here whose free went past malloc, with poolkind_free(). */
static void
enter(struct recording_part *part, const void *ptr, struct record_block *block)
{
	struct record_block stale;

	if (unlikely(record_blocks_take(part, ptr, &stale))) {
		record_together(part, ptr, &stale);
		count_free(part, ptr, &stale, block->born);
	}
	record_apart(part, ptr, block);
	if (record_blocks_enter(part, ptr, block))
		record_count_block(part, block, record_here.number);
	else
		record_count_lost(part, block, record_here.number);
}

void
record_block(const void *ptr, size_t size, const void *caller, uint16_t kind)
{
	struct recording_part *part = record_part();
	struct record_block block = { .size = size };

	if (part == NULL)
		return;
	block.weight = weigh(part, size);
	if (likely(block.weight == 0))
		return;
	block.site = (uint16_t)record_site(part, caller, kind);
	block.born = now_in(part);
	enter(part, ptr, &block);
}

bool
record_wants_kind(size_t size)
{
	return record_head->has_kinds &&
	    (size >= record_head->sites_from ||
		record_here.sample.left < (int64_t)size);
}

void
record_free(const void *ptr)
{
	struct recording_part *part = record_part();
	struct record_block block;

	if (part == NULL || !record_blocks_take(part, ptr, &block))
		return;
	record_together(part, ptr, &block);
	count_free(part, ptr, &block, now_in(part));
}

/* ---- Resizing ------------------------------------------------------------ */

void
record_resize_begin(const void *ptr, struct record_resize *resize)
{
	struct recording_part *part = record_part();

	resize->is_known = part != NULL &&
	    record_blocks_take(part, ptr, &resize->block);
	if (resize->is_known)
		record_together(part, ptr, &resize->block);
	resize->block.is_apart = 0;
	resize->ptr = ptr;
}

void
record_resize_failed(const void *ptr, const struct record_resize *resize)
{
	struct recording_part *part = record_part();

	if (part != NULL && resize->is_known &&
	    !record_blocks_enter(part, ptr, &resize->block))
		count_free(part, ptr, &resize->block, now_in(part));
}

void
record_resize_done(const void *now, size_t size, const void *caller,
    uint16_t kind, const struct record_resize *resize)
{
	struct recording_part *part = record_part();
	struct record_block block = { .size = size };

	if (part == NULL)
		return;
	if (!resize->is_known) {
		record_block(now, size, caller, kind);
		return;
	}
	block.born = now_in(part);
	count_free(part, resize->ptr, &resize->block, block.born);
	block.weight = weigh(part, size);
	if (block.weight == 0)
		return;
	block.site = resize->block.site;
	enter(part, now, &block);
}

/* ---- The start ----------------------------------------------------------- */

void
record_start(void)
{
	record_part_start();
	if (!record_is_on())
		return;
	sites_start_walking();
	ends_are_seen = pthread_key_create(&ends, end_thread) == 0;
}
