/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind_of_size.c - prints for each size among its arguments which kind a block
 * of it comes from: "dram", "hbw" (memkind_hbw_preferred), "kmem" or "other".
 */
#include "preload_check.h"

static const char *
name_of(memkind_t kind)
{
	if (kind == MEMKIND_DEFAULT)
		return "dram";
	if (kind == MEMKIND_HBW_PREFERRED)
		return "hbw";
	return kind == MEMKIND_DAX_KMEM ? "kmem" : "other";
}

int
main(int argc, char **argv)
{
	char text[32];

	for (int i = 1; i < argc; i++) {
		void *p = malloc(strtoul(argv[i], NULL, 10));
		int length = snprintf(text, sizeof(text), "%s%c",
		    name_of(memkind_detect_kind(p)), i + 1 < argc ? ' ' : '\n');

		if (write(STDOUT_FILENO, text, (size_t)length) != length)
			return 1;
		free(p);
	}
	return 0;
}
