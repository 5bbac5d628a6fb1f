/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.h - an open kind, as the files of kind/ see it.
 *
 * A kind is a heap on a source, with a name, a text and its owner's pointer. A
 * kind of scope local has such a heap for each locality: what a thread
 * allocates comes from the heap of the locality where it runs, what it frees
 * goes to the heap that the block is of. Its own heap then is a mere alias,
 * under which each thread finds its cache of the heap near it, as quickly as
 * that of any other kind.
 *
 * A handle is a number in the shape of a pointer, which nobody follows: the id
 * of the kind's heap in its low HEAP_ID_BITS, above them how many kinds were
 * opened before, and the highest bit, so that it is not an address.
 *
 * Why handles cannot be confused. Ids are used again, counts are not, so no
 * handle is ever given out twice. kind_find() compares the whole handle with
 * the one that is open under its id: the handle of a closed kind differs in the
 * count, a pointer to something else in the highest bit, and NULL is refused.
 * The record is not touched before that comparison, and so none has to outlive
 * its kind for the sake of old handles.
 *
 * The fast paths (cache_malloc(), cache_free()) use the id alone, which saves
 * them the load of a record. Any number has an id for which there is a place in
 * each thread's table of caches, and NULL has NO_HEAP, under which no thread
 * has a cache. The handle of a closed kind may therefore be served by the kind
 * that has its id now, as poolkind.h says; the debug library asks kind_of()
 * first. A block is never freed into a wrong kind so, since cache_free() also
 * compares its address with the segment of the cache that it finds.
 */
#ifndef KIND_KIND_H
#define KIND_KIND_H

#include "arena/heap.h"
#include "arena/lookup.h"
#include "kind/live.h"
#include "kind/marks.h"
#include "os/lock.h"
#include "os/misuse.h"
#include "os/os.h"
#include "poolkind.h"
#include "spec/spec.h"

/* The program's function that is told of memory. GIVEN, the stamp of the
 * process that gave it (sources_stamp()), or 0, is read without the lock; so is
 * TURNS, which is odd while a thread gives back what the function knows, and
 * then more than before if it did. */
struct on_map {
	_Atomic uint32_t given;
	_Atomic uint64_t turns;
	struct lock lock;
	poolkind_map_function *call;
	void *arg;
};

/* The heaps of a kind of scope local, one for each locality. How many there are
 * and which serves a node is constant once the kind is open: threads read it
 * without a lock. */
struct local_heaps {
	unsigned count;
	_Atomic uint64_t full; /* heap_epoch() of all when it was full */
	uint8_t of_node[SPEC_NODES_MAX]; /* by the node a thread runs on */
	struct heap heap[];
};

struct kind {
	struct heap heap;
	poolkind *handle;
	char *name, *text;
	char *resolved; /* the text, with the nodes or the device it came to */
	_Atomic(void *) user_data;
	struct local_heaps *local; /* NULL: heap is the only one */
	struct live live;          /* the debug library's */

	_Atomic uint64_t failures; /* requests that got NULL */
	_Atomic uint64_t spills;   /* that got a block of a fallback */
	struct kind *fallback;     /* asked when this one is full, or NULL */
	struct marks marks;        /* ... or when it is nearly so */
	struct on_full on_full;    /* the program's function: full.c */
	struct on_map on_map;      /* another: map.c */
	_Atomic bool moving;       /* a thread moves its pages: move.c */
	bool owns_fallback;        /* a link of the same chain */
	unsigned fallen;           /* kinds whose fallback this is */
	struct kind *next, **link; /* all kinds: kinds.c */
};

/*
 * What handles lead to, by id: kinds.c enters and takes out. The record is
 * stored before the handle, which is stored by a release, so whoever reads the
 * right handle by an acquire finds the record complete.
 */
struct kind_entry {
	_Atomic(const poolkind *) handle; /* NULL: not open */
	struct kind *kind;
};
extern struct kind_entry kind_entries[HEAP_IDS];

static inline unsigned
kind_id(const poolkind *handle)
{
	return (uintptr_t)handle % HEAP_IDS;
}

/* The record behind a handle, or NULL. */
static inline struct kind *
kind_find(const poolkind *handle)
{
	unsigned id = kind_id(handle);

	if (unlikely(handle == NULL) ||
	    unlikely(atomic_load_explicit(&kind_entries[id].handle,
			 memory_order_acquire) != handle))
		return NULL;
	return kind_entries[id].kind;
}

/* The same, and where there is none, which is a misuse, the report of it. */
struct kind *kind_of(const poolkind *handle);

static inline unsigned
kind_heaps(const struct kind *kind)
{
	return kind->local == NULL ? 1 : kind->local->count;
}

static inline struct heap *
kind_heap(const struct kind *kind, unsigned i)
{
	return kind->local == NULL ? (struct heap *)&kind->heap :
				     &kind->local->heap[i];
}

/* The heap for threads on NODE. */
static inline struct heap *
kind_heap_of(const struct kind *kind, unsigned node)
{
	return kind->local == NULL ?
	    kind_heap(kind, 0) :
	    kind_heap(kind, kind->local->of_node[node % SPEC_NODES_MAX]);
}

