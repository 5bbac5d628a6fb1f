/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_map.c - from any address to the segment it lies in. See
 * address_map.h.
 *
 * An entry is nothing, a node of the next level (lowest bit set), or a
 * segment. Above the leaves a segment fills its entry; a leaf may be shared by
 * the ends of several, which hang together by their "beside" pointers. Readers
 * check the bounds of what they find: one that comes late sees a stale segment
 * at worst, and passes over it, or is told that it saw what holds no more.
 *
 * Three levels divide the 48 bits of an address: 12, 8 and 7, and the 21 of a
 * leaf of 2 MiB. An entry of the root stands for 64 GiB, one below it for 256
 * MiB. So 4 TiB take some 64 entries of the root, and at each end that is not a
 * multiple of 64 GiB up to 255 and 127 entries of the two levels below. The
 * root, 32 KiB, costs only the pages of it that have an entry.
 *
 * Why a radix tree, and not a sorted array or a balanced tree: entering a
 * segment moves nothing that a reader may be looking at. An entry is one word,
 * written once by a store that releases, so readers see a whole tree at any
 * moment.
 *
 * Writers hold sources_lock. Only entering can fail, for want of memory for a
 * node. Therefore it takes two passes: the first makes all nodes, the second
 * fills the entries in and cannot fail.
 */
#include "source/address_map.h"

#include <errno.h>

#include "os/records.h"
#include "source/structures.h"

#define LEVELS 3
#define ADDRESS_BITS 48
static const unsigned shift_of[LEVELS] = { 36, 28, 21 };
static const unsigned bits_of[LEVELS] = { 12, 8, 7 };

typedef _Atomic(uintptr_t) entry;

static entry root[1 << 12];
unsigned address_map_removals;

static entry *
node_of(uintptr_t value)
{
	return (entry *)(value - 1);
}

static entry *
entry_at(entry *node, unsigned level, uintptr_t addr)
{
	size_t i = (addr >> shift_of[level]) &
	    (((size_t)1 << bits_of[level]) - 1);

	return &node[i];
}

static READS_STALE bool
contains(const struct segment *segment, uintptr_t addr)
{
	return addr - (uintptr_t)segment->base < segment->bytes;
}

/* The link of SEGMENT's chain in the leaf that ADDR lies in; NULL where the
 * segment fills its entry, so that nobody can be beside it. */
static READS_STALE _Atomic(struct segment *) *
beside(struct segment *segment, uintptr_t addr)
{
	unsigned shift = shift_of[LEVELS - 1];
	uintptr_t first = (uintptr_t)segment->base;

	if (addr >> shift == first >> shift)
		return &segment->beside[0];
	if (addr >> shift == (first + segment->bytes - 1) >> shift)
		return &segment->beside[1];
	return NULL;
}

/* Puts the segment into the entry for ADDR, in front of what a leaf has there
 * already. Its own link is written before it can be found, and the store that
 * makes it so releases: a reader follows the link to the rest of the chain. */
static void
entry_put(entry *at, uintptr_t addr, struct segment *segment)
{
	uintptr_t old = atomic_load_explicit(at, memory_order_relaxed);
	_Atomic(struct segment *) *link = beside(segment, addr);

	if (link != NULL)
		atomic_store_explicit(
		    link, (struct segment *)old, memory_order_relaxed);
	atomic_store_explicit(at, (uintptr_t)segment, memory_order_release);
}

/* Takes the segment out of the entry for ADDR. Its own link is left as it is: a
 * reader that stands on it goes on to the segments behind it, and misses none
 * of those that are still there. */
static void
entry_take(entry *at, uintptr_t addr, struct segment *segment)
{
	_Atomic(struct segment *) *link = beside(segment, addr);
	struct segment *next = link == NULL ? NULL : *link;
	struct segment *other = (struct segment *)atomic_load_explicit(
	    at, memory_order_relaxed);

	if (other == segment) {
		atomic_store_explicit(
		    at, (uintptr_t)next, memory_order_release);
		return;
	}
	while (*beside(other, addr) != segment)
		other = *beside(other, addr);
	atomic_store_explicit(beside(other, addr), next, memory_order_release);
}

/* The node below an entry, made if there is none; NULL for want of memory. */
static entry *
node_below(entry *at, unsigned level)
{
	uintptr_t value = atomic_load_explicit(at, memory_order_relaxed);

	if (value == 0) {
		entry *node = record_new(sizeof(entry) << bits_of[level + 1]);

		if (node == NULL)
			return NULL;
		value = (uintptr_t)node + 1;
		atomic_store_explicit(at, value, memory_order_release);
	}
	return node_of(value);
}

