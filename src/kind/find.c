/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find.c - the kind behind a handle, the block at an address.
 *
 * A handle that is not open and an address without a block are the program's
 * mistakes: they are answered, and reported (os/misuse.h). Owns nothing, takes
 * no lock but that of the debug library's account, and holds none when it
 * reports, as the report is the program's function.
 */
#include "kind/facade.h"
#include "kind/kind.h"

struct kind *
kind_of(const poolkind *handle)
{
	struct kind *kind = kind_find(handle);

	if (unlikely(kind == NULL) && handle == NULL)
		misuse("the kind is NULL: poolkind_open() gives one");
	else if (unlikely(kind == NULL))
		misuse("%p is not an open kind", (const void *)handle);
	return kind;
}

EXPORT bool
poolkind_is_misused(const void *ptr)
{
	const poolkind *owner = source_owner_of(ptr);
	const struct kind *kind = owner == NULL ? NULL : kind_find(owner);

	if (kind != NULL)
		misuse("%p, in kind \"%s\", is not a block: it was freed "
		       "before, or points into one",
		    ptr, kind->name);
	return owner != NULL;
}

bool
not_a_block(const void *ptr, const struct block *block)
{
	if (block->heap == NULL)
		misuse("%p is not a block of any kind", ptr);
	else
		misuse("%p, in kind \"%s\", is not a block in use: it was "
		       "freed before, or never handed out",
		    ptr, kind_of_heap(block->heap)->name);
	return false;
}