/* The heap for the calling thread, where it runs now. */
static inline struct heap *
kind_heap_here(const struct kind *kind)
{
	return likely(kind->local == NULL) ? (struct heap *)&kind->heap :
					     kind_heap_of(kind, os_node());
}

/* What is the same in all heaps of a kind. */
static inline struct source *
kind_source(const struct kind *kind)
{
	return kind_heap(kind, 0)->source;
}

/* The kind of a heap in which a block was found. By the alias, which is the id
 * of the kind's own heap: of a kind of scope local that heap has no blocks, and
 * the heap that a child of a fork inherited has no id. */
static inline struct kind *
kind_of_heap(const struct heap *heap)
{
	return kind_entries[heap->alias].kind;
}

/* Whether a block of HOME can have come out of KIND: out of itself, or of one
 * of its fallbacks, of which the program need not know. */
static inline bool
kind_may_hold(const struct kind *kind, const struct kind *home)
{
	while (kind != NULL && kind != home)
		kind = kind->fallback;
	return kind != NULL;
}

/* Reports that PTR is not a block, or not one that the program holds, by what a
 * lookup of it gave. Returns false. */
bool not_a_block(const void *ptr, const struct block *block);

/* The block at PTR, which may be anything but NULL: false, which is a misuse
 * and reported, if it is none, or in the debug library one that was freed. */
static inline bool
kind_block_of(const void *ptr, struct block *block)
{
	*block = block_lookup(ptr);
	if (unlikely(block->heap == NULL) ||
	    live_find(&kind_of_heap(block->heap)->live, ptr, NULL) == NOT_LIVE)
		return not_a_block(ptr, block);
	return true;
}

/* Why the kind has no block to give: ENOMEM alone if it is full; ENODEV and a
 * sentence if the nodes that it binds to are gone; EPERM and one if this
 * process is a child that has nothing of the kind at all.
 * Counts that it has none. Returns NULL. */
void *kind_no_block(struct kind *kind);

/* poolkind_malloc(), but of SIZE bytes that no cache serves. */
void *kind_malloc_directly(poolkind *kind, size_t size);

/*
 * Whether the program's function for a kind without room, if there is one,
 * wants the request for SIZE bytes to be tried again, after it was asked ASKED
 * times for it. Called with no lock held; not asked while it is under way in
 * the same thread.
 */
bool full_try_again(struct kind *kind, size_t size, unsigned asked);

/*
 * What map.c does where there is a function for what the kind gets and loses:
 * map_tell() after a block was taken, false if something was refused: then the
 * block is freed unless it lies in what the function knows (map_knows()), and
 * map_empty() has no cache have blocks of that memory;
 * map_give_back() tells of what is free and gives it back, map_decay() if that
 * has waited long enough, map_makes_room() for a request that found no room;
 * map_is_telling() refuses what the function asks for itself; map_end() before
 * a kind is closed. In a fork's child there is none.
 */
bool map_is_given(const struct kind *kind);
bool map_is_telling(const struct kind *kind);
bool map_tell(struct kind *kind);
bool map_knows(struct kind *kind, const void *ptr);
void map_empty(struct kind *kind);
void map_give_back(struct kind *kind);
void map_decay(struct kind *kind);
void map_end(struct kind *kind);

/* Whether a request that found no room since map_look(), which *TURNS is from,
 * might find some now: what was free was given back, by this thread the FIRST
 * time, or by others meanwhile, for whom it waits. Then it looks anew. */
uint64_t map_look(const struct kind *kind);
bool map_makes_room(struct kind *kind, uint64_t *turns, bool first);

/* Around a move of pages that stay at their addresses: all is told as lost, and
 * after it as there again; false if that was refused. What is committed
 * meanwhile is told of after it. With no lock held; both, by one thread. */
void map_before_move(struct kind *kind);
bool map_after_move(struct kind *kind);

/* Around fork. */
void full_prefork(void);
void full_postfork(void);

/* The nodes that the kind takes memory from now, added to NODES; none where the
 * kernel chooses. Takes the lock of each source. */
static inline void
kind_add_nodes(const struct kind *kind, uint64_t *nodes)
{
	for (unsigned i = 0; i < kind_heaps(kind); i++)
		source_add_nodes(kind_heap(kind, i)->source, nodes);
}

/* What the kind holds. */
void kind_count(const struct kind *kind, struct poolkind_stats *all);

/* Tells every heap of the kind its share of LIMIT, by which it bounds what its
 * thread caches may hold: at least a byte, as none would be no bound. The limit
 * itself is that of the account that the sources of all heaps share: one heap
 * may use all of it. */
static inline void
kind_limit_changed(struct kind *kind, size_t limit)
{
	unsigned heaps = kind_heaps(kind);

	for (unsigned i = 0; i < heaps; i++)
		heap_limit_changed(kind_heap(kind, i),
		    limit == 0 ? 0 : max_size(limit / heaps, 1));
}

#endif /* KIND_KIND_H */
