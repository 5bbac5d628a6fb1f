/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_set.c - which pages of a segment have some property. See page_set.h.
 *
 * A bit of level L stands for 64^L pages, and a walk goes down from the one
 * word of the highest level. For each bit above level 0 there are three states:
 *
 *   full   mixed
 *    0      0     none of its pages is in the set
 *    1      0     all of its pages are (of those that exist)
 *    0      1     the word below says which; both never are 1
 *
 * Below a bit that is not mixed the words are stale: when part of such a run
 * changes, one word of the level below is written first (split()). When a word
 * becomes all the same, the bit above it says so again (join()). So a run of
 * any length writes and reads a few words at each level, at its two ends.
 *
 * Level 0 has no mixed bits, and what lies behind the last page is in no word:
 * a bit whose pages exist in part is full when all that do are in.
 *
 * Compared with a plain bitmap, which is simpler, no run costs by its length;
 * compared with a tree of runs, nothing is allocated, so nothing can fail.
 */
#include "source/page_set.h"

#include "base/bits.h"

#define LG_WORD 6

static unsigned
bit_shift(unsigned level)
{
	return level * LG_WORD;
}

/* Words of a level. */
static size_t
level_words(size_t pages, unsigned level)
{
	return ((pages - 1) >> bit_shift(level + 1)) + 1;
}

static unsigned
count_levels(size_t pages)
{
	unsigned levels = 1;

	while (level_words(pages, levels - 1) != 1)
		levels++;
	return levels;
}

/* One word array at level 0, two at each level above: a 32nd more than a bitmap
 * of the same pages. */
size_t
page_set_bytes(size_t pages)
{
	size_t words = 0;

	for (unsigned i = 0; i < count_levels(pages); i++)
		words += level_words(pages, i) * (i == 0 ? 1 : 2);
	return words * sizeof(uint64_t);
}

void
page_set_open(struct page_set *set, size_t pages, void *memory)
{
	uint64_t *at = memory;

	set->pages = pages;
	set->levels = count_levels(pages);
	invariant(set->levels <= PAGE_SET_LEVELS);
	for (unsigned i = 0; i < set->levels; i++) {
		set->full[i] = at;
		at += level_words(pages, i);
		set->mixed[i] = at;
		at += i == 0 ? 0 : level_words(pages, i);
	}
}

static void
put_bit(uint64_t *bits, size_t i, bool value)
{
	bits_fill(bits, i, i + 1, value);
}

/* The bits of word WORD of a level that stand for pages that exist. */
static uint64_t
existing(const struct page_set *set, unsigned level, size_t word)
{
	size_t bits = ((set->pages - 1) >> bit_shift(level)) + 1 - word * 64;

	return bits_mask(0, (unsigned)min_size(bits, 64));
}

/* Makes BIT of LEVEL, which is full or empty, a mixed one, so that a part of
 * its pages can change: the word below, stale so far, gets what the bit said.
 */
static void
split(struct page_set *set, unsigned level, size_t bit)
{
	bool full = bits_test(set->full[level], bit);

	set->full[level - 1][bit] = full ? existing(set, level - 1, bit) : 0;
	if (level > 1)
		set->mixed[level - 1][bit] = 0;
	put_bit(set->full[level], bit, false);
	put_bit(set->mixed[level], bit, true);
}

/* After a change below it, makes BIT of LEVEL full or empty if all that is
 * below it is. Where anything there is mixed itself, it is not. */
static void
join(struct page_set *set, unsigned level, size_t bit)
{
	uint64_t full = set->full[level - 1][bit];

	if (level > 1 && set->mixed[level - 1][bit] != 0)
		return;
	if (full != 0 && full != existing(set, level - 1, bit))
		return;
	put_bit(set->full[level], bit, full != 0);
	put_bit(set->mixed[level], bit, false);
}

static void fill(
    struct page_set *set, unsigned level, size_t from, size_t end, bool in);

/* The part of fill() below one bit, for a run that does not fill it. Nothing
 * where the bit says already what is wanted. */
