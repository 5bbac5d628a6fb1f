/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.h - an open kind, as the files of kind/ see it.
 *
 * A kind is a heap on a source, with a name, a text and its owner's pointer. A
 * kind of scope local has such a heap for each place: what a thread allocates
 * comes from the heap of the place where it runs, what it frees goes to the
 * heap that the block is of. Its own heap then is a mere alias, under which
 * each thread finds its cache of the heap in its place, as quickly as that of
 * any other kind.
 *
 * Its record is never unmapped, so that a stale handle can be told.
 */
#ifndef KIND_KIND_H
#define KIND_KIND_H

#include "arena/heap.h"
#include "os/os.h"
#include "poolkind.h"
#include "spec/spec.h"

#define KIND_MAGIC 0x706b696e /* "pkin" */

/* The heaps of a kind of scope local. */
struct places {
	unsigned count;
	_Atomic uint64_t full; /* heap_changes() of all when it was full */
	uint8_t of_node[SPEC_NODES_MAX]; /* by the node a thread runs on */
	struct heap heap[];
};

struct poolkind {
	struct heap heap; /* first: the fast path looks nowhere else */
	unsigned magic;
	char *name, *text;
	_Atomic(void *) user_data;
	struct places *places; /* NULL: heap is the only one */

	struct poolkind *fallback; /* asked when this one is full, or NULL */
	unsigned fallen;           /* kinds whose fallback this is */
	struct poolkind *next, **link; /* all kinds: open.c */
};

static inline unsigned
kind_heaps(const poolkind *kind)
{
	return kind->places == NULL ? 1 : kind->places->count;
}

static inline struct heap *
kind_heap(const poolkind *kind, unsigned i)
{
	return kind->places == NULL ? (struct heap *)&kind->heap :
				      &kind->places->heap[i];
}

/* The heap for the calling thread, where it runs now. */
static inline struct heap *
kind_heap_here(const poolkind *kind)
{
	unsigned node;

	if (likely(kind->places == NULL))
		return (struct heap *)&kind->heap;
	node = os_node();
	return kind_heap(kind, kind->places->of_node[node % SPEC_NODES_MAX]);
}

/* What is the same in all heaps of a kind. */
static inline struct source *
kind_source(const poolkind *kind)
{
	return kind_heap(kind, 0)->source;
}

static inline poolkind *
kind_of_heap(struct heap *heap)
{
	return source_owner(heap->source);
}

/* Tells every heap of the kind its share of LIMIT. */
static inline void
kind_limit_changed(poolkind *kind, size_t limit)
{
	unsigned heaps = kind_heaps(kind);

	for (unsigned i = 0; i < heaps; i++)
		heap_limit_changed(kind_heap(kind, i), limit / heaps);
}

/* Around fork: the list of all kinds. */
void kinds_prefork(void);
void kinds_postfork(void);

#define EXPORT __attribute__((visibility("default")))

#endif /* KIND_KIND_H */
