/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_functions.c - each of the shim's functions at the edges of what it
 * promises. To be run with the heap in a pool of 64 MiB.
 */
#include <errno.h>
#include <malloc.h>

#include "aligned.h"
#include "shim_check.h"

extern void cfree(void *ptr) __attribute__((weak)); /* libc has none */

/* Sizes and alignments that no compiler may reason about. */
static volatile size_t zero, one = 1, largest = SIZE_MAX;

static void
check_malloc(void)
{
	void *a = malloc(zero), *b = malloc(zero);

	CHECK("malloc(0) gives unique blocks",
	    a != NULL && b != NULL && a != b && in_pool(a, 1));
	CHECK("malloc(0) may be used for 8 bytes", malloc_usable_size(a) == 8);
	free(a);
	cfree(b);
	free(NULL);
	cfree(NULL);
	errno = 0;
	CHECK("malloc(SIZE_MAX) fails",
	    malloc(largest) == NULL && errno == ENOMEM);
	errno = 0;
	CHECK("malloc(SIZE_MAX / 2) fails",
	    malloc(largest / 2) == NULL && errno == ENOMEM);
	errno = 0;
	CHECK("malloc of more than the pool fails",
	    malloc(one << 27) == NULL && errno == ENOMEM);
	errno = 7;
	free(malloc(1000));
	CHECK("success leaves errno alone", errno == 7);
}

static void
check_calloc(void)
{
	char *p = malloc(100000);

	memset(p, 0xff, 100000);
	free(p);
	p = calloc(1000, 100);
	CHECK("calloc clears", p != NULL && all_bytes(p, 0, 100000));
	free(p);
	p = calloc(zero, 8);
	CHECK("calloc(0, 8) gives a block", p != NULL);
	free(p);
	p = calloc(8, zero);
	CHECK("calloc(8, 0) gives a block", p != NULL);
	free(p);
	errno = 0;
	CHECK("calloc notices overflow",
	    calloc(largest / 2, 3) == NULL && errno == ENOMEM);
	errno = 0;
	CHECK("calloc notices overflow to 0",
	    calloc((largest >> 1) + 1, 2) == NULL && errno == ENOMEM);
}

static void
check_realloc(void)
{
	char *p = realloc(NULL, zero), *q;

	CHECK("realloc(NULL, 0) gives a block",
	    p != NULL && malloc_usable_size(p) == 8);
	errno = 7;
	CHECK("realloc(p, 0) frees, and is not an error",
	    realloc(p, zero) == NULL && errno == 7);
	p = realloc(NULL, 100);
	memset(p, 1, 100);
	for (size_t size = 100; size < 8 << 20; size = size * 3 + 1) {
		q = realloc(p, size);
		if (q == NULL || !all_bytes(q, 1, 100) || !in_pool(q, size))
			CHECK("realloc keeps the content", false);
		p = q;
	}
	CHECK("realloc grows to megabytes", p != NULL);
	for (size_t size = 4 << 20; size >= 100; size /= 3)
		p = realloc(p, size);
	CHECK("realloc shrinks again", all_bytes(p, 1, 100));
	errno = 0;
	q = realloc(p, largest - 4096);
	CHECK("realloc that fails leaves the block",
	    q == NULL && errno == ENOMEM && all_bytes(p, 1, 100));
	free(p);
}

static void
check_posix_memalign(void)
{
	void *p;
	bool good = true;

	for (size_t alignment = 1; alignment <= 4 << 20; alignment *= 2) {
		p = &p;
		if (posix_memalign(&p, alignment, 100) != 0 ||
		    !is_aligned_to(p, alignment) || !in_pool(p, 100))
			good = false;
		free(p);
	}
	CHECK("posix_memalign takes 1, 2, 4 and more", good);
	p = &p;
	errno = 7;
	CHECK("posix_memalign(0) is EINVAL and NULL",
	    posix_memalign(&p, zero, 8) == EINVAL && p == NULL);
	p = &p;
	CHECK("posix_memalign(24) is EINVAL and NULL",
	    posix_memalign(&p, one * 24, 8) == EINVAL && p == NULL);
	p = &p;
	CHECK("posix_memalign without room is ENOMEM and NULL",
	    posix_memalign(&p, 64, largest - 4096) == ENOMEM && p == NULL);
	p = &p;
	CHECK("posix_memalign with too large an alignment is ENOMEM",
	    posix_memalign(&p, one << 40, 8) == ENOMEM && p == NULL);
	CHECK("posix_memalign leaves errno alone", errno == 7);
}

