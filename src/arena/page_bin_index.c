/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_bin_index.c - see page_bin_index.h.
 */
#include "arena/page_bin_index.h"

#include "arena/sizeclass.h"

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
	source_mark(page_bins, ptr,
	    number < BIN_LARGE ? number : page_bin_in_use(number));
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

	return page_bins.bytes == 0 ?
	    NULL :
	    &page_bins.mark[((uintptr_t)ptr - page_bins.base) / PAGE_BYTES];
}
