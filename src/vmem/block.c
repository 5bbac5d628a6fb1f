/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.c - blocks of a pool: libvmem.h's functions on poolkind.h's.
 *
 * Owns nothing, takes no lock but, under valgrind, the engine's. Each call
 * finds the kind behind the handle and hands over; what a kind does differently
 * is put right here.
 *
 * Each function first asks for the kind that the thread used last
 * (registry_remembered(), a compare and a load), and then is a tail call to the
 * engine. The slow way goes through state_use(), which may make the pool's
 * state, and fails with EINVAL and a message for what is not a pool.
 *
 * A block that cannot be had is NULL with ENOMEM, or EINVAL for an alignment,
 * and no message, as users of libvmem know it. A size of 0 is a size of 1.
 */
#include <errno.h>
#include <string.h>
#include <wchar.h>

#include "kind/aloud.h"
#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/registry.h"
#include "vmem/state.h"

#ifdef POOLKIND_DEBUG
/* Whether PTR lies in the pool; if not, but in another, that is reported. The
 * old library accepted small blocks of another pool and crashed with large
 * ones. Here the block goes home in either case, so only the debug library,
 * which looks for mistakes, spends the time on asking. */
static bool
is_at_home(const VMEM *vmp, const void *ptr)
{
	poolkind *owner = poolkind_of(ptr);

	if (owner == NULL || poolkind_user_data(owner) == vmp)
		return owner != NULL;
	message_set(EINVAL, "block %p is of another pool, %p, not of pool %p",
	    ptr, poolkind_user_data(owner), (const void *)vmp);
	return false;
}
#else
static inline bool
is_at_home(const VMEM *vmp, const void *ptr)
{
	(void)vmp, (void)ptr;
	return true;
}
#endif

/*
 * On the slow way blocks are announced to memcheck by the function that the
 * program called: suppressions of libvmem's users name vmem_malloc and its
 * relatives as the top of the stack (kind/aloud.h). That suffices since under
 * valgrind no pool is ever remembered, so every call takes the slow way.
 */
#define TAKE(ptr, call, zeroed) \
	TAKE_ALOUD(ptr, call, poolkind_usable_size, zeroed)

EXPORT void *
vmem_malloc(VMEM *vmp, size_t size)
{
	poolkind *kind;
	void *ptr;

	TRACE(3, "vmp %p size %zu", (void *)vmp, size);
	kind = registry_remembered(vmp);
	if (likely(kind != NULL))
		return poolkind_malloc(kind, size);
	kind = state_use(vmp);
	if (kind == NULL)
		return NULL;
	TAKE(ptr, poolkind_malloc(kind, size), false);
	return ptr;
}

/*
 * Frees a block whose pool is not the one that the thread used last. Looking
 * the handle up makes it that one, so that the next block goes the quick way.
 * But the list is not asked: the engine knows by the address which kind a block
 * is of, so it is freed also where the handle is wrong, or is missed in the
 * table.
 */
static __attribute__((noinline)) void
free_anew(const VMEM *vmp, void *ptr)
{
	poolkind_free(is_at_home(vmp, ptr) ? registry_look_up(vmp) : NULL, ptr);
}

EXPORT void
vmem_free(VMEM *vmp, void *ptr)
{
	poolkind *kind;

	TRACE(3, "vmp %p ptr %p", (void *)vmp, ptr);
	kind = registry_remembered(vmp);
	if (likely(kind != NULL && is_at_home(vmp, ptr)))
		poolkind_free(kind, ptr);
	else if (ptr != NULL)
		GIVE_ALOUD(ptr, free_anew(vmp, ptr));
}

EXPORT void *
vmem_calloc(VMEM *vmp, size_t nmemb, size_t size)
{
	poolkind *kind;
	void *ptr;

	TRACE(3, "vmp %p nmemb %zu size %zu", (void *)vmp, nmemb, size);
	kind = registry_remembered(vmp);
	if (likely(kind != NULL))
		return poolkind_calloc(kind, nmemb, size);
	kind = state_use(vmp);
	if (kind == NULL)
		return NULL;
	TAKE(ptr, poolkind_calloc(kind, nmemb, size), true);
	return ptr;
}

/* The block in another place, or where it is. What the engine refuses with
 * EINVAL is a pointer that is no block: that is a mistake, not a lack of room,
 * so here there is a message. Without room errno alone says it, and the old
 * block stays as it is. */
