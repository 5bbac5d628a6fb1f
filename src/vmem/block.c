/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.c - blocks of a pool: libvmem.h's functions on poolkind.h's.
 *
 * Owns nothing, takes no lock but, under valgrind, the engine's. Each call
 * finds the kind behind the handle and hands over; what a kind does differently
 * is put right here.
 */
#include <errno.h>
#include <string.h>
#include <wchar.h>

#include "kind/aloud.h"
#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/registry.h"

#ifdef POOLKIND_DEBUG
/* Whether PTR lies in the pool; if not, but in another, that is reported. */
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

/* Under valgrind no pool is remembered, so that every call takes the slow way.
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
	kind = registry_use(vmp);
	if (kind == NULL)
		return NULL;
	TAKE(ptr, poolkind_malloc(kind, size), false);
	return ptr;
}

/* Where a block goes home to is known without its pool, and so is freed what
 * is freed with a handle that means nothing. */
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
	kind = registry_use(vmp);
	if (kind == NULL)
		return NULL;
	TAKE(ptr, poolkind_calloc(kind, nmemb, size), true);
	return ptr;
}

/* The block in another place, or where it is. */
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

/* Under valgrind a block moves as long as there is room for another. */
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
	kind = registry_use(vmp);
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
	kind = registry_use(vmp);
	if (kind == NULL)
		return NULL;
	TAKE(ptr, poolkind_aligned_alloc(kind, alignment, size), false);
	return ptr;
}

/* A copy of BYTES at S, to be returned by the function that this stands in. */
#define RETURN_COPY(vmp, s, bytes) \
	do { \
		poolkind *kind = registry_remembered(vmp); \
		void *copy = NULL; \
		if (likely(kind != NULL)) \
			copy = poolkind_malloc(kind, bytes); \
		else if ((kind = registry_use(vmp)) != NULL) \
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

EXPORT size_t
vmem_malloc_usable_size(VMEM *vmp, void *ptr)
{
	TRACE(3, "vmp %p ptr %p", (void *)vmp, ptr);
	return ptr != NULL && is_at_home(vmp, ptr) ? poolkind_usable_size(ptr) :
						     0;
}
