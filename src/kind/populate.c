/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * populate.c - pages of a block taken by several threads of the program. See
 * poolkind.h.
 *
 * Owns nothing, takes no lock; what lies below takes that of the source for a
 * moment. Fails with a sentence.
 */
#include "base/error.h"
#include "kind/kind.h"

/* What a thread has of a block. */
struct part {
	char *from, *end;
};

/* Of pages that a range touches the PART-th of PARTS, cut where several threads
 * can take pages side by side. */
static struct part
part_of(char *ptr, size_t bytes, size_t step, size_t part, size_t parts)
{
	uintptr_t low = align_down((uintptr_t)ptr, PAGE_BYTES);
	uintptr_t high = align_up((uintptr_t)ptr + bytes, PAGE_BYTES);
	size_t each = (high - low) / parts, rest = (high - low) % parts;
	uintptr_t from = low + each * part + rest * part / parts;
	uintptr_t end = low + each * (part + 1) + rest * (part + 1) / parts;

	from = part == 0 ? low : max_size(align_down(from, step), low);
	end = part + 1 == parts ? high : max_size(align_down(end, step), low);
	return (struct part){ (char *)from, (char *)end };
}

/* The block that the range lies in, of the kind or of one that it falls back
 * to. */
static bool
find_block(
    const struct kind *kind, const void *ptr, size_t bytes, struct block *block)
{
	const struct kind *home;
	void *start, *owner;
	size_t rest;

	if (!block_lookup_around(ptr, block, &start, &owner)) {
		error_set(EINVAL, "%p is in no block of any kind", ptr);
		return false;
	}
	home = kind_of_heap(block->heap);
	rest = block->usable - (size_t)((const char *)ptr - (char *)start);
	if (!kind_may_hold(kind, home))
		error_set(EINVAL,
		    "%p is in a block of kind \"%s\", not of \"%s\"", ptr,
		    home->name, kind->name);
	else if (bytes > rest)
		error_set(EINVAL,
		    "%zu bytes at %p, where its block has %zu more", bytes, ptr,
		    rest);
	else
		return true;
	return false;
}

EXPORT int
poolkind_populate(
    poolkind *handle, void *ptr, size_t bytes, unsigned part, unsigned parts)
{
	struct kind *kind = kind_of(handle);
	struct source *source;
	struct block block;
	struct part mine;
	int saved = errno, error;

	if (kind == NULL)
		return -1;
	if (part >= parts)
		return error_set(EINVAL,
		    "part %u of %u: parts are counted from 0, and there is at "
		    "least one",
		    part, parts);
	if (!find_block(kind, ptr, bytes, &block))
		return -1;
	source = block.heap->source;
	if (source_refused(source))
		return error_set(EPERM,
		    "kind \"%s\" is not for the child of a fork", kind->name);
	mine = part_of(ptr, bytes, source_populate_step(source), part, parts);
	error = source_populate(
	    source, mine.from, (size_t)(mine.end - mine.from));
	if (error != 0)
		return error_set_system(error,
		    "part %u of %u of the block at %p, %zu bytes", part, parts,
		    ptr, (size_t)(mine.end - mine.from));
	errno = saved;
	return 0;
}
