/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * huge_pages.h - the huge pages that are set up on a node of this machine.
 */
#ifndef TOOL_HUGE_PAGES_H
#define TOOL_HUGE_PAGES_H

#include <stddef.h>

struct huge_pages {
	size_t size; /* bytes */
	size_t total, free;
};

/* Calls DO_WITH for each size that the kernel has, by rising size; for none
 * where /sys does not say. */
void each_huge_page(unsigned node,
    void (*do_with)(void *arg, unsigned node, const struct huge_pages *pages),
    void *arg);

#endif /* TOOL_HUGE_PAGES_H */
