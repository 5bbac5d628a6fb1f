/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nested_library.c - a libmemkind that asks for memory itself whenever it is
 * asked for some of another kind than MEMKIND_DEFAULT, as it may do when it
 * looks at the machine. Preloaded behind the library under test, it comes
 * between that and the real one.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <memkind_memtier.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static void
ask(void)
{
	void *volatile small = malloc(1), *volatile large = calloc(2, 1 << 20);

	free(large);
	free(small);
}

void *
memkind_malloc(memkind_t kind, size_t size)
{
	if (kind != MEMKIND_DEFAULT)
		ask();
	return REAL(memkind_malloc)(kind, size);
}

void *
memkind_calloc(memkind_t kind, size_t num, size_t size)
{
	if (kind != MEMKIND_DEFAULT)
		ask();
	return REAL(memkind_calloc)(kind, num, size);
}

int
memkind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size)
{
	if (kind != MEMKIND_DEFAULT)
		ask();
	return REAL(memkind_posix_memalign)(kind, memptr, alignment, size);
}

void *
memtier_malloc(struct memtier_memory *memory, size_t size)
{
	ask();
	return REAL(memtier_malloc)(memory, size);
}

void *
memtier_calloc(struct memtier_memory *memory, size_t num, size_t size)
{
	ask();
	return REAL(memtier_calloc)(memory, num, size);
}

int
memtier_posix_memalign(
    struct memtier_memory *memory, void **memptr, size_t alignment, size_t size)
{
	ask();
	return REAL(memtier_posix_memalign)(memory, memptr, alignment, size);
}

/* What libautohbw calls to write who called. */
int
backtrace(void **callers, int most)
{
	ask();
	return REAL(backtrace)(callers, most);
}
