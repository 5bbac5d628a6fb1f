/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libc.c - the addresses of libc's own functions, and the calls to them. See
 * libc.h for why.
 *
 * Owns seven pointers. All but that to clone(2) lead to a direct system call
 * until the library's constructor has found the function in libc's image, and
 * for ever where it is not found: in a program that is linked statically, or
 * with a libc of another name. They are written once and independently, and
 * both functions do the same work; so no order is needed, and a call at any
 * moment is right.
 *
 * Where libc's image is, the loader says (dl_iterate_phdr(3)). Its symbol table
 * is read here rather than by dlsym(3), which another library may replace, and
 * which for RTLD_DEFAULT or RTLD_NEXT finds whatever stands before libc; that
 * is just what is to be passed by. dlopen(3) of libc would run constructors
 * before their time. Nothing here allocates or fails.
 */
#include "os/libc.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "os/direct.h"

/* Sanitizers put functions of their own before libc's, and must be called. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* ---- Until libc's are known ---------------------------------------------- */

/* As a wrapper of libc answers. */
static long
answer(long result)
{
	int error = os_error_of(result);

	if (error == 0)
		return result;
	errno = error;
	return -1;
}

static void *
direct_mmap(
    void *addr, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return (void *)answer(
	    os_direct(SYS_mmap, addr, bytes, protection, flags, fd, offset));
}

static int
direct_munmap(void *addr, size_t bytes)
{
	return (int)answer(os_direct(SYS_munmap, addr, bytes));
}

static int
direct_madvise(void *addr, size_t bytes, int advice)
{
	return (int)answer(os_direct(SYS_madvise, addr, bytes, advice));
}

static void *
direct_mremap(void *from, size_t bytes, size_t now, int flags, ...)
{
	va_list arguments;
	void *to;

	va_start(arguments, flags);
	to = va_arg(arguments, void *);
	va_end(arguments);
	return (void *)answer(
	    os_direct(SYS_mremap, from, bytes, now, flags, to));
}

static int
direct_clock(clockid_t clock, struct timespec *now)
{
	return (int)answer(os_direct(SYS_clock_gettime, clock, now));
}

static int
direct_getcpu(unsigned *cpu, unsigned *node)
{
	return (int)answer(os_direct(SYS_getcpu, cpu, node, NULL));
}

/* ---- libc's -------------------------------------------------------------- */

static struct {
	_Atomic(__typeof__(direct_mmap) *) mmap;
	_Atomic(__typeof__(direct_munmap) *) munmap;
	_Atomic(__typeof__(direct_madvise) *) madvise;
	_Atomic(__typeof__(direct_mremap) *) mremap;
	_Atomic(__typeof__(direct_clock) *) clock_gettime;
	_Atomic(__typeof__(direct_getcpu) *) getcpu;
	_Atomic(libc_clone_function *) clone;
} call = {
	.mmap = direct_mmap,
	.munmap = direct_munmap,
	.madvise = direct_madvise,
	.mremap = direct_mremap,
	.clock_gettime = direct_clock,
	.getcpu = direct_getcpu,
};

#define CALL(name) atomic_load_explicit(&call.name, memory_order_relaxed)

#ifdef SANITIZED
static __attribute__((constructor(101))) void
find_libc(void)
{
	call.mmap = mmap;
	call.munmap = munmap;
	call.madvise = madvise;
	call.mremap = mremap;
}
#else
/* The three tables of an image that a look-up by name needs. */
struct image {
	const ElfW(Sym) * symbols;
	const char *names;
	const uint32_t *hashes; /* as DT_GNU_HASH has it */
};

static uint32_t
hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/*
 * Where libc has the function; 0 if it has none of the name, or one that the
 * loader chooses by the processor (an indirect function), whose address is that
 * of the choosing.
 *
 * The table begins with four words: the number of buckets, the first symbol in
 * it, the words of the filter, which is skipped, and its shift. A bucket holds
 * the first symbol of a chain; the chain has each symbol's hash, without its
 * lowest bit, which marks the last.
 */
