/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * depot.c - see depot.h.
 */
#include "arena/depot.h"

#include <limits.h>
#include <string.h>

#include "arena/arenas.h"
#include "arena/background.h"
#include "arena/quota.h"
#include "arena/sizeclass.h"
#include "os/records.h"

/* Of what the heap has handed out so much may lie in its depot, and in any case
 * so many bytes, where its quota allows it. */
#define DEPOT_PART 8
#define DEPOT_BYTES_MIN (1 * MIB)

/* Pointers of one bin: what there is memory for at first, and at most, if no
 * more were missed; and of those that were so many bytes of blocks. */
#define ROOM_MIN 64
#define ROOM_MAX (16 * KIB)
#define EARNED_BYTES_MAX (64 * MIB)

/* So many blocks go back to the arenas at a time. */
#define RETURN_STEP 64

struct depot_bin {
	struct lock lock;
	_Atomic unsigned count;
	unsigned low; /* the least that count was since depot_age() */
	unsigned room;
	/* Blocks that found no room since then, and were not missed so far;
	 * and of so many as were missed there is room for this size alone. */
	_Atomic unsigned refused;
	unsigned earned;
	void **block; /* the last to come is the first to go */
};

struct depot {
	struct depot_bin bin[CACHE_BINS];
};

/* ---- One bin ------------------------------------------------------------ */

/* Two threads may make one at the same time: the first to enter it wins. */
static struct depot *
depot_of(struct heap *heap)
{
	struct depot *depot = atomic_load(&heap->depot);
	struct depot *fresh;

	if (likely(depot != NULL))
		return depot;
	fresh = record_new(sizeof(*fresh));
	if (fresh == NULL ||
	    atomic_compare_exchange_strong(&heap->depot, &depot, fresh))
		return fresh;
	record_free(fresh, sizeof(*fresh));
	return depot;
}

/* ---- How much may lie here ----------------------------------------------- */

/* Under the bin's lock, as all that follows. */

static size_t
shared_by(unsigned number, unsigned count, unsigned earned)
{
	return count <= earned ?
	    0 :
	    (count - earned) * (size_t)cache_bin_size[number];
}

/* A bin has COUNT blocks from now on, and has EARNED room for so many; those
 * beyond lie in what all bins share. */
static void
set_bin(struct heap *heap, unsigned number, unsigned count, unsigned earned)
{
	struct depot_bin *bin = &atomic_load(&heap->depot)->bin[number];

	atomic_fetch_add(&heap->depot_shared,
	    shared_by(number, count, earned) -
		shared_by(number, atomic_load(&bin->count), bin->earned));
	bin->earned = earned;
	atomic_store(&bin->count, count);
}

static size_t
left_of(size_t max, size_t used)
{
	return used < max ? max - used : 0;
}

/* The bytes that a bin may still take. Threads that ask for several bins at the
 * same time may together have a batch each too much of what is shared. */
static size_t
room_of(const struct heap *heap, const struct depot_bin *bin, size_t size)
{
	size_t quota = atomic_load_explicit(
	    &heap->quota_max, memory_order_relaxed);
	size_t shared = left_of(
	    max_size(source_spans(heap->source) / DEPOT_PART, DEPOT_BYTES_MIN),
	    atomic_load(&heap->depot_shared));

	return min_size(left_of(quota / 2, atomic_load(&heap->depot_bytes)),
	    shared + left_of(bin->earned, atomic_load(&bin->count)) * size);
}

/* Memory for MORE pointers, or for as many as there can be; returns for how
 * many. */
static unsigned
provide(struct depot_bin *bin, unsigned more)
{
	unsigned count = atomic_load(&bin->count), room = bin->room;
	unsigned most = ROOM_MAX + bin->earned;
	void **block;

	more = count < most ? (unsigned)min_size(more, most - count) : 0;
	while (room < count + more)
		room = room == 0 ? ROOM_MIN : 2 * room;
	if (room != bin->room) {
		block = record_new(room * sizeof(void *));
		if (block != NULL) {
			if (count != 0)
				memcpy(
				    block, bin->block, count * sizeof(void *));
			record_free(bin->block, bin->room * sizeof(void *));
			bin->block = block;
			bin->room = room;
		}
	}
	return (unsigned)min_size(more, bin->room - count);
}