/* glibc's memalign takes any alignment, and gives that of the next power of
 * two; aligned_alloc is C's. */
static bool
rounds_up(size_t alignment, size_t wanted)
{
	char *p = memalign(alignment, 100);
	bool good = p != NULL && (uintptr_t)p % wanted == 0 && in_pool(p, 100);

	free(p);
	errno = 0;
	return good && aligned_alloc(alignment, 100) == NULL && errno == EINVAL;
}

static bool
both_fail(size_t alignment, size_t size, int errnum)
{
	bool good;

	errno = 0;
	good = memalign(alignment, size) == NULL && errno == errnum;
	errno = 0;
	return good && aligned_alloc(alignment, size) == NULL &&
	    errno == errnum;
}

static void
check_aligned(void)
{
	bool good = true;

	for (size_t alignment = 1; alignment <= 4 << 20; alignment *= 2) {
		void *a = memalign(alignment, 10);
		void *b = aligned_alloc(alignment, 10);

		if (a == NULL || !is_aligned_to(a, alignment) || b == NULL ||
		    !is_aligned_to(b, alignment))
			good = false;
		free(a);
		free(b);
	}
	CHECK("memalign and aligned_alloc take any power of two", good);
	CHECK("memalign rounds 0, 3, 24 and 48 up",
	    rounds_up(zero, 8) && rounds_up(one * 3, 4) &&
		rounds_up(one * 24, 32) && rounds_up(one * 48, 64) &&
		rounds_up(one * 4097, 8192));
	CHECK("alignment SIZE_MAX is EINVAL", both_fail(largest, 8, EINVAL));
	CHECK("no room is ENOMEM", both_fail(16, largest - 100, ENOMEM));
	CHECK("alignment 2^63 is ENOMEM", both_fail(one << 63, 8, ENOMEM));
}

static bool
pvalloc_fits(size_t size, size_t usable)
{
	void *p = pvalloc(size);
	bool good = p != NULL && is_aligned_to(p, 4096) &&
	    malloc_usable_size(p) == usable;

	free(p);
	return good;
}

static void
check_pages(void)
{
	void *p = valloc(zero);

	CHECK("valloc(0) is a page",
	    p != NULL && is_aligned_to(p, 4096) &&
		malloc_usable_size(p) == 4096);
	free(p);
	p = valloc(5000);
	CHECK("valloc(5000) is aligned", p != NULL && is_aligned_to(p, 4096));
	free(p);
	errno = 0;
	CHECK("valloc(SIZE_MAX) fails",
	    valloc(largest) == NULL && errno == ENOMEM);
	CHECK("pvalloc(0) is a page", pvalloc_fits(zero, 4096));
	CHECK("pvalloc(1) is a page", pvalloc_fits(1, 4096));
	CHECK("pvalloc(4096) is a page", pvalloc_fits(4096, 4096));
	CHECK("pvalloc(4097) is two", pvalloc_fits(4097, 8192));
	CHECK("pvalloc(8192) is two", pvalloc_fits(8192, 8192));
	errno = 0;
	CHECK("pvalloc(SIZE_MAX) fails",
	    pvalloc(largest) == NULL && errno == ENOMEM);
}

static void
check_usable_size(void)
{
	static char outside[64];
	char inside[64];
	bool good = true;

	CHECK("usable size of NULL", malloc_usable_size(NULL) == 0);
	CHECK("usable size of what is not a block",
	    malloc_usable_size(outside) == 0 &&
		malloc_usable_size(inside) == 0);
	for (size_t size = 1; size < 9 << 20; size = size * 5 / 4 + 1) {
		void *p = malloc(size);

		if (malloc_usable_size(p) < size)
			good = false;
		memset(p, 0x77, malloc_usable_size(p));
		free(p);
	}
	CHECK("the usable size can be used", good);
}

/* Functions of libc that stand on malloc. */
static void
check_libc(void)
{
	char *copy = strdup("hello"), *line = NULL;
	int length = asprintf(&line, "%d %s", 42, copy);

	CHECK("strdup and asprintf take from the pool",
	    length == 8 && in_pool(copy, 6) && in_pool(line, 9));
	free(copy);
	free(line);
	copy = reallocarray(NULL, 10, 10);
	CHECK("reallocarray takes from the pool", in_pool(copy, 100));
	free(copy);
}

int
main(void)
{
	check_malloc();
	check_calloc();
	check_realloc();
	check_posix_memalign();
	check_aligned();
	check_pages();
	check_usable_size();
	check_libc();
	return failures != 0;
}
