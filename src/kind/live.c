/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.c - which blocks a program holds, in the debug library. See live.h.
 *
 * Owns the lock of all tables; a table is owned by its kind. The tables are
 * hash tables by address with linear probing: a block is in the first slot from
 * its home on that was free when it came. At most half of the slots are used,
 * so runs are short and there always is a free slot at which a search ends.
 *
 * One lock for all: the debug library is not made for speed, and a fork has one
 * lock to take. Memory comes from records, never from malloc. Nothing fails:
 * without memory the table is given up.
 */
#include "kind/live.h"

#include "os/lock.h"
#include "os/records.h"

#define SLOTS_MIN 64

static struct lock lock = LOCK_INIT;

/* The slot where a search for PTR begins. Blocks are aligned, so the low bits
 * of their addresses say little: the multiplication by 2^64 divided by the
 * golden ratio spreads what the others say into the upper half, which is used.
 */
static size_t
home_of(const struct live *live, const void *ptr)
{
	uint64_t hash = (uintptr_t)ptr * 0x9e3779b97f4a7c15u;

	return (size_t)(hash >> 32) & (live->slots - 1);
}

/* Where PTR is, or would be. The table has a free slot. */
static struct live_block *
slot_of(const struct live *live, const void *ptr)
{
	size_t i = home_of(live, ptr);

	while (live->blocks[i].ptr != NULL && live->blocks[i].ptr != ptr)
		i = (i + 1) & (live->slots - 1);
	return &live->blocks[i];
}

/* A table that misses one block would report its free as a misuse, so without
 * memory to grow there is none at all, and the kind's pointers are believed
 * from here on. */
static void
give_up(struct live *live)
{
	record_free(live->blocks, live->slots * sizeof(*live->blocks));
	*live = (struct live){ .unknown = true };
}

/* Twice the slots, every block entered anew, as its home depends on their
 * number. False, and the table is as it was, without memory. */
static bool
grow(struct live *live)
{
	struct live larger = { .slots = max_size(live->slots * 2, SLOTS_MIN),
		.count = live->count };

	larger.blocks = record_new(larger.slots * sizeof(*larger.blocks));
	if (larger.blocks == NULL)
		return false;
	for (size_t i = 0; i < live->slots; i++)
		if (live->blocks[i].ptr != NULL)
			*slot_of(
			    &larger, live->blocks[i].ptr) = live->blocks[i];
	record_free(live->blocks, live->slots * sizeof(*live->blocks));
	*live = larger;
	return true;
}

/* Grows when half of the slots are used, also for a block that is there already
 * and only changes its size: that is rare, and needs no second search. */
void
live_add(struct live *live, const void *ptr, size_t asked)
{
	struct live_block *slot;

	lock_take(&lock);
	if (!live->unknown && live->count >= live->slots / 2 && !grow(live))
		give_up(live);
	if (!live->unknown) {
		slot = slot_of(live, ptr);
		live->count += slot->ptr == NULL;
		*slot = (struct live_block){ ptr, asked };
	}
	lock_give(&lock);
}

static enum live_answer
find(const struct live *live, const void *ptr, struct live_block **slot)
{
	if (live->unknown)
		return LIVE_UNKNOWN;
	if (live->slots == 0)
		return NOT_LIVE;
	*slot = slot_of(live, ptr);
	return (*slot)->ptr == NULL ? NOT_LIVE : LIVE;
}

enum live_answer
live_find(struct live *live, const void *ptr, size_t *asked)
{
	struct live_block *slot;
	enum live_answer answer;

	lock_take(&lock);
	answer = find(live, ptr, &slot);
	if (answer == LIVE && asked != NULL)
		*asked = slot->asked;
	lock_give(&lock);
	return answer;
}

/*
 * Empties a slot. A search ends at a free slot, so a block that stands further
 * on because this one was taken would not be found any more: it moves into the
 * hole, and its slot is the next hole, up to the end of the run. A block whose
 * home lies behind the hole stays; that is when it is nearer to its home than
 * to the hole, counted around the end of the table. (Knuth, volume 3, 6.4,
 * algorithm R.) A mark in place of the block would be simpler, but programs
 * allocate and free for days, and marks would fill the table.
 */
static void
empty(struct live *live, struct live_block *slot)
{
	size_t mask = live->slots - 1, hole = (size_t)(slot - live->blocks);

	for (size_t i = (hole + 1) & mask; live->blocks[i].ptr != NULL;
	     i = (i + 1) & mask) {
		size_t home = home_of(live, live->blocks[i].ptr);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		live->blocks[hole] = live->blocks[i];
		hole = i;
	}
	live->blocks[hole].ptr = NULL;
	live->count--;
}

enum live_answer
live_take(struct live *live, const void *ptr, size_t *asked)
{
	struct live_block *slot;
	enum live_answer answer;

	lock_take(&lock);
	answer = find(live, ptr, &slot);
	if (answer == LIVE) {
		if (asked != NULL)
			*asked = slot->asked;
		empty(live, slot);
	}
	lock_give(&lock);
	return answer;
}

/* The kind goes. Its blocks are forgotten, not reported: closing a kind is a
 * way of freeing all of them. */
void
live_close(struct live *live)
{
	lock_take(&lock);
	record_free(live->blocks, live->slots * sizeof(*live->blocks));
	*live = (struct live){ .unknown = true };
	lock_give(&lock);
}

void
live_prefork(void)
{
	lock_take(&lock);
}

void
live_postfork(void)
{
	lock_give(&lock);
}