/* How many of COUNT blocks come in. */
static unsigned
admit(struct heap *heap, unsigned number, unsigned count)
{
	struct depot_bin *bin = &atomic_load(&heap->depot)->bin[number];
	size_t size = cache_bin_size[number];

	count = (unsigned)min_size(count, room_of(heap, bin, size) / size);
	count = provide(bin, count);
	if (count == 0 || !quota_take(heap, 0, count * size))
		return 0;
	atomic_fetch_add(&heap->depot_bytes, count * size);
	atomic_fetch_add(&heap->depot_blocks, count);
	return count;
}

static void
dismiss(struct heap *heap, unsigned number, unsigned count)
{
	size_t bytes = count * (size_t)cache_bin_size[number];

	atomic_fetch_sub(&heap->depot_bytes, bytes);
	atomic_fetch_sub(&heap->depot_blocks, count);
	quota_give_back(heap, bytes);
}

/* ---- In and out ---------------------------------------------------------- */

/* A cache has missed COUNT blocks. Those among them that were refused here not
 * long ago would have been the right ones: so many more may lie here. */
static void
earn(struct heap *heap, unsigned number, unsigned count)
{
	struct depot_bin *bin = &atomic_load(&heap->depot)->bin[number];
	unsigned max = (unsigned)(EARNED_BYTES_MAX / cache_bin_size[number]);
	unsigned refused;

	lock_take(&bin->lock);
	refused = atomic_load(&bin->refused);
	count = (unsigned)min_size(min_size(count, refused), max - bin->earned);
	set_bin(heap, number, atomic_load(&bin->count), bin->earned + count);
	atomic_fetch_sub(&bin->refused, count);
	lock_give(&bin->lock);
}

/* That something is free counts as a change already (heap_epoch()): it came out
 * of a bin with room, which no cache has after a heap was full, and which it
 * noted that it got (cache.c).
 *
 * Who gives back clears decay_waits and then looks whether depot_bytes is 0,
 * here that is raised and then decay_waits looked at; all four in one order of
 * all threads (seq_cst). So either he sees the bytes, or this sees that he has
 * cleared it. A relaxed load might come first on processors such as AArch64's,
 * and the blocks would wait for the next to come. */
unsigned
depot_put(struct heap *heap, unsigned number, void **block, unsigned count)
{
	struct depot *depot = depot_of(heap);
	struct depot_bin *bin;
	unsigned taken, before;

	if (depot == NULL)
		return 0;
	bin = &depot->bin[number];
	lock_take(&bin->lock);
	before = atomic_load(&bin->count);
	taken = admit(heap, number, count);
	if (taken != 0)
		memcpy(bin->block + before, block, taken * sizeof(void *));
	set_bin(heap, number, before + taken, bin->earned);
	lock_give(&bin->lock);
	if (taken != count)
		atomic_fetch_add(&bin->refused, count - taken);
	if (taken != 0)
		heap_note_waiting(heap);
	return taken;
}

unsigned
depot_take(struct heap *heap, unsigned number, void **block, unsigned count)
{
	struct depot *depot = atomic_load(&heap->depot);
	struct depot_bin *bin;
	unsigned left;

	if (depot == NULL)
		return 0;
	bin = &depot->bin[number];
	if (atomic_load_explicit(&bin->count, memory_order_relaxed) == 0) {
		if (atomic_load_explicit(&bin->refused, memory_order_relaxed) !=
		    0)
			earn(heap, number, count);
		return 0;
	}
	lock_take(&bin->lock);
	left = atomic_load(&bin->count);
	count = (unsigned)min_size(count, left);
	left -= count;
	if (count != 0)
		memcpy(block, bin->block + left, count * sizeof(void *));
	set_bin(heap, number, left, bin->earned);
	bin->low = (unsigned)min_size(bin->low, left);
	lock_give(&bin->lock);
	dismiss(heap, number, count);
	return count;
}

