/* SPDX-License-Identifier: BSD-2-Clause */
/* defect_blocks.c - defects of allocation: wrong sizes, old content, pointers
 * and arguments that are none. See defect.h. */
#include <errno.h>
#include <hbwmalloc.h>
#include <memkind.h>
#include <stdint.h>
#include <string.h>

#include "defect.h"

/* A size that the compiler does not know. */
static volatile size_t half = (size_t)1 << 63;

/* A product beyond 64 bits gave a block of what was left of it. */
int
show_calloc(void)
{
	memkind_t pmem, fixed;

	MUST(memkind_create_pmem(directory, 0, &pmem) == 0, "no kind");
	MUST(memkind_create_fixed(spoilt_region(MIB), MIB, &fixed) == 0,
	    "no fixed kind");
	MUST(memkind_calloc(MEMKIND_REGULAR, half + 1, 2) == NULL,
	    "2 * (2^63 + 1) bytes of MEMKIND_REGULAR");
	MUST(memkind_calloc(pmem, half + 1, 2) == NULL,
	    "2 * (2^63 + 1) bytes in a file");
	MUST(memkind_calloc(fixed, half + 1, 2) == NULL,
	    "2 * (2^63 + 1) bytes in a region");
	MUST(hbw_calloc(half + 1, 2) == NULL, "2 * (2^63 + 1) bytes of HBW");
	return GOOD;
}

/* Calloc in a region gave what the region had in it. */
int
show_fixed_calloc(void)
{
	const size_t sizes[] = { 100, 5000, 16384, 100000, 1000000 };
	memkind_t kind;

	MUST(memkind_create_fixed(spoilt_region(4 * MIB), 4 * MIB, &kind) == 0,
	    "no fixed kind");
	for (int i = 0; i < 5; i++) {
		char *block = memkind_calloc(kind, 1, sizes[i]);

		MUST(block != NULL, "no block of %zu", sizes[i]);
		for (size_t at = 0; at < sizes[i]; at++)
			MUST(block[at] == 0, "byte %zu of %zu is not 0", at,
			    sizes[i]);
	}
	return GOOD;
}

/* With another heap manager the kind of a block was not its own. */
int
show_detect(void)
{
	memkind_t const kinds[] = { MEMKIND_REGULAR, MEMKIND_DEFAULT,
		MEMKIND_HBW, MEMKIND_INTERLEAVE };

	for (int i = 0; i < 4; i++) {
		void *block = memkind_malloc(kinds[i], 100);

		MUST(block != NULL, "no block of kind %d", i);
		MUST(memkind_detect_kind(block) == kinds[i],
		    "a block of kind %d is said to be of another", i);
		memkind_free(kinds[i], block);
	}
	return GOOD;
}

/* A pointer that is not a block ended the process. */
int
show_foreign(void)
{
	static char there[100000];
	char here[100];

	MUST(memkind_detect_kind(here) == NULL, "the stack has a kind");
	MUST(memkind_detect_kind(there + 5000) == NULL, "data has a kind");
	memkind_free(NULL, there);
	memkind_free(NULL, there + 5000);
	MUST(memkind_realloc(NULL, there, 10) == NULL, "data was moved");
	return GOOD;
}

int
show_null_kind(void)
{
	void *block = &block;

	MUST(memkind_malloc(NULL, 10) == NULL, "a block of no kind");
	MUST(memkind_posix_memalign(NULL, &block, 64, 10) != 0,
	    "an aligned block of no kind");
	MUST(memkind_check_available(NULL) != 0, "no kind is there");
	MUST(memkind_get_capacity(NULL) == -1, "no kind has a size");
	MUST(memkind_destroy_kind(NULL) != 0, "no kind was destroyed");
	return GOOD;
}

/* Sizes of pages indexed a table, whatever they were. */
int
show_pages(void)
{
	const int sizes[] = { 1000, -1, 100000, INT32_MIN };

	for (int i = 0; i < 4; i++) {
		void *block = NULL;
		volatile int size = sizes[i];

		MUST(hbw_posix_memalign_psize(
			 &block, 64, 100, (hbw_pagesize_t)size) == EINVAL,
		    "%d is a size of pages", size);
	}
	return GOOD;
}
