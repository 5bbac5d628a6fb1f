/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decorators.c - a program that looks at each call of memkind's functions, and
 * changes some: what it sees is printed and compared by decorators.sh.
 */
#define MEMKIND_DECORATION_ENABLED
#include <memkind.h>
#include <stdio.h>

void
memkind_malloc_pre(memkind_t *kind, size_t *size)
{
	printf("malloc of %zu\n", *size);
	*kind = MEMKIND_REGULAR;
	*size += 100;
}

void
memkind_malloc_post(memkind_t kind, size_t size, void **result)
{
	printf("malloc gave %zu of REGULAR %d: %d\n", size,
	    kind == MEMKIND_REGULAR, *result != NULL);
}

void
memkind_calloc_pre(memkind_t *kind, size_t *nmemb, size_t *size)
{
	printf(
	    "calloc of %zu %zu %d\n", *nmemb, *size, *kind == MEMKIND_DEFAULT);
}

void
memkind_calloc_post(memkind_t kind, size_t nmemb, size_t size, void **result)
{
	printf("calloc gave %zu %zu: %d\n", nmemb, size, *result != NULL);
	memkind_free(kind, *result);
	*result = NULL;
}

void
memkind_posix_memalign_pre(
    memkind_t *kind, void **memptr, size_t *alignment, size_t *size)
{
	printf("memalign of %zu to %zu %d\n", *size, *alignment,
	    *kind == MEMKIND_DEFAULT && memptr != NULL);
	*alignment = 256;
}

void
memkind_posix_memalign_post(
    memkind_t kind, void **memptr, size_t alignment, size_t size, int *err)
{
	printf("memalign gave %zu to %zu %d: %d\n", size, alignment,
	    kind == MEMKIND_DEFAULT && *memptr != NULL, *err);
	*err = 77;
}

void
memkind_realloc_pre(memkind_t *kind, void **ptr, size_t *size)
{
	printf("realloc of %d to %zu %d\n", *ptr != NULL, *size,
	    *kind == MEMKIND_DEFAULT);
}

void
memkind_realloc_post(memkind_t kind, void *ptr, size_t size, void **result)
{
	printf("realloc gave %zu %d: %d\n", size,
	    kind == MEMKIND_DEFAULT && ptr != NULL, *result != NULL);
}

void
memkind_free_pre(memkind_t *kind, void **ptr)
{
	printf("free of %d %d\n", *ptr != NULL, *kind == NULL);
}

void
memkind_free_post(memkind_t kind, void *ptr)
{
	printf("freed %d %d\n", ptr != NULL, kind == NULL);
}

int
main(void)
{
	void *ptr = memkind_malloc(MEMKIND_DEFAULT, 1), *aligned;

	printf("%d %d\n", memkind_malloc_usable_size(NULL, ptr) > 100,
	    memkind_detect_kind(ptr) == MEMKIND_REGULAR);
	printf("%d\n", memkind_calloc(MEMKIND_DEFAULT, 2, 3) == NULL);
	printf("%d\n", memkind_posix_memalign(MEMKIND_DEFAULT, &aligned, 8, 5));
	printf("%d\n", (size_t)aligned % 256 == 0);
	ptr = memkind_realloc(MEMKIND_DEFAULT, ptr, 300);
	memkind_free(NULL, ptr);
	return 0;
}