enum visit { VISIT_PREPARE, VISIT_PUT, VISIT_TAKE };

/*
 * Walks the entries that stand for addresses LOW to HIGH of the segment, and
 * does WHAT at each. Where the addresses fill an entry, it stands for all that
 * is below, unless smaller segments made a node of it: nodes stay for ever, so
 * their entries are filled instead. VISIT_PUT and VISIT_TAKE find the entries
 * that VISIT_PREPARE found: where this segment fills an entry no other segment
 * has addresses, so none can make it a node in between.
 *
 * ENOMEM: for want of a node, in VISIT_PREPARE alone. Nodes made by then stay,
 * empty; the next segment there uses them.
 */
static int
visit(entry *node, unsigned level, uintptr_t low, uintptr_t high,
    struct segment *segment, enum visit what)
{
	uintptr_t width = (uintptr_t)1 << shift_of[level];

	for (uintptr_t addr = low, last; addr <= high; addr = last + 1) {
		entry *at = entry_at(node, level, addr);
		uintptr_t start = align_down(addr, width);

		last = start + width - 1 < high ? start + width - 1 : high;
		bool whole = addr == start && last == start + width - 1;
		if (level == LEVELS - 1 || (whole && !(*at & 1))) {
			if (what == VISIT_PUT)
				entry_put(at, addr, segment);
			else if (what == VISIT_TAKE)
				entry_take(at, addr, segment);
			continue;
		}
		entry *below = node_below(at, level);
		if (below == NULL)
			return ENOMEM;
		int error = visit(below, level + 1, addr, last, segment, what);
		if (error != 0)
			return error;
	}
	return 0;
}

static int
visit_all(struct segment *segment, enum visit what)
{
	uintptr_t low = (uintptr_t)segment->base;

	return visit(root, 0, low, low + segment->bytes - 1, segment, what);
}

int
address_map_add(struct segment *segment)
{
	uintptr_t last = (uintptr_t)segment->base + segment->bytes - 1;
	int error;

	if (last >> ADDRESS_BITS != 0)
		return ERANGE;
	error = visit_all(segment, VISIT_PREPARE);
	return error != 0 ? error : visit_all(segment, VISIT_PUT);
}

/*
 * The order of the three steps is what readers rely on (address_map.h): first
 * the segment can be found no more; then that is counted; then, behind the
 * fence, the caller may write to its record. A reader that sees anything of
 * what is written then sees the new count as well, and begins again.
 */
void
address_map_remove(struct segment *segment)
{
	visit_all(segment, VISIT_TAKE);
	__atomic_fetch_add(&address_map_removals, 1, __ATOMIC_SEQ_CST);
	atomic_thread_fence(memory_order_seq_cst);
}

/*
 * One descent, which may be led astray: a segment that it stands on may be
 * taken out and its record used again, so that its links lead into the chain of
 * another leaf. It comes to an end all the same: beside() answers NULL for a
 * segment that does not begin or end in the leaf of ADDR, and contains()
 * accepts none that ADDR does not lie in.
 */
static READS_STALE struct segment *
find(uintptr_t addr)
{
	entry *node = root;

	for (unsigned level = 0;; level++) {
		uintptr_t value = atomic_load_explicit(
		    entry_at(node, level, addr), memory_order_acquire);

		if (value & 1) {
			node = node_of(value);
			continue;
		}
		struct segment *segment = (struct segment *)value;
		while (segment != NULL && !contains(segment, addr)) {
			_Atomic(struct segment *) *link = beside(segment, addr);

			segment = link == NULL ? NULL : *link;
		}
		return segment;
	}
}

/* NULL is an answer only if no segment was taken out meanwhile, since a descent
 * that was led astray may have missed the segment. So it is repeated, as often
 * as segments are taken out: that is when kinds are closed. A segment that is
 * found is returned as it is; whoever does not know that it stays asks
 * afterwards. */
READS_STALE struct segment *
address_map_find(const void *pointer)
{
	uintptr_t addr = (uintptr_t)pointer;
	struct segment *segment;
	unsigned before;

	if (addr >> ADDRESS_BITS != 0)
		return NULL;
	do {
		before = address_map_begin();
		segment = find(addr);
	} while (segment == NULL && !address_map_holds(before));
	return segment;
}