static void *
reallocate(const VMEM *vmp, poolkind *kind, void *ptr, size_t size)
{
	void *moved;

	if (ptr != NULL)
		is_at_home(vmp, ptr);
	moved = poolkind_realloc(kind, ptr, size);
	if (unlikely(moved == NULL && size != 0 && errno == EINVAL))
		message_set(EINVAL, "%s", poolkind_errormsg());
	return moved;
}

/*
 * PTR NULL allocates, SIZE 0 frees and returns NULL without touching errno:
 * the engine does both, and this function does them itself on the slow way, to
 * announce the blocks.
 *
 * Under valgrind a block is moved whenever there is room for another, by hand,
 * so that memcheck sees the old one freed and finds who still uses it. Where
 * there is no room the engine resizes it in place if it can.
 */
EXPORT void *
vmem_realloc(VMEM *vmp, void *ptr, size_t size)
{
	poolkind *kind;
	size_t usable;
	void *moved;

	TRACE(3, "vmp %p ptr %p size %zu", (void *)vmp, ptr, size);
	kind = registry_remembered(vmp);
	if (likely(kind != NULL))
		return reallocate(vmp, kind, ptr, size);
	kind = state_use(vmp);
	if (kind == NULL)
		return NULL;
	usable = ptr != NULL && annotate_is_on() ? poolkind_usable_size(ptr) :
						   0;
	if (ptr == NULL) {
		TAKE(moved, poolkind_malloc(kind, size), false);
		return moved;
	}
	if (size == 0) {
		GIVE_ALOUD(ptr, poolkind_free(kind, ptr));
		return NULL;
	}
	moved = NULL;
	if (usable != 0)
		TAKE(moved, poolkind_malloc(kind, size), false);
	if (moved == NULL)
		return reallocate(vmp, kind, ptr, size);
	memcpy(moved, ptr, min_size(size, usable));
	GIVE_ALOUD(ptr, poolkind_free(NULL, ptr));
	return moved;
}

/* Any power of two will do, from 1 on, and SIZE need not be a multiple of it. A
 * wrong alignment is EINVAL whatever the handle is. */
EXPORT void *
vmem_aligned_alloc(VMEM *vmp, size_t alignment, size_t size)
{
	poolkind *kind;
	void *ptr;

	TRACE(3, "vmp %p alignment %zu size %zu", (void *)vmp, alignment, size);
	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	kind = registry_remembered(vmp);
	if (likely(kind != NULL))
		return poolkind_aligned_alloc(kind, alignment, size);
	kind = state_use(vmp);
	if (kind == NULL)
		return NULL;
	TAKE(ptr, poolkind_aligned_alloc(kind, alignment, size), false);
	return ptr;
}

/* Stands for the body of a function that returns a copy of the BYTES at S. A
 * macro, since memcheck is to see that function as the one which allocates. */
#define RETURN_COPY(vmp, s, bytes) \
	do { \
		poolkind *kind = registry_remembered(vmp); \
		void *copy = NULL; \
		if (likely(kind != NULL)) \
			copy = poolkind_malloc(kind, bytes); \
		else if ((kind = state_use(vmp)) != NULL) \
			TAKE(copy, poolkind_malloc(kind, bytes), false); \
		return copy != NULL ? memcpy(copy, s, bytes) : NULL; \
	} while (0)

EXPORT char *
vmem_strdup(VMEM *vmp, const char *s)
{
	size_t bytes = strlen(s) + 1;

	TRACE(3, "vmp %p s %p", (void *)vmp, (const void *)s);
	RETURN_COPY(vmp, s, bytes);
}

EXPORT wchar_t *
vmem_wcsdup(VMEM *vmp, const wchar_t *s)
{
	size_t bytes = (wcslen(s) + 1) * sizeof(*s);

	TRACE(3, "vmp %p s %p", (void *)vmp, (const void *)s);
	RETURN_COPY(vmp, s, bytes);
}

/* The handle does not matter, except that the debug library answers 0 for a
 * block of another pool. */
EXPORT size_t
vmem_malloc_usable_size(VMEM *vmp, void *ptr)
{
	TRACE(3, "vmp %p ptr %p", (void *)vmp, ptr);
	return ptr != NULL && is_at_home(vmp, ptr) ? poolkind_usable_size(ptr) :
						     0;
}
