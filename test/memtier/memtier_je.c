/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_je.c - libmemtier's functions under jemalloc's prefix give blocks of
 * the same heap.
 */
#include <malloc.h>

#include "aligned.h"
#include "preload_check.h"

#define WEAK __attribute__((weak))

extern WEAK void *je_malloc(size_t size);
extern WEAK void *je_calloc(size_t number, size_t size);
extern WEAK void *je_realloc(void *ptr, size_t size);
extern WEAK void je_free(void *ptr);
extern WEAK int je_posix_memalign(void **memptr, size_t alignment, size_t size);
extern WEAK void *je_aligned_alloc(size_t alignment, size_t size);
extern WEAK void *je_memalign(size_t alignment, size_t size);
extern WEAK void *je_valloc(size_t size);
extern WEAK size_t je_malloc_usable_size(void *ptr);

static bool
freed(void *p, size_t alignment)
{
	bool good = is_ours(p) && is_aligned_to(p, alignment) &&
	    je_malloc_usable_size(p) == malloc_usable_size(p);

	free(p);
	return good;
}

int
main(void)
{
	void *p;

	if (je_malloc == NULL || je_malloc_usable_size == NULL) {
		CHECK("the functions are there", false);
		return 1;
	}
	CHECK("je_malloc", freed(je_malloc(100), 16));
	CHECK("je_malloc(0)", freed(je_malloc(zero), 8));
	p = je_calloc(100, 10);
	CHECK("je_calloc", all_bytes(p, 0, 1000) && freed(p, 16));
	CHECK("je_realloc", freed(je_realloc(malloc(10), 100000), 16));
	CHECK("je_posix_memalign",
	    je_posix_memalign(&p, 4096, 10) == 0 && freed(p, 4096));
	CHECK("je_aligned_alloc", freed(je_aligned_alloc(256, 10), 256));
	CHECK("je_memalign", freed(je_memalign(256, 10), 256));
	CHECK("je_valloc", freed(je_valloc(10), 4096));
	je_free(malloc(100));
	je_free(NULL);
	return failures != 0;
}
