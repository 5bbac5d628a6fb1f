/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * marks.c - a byte for each page of a segment. See source.h.
 *
 * Above the marks are bytes that tell where any were set: one for 2 MiB of a
 * segment, and above these one for a GiB. So the pages of a large block, which
 * has a mark at its first page alone, are not cleared one by one.
 *
 * Without a lock: whoever has a span marks its pages, and threads that share a
 * page write the same. What tells of 2 MiB goes back to zero only when a span
 * that has all of them is unmarked, when nobody else can have a page there. So
 * a byte above may say that marks are set where all are gone, which costs a
 * clearing in vain. The reverse is true only while source_mark() writes the
 * three bytes, and nobody frees a span in which a thread is marking a page.
 *
 * The accesses need no memory order: a reader (arena/page_bin_index.h) looks at
 * the mark of a page in which it was given a block, and whatever gave it the
 * block made the mark visible, too.
 */
#include "source/marks.h"

#include <string.h>

#define FANOUT ((size_t)512)

/* How many bytes of the next level speak for COUNT. */
static size_t
above(size_t count)
{
	return (count + FANOUT - 1) / FANOUT;
}

size_t
marks_bytes(size_t pages)
{
	return pages + above(pages) + above(above(pages));
}

/* Writes only what changes: most bytes are right already, and a store would
 * take the line away from other processors that read it. */
static void
set(unsigned char *byte, unsigned char value)
{
	if (__atomic_load_n(byte, __ATOMIC_RELAXED) != value)
		__atomic_store_n(byte, value, __ATOMIC_RELAXED);
}

static bool
is_set(const unsigned char *byte)
{
	return __atomic_load_n(byte, __ATOMIC_RELAXED) != 0;
}

void
source_mark(struct source_marks marks, const void *addr, unsigned mark)
{
	size_t page = ((uintptr_t)addr - marks.base) / PAGE_BYTES;

	set(&marks.mark[page], (unsigned char)mark);
	if (mark != 0)
		source_tell_of_mark(marks, addr);
}

void
source_tell_of_mark(struct source_marks marks, const void *addr)
{
	size_t page = ((uintptr_t)addr - marks.base) / PAGE_BYTES;
	size_t pages = marks.bytes / PAGE_BYTES;
	unsigned char *chunk = marks.mark + pages;

	set(&chunk[page / FANOUT], 1);
	set(&chunk[above(pages) + page / FANOUT / FANOUT], 1);
}

/* Clears bytes FROM to END - 1, but for those where the byte above says that
 * none is set, and that byte where it speaks for no other. */
static void
clear(unsigned char *byte, unsigned char *above_it, size_t from, size_t end)
{
	for (size_t stop; from < end; from = stop) {
		stop = min_size(end, align_down(from, FANOUT) + FANOUT);
		if (!is_set(&above_it[from / FANOUT]))
			continue;
		memset(byte + from, 0, stop - from);
		if (stop - from == FANOUT)
			set(&above_it[from / FANOUT], 0);
	}
}

void
source_unmark(struct source_marks marks, const void *addr, size_t bytes)
{
	size_t pages = marks.bytes / PAGE_BYTES, per = FANOUT * FANOUT;
	size_t from = ((uintptr_t)addr - marks.base) / PAGE_BYTES;
	size_t end = from + bytes / PAGE_BYTES;
	unsigned char *chunk = marks.mark + pages, *top = chunk + above(pages);

	for (size_t stop; from < end; from = stop) {
		stop = min_size(end, align_down(from, per) + per);
		if (!is_set(&top[from / per]))
			continue;
		clear(marks.mark, chunk, from, stop);
		if (stop - from == per)
			set(&top[from / per], 0);
	}
}
