/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interposed.c - malloc and each of its relatives at the edges of what the C
 * library promises, under libautohbw or libmemtier.
 */
#include <errno.h>
#include <malloc.h>

#include "aligned.h"
#include "preload_check.h"

extern void cfree(void *ptr) __attribute__((weak));
extern void free_sized(void *ptr, size_t size) __attribute__((weak));
extern void free_aligned_sized(void *ptr, size_t alignment, size_t size)
    __attribute__((weak));
extern void *__libc_malloc(size_t size);

static void
check_malloc(void)
{
	void *a = malloc(zero), *b = malloc(zero);

	CHECK("malloc(0) gives unique blocks",
	    is_ours(a) && is_ours(b) && a != b);
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
	errno = 7;
	free(malloc(1000));
	free(malloc(10 << 20));
	CHECK("success leaves errno alone", errno == 7);
	free_sized(malloc(100), 100);
	free_aligned_sized(aligned_alloc(64, 128), 64, 128);
}

static void
check_calloc(void)
{
	char *p = malloc(3 << 20);
	bool good = true;

	memset(p, 0xff, 3 << 20);
	free(p);
	for (size_t size = 1; size < 4 << 20; size *= 3) {
		p = calloc(3, size);
		good = good && is_ours(p) && all_bytes(p, 0, 3 * size);
		memset(p, 0xff, 3 * size);
		free(p);
	}
	CHECK("calloc clears", good);
	p = calloc(zero, 8);
	CHECK("calloc(0, 8) gives a block", is_ours(p));
	free(p);
	p = calloc(8, zero);
	CHECK("calloc(8, 0) gives a block", is_ours(p));
	free(p);
	errno = 0;
	CHECK("calloc notices overflow",
	    calloc(largest / 2, 3) == NULL && errno == ENOMEM);
	errno = 0;
	CHECK("calloc notices overflow to 0",
	    calloc((largest >> 1) + 1, 2) == NULL && errno == ENOMEM);
	errno = 0;
	CHECK("reallocarray notices overflow",
	    reallocarray(NULL, (largest >> 1) + 1, 2) == NULL &&
		errno == ENOMEM);
}

static void
check_realloc(void)
{
	char *p = realloc(NULL, zero), *q;
	bool good = true;

	CHECK("realloc(NULL, 0) gives a block", is_ours(p));
	errno = 7;
	CHECK("realloc(p, 0) frees, and is not an error",
	    realloc(p, zero) == NULL && errno == 7);
	p = reallocarray(NULL, 10, 10);
	memset(p, 1, 100);
	for (size_t size = 100; size < 8 << 20; size = size * 3 + 1) {
		p = realloc(p, size);
		good = good && is_ours(p) && all_bytes(p, 1, 100) &&
		    malloc_usable_size(p) >= size;
		memset(p, 1, size);
	}
	CHECK("realloc grows to megabytes", good);
	for (size_t size = 4 << 20; size >= 100; size /= 3) {
		p = realloc(p, size);
		good = good && all_bytes(p, 1, size);
	}
	CHECK("realloc shrinks again", good);
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

	for (size_t alignment = sizeof(p); alignment <= 4 << 20;
	     alignment *= 2) {
		good = good && posix_memalign(&p, alignment, 100) == 0 &&
		    is_aligned_to(p, alignment) && is_ours(p);
		free(p);
	}
	CHECK("posix_memalign takes powers of two", good);
	p = &p;
	errno = 7;
	CHECK("posix_memalign(0) is EINVAL",
	    posix_memalign(&p, zero, 8) == EINVAL);
	CHECK("posix_memalign(4) is EINVAL",
	    posix_memalign(&p, one * 4, 8) == EINVAL);
	CHECK("posix_memalign(24) is EINVAL",
	    posix_memalign(&p, one * 24, 8) == EINVAL);
	CHECK("posix_memalign without room is ENOMEM",
	    posix_memalign(&p, 64, largest - 4096) == ENOMEM);
	CHECK("posix_memalign that fails stores nothing", p == &p);
	CHECK("posix_memalign of 0 bytes gives a block",
	    posix_memalign(&p, 64, zero) == 0 && is_ours(p));
	free(p);
	CHECK("posix_memalign leaves errno alone", errno == 7);
}

