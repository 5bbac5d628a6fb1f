/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base.h - the few words that every file of poolkind speaks.
 *
 * Owns no state, takes no lock, cannot fail. Included by everybody.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* For what is too long for the compiler's taste, and has to be quick. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* What a library's map may name: all else is hidden by -fvisibility=hidden. */
#define EXPORT __attribute__((visibility("default")))

/* Said of a variable where it is declared: others of the library need no table
 * to find it. */
#define HIDDEN __attribute__((visibility("hidden")))

/* What the compiler may rely on. */
#define assume(x) ((x) ? (void)0 : __builtin_unreachable())

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

/* The unit in which engine and jemalloc think, whatever commits it: the largest
 * page that the system may have on this processor. It is known when this is
 * compiled, so that no quick path has to ask; where system pages are smaller,
 * they come and go several at once (base/page.h). jemalloc/build reads
 * PAGE_SHIFT here. A compiler that is told POOLKIND_PAGE_SHIFT takes that: so
 * x86-64 can try pages that are larger than the system's. */
#if defined(POOLKIND_PAGE_SHIFT)
#define PAGE_SHIFT POOLKIND_PAGE_SHIFT
#elif defined(__x86_64__) || defined(__riscv) || defined(__s390x__)
#define PAGE_SHIFT 12
#else
#define PAGE_SHIFT 16
#endif
#define PAGE_BYTES ((size_t)1 << PAGE_SHIFT)

/* For functions that read, without a lock, records which another thread may be
 * changing or may have freed. The records are never unmapped, and what is read
 * is checked before it is believed; each such function says why that is right.
 * ThreadSanitizer would report the race all the same. */
#define READS_STALE __attribute__((no_sanitize("thread")))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

static inline size_t
align_down(size_t value, size_t alignment)
{
	return value & ~(alignment - 1);
}

static inline size_t
align_up(size_t value, size_t alignment)
{
	return align_down(value + alignment - 1, alignment);
}

static inline bool
is_aligned(size_t value, size_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

static inline bool
is_power_of_two(size_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static inline size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t
max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * invariant() guards what we ourselves promise, in the debug library only:
 * what a caller can get wrong is answered with an error instead.
 */
#ifdef POOLKIND_DEBUG
#define DEBUGGING 1
#define invariant(x) ((x) ? (void)0 : invariant_failed(#x, __FILE__, __LINE__))
#else
#define DEBUGGING 0
#define invariant(x) ((void)sizeof(x))
#endif
void invariant_failed(const char *what, const char *file, int line)
    __attribute__((noreturn));

/* Copies ALL, which has BYTES, into the struct of a program at TO: it may be
 * shorter in one that was built for an earlier release, or longer in one built
 * for a later one, and is zero where ALL has nothing. */
static inline void
copy_out(void *to, size_t to_bytes, const void *all, size_t bytes)
{
	__builtin_memset(to, 0, to_bytes);
	__builtin_memcpy(to, all, min_size(to_bytes, bytes));
}

#endif /* BASE_BASE_H */
