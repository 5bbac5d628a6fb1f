/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * site_heap.c - see site_heap.h.
 */
#include "preload/site_heap.h"

#include <stdatomic.h>

#include "arena/cache.h"
#include "preload/place.h"
#include "preload/rules.h"
#include "preload/thread.h"

/* A word: the address without the bits that choose the word, the bin, and the
 * heap, which is not 0. */
#define WORD_BITS 12
#define WORDS ((uintptr_t)1 << WORD_BITS)
#define BIN_BITS 6
_Static_assert(CACHE_BINS <= 1 << BIN_BITS, "bins have a bit each in a word");

static _Atomic uint64_t words[WORDS];
static _Atomic bool has_words;
static _Atomic(const struct rules_table *)
    answering; /* NULL: nothing is kept */

/* A bit a bin: rules divide its sizes. Not known before there are bins. */
static _Atomic uint64_t divided;
static _Atomic bool divided_known;

static _Atomic uint64_t *
word_of(uintptr_t caller, unsigned number)
{
	return &words[(caller ^ (uintptr_t)number * 157) % WORDS];
}

static uint64_t
key_of(uintptr_t caller, unsigned number)
{
	return (uint64_t)(caller >> WORD_BITS) << BIN_BITS | number;
}

void
site_heap_start(const struct rules_table *rules)
{
	if (!thread_names_matter(rules) && !rules_say(rules, RULES_VERBOSE))
		atomic_store(&answering, rules);
}

unsigned
site_heap_of(const void *caller, size_t size)
{
	const struct rules_table *table = atomic_load_explicit(
	    &answering, memory_order_acquire);
	unsigned number;
	uint64_t word;

	if (table == NULL || size < table->sites_from ||
	    place_is_closing(atomic_load_explicit(
		&place_cache.closings, memory_order_acquire)))
		return NO_HEAP;
	number = bin_for_any(size);
	word = atomic_load_explicit(
	    word_of((uintptr_t)caller, number), memory_order_acquire);
	return word >> HEAP_ID_BITS == key_of((uintptr_t)caller, number) ?
	    (unsigned)word % HEAP_IDS :
	    NO_HEAP;
}

/* ---- Keeping ------------------------------------------------------------- */

/* The bin that has sizes on both sides of the begin of LOW. */
static uint64_t
bin_divided_at(uint64_t low)
{
	if (low == 0 || low > CACHE_LARGE_MAX ||
	    bin_for_any(low - 1) != bin_for_any(low))
		return 0;
	return UINT64_C(1) << bin_for_any(low);
}

/* What sites_from divides is looked at with each request. Threads that are here
 * at once find the same. */
static uint64_t
divided_bins(void)
{
	const struct rules_table *table = atomic_load(&answering);
	const struct rules_rule *rule = rules_rules(table);
	uint64_t found = 0;

	if (likely(atomic_load(&divided_known)))
		return atomic_load(&divided);
	for (uint32_t i = 0; i < table->rules.count; i++) {
		found |= bin_divided_at(rule[i].low);
		if (rule[i].high != UINT64_MAX)
			found |= bin_divided_at(rule[i].high + 1);
	}
	atomic_store(&divided, found);
	atomic_store(&divided_known, true);
	return found;
}

/* One more than the count of closings, which is above 32 bits as well. */
uint64_t
site_heap_before(void)
{
	uint64_t closings = atomic_load(&place_cache.closings);

	return atomic_load(&answering) == NULL || place_is_closing(closings) ?
	    0 :
	    closings + 1;
}

void
site_heap_keep(const void *caller, size_t size, unsigned heap, uint64_t before)
{
	unsigned number = bin_for_any(size);
	_Atomic uint64_t *to = word_of((uintptr_t)caller, number);
	uint64_t word = key_of((uintptr_t)caller, number) << HEAP_ID_BITS |
	    heap;

	if (before == 0 || heap == NO_HEAP || (uintptr_t)caller >> 48 != 0 ||
	    (divided_bins() >> number & 1) != 0)
		return;
	atomic_store(&has_words, true);
	atomic_store(to, word);
	if (atomic_load(&place_cache.closings) != before - 1)
		atomic_compare_exchange_strong(to, &word, 0);
}

void
site_heap_clear(void)
{
	if (!atomic_exchange(&has_words, false))
		return;
	for (uintptr_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&words[i], 0, memory_order_relaxed);
}
