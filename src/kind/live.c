/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.c - which blocks a program holds, in the debug library. See live.h.
 */
#include "kind/live.h"

#include "os/lock.h"
#include "os/records.h"

#define SLOTS_MIN 64

static struct lock lock = LOCK_INIT;

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

static void
give_up(struct live *live)
{
	record_free(live->blocks, live->slots * sizeof(*live->blocks));
	*live = (struct live){ .unknown = true };
}

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

/* Empties a slot, and moves up what was put behind it for want of it. */
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
