/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_blocks.c - see record_blocks.h.
 */
#include "preload/record_blocks.h"

#define WRITING 1 /* in place of an address */
#define STRETCH_SHIFT 21
#define GRANULE_SHIFT 12
#define MARK_MOST UINT8_MAX

/* ---- Marks --------------------------------------------------------------- */

/* One that has reached the most no longer knows how many there are, and stays.
 */
static void
change_mark(struct recording_part *part, const void *ptr, int by)
{
	_Atomic uint8_t *mark = record_mark(part, ptr);
	uint8_t was = atomic_load_explicit(mark, memory_order_relaxed);

	do
		if (was == MARK_MOST)
			return;
	while (!atomic_compare_exchange_weak_explicit(mark, &was,
	    (uint8_t)(was + by), memory_order_seq_cst, memory_order_relaxed));
}

/* ---- Buckets ------------------------------------------------------------- */

static uint64_t
scatter(uint64_t value)
{
	return (value * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
}

/* Pages follow each other within 2 MiB, which lie anywhere. */
static size_t
number_by_place(uintptr_t address)
{
	uint64_t number = scatter(address >> STRETCH_SHIFT) +
	    (address >> GRANULE_SHIFT) % (1 << (STRETCH_SHIFT - GRANULE_SHIFT));

	return number % RECORDING_BUCKETS;
}

static struct recording_bucket *
bucket_by_hash(struct recording_part *part, uintptr_t address)
{
	return &part->bucket[scatter(address >> 4) % RECORDING_BUCKETS];
}

static void
note_overflow(struct recording_part *part, size_t number)
{
	_Atomic uint8_t *bits = &part->overflowed[number / 8];
	uint8_t bit = (uint8_t)(1 << number % 8);

	if ((atomic_load_explicit(bits, memory_order_relaxed) & bit) == 0)
		atomic_fetch_or_explicit(bits, bit, memory_order_relaxed);
}

static bool
has_overflowed(struct recording_part *part, size_t number)
{
	return (atomic_load_explicit(
		    &part->overflowed[number / 8], memory_order_relaxed) >>
		       number % 8 &
		   1) != 0;
}

static bool
enter(struct recording_bucket *bucket, uintptr_t address,
    const struct record_block *as)
{
	for (unsigned i = 0; i < RECORDING_BUCKET_BLOCKS; i++) {
		struct recording_block *block = &bucket->block[i];
		uint64_t nobody = 0;

		if (!atomic_compare_exchange_strong(
			&block->address, &nobody, WRITING))
			continue;
		block->size = as->size;
		block->site = as->site;
		block->weight = as->weight;
		block->born = as->born;
		block->is_apart = as->is_apart;
		atomic_store_explicit(
		    &block->address, address, memory_order_release);
		return true;
	}
	return false;
}

static bool
take(struct recording_bucket *bucket, uintptr_t address,
    struct record_block *was)
{
	for (unsigned i = 0; i < RECORDING_BUCKET_BLOCKS; i++) {
		struct recording_block *block = &bucket->block[i];

		if (atomic_load_explicit(
			&block->address, memory_order_acquire) != address)
			continue;
		*was = (struct record_block){ block->size, block->born,
			block->weight, block->site, block->is_apart };
		atomic_store_explicit(&block->address, 0, memory_order_release);
		return true;
	}
	return false;
}

bool
record_blocks_enter(
    struct recording_part *part, const void *ptr, const struct record_block *as)
{
	uintptr_t address = (uintptr_t)ptr;
	size_t number = number_by_place(address);

	if (!enter(&part->bucket[number], address, as)) {
		note_overflow(part, number);
		if (!enter(bucket_by_hash(part, address), address, as))
			return false;
	}
	change_mark(part, ptr, 1);
	return true;
}

bool
record_blocks_take(
    struct recording_part *part, const void *ptr, struct record_block *was)
{
	uintptr_t address = (uintptr_t)ptr;
	size_t number = number_by_place(address);

	if (!record_blocks_may_have(part, ptr))
		return false;
	if (!take(&part->bucket[number], address, was) &&
	    (!has_overflowed(part, number) ||
		!take(bucket_by_hash(part, address), address, was)))
		return false;
	change_mark(part, ptr, -1);
	return true;
}
