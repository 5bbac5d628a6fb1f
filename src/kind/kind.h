/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.h - an open kind, as the files of kind/ see it.
 *
 * A kind is a heap on a source, with a name, a text and its owner's pointer.
 * Its record is never unmapped, so that a stale handle can be told.
 */
#ifndef KIND_KIND_H
#define KIND_KIND_H

#include "arena/heap.h"
#include "poolkind.h"

#define KIND_MAGIC 0x706b696e /* "pkin" */

struct poolkind {
	struct heap heap; /* first: the fast path looks nowhere else */
	unsigned magic;
	char *name, *text;
	_Atomic(void *) user_data;
};

static inline poolkind *
kind_of_heap(struct heap *heap)
{
	return container_of(heap, struct poolkind, heap);
}

/* Registers the fork handlers, once. */
void fork_handlers_install(void);

#define EXPORT __attribute__((visibility("default")))

#endif /* KIND_KIND_H */
