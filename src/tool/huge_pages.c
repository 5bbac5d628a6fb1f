/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * huge_pages.c - see huge_pages.h. Reads /sys; what cannot be read is not
 * there.
 */
#include "tool/huge_pages.h"

#include <stdio.h>

#include "base/base.h"

/* The powers of two from 64 KiB on, which all that Linux has are. */
#define LEAST_SIZE (64 * KIB)
#define SIZES 20

static bool
read_count(unsigned node, size_t size, const char *which, size_t *count)
{
	char path[128];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path),
	    "/sys/devices/system/node/node%u/hugepages/hugepages-%zukB/%s",
	    node, size / KIB, which);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	good = fscanf(file, "%zu", count) == 1;
	fclose(file);
	return good;
}

void
each_huge_page(unsigned node,
    void (*do_with)(void *arg, unsigned node, const struct huge_pages *pages),
    void *arg)
{
	for (unsigned i = 0; i < SIZES; i++) {
		struct huge_pages pages = { LEAST_SIZE << i, 0, 0 };

		if (read_count(
			node, pages.size, "nr_hugepages", &pages.total) &&
		    read_count(node, pages.size, "free_hugepages", &pages.free))
			do_with(arg, node, &pages);
	}
}