static void
fill_part(struct page_set *set, unsigned level, size_t bit, size_t from,
    size_t end, bool in)
{
	if (!bits_test(set->mixed[level], bit)) {
		if (bits_test(set->full[level], bit) == in)
			return;
		split(set, level, bit);
	}
	fill(set, level - 1, from, end, in);
	join(set, level, bit);
}

/*
 * Puts pages FROM to END - 1, which lie below one word of LEVEL, in or out: the
 * part of the first bit, if the run begins within it; all bits in between at
 * once, without a look at what is below; the part of the last. A run that goes
 * to the last page of the set fills the last bit, as no more pages exist.
 */
static void
fill(struct page_set *set, unsigned level, size_t from, size_t end, bool in)
{
	size_t unit = (size_t)1 << bit_shift(level), first, last;

	if (level == 0) {
		bits_fill(set->full[0], from, end, in);
		return;
	}
	if (!is_aligned(from, unit)) {
		size_t stop = min_size(end, align_up(from, unit));

		fill_part(set, level, from / unit, from, stop, in);
		from = stop;
	}
	first = from / unit;
	last = end == set->pages ? (end - 1) / unit + 1 : end / unit;
	if (from < end && first < last) {
		bits_fill(set->full[level], first, last, in);
		bits_fill(set->mixed[level], first, last, false);
		from = min_size(end, last * unit);
	}
	if (from < end)
		fill_part(set, level, from / unit, from, end, in);
}

void
page_set_fill(struct page_set *set, size_t from, size_t end, bool in)
{
	invariant(end <= set->pages);
	if (from < end)
		fill(set, set->levels - 1, from, end, in);
}

/*
 * The first page at FROM or behind it that is in the set (or is not); END if
 * none is in front of that. Bits that cannot have one are skipped a word at a
 * time: when it looks for pages that are in, the empty ones; when it looks for
 * others, the full ones, but not the mixed. A mixed bit may turn out to have
 * none in the part that counts, then the next is looked at.
 */
static size_t
find(const struct page_set *set, unsigned level, size_t from, size_t end,
    bool in)
{
	unsigned shift = bit_shift(level);
	size_t last = ((end - 1) >> shift) + 1;

	if (level == 0)
		return bits_find(set->full[0], from, end, in);
	for (size_t bit = from >> shift; bit < last; bit++) {
		size_t word = bit / 64;
		uint64_t full = set->full[level][word];
		uint64_t found = in ? full | set->mixed[level][word] : ~full;

		found >>= bit % 64;
		if (found == 0)
			break;
		bit += (unsigned)__builtin_ctzll(found);
		if (bit >= last)
			break;
		size_t start = max_size(from, bit << shift);
		if (!bits_test(set->mixed[level], bit))
			return start;
		size_t stop = min_size(end, (bit + 1) << shift);
		size_t page = find(set, level - 1, start, stop, in);
		if (page < stop)
			return page;
	}
	return end;
}

size_t
page_set_find(const struct page_set *set, size_t from, size_t end, bool in)
{
	return from < end ? find(set, set->levels - 1, from, end, in) : end;
}

static size_t
count(const struct page_set *set, unsigned level, size_t from, size_t end)
{
	unsigned shift = bit_shift(level);
	size_t sum = 0;

	if (level == 0)
		return bits_count(set->full[0], from, end);
	for (size_t bit = from >> shift, stop; from < end; bit++, from = stop) {
		stop = min_size(end, (bit + 1) << shift);
		if (bits_test(set->mixed[level], bit))
			sum += count(set, level - 1, from, stop);
		else if (bits_test(set->full[level], bit))
			sum += stop - from;
	}
	return sum;
}

size_t
page_set_count(const struct page_set *set, size_t from, size_t end)
{
	return from < end ? count(set, set->levels - 1, from, end) : 0;
}

/* The word as if no level were above it: where the highest bit that is not
 * mixed stands for it, the stored one is stale. */
uint64_t
page_set_word(const struct page_set *set, size_t word)
{
	for (unsigned level = set->levels - 1; level > 0; level--) {
		size_t bit = word >> bit_shift(level - 1);

		if (bits_test(set->full[level], bit))
			return existing(set, 0, word);
		if (!bits_test(set->mixed[level], bit))
			return 0;
	}
	return set->full[0][word];
}
