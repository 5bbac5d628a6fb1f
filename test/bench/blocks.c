/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocks.c - workloads of threads that keep to themselves: pairs of malloc and
 * free by size, other ways to get a block, and working sets. See work.h.
 */
#include "work.h"

/* ---- One block at a time ------------------------------------------------- */

static size_t
times(size_t size)
{
	return size <= 4096 ? 512 : size <= 65536 ? 64 : 8;
}

static size_t
pair_batch(struct worker *worker)
{
	size_t size = worker->work->size, count = times(size);

	for (size_t i = 0; i < count; i++) {
		char *ptr = need(block_new(worker->own, size));

		*ptr = 1;
		block_free(worker->own, ptr);
	}
	return count;
}

static size_t
zeroed_batch(struct worker *worker)
{
	size_t size = worker->work->size, count = times(size);

	for (size_t i = 0; i < count; i++) {
		char *ptr = need(block_zeroed(worker->own, size));

		for (size_t at = 0; at < size; at += 4096)
			ptr[at] = 1;
		block_free(worker->own, ptr);
	}
	return count;
}

/* COUNT is the alignment. */
static size_t
aligned_batch(struct worker *worker)
{
	size_t size = worker->work->size, alignment = worker->work->count;
	size_t count = times(size);

	for (size_t i = 0; i < count; i++) {
		char *ptr = need(block_aligned(worker->own, alignment, size));

		*ptr = 1;
		block_free(worker->own, ptr);
	}
	return count;
}

void
pairs(unsigned threads)
{
	static const struct work works[] = {
		{ "pair of 16 B", .batch = pair_batch, .size = 16 },
		{ "pair of 64 B", .batch = pair_batch, .size = 64 },
		{ "pair of 256 B", .batch = pair_batch, .size = 256 },
		{ "pair of 1 KiB", .batch = pair_batch, .size = 1 << 10 },
		{ "pair of 4 KiB", .batch = pair_batch, .size = 4 << 10 },
		{ "pair of 16 KiB", .batch = pair_batch, .size = 16 << 10 },
		{ "pair of 64 KiB", .batch = pair_batch, .size = 64 << 10 },
		{ "pair of 256 KiB", .batch = pair_batch, .size = 256 << 10 },
		{ "pair of 1 MiB", .batch = pair_batch, .size = MIB },
	};

	MEASURE_EACH(works, threads);
}

/* ---- Growth -------------------------------------------------------------- */

#define BUFFERS 2

/* Buffers that grow in turn by half, each to SIZE bytes. */
static size_t
growth_batch(struct worker *worker)
{
	char *buffer[BUFFERS] = { NULL };
	size_t operations = 0;

	for (size_t size = 16; size <= worker->work->size; size += size / 2)
		for (int i = 0; i < BUFFERS; i++, operations++) {
			buffer[i] = need(
			    block_resized(worker->own, buffer[i], size));
			buffer[i][size - 1] = 1;
		}
	for (int i = 0; i < BUFFERS; i++)
		block_free(worker->own, buffer[i]);
	return operations;
}

void
blocks(unsigned threads)
{
	static const struct work works[] = {
		{ "calloc of 64 B", .batch = zeroed_batch, .size = 64 },
		{ "calloc of 4 KiB", .batch = zeroed_batch, .size = 4096 },
		{ "calloc of 128 KiB", .batch = zeroed_batch,
		    .size = 128 << 10 },
		{ "200 B aligned to 64", .batch = aligned_batch, .size = 200,
		    .count = 64 },
		{ "4 KiB aligned to 4 KiB", .batch = aligned_batch,
		    .size = 4096, .count = 4096 },
		{ "64 B aligned to 64 KiB", .batch = aligned_batch, .size = 64,
		    .count = 65536 },
		{ "realloc to 4 KiB", .batch = growth_batch, .size = 4096 },
		{ "realloc to 1 MiB", .batch = growth_batch, .size = MIB },
	};

	MEASURE_EACH(works, threads);
}

/* ---- Working sets -------------------------------------------------------- */

struct window {
	size_t slots;
	void *slot[];
};

static size_t
mean(const uint32_t *sizes)
{
	size_t sum = 0;

	for (size_t i = 0; i < SIZES; i++)
		sum += sizes[i];
	return sum / SIZES;
}

static void *
window_block(struct worker *worker, void **slot)
{
	size_t size = worker->work->sizes[random_below(&worker->random, SIZES)];

	return signed_block(block_new(worker->own, size), slot);
}

/* COUNT is the number of blocks of a thread, or 0: as many as take SIZE bytes
 * in all threads. */
static void
window_prepare(struct worker *worker)
{
	const struct work *work = worker->work;
	size_t slots = work->count != 0 ?
	    work->count :
	    work->size / mean(work->sizes) / worker->threads;
	size_t bytes = sizeof(struct window) + slots * sizeof(void *);
	struct window *window = need(region_new(bytes));

	window->slots = slots;
	worker->state = window;
	for (size_t i = 0; i < slots; i++)
		window->slot[i] = window_block(worker, &window->slot[i]);
}

static void
window_finish(struct worker *worker)
{
	struct window *window = worker->state;

	for (size_t i = 0; i < window->slots; i++)
		block_free(worker->own, window->slot[i]);
	munmap(window, sizeof(*window) + window->slots * sizeof(void *));
}

/* One block, any of them, makes place for another. */
static size_t
window_batch(struct worker *worker)
{
	struct window *window = worker->state;

	for (int i = 0; i < 256; i++) {
		void **slot =
		    &window->slot[random_below(&worker->random, window->slots)];

		block_free(worker->own, signature_checked(*slot, slot));
		*slot = window_block(worker, slot);
	}
	return 256;
}

/* ---- Fill and drain ------------------------------------------------------ */

#define FILLED 10000

struct filled {
	uint32_t order[FILLED];
	void *slot[FILLED];
};

static void
fill_prepare(struct worker *worker)
{
	struct filled *filled = need(region_new(sizeof(*filled)));

	worker->state = filled;
	for (uint32_t i = 0; i < FILLED; i++) {
		size_t other = random_below(&worker->random, i + 1);

		filled->order[i] = filled->order[other];
		filled->order[other] = i;
	}
}

static void
fill_finish(struct worker *worker)
{
	munmap(worker->state, sizeof(struct filled));
}

static size_t
fill_batch(struct worker *worker)
{
	struct filled *filled = worker->state;

	for (size_t i = 0; i < FILLED; i++)
		filled->slot[i] = window_block(worker, &filled->slot[i]);
	for (size_t i = 0; i < FILLED; i++) {
		void **slot = &filled->slot[filled->order[i]];

		block_free(worker->own, signature_checked(*slot, slot));
	}
	return FILLED;
}

#define WINDOW window_prepare, window_batch, window_finish
#define FILL fill_prepare, fill_batch, fill_finish

void
windows(unsigned threads)
{
	size_t large = (work_quick ? 32 : 128) * MIB;
	struct work works[] = {
		{ "small set of 16 B to 1 KiB", WINDOW, .count = 1000,
		    .sizes = small_sizes },
		{ "small set of 16 B to 64 KiB", WINDOW, .count = 1000,
		    .sizes = mixed_sizes },
		{ "large set of 16 B to 1 KiB", WINDOW, .size = large,
		    .sizes = small_sizes },
		{ "large set of 16 B to 64 KiB", WINDOW, .size = large,
		    .sizes = mixed_sizes },
		{ "fill, drain in any order", FILL, .sizes = mixed_sizes },
	};

	MEASURE_EACH(works, threads);
}
