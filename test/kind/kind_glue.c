/* SPDX-License-Identifier: BSD-2-Clause */
/* kind_glue.c - see kind_glue.h. */
#include "kind_glue.h"

#include "kind/kind.h"
#include "source/stretch.h"

size_t
kind_record_bytes(void)
{
	return sizeof(struct poolkind);
}

unsigned
kinds_most(void)
{
	return HEAPS_MAX;
}

bool
kind_is_open(const poolkind *kind)
{
	return kind->magic == KIND_MAGIC;
}

bool
kind_is_refused(const poolkind *kind)
{
	return source_refused(kind->heap.source);
}

unsigned
kind_id(const poolkind *kind)
{
	return kind->heap.id;
}

unsigned
kind_arenas(const poolkind *kind)
{
	return atomic_load(&kind->heap.arenas);
}

void
kind_falsify(poolkind *kind, long bytes)
{
	kind->heap.source->spans += (size_t)bytes;
}