/* Whether P is a block with this alignment; frees it. */
static bool
aligned(void *p, size_t alignment)
{
	bool good = is_ours(p) && is_aligned_to(p, alignment);

	free(p);
	return good;
}

static void
check_aligned(void)
{
	bool good = true;

	for (size_t alignment = 1; alignment <= 4 << 20; alignment *= 2)
		good = good && aligned(memalign(alignment, 10), alignment) &&
		    aligned(aligned_alloc(alignment, 10), alignment) &&
		    aligned(aligned_alloc(alignment, 3 << 20), alignment);
	CHECK("memalign and aligned_alloc take any power of two", good);
	CHECK("memalign rounds other alignments up",
	    aligned(memalign(one * 24, 10), 32) &&
		aligned(memalign(one * 4097, 10), 8192));
	CHECK("memalign takes 0", aligned(memalign(zero, 10), 8));
	errno = 0;
	CHECK("aligned_alloc refuses other alignments",
	    aligned_alloc(one * 24, 10) == NULL && errno == EINVAL &&
		aligned_alloc(one * 3, 10) == NULL &&
		aligned_alloc(zero, 10) == NULL);
	errno = 0;
	CHECK("memalign refuses what has no power of two",
	    memalign(largest, 8) == NULL && errno == EINVAL);
	errno = 0;
	CHECK("no room is ENOMEM",
	    memalign(64, largest - 100) == NULL && errno == ENOMEM);
	CHECK("valloc gives pages",
	    aligned(valloc(zero), 4096) && aligned(valloc(5000), 4096));
	void *p = pvalloc(4097);
	CHECK("pvalloc gives whole pages", malloc_usable_size(p) == 8192);
	CHECK("pvalloc is aligned", aligned(p, 4096));
	errno = 0;
	CHECK("pvalloc(SIZE_MAX) fails",
	    pvalloc(largest) == NULL && errno == ENOMEM);
}

static void
check_usable_size(void)
{
	bool good = true;

	CHECK("usable size of NULL", malloc_usable_size(NULL) == 0);
	for (size_t size = 1; size < 9 << 20; size = size * 5 / 4 + 1) {
		void *p = malloc(size);

		good = good && malloc_usable_size(p) >= size;
		memset(p, 0x77, malloc_usable_size(p));
		free(p);
	}
	CHECK("the usable size can be used", good);
}

/* Who knows glibc's malloc by its other name hands out such blocks. */
static void
check_foreign(void)
{
	static char outside[64];
	char *p = __libc_malloc(1000), *q = __libc_malloc(300000);
	uintptr_t at;

	memset(p, 3, 1000);
	memset(q, 4, 300000);
	CHECK("blocks of glibc's heap are none of ours",
	    malloc_usable_size(p) == 0 && malloc_usable_size(q) == 0);
	CHECK("nor is what is not a block at all",
	    malloc_usable_size(outside) == 0 && malloc_usable_size(&p) == 0);
	p = realloc(p, 100000);
	q = realloc(q, 200000);
	CHECK("realloc moves them here",
	    is_ours(p) && is_ours(q) && all_bytes(p, 3, 1000) &&
		all_bytes(q, 4, 200000));
	free(p);
	free(q);
	p = __libc_malloc(100);
	at = (uintptr_t)p;
	free(p);
	p = __libc_malloc(100);
	CHECK("free gives them back to glibc", (uintptr_t)p == at);
	free(p);
	free(__libc_malloc(1 << 20));
	CHECK("realloc to 0 frees them",
	    realloc(__libc_malloc(100), zero) == NULL);
}

/* Functions of libc that stand on malloc. */
static void
check_libc(void)
{
	char *copy = strdup("hello"), *line = NULL;
	int length = asprintf(&line, "%d %s", 42, copy);

	CHECK("strdup and asprintf come here",
	    length == 8 && is_ours(copy) && is_ours(line));
	free(copy);
	free(line);
}

int
main(void)
{
	check_malloc();
	check_calloc();
	check_realloc();
	check_posix_memalign();
	check_aligned();
	check_usable_size();
	check_foreign();
	check_libc();
	return failures != 0;
}
