/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block.c - blocks of a pool: libvmem.h's functions on poolkind.h's.
 *
 * Owns nothing, takes no lock. Each call finds the kind behind the handle and
 * hands over; what a kind does differently is put right here.
 */
#include <errno.h>
#include <string.h>
#include <wchar.h>

#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/registry.h"

/* The kind behind a handle; NULL with errno where there is none. */
static inline poolkind *
kind_of(const VMEM *vmp)
{
	poolkind *kind = registry_remembered(vmp);

	return likely(kind != NULL) ? kind : registry_use(vmp);
}

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

/* Of its own, so that the quick way keeps nothing on the stack. */
static __attribute__((noinline)) void *
malloc_anew(const VMEM *vmp, size_t size)
{
	poolkind *kind = registry_use(vmp);

	return kind != NULL ? poolkind_malloc(kind, size) : NULL;
}

EXPORT void *
vmem_malloc(VMEM *vmp, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p size %zu", (void *)vmp, size);
	kind = registry_remembered(vmp);
	return likely(kind != NULL) ? poolkind_malloc(kind, size) :
				      malloc_anew(vmp, size);
}

/* Where a block goes home to is known without its pool, and so is freed what
 * is freed with a handle that means nothing. */
static __attribute__((noinline)) void
free_anew(const VMEM *vmp, void *ptr)
{
	if (ptr != NULL)
		poolkind_free(
		    is_at_home(vmp, ptr) ? registry_look_up(vmp) : NULL, ptr);
}

EXPORT void
vmem_free(VMEM *vmp, void *ptr)
{
	poolkind *kind;

	TRACE(3, "vmp %p ptr %p", (void *)vmp, ptr);
	kind = registry_remembered(vmp);
	if (likely(kind != NULL && is_at_home(vmp, ptr)))
		poolkind_free(kind, ptr);
	else
		free_anew(vmp, ptr);
}

EXPORT void *
vmem_calloc(VMEM *vmp, size_t nmemb, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p nmemb %zu size %zu", (void *)vmp, nmemb, size);
	kind = kind_of(vmp);
	return likely(kind != NULL) ? poolkind_calloc(kind, nmemb, size) : NULL;
}

EXPORT void *
vmem_realloc(VMEM *vmp, void *ptr, size_t size)
{
	poolkind *kind;
	void *moved;

	TRACE(3, "vmp %p ptr %p size %zu", (void *)vmp, ptr, size);
	kind = kind_of(vmp);
	if (unlikely(kind == NULL))
		return NULL;
	if (ptr != NULL)
		is_at_home(vmp, ptr);
	moved = poolkind_realloc(kind, ptr, size);
	if (unlikely(moved == NULL && size != 0 && errno == EINVAL))
		message_set(EINVAL, "%s", poolkind_errormsg());
	return moved;
}

EXPORT void *
vmem_aligned_alloc(VMEM *vmp, size_t alignment, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p alignment %zu size %zu", (void *)vmp, alignment, size);
	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	kind = kind_of(vmp);
	return likely(kind != NULL) ?
	    poolkind_aligned_alloc(kind, alignment, size) :
	    NULL;
}

EXPORT char *
vmem_strdup(VMEM *vmp, const char *s)
{
	size_t bytes = strlen(s) + 1;
	poolkind *kind;
	char *copy;

	TRACE(3, "vmp %p s %p", (void *)vmp, (const void *)s);
	kind = kind_of(vmp);
	copy = likely(kind != NULL) ? poolkind_malloc(kind, bytes) : NULL;
	return copy != NULL ? memcpy(copy, s, bytes) : NULL;
}

EXPORT wchar_t *
vmem_wcsdup(VMEM *vmp, const wchar_t *s)
{
	size_t bytes = (wcslen(s) + 1) * sizeof(*s);
	poolkind *kind;
	wchar_t *copy;

	TRACE(3, "vmp %p s %p", (void *)vmp, (const void *)s);
	kind = kind_of(vmp);
	copy = likely(kind != NULL) ? poolkind_malloc(kind, bytes) : NULL;
	return copy != NULL ? memcpy(copy, s, bytes) : NULL;
}

EXPORT size_t
vmem_malloc_usable_size(VMEM *vmp, void *ptr)
{
	TRACE(3, "vmp %p ptr %p", (void *)vmp, ptr);
	return ptr != NULL && is_at_home(vmp, ptr) ? poolkind_usable_size(ptr) :
						     0;
}