/* ---- Back to the arenas ------------------------------------------------- */

/* Takes up to COUNT from the bottom, where those are that came first; the last
 * take their place. So of many steps the first alone takes the oldest, and no
 * step costs more than what it takes. With the last of them goes the memory for
 * many pointers. */
static unsigned
take_oldest(struct heap *heap, unsigned number, void **block, unsigned count)
{
	struct depot_bin *bin = &atomic_load(&heap->depot)->bin[number];
	unsigned left;

	lock_take(&bin->lock);
	left = atomic_load(&bin->count);
	count = (unsigned)min_size(count, left);
	left -= count;
	if (count != 0) {
		memcpy(block, bin->block, count * sizeof(void *));
		memmove(bin->block, bin->block + max_size(left, count),
		    min_size(left, count) * sizeof(void *));
	}
	if (left == 0 && bin->room > ROOM_MAX) {
		record_free(bin->block, bin->room * sizeof(void *));
		bin->block = NULL;
		bin->room = 0;
	}
	set_bin(heap, number, left, bin->earned);
	bin->low = (unsigned)min_size(bin->low, left);
	lock_give(&bin->lock);
	return count;
}

static void
return_oldest(struct heap *heap, unsigned number, unsigned count)
{
	void *block[RETURN_STEP];

	while (count != 0) {
		unsigned step = take_oldest(heap, number, block,
		    (unsigned)min_size(count, RETURN_STEP));

		if (step == 0)
			break;
		blocks_return(heap, 0, number, block, step);
		dismiss(heap, number, step);
		count -= step;
	}
}

/* Gives up COUNT of what was earned. Under the bin's lock. */
static void
forget(struct heap *heap, unsigned number, unsigned count)
{
	struct depot_bin *bin = &atomic_load(&heap->depot)->bin[number];

	atomic_store(&bin->refused, 0);
	set_bin(heap, number, atomic_load(&bin->count),
	    bin->earned - (unsigned)min_size(bin->earned, count));
}

void
depot_empty(struct heap *heap)
{
	struct depot *depot = atomic_load(&heap->depot);

	if (depot == NULL)
		return;
	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct depot_bin *bin = &depot->bin[i];

		lock_take(&bin->lock);
		forget(heap, i, bin->earned);
		lock_give(&bin->lock);
		return_oldest(heap, i, UINT_MAX);
	}
}

/* Under the heap's lock, which who empties the heap before he says NULL takes:
 * what is on its way to the arenas would be seen by him in neither place. */
bool
depot_age(struct heap *heap)
{
	struct depot *depot = atomic_load(&heap->depot);

	if (depot == NULL)
		return false;
	lock_take(&heap->lock);
	for (unsigned i = 0; i < CACHE_BINS; i++) {
		struct depot_bin *bin = &depot->bin[i];
		unsigned idle;

		lock_take(&bin->lock);
		idle = bin->low;
		bin->low = atomic_load(&bin->count) - idle;
		forget(heap, i, idle);
		lock_give(&bin->lock);
		return_oldest(heap, i, idle);
	}
	lock_give(&heap->lock);
	return atomic_load(&heap->depot_bytes) != 0;
}

/* ---- All of it ---------------------------------------------------------- */

void
depot_delete(struct heap *heap)
{
	struct depot *depot = atomic_load(&heap->depot);

	if (depot == NULL)
		return;
	for (unsigned i = 0; i < CACHE_BINS; i++)
		record_free(
		    depot->bin[i].block, depot->bin[i].room * sizeof(void *));
	record_free(depot, sizeof(*depot));
}
