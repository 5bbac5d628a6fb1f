/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_bin_index.c - see page_bin_index.h.
 */
#include "arena/page_bin_index.h"

#include "arena/recording.h"
#include "arena/sizeclass.h"

static unsigned char *
entry_of(struct source_marks page_bins, const void *ptr)
{
	return page_bins.mark + ((uintptr_t)ptr - page_bins.base) / PAGE_BYTES;
}

/* Puts TO in the place of what MAY_CHANGE allows. */
static void
change(unsigned char *entry, unsigned to, bool (*may_change)(unsigned is))
{
	unsigned char is = __atomic_load_n(entry, __ATOMIC_SEQ_CST);

	while (is != to && may_change(is) &&
	    !__atomic_compare_exchange_n(entry, &is, (unsigned char)to, false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static bool
is_watched(unsigned is)
{
	return is == BIN_WATCHED;
}

static bool
is_not_watched(unsigned is)
{
	return is != BIN_WATCHED;
}

static bool
is_quick(unsigned is)
{
	return is != 0 && is < BIN_LARGE;
}

struct source_marks
page_bin_enter(
    struct source_marks page_bins, void *ptr, size_t usable, unsigned number)
{
	if ((uintptr_t)ptr - page_bins.base >= page_bins.bytes)
		page_bins = source_marks_of(ptr);
	/* Pages that were a slab may have entries still: jemalloc makes one
	 * extent of another without asking the source. */
	if (!bin_is_small(number))
		source_unmark(page_bins, ptr, usable);
	if (unlikely(heap_recorder != NULL) && number - 1 < BIN_LARGE - 1) {
		change(entry_of(page_bins, ptr), number, is_not_watched);
		source_tell_of_mark(page_bins, ptr);
	} else {
		source_mark(page_bins, ptr,
		    number < BIN_LARGE ? number : page_bin_in_use(number));
	}
	return page_bins;
}

void
page_bin_enter_one(void *ptr, size_t usable)
{
	page_bin_enter(
	    (struct source_marks){ 0 }, ptr, usable, bin_of_usable(usable));
}

unsigned char *
page_bin_of(const void *ptr)
{
	struct source_marks page_bins = source_marks_of(ptr);

	return page_bins.bytes == 0 ? NULL : entry_of(page_bins, ptr);
}

void
page_bin_watch(unsigned char *entry)
{
	change(entry, BIN_WATCHED, is_quick);
}

void
page_bin_unwatch(unsigned char *entry, unsigned number)
{
	change(entry, number, is_watched);
}
