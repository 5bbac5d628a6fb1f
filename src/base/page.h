/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.h - the pages that the system has, found when the process runs.
 *
 * On processors whose systems have pages of several sizes the engine works with
 * the largest of them, PAGE_BYTES, and one build serves all. Only what speaks
 * with the kernel of single pages has to know how large they are: what is asked
 * of each page, and what the kernel aligns to a page. No quick path does.
 *
 * Owns no state, takes no lock, cannot fail.
 */
#ifndef BASE_PAGE_H
#define BASE_PAGE_H

#include <sys/auxv.h>

#include "base/base.h"

/* At most PAGE_BYTES. Where there is one size alone, a constant. */
static inline size_t
system_page(void)
{
	return PAGE_SHIFT == 12 ? PAGE_BYTES : (size_t)getauxval(AT_PAGESZ);
}

/* The pages of PAGE_BYTES that lie whole in SIZE bytes at ADDR, which begin and
 * end with pages of the system: where they begin; *SIZE becomes theirs. */
static inline void *
whole_pages(void *addr, size_t *size)
{
	uintptr_t from = align_up((uintptr_t)addr, PAGE_BYTES);
	uintptr_t end = align_down((uintptr_t)addr + *size, PAGE_BYTES);

	*size = end > from ? end - from : 0;
	return (void *)from;
}

#endif /* BASE_PAGE_H */