static uintptr_t
find(const struct image *image, uintptr_t base, const char *name)
{
	const uint32_t *head = image->hashes;
	uint32_t buckets = head[0], first = head[1], words = head[2];
	const uint32_t *bucket = head + 4 + words * (sizeof(size_t) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t hash = hash_of(name), i = bucket[hash % buckets];

	for (; i >= first; i++) {
		const ElfW(Sym) *symbol = &image->symbols[i];

		if ((chain[i - first] | 1) == (hash | 1) &&
		    strcmp(image->names + symbol->st_name, name) == 0)
			return symbol->st_shndx != SHN_UNDEF &&
				(symbol->st_info & 15) == STT_FUNC ?
			    base + symbol->st_value :
			    0;
		if (chain[i - first] & 1)
			break;
	}
	return 0;
}

/* False where a table is missing. The loader of most machines has added the
 * image's base to these addresses, and on some has left them as they are in the
 * file, where they are small numbers. */
static bool
read_image(const struct dl_phdr_info *info, struct image *image)
{
	const ElfW(Dyn) *entry = NULL;

	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const ElfW(Dyn) *)(info->dlpi_addr +
			    info->dlpi_phdr[i].p_vaddr);
	*image = (struct image){ 0 };
	for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
		uintptr_t at = entry->d_un.d_ptr;
		const void *there = (const void *)(at < info->dlpi_addr ?
			info->dlpi_addr + at :
			at);

		if (entry->d_tag == DT_SYMTAB)
			image->symbols = there;
		else if (entry->d_tag == DT_STRTAB)
			image->names = there;
		else if (entry->d_tag == DT_GNU_HASH)
			image->hashes = there;
	}
	return image->symbols != NULL && image->names != NULL &&
	    image->hashes != NULL;
}

#define FIND(name) \
	do { \
		uintptr_t found = find(&image, info->dlpi_addr, #name); \
		__typeof__(atomic_load(&call.name)) function; \
		memcpy(&function, &found, sizeof(function)); \
		if (found != 0) \
			atomic_store_explicit( \
			    &call.name, function, memory_order_relaxed); \
	} while (0)

static int
look_at(struct dl_phdr_info *info, size_t size, void *nothing)
{
	const char *name = strrchr(info->dlpi_name, '/');
	struct image image;

	(void)size;
	(void)nothing;
	if (name == NULL || strcmp(name, "/libc.so.6") != 0)
		return 0;
	if (read_image(info, &image)) {
		FIND(mmap);
		FIND(munmap);
		FIND(madvise);
		FIND(mremap);
		FIND(clock_gettime);
		FIND(getcpu);
		FIND(clone);
	}
	return 1;
}

/* As early as constructors can be (priorities up to 100 are the compiler's), so
 * that what the library's others map is mapped in libc already. */
static __attribute__((constructor(101))) void
find_libc(void)
{
	dl_iterate_phdr(look_at, NULL);
}
#endif

/*
 * ---- Calls ------------------------------------------------------------------
 *
 * libc's functions tell of errors by errno, which belongs to the program and
 * stays what it was: free(3) must not change it, and an allocation that
 * succeeds after a step that failed should not.
 */

int
libc_mmap(
    void **addr, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	int saved = errno, error;
	void *mapped = CALL(mmap)(*addr, bytes, protection, flags, fd, offset);

	error = mapped != MAP_FAILED ? 0 : errno;
	if (error == 0)
		*addr = mapped;
	errno = saved;
	return error;
}

int
libc_munmap(void *addr, size_t bytes)
{
	int saved = errno, error;

	error = CALL(munmap)(addr, bytes) == 0 ? 0 : errno;
	errno = saved;
	return error;
}

int
libc_madvise(void *addr, size_t bytes, int advice)
{
	int saved = errno, error;

	error = CALL(madvise)(addr, bytes, advice) == 0 ? 0 : errno;
	errno = saved;
	return error;
}

int
libc_move(void *from, size_t bytes, void *to)
{
	int saved = errno, error;
	void *moved = CALL(mremap)(
	    from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	error = moved != MAP_FAILED ? 0 : errno;
	errno = saved;
	return error;
}

void
libc_clock(clockid_t clock, struct timespec *now)
{
	CALL(clock_gettime)(clock, now);
}

unsigned
libc_node(void)
{
	unsigned cpu, node = 0;

	CALL(getcpu)(&cpu, &node);
	return node;
}

libc_clone_function *
libc_clone(void)
{
	return CALL(clone);
}
