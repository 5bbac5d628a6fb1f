/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - see record.h.
 *
 * How many blocks came out of a bin the engine tells. Others, and those of bins
 * of which every block comes here, a thread counts in a record of its own,
 * which it gives back when it ends; so all counts come to what was allocated,
 * however few blocks were chosen. Where there are more threads than records,
 * and after a thread has given its own back, it counts in one that it shares,
 * by atomic additions.
 */
#include "preload/record.h"

#include <pthread.h>

#include "arena/cache.h"
#include "kind/facade.h"
#include "os/os.h"
#include "preload/record_account.h"
#include "preload/kinds.h"
#include "preload/record_apart.h"
#include "preload/record_memo.h"
#include "preload/record_sample.h"
#include "preload/record_sites.h"
#include "preload/sites.h"

/* What a thread has of the recording. */
static _Thread_local struct {
	uint32_t part; /* number of the part that the rest is of, plus one */
	uint32_t number;
	struct recording_thread *counts; /* NULL: the shared one */
	bool is_over;
	uint32_t large; /* blocks that were recorded for their size */
	struct record_sample sample;
} record_here __attribute__((tls_model("initial-exec")));

/* After every so many small blocks one in twice as many bytes is chosen, so
 * often at most. A program of little memory is told apart well so, and one that
 * allocates without an end has next to no cost. */
#define SPARSER 1024
#define SPARSER_TIMES 3

/* After every so many blocks that were recorded for their size, only those of
 * twice the size are, and of smaller ones a sample: in a program that has few
 * such blocks each is known, in one that goes through many they cost little. */
#define FEWER 8192
#define FEWER_TIMES 4
#define FEWER_STEP 64 /* blocks that a thread tells of at once */

_Static_assert(RECORDING_ONE == RECORDING_ONE_BLOCK, "weights are the same");
_Static_assert(CACHE_BINS <= RECORDING_BINS, "there is a place for each bin");

static unsigned record_lg_mean_first;

static pthread_key_t ends;
static bool ends_are_seen;

/* ---- Threads ------------------------------------------------------------- */

static void
end_thread(void *counts)
{
	record_here.is_over = true;
	record_memo_end_thread();
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
	else if (record_here.counts != NULL)
		record_memo_begin_thread();
}

/* Of which nobody else writes to it. */
static void
raise_own(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_store_explicit(counter,
	    atomic_load_explicit(counter, memory_order_relaxed) + by,
	    memory_order_relaxed);
}

