/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aloud.h - blocks announced to valgrind by the function that was called.
 *
 * memcheck names a block by the stack on which it was announced, and users
 * suppress by the function on top. An interface that stands on the engine takes
 * and gives blocks so in the bodies of its functions, on the slow way, which
 * all calls take under valgrind; the engine is quiet meanwhile. Macros, since
 * memcheck shows inlined functions, too.
 */
#ifndef KIND_ALOUD_H
#define KIND_ALOUD_H

#include "base/annotate.h"
#include "kind/facade.h"
#include "os/lock.h"

/* Whether there is anybody to tell; before the library is set up the engine
 * does. */
#define IS_ALOUD unlikely(lock_is_watched)

/* PTR is what CALL returns, USABLE(ptr) its size, of which ZEROED all is 0. */
#define TAKE_ALOUD(ptr, call, usable, zeroed) \
	do { \
		if (!IS_ALOUD) { \
			(ptr) = (call); \
			break; \
		} \
		poolkind_quiet(); \
		(ptr) = (call); \
		if ((ptr) != NULL) \
			ANNOTATE_BLOCK(ptr, usable(ptr), zeroed); \
		poolkind_loud(ptr); \
	} while (0)

/* The same, and returns it: by tail calls, so that a quick way before it needs
 * no frame. */
#define RETURN_ALOUD(call, usable, zeroed) \
	do { \
		void *taken; \
		if (!IS_ALOUD) \
			return (call); \
		poolkind_quiet(); \
		taken = (call); \
		if (taken != NULL) \
			ANNOTATE_BLOCK(taken, usable(taken), zeroed); \
		return poolkind_loud(taken); \
	} while (0)

/* CALL frees PTR. */
#define GIVE_ALOUD(ptr, call) \
	do { \
		if (!IS_ALOUD) { \
			(call); \
			break; \
		} \
		poolkind_quiet(); \
		(call); \
		VALGRIND_ENABLE_ERROR_REPORTING; \
		ANNOTATE_FREED(ptr); \
		VALGRIND_DISABLE_ERROR_REPORTING; \
		poolkind_loud(NULL); \
	} while (0)

#endif /* KIND_ALOUD_H */
