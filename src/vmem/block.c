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
#include "vmem/registry.h"

/* The kind behind a handle; NULL with errno where there is none. */
static inline poolkind *
kind_of(const VMEM *vmp)
{
	poolkind *kind = registry_kind(vmp);

	return likely(kind != NULL) ? kind : registry_use(vmp);
}

EXPORT void *
vmem_malloc(VMEM *vmp, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p size %zu", (void *)vmp, size);
	kind = kind_of(vmp);
	return likely(kind != NULL) ? poolkind_malloc(kind, size) : NULL;
}

/* Where a block goes home to is known without its pool, and so is freed what
 * is freed with a handle that means nothing. */
EXPORT void
vmem_free(VMEM *vmp, void *ptr)
{
	TRACE(3, "vmp %p ptr %p", (void *)vmp, ptr);
	if (ptr != NULL)
		poolkind_free(registry_kind(vmp), ptr);
}

EXPORT void *
vmem_calloc(VMEM *vmp, size_t nmemb, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p nmemb %zu size %zu", (void *)vmp, nmemb, size);
	kind = kind_of(vmp);
	return likely(kind != NULL) ? poolkind_calloc(kind, nmemb, size) :
	    NULL;
}

EXPORT void *
vmem_realloc(VMEM *vmp, void *ptr, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p ptr %p size %zu", (void *)vmp, ptr, size);
	kind = kind_of(vmp);
	return likely(kind != NULL) ? poolkind_realloc(kind, ptr, size) : NULL;
}

EXPORT void *
vmem_aligned_alloc(VMEM *vmp, size_t alignment, size_t size)
{
	poolkind *kind;

	TRACE(3, "vmp %p alignment %zu size %zu", (void *)vmp, alignment,
	    size);
	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	kind = kind_of(vmp);
	return likely(kind != NULL) ?
	    poolkind_aligned_alloc(kind, alignment, size) : NULL;
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
	(void)vmp;
	return poolkind_usable_size(ptr);
}
