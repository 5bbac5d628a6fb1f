/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_apart.c - see record_apart.h.
 */
#include "preload/record_apart.h"

#include "os/os.h"

#define PLACES ((size_t)1 << 16)
#define SPLITS 2 /* mappings more, for a block in the midst of one */

static _Atomic uint8_t advice_of[PLACES];

static _Atomic uint8_t *
place_of_page(uintptr_t address)
{
	return &advice_of[address / PAGE_BYTES % PLACES];
}

static void
note(uintptr_t low, uintptr_t high, enum os_advice advice)
{
	atomic_store(place_of_page(low), (uint8_t)advice);
	atomic_store(place_of_page(high - PAGE_BYTES), (uint8_t)advice);
}

/* One that neither neighbour has. */
static enum os_advice
choose(uintptr_t low, uintptr_t high)
{
	unsigned before = atomic_load(place_of_page(low - PAGE_BYTES));
	unsigned behind = atomic_load(place_of_page(high));

	if (before != OS_RANDOM && behind != OS_RANDOM)
		return OS_RANDOM;
	return before != OS_SEQUENTIAL && behind != OS_SEQUENTIAL ?
	    OS_SEQUENTIAL :
	    OS_NORMAL;
}

static bool
whole_pages(const void *ptr, uint64_t size, uintptr_t *low, uintptr_t *high)
{
	*low = align_up((uintptr_t)ptr, PAGE_BYTES);
	*high = align_down((uintptr_t)ptr + size, PAGE_BYTES);
	return *low < *high;
}

void
record_apart(
    struct recording_part *part, const void *ptr, struct record_block *block)
{
	uintptr_t low, high;
	enum os_advice advice;

	if (record_head->apart_from == 0 ||
	    block->size < record_head->apart_from ||
	    !whole_pages(ptr, block->size, &low, &high))
		return;
	if (atomic_fetch_add(&part->apart, SPLITS) >= record_head->apart_most) {
		atomic_fetch_sub(&part->apart, SPLITS);
		return;
	}
	advice = choose(low, high);
	note(low, high, advice);
	os_advise_access((void *)low, high - low, advice);
	block->is_apart = 1;
}

void
record_together(struct recording_part *part, const void *ptr,
    const struct record_block *block)
{
	uintptr_t low, high;

	if (!block->is_apart || !whole_pages(ptr, block->size, &low, &high))
		return;
	os_advise_access((void *)low, high - low, OS_NORMAL);
	note(low, high, OS_NORMAL);
	atomic_fetch_sub(&part->apart, SPLITS);
}
