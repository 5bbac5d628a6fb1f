/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.h - what valgrind's tools are told.
 *
 * Requests to valgrind are a few instructions that do nothing elsewhere; they
 * stand on slow paths alone, since under valgrind every call takes those. A
 * build without valgrind's headers has none of them.
 */
#ifndef BASE_ANNOTATE_H
#define BASE_ANNOTATE_H

#include <pthread.h>

#include "base/base.h"

#ifdef HAVE_VALGRIND
#include <valgrind/helgrind.h>
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_DISABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_ENABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_MALLOCLIKE_BLOCK(addr, bytes, redzone, zeroed) \
	((void)(addr), (void)(bytes), (void)(zeroed))
#define VALGRIND_FREELIKE_BLOCK(addr, redzone) ((void)(addr))
#define VALGRIND_RESIZEINPLACE_BLOCK(addr, old, now, redzone) \
	((void)(addr), (void)(old), (void)(now))
#define VALGRIND_HG_CLEAN_MEMORY(addr, bytes) ((void)(addr), (void)(bytes))
#define VALGRIND_MAKE_MEM_NOACCESS(addr, bytes) ((void)(addr), (void)(bytes))
#define VALGRIND_MAKE_MEM_UNDEFINED(addr, bytes) ((void)(addr), (void)(bytes))
#define VALGRIND_GET_VBITS(addr, bits, bytes) ((void)(addr), (void)(bits), 0)
#endif

static inline bool
annotate_is_on(void)
{
	return RUNNING_ON_VALGRIND != 0;
}

/*
 * helgrind and drd cannot follow what is ordered without locks: under valgrind
 * one lock stands around every call of the engine. It nests, and comes before
 * all others. What memcheck would say of the engine itself is not said: its
 * records are hidden (below).
 */
void annotate_lock(void);
void annotate_unlock(void);

static inline void
annotate_enter(void)
{
	if (unlikely(annotate_is_on())) {
		annotate_lock();
		VALGRIND_DISABLE_ERROR_REPORTING;
	}
}

static inline void
annotate_leave(void)
{
	if (unlikely(annotate_is_on())) {
		VALGRIND_ENABLE_ERROR_REPORTING;
		annotate_unlock();
	}
}

/* In the child of a fork: makes the lock anew, which the forking thread held.
 */
void annotate_forked(void);

/*
 * memcheck names a block by the stack on which it was announced, and users
 * suppress by the function on top: that is to be the one they called. So these
 * two are macros, for the body of an exported function. An interface on top of
 * another announces blocks itself, while the other one is quiet.
 */
#define ANNOTATE_BLOCK(ptr, bytes, zeroed) \
	do { \
		VALGRIND_MALLOCLIKE_BLOCK(ptr, bytes, 0, zeroed); \
		VALGRIND_HG_CLEAN_MEMORY(ptr, bytes); \
	} while (0)
#define ANNOTATE_FREED(ptr) VALGRIND_FREELIKE_BLOCK(ptr, 0)

/* Not 0: blocks are announced by the caller. Under the lock. */
extern unsigned annotate_quiet;

/* A block of BYTES that a program now holds. */
static inline void
annotate_block(void *ptr, size_t bytes)
{
	if (annotate_quiet == 0)
		ANNOTATE_BLOCK(ptr, bytes, false);
}

static inline void
annotate_freed(void *ptr)
{
	if (annotate_is_on() && annotate_quiet == 0) {
		VALGRIND_ENABLE_ERROR_REPORTING;
		ANNOTATE_FREED(ptr);
		VALGRIND_DISABLE_ERROR_REPORTING;
	}
}

static inline void
annotate_resized(void *ptr, size_t old, size_t now)
{
	VALGRIND_RESIZEINPLACE_BLOCK(ptr, old, now, 0);
}

/*
 * memcheck takes a block for reached when a word of any memory that may be read
 * holds its address, and an allocator's records hold those of all extents. What
 * is hidden is no such memory. The engine reads and writes it as ever; it must
 * not be handed to a system call, of which memcheck complains.
 */
static inline void
annotate_hide(void *addr, size_t bytes)
{
	(void)VALGRIND_MAKE_MEM_NOACCESS(addr, bytes);
}

static inline bool
annotate_is_hidden(void *addr)
{
	unsigned char bits;

	return VALGRIND_GET_VBITS(addr, &bits, 1) == 3;
}

/* Pages that hold no block yet: nobody's, unless they must be zeroed first. */
static inline void
annotate_span(void *addr, size_t bytes, bool to_be_zeroed)
{
	if (to_be_zeroed)
		(void)VALGRIND_MAKE_MEM_UNDEFINED(addr, bytes);
	else
		(void)VALGRIND_MAKE_MEM_NOACCESS(addr, bytes);
}

/* Between these two memcheck reports nothing: the engine reads memory there
 * that a program must not read, such as blocks that are copied for a child. */
static inline void
annotate_look_away(void)
{
	VALGRIND_DISABLE_ERROR_REPORTING;
}

static inline void
annotate_look_again(void)
{
	VALGRIND_ENABLE_ERROR_REPORTING;
}

/* A region is its owner's again, with nothing in it. */
static inline void
annotate_given_back(void *addr, size_t bytes)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(addr, bytes);
}

#endif /* BASE_ANNOTATE_H */