static void
add(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static void
count(struct recording_part *part, size_t size)
{
	struct recording_thread *own = record_here.counts;
	struct recording_thread *shared = &part->thread[RECORDING_THREADS];
	unsigned class = recording_size_class(size);

	if (likely(own != NULL)) {
		raise_own(&own->blocks[class], 1);
		raise_own(&own->bytes[class], size);
	} else {
		add(&shared->blocks[class], 1);
		add(&shared->bytes[class], size);
	}
}

/* ---- Small blocks -------------------------------------------------------- */

struct heap_recorder record_bins;

/* Called inside the engine. */
static void
count_bin(unsigned number, size_t size, uint64_t blocks)
{
	struct recording_part *part = record_part();

	if (part == NULL)
		return;
	atomic_store_explicit(
	    &part->bin[number].size, size, memory_order_relaxed);
	add(&part->bin[number].blocks, blocks);
}

static void
count_chosen(
    struct recording_part *part, size_t size, unsigned number, uint32_t weight)
{
	struct recording_bin *bin = &part->bin[number];
	unsigned below = recording_size_class(cache_bin_size[number]) -
	    recording_size_class(size);
	unsigned lg = record_lg_mean_first +
	    (unsigned)min_size(
		atomic_fetch_add(&part->chosen, 1) / SPARSER, SPARSER_TIMES);

	if (below >= RECORDING_BIN_SIZES)
		below = RECORDING_BIN_SIZES - 1;
	add(&bin->chosen[below].blocks, weight);
	add(&bin->chosen[below].bytes, (uint64_t)weight * size);
	if (unlikely(atomic_load(&record_bins.lg_mean) != lg))
		atomic_store(&record_bins.lg_mean, lg);
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

/* The thread has its place in the part. */
static void
be_of(struct recording_part *part)
{
	if (unlikely(record_here.part != record_own->number))
		begin_thread(part);
}

static __attribute__((noinline)) void
count_large(struct recording_part *part)
{
	uint64_t blocks = FEWER_STEP +
	    atomic_fetch_add(&part->large, FEWER_STEP);
	size_t from = record_head->sites_from
	    << min_size(blocks / FEWER, FEWER_TIMES);
	size_t was = atomic_load(&record_bins.all_from);

	while (from > was &&
	    !atomic_compare_exchange_weak(&record_bins.all_from, &was, from))
		;
}

/* Counts a block that no bin counts; whether it is recorded, and with which
 * weight. */
static uint32_t
weigh(struct recording_part *part, size_t size)
{
	uint64_t mean = record_head->sample_mean;

	count(part, size);
	if (size >= record_all_from()) {
		if (record_head->sites_rise != 0 &&
		    unlikely(++record_here.large % FEWER_STEP == 0))
			count_large(part);
		return RECORDING_ONE;
	}
	if (likely(!record_sample_hits(&record_here.sample, size)))
		return 0;
	record_sample_next(&record_here.sample, mean);
	return record_sample_weight(size == 0 ? 1 : size, mean, RECORDING_ONE);
}

static uint32_t
weigh_choice(struct recording_part *part, size_t size,
    const struct recording_choice *choice)
{
	be_of(part);
	if (choice->number == 0)
		return weigh(part, size);
	count_chosen(part, size, choice->number, choice->weight);
	return choice->weight;
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
	if (record_blocks_enter(part, ptr, block)) {
		poolkind_watch(ptr);
		record_count_block(part, block, record_here.number);
	} else {
		record_count_lost(part, block, record_here.number);
	}
}

void
record_block(const void *ptr, size_t size, const void *caller, uint16_t kind,
    const struct recording_choice *choice)
{
	struct recording_part *part = record_part();
	struct record_block block = { .size = size };

	if (part == NULL)
		return;
	block.weight = weigh_choice(part, size, choice);
	if (block.weight == 0)
		return;
	block.site = (uint16_t)record_site(part, caller, kind);
	block.born = now_in(part);
	enter(part, ptr, &block);
}

/* Takes a block out that is to be freed, or moved, and ends the watch over its
 * page if it was the last of it: "that no free is missed" in arena/recording.h.
 * Not where all blocks of the bin are recorded. */
static bool
take_out(
    struct recording_part *part, const void *ptr, struct record_block *block)
{
	bool is_known = record_blocks_take(part, ptr, block);

	if (is_known)
		record_together(part, ptr, block);
	if (record_blocks_may_have(part, ptr) ||
	    (is_known && block->size >= record_all_from()))
		return is_known;
	poolkind_unwatch(ptr);
	atomic_thread_fence(memory_order_seq_cst);
	if (unlikely(record_blocks_may_have(part, ptr)))
		poolkind_watch(ptr);
	return is_known;
}

void
record_free(const void *ptr)
{
	struct recording_part *part = record_part();
	struct record_block block;

	if (part != NULL && take_out(part, ptr, &block))
		count_free(part, ptr, &block, now_in(part));
}

/* ---- Resizing ------------------------------------------------------------ */

void
record_resize_begin(const void *ptr, struct record_resize *resize)
{
	struct recording_part *part = record_part();

	resize->is_known = part != NULL && take_out(part, ptr, &resize->block);
	resize->block.is_apart = 0;
	resize->ptr = ptr;
}

void
record_resize_failed(const void *ptr, const struct record_resize *resize)
{
	struct recording_part *part = record_part();

	if (part == NULL || !resize->is_known)
		return;
	if (record_blocks_enter(part, ptr, &resize->block))
		poolkind_watch(ptr);
	else
		count_free(part, ptr, &resize->block, now_in(part));
}

/* Whether a small block is where it was; then it is what it was. */
static bool
stayed(const void *now, size_t size, const struct recording_choice *choice,
    const struct record_resize *resize)
{
	return now == resize->ptr && !record_wants(size, choice) &&
	    resize->block.size < record_all_from();
}

static void
move_record(struct recording_part *part, const void *now, size_t size,
    const struct recording_choice *choice, const struct record_resize *resize)
{
	struct record_block block = {
		.size = size, .site = resize->block.site, .born = now_in(part)
	};

	count_free(part, resize->ptr, &resize->block, block.born);
	if (!record_wants(size, choice))
		return;
	block.weight = weigh_choice(part, size, choice);
	if (block.weight != 0)
		enter(part, now, &block);
}

void
record_resize_done(const void *now, size_t size, const void *caller,
    uint16_t kind, const struct recording_choice *choice,
    const struct record_resize *resize)
{
	struct recording_part *part = record_part();

	if (part == NULL)
		return;
	if (resize->is_known && stayed(now, size, choice, resize))
		record_resize_failed(now, resize);
	else if (resize->is_known)
		move_record(part, now, size, choice, resize);
	else if (record_wants(size, choice))
		record_block(now, size, caller, kind, choice);
}

/* ---- The start ----------------------------------------------------------- */

void
record_start(void)
{
	record_part_start();
	if (!record_is_on())
		return;
	sites_start_walking();
	record_lg_mean_first = 63 -
	    (unsigned)__builtin_clzll(record_head->sample_mean | 1);
	record_bins = (struct heap_recorder){
		.all_from = record_head->sites_from,
		.lg_mean = record_lg_mean_first,
		.count = count_bin,
	};
	poolkind_set_recorder(&record_bins);
	kinds_record();
	ends_are_seen = pthread_key_create(&ends, end_thread) == 0;
}
