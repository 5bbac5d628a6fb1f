/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocate.c - blocks of a kind. See poolkind.h.
 *
 * The fast paths: a block comes out of the thread's cache of the kind, found
 * through one pointer of the thread, and goes back there. The slow path begins
 * at allocate(): it finds the record behind the handle, the heap that serves
 * the thread where it runs now, and where that has no room the kinds that the
 * kind falls back to. Takes no lock; what lies behind does.
 *
 * The debug library looks each handle up before it believes it, and every block
 * that goes out is entered in its account (debug.h).
 */
#include <errno.h>
#include <string.h>

#include "arena/allocate.h"
#include "arena/cache.h"
#include "arena/free.h"
#include "arena/recording.h"
#include "arena/sample.h"
#include "arena/sampled.h"
#include "base/annotate.h"
#include "base/bits.h"
#include "base/cut.h"
#include "base/error.h"
#include "base/probe.h"
#include "kind/debug.h"
#include "kind/facade.h"
#include "kind/move_to.h"

/* Whether neither the kind nor what it falls back to has any of the nodes that
 * it takes pages from alone. */
static bool
has_lost_its_nodes(const struct kind *kind)
{
	for (; kind != NULL; kind = kind->fallback)
		if (!source_is_lost(kind_heap_here(kind)->source))
			return false;
	return true;
}

static void
no_nodes(const struct kind *kind)
{
	uint64_t nodes[SPEC_NODES_MAX / 64] = { 0 };

	source_add_nodes(kind_heap_here(kind)->source, nodes);
	error_set(ENODEV,
	    "kind \"%s\": node %s %s no memory any more: blocks are to be had "
	    "when %s back, or after poolkind_move() has taken the kind to "
	    "other nodes",
	    kind->name, cut(nodes_text(nodes).text, 60).text,
	    bits_count(nodes, 0, SPEC_NODES_MAX) == 1 ? "has" : "have",
	    bits_count(nodes, 0, SPEC_NODES_MAX) == 1 ? "it is" : "one is");
}

/* A full kind is an answer and frequent, and must not cost a sentence. EDEADLK
 * is for what a function of poolkind_on_map() asks. */
void *
kind_no_block(struct kind *kind)
{
	int error = source_fork_error(kind_source(kind));

	atomic_fetch_add_explicit(&kind->failures, 1, memory_order_relaxed);
	PROBE_FULL(kind->handle, kind->name);
	if (map_is_telling(kind))
		return NULL;
	if (!source_refused(kind_source(kind)) && has_lost_its_nodes(kind))
		no_nodes(kind);
	else if (!source_refused(kind_source(kind)))
		errno = ENOMEM;
	else if (error != 0)
		error_set(EPERM,
		    "kind \"%s\" (%s): what this child of a fork should have "
		    "could not be made: %s",
		    kind->name, cut(kind->text, 100).text, error_name(error));
	else
		error_set(EPERM,
		    "kind \"%s\" (%s) is not for the child of a fork",
		    kind->name, cut(kind->text, 120).text);
	return NULL;
}

/* What is asked of a kind: SIZE bytes, for a program that asked for ASKED. */
struct request {
	size_t size, alignment; /* 0: through the cache */
	bool zero;
	size_t asked;
};

/* What a slow path has to do to a block, or to none, before it returns. Under
 * valgrind, where every block comes this way, the block is announced, and only
 * then may be written to and is zeroed: see block_of_heap(). */
static void *
finish(struct kind *kind, void *ptr, const struct request *request)
{
	if (unlikely(ptr == NULL))
		return kind_no_block(kind);
	if (unlikely(annotate_is_on())) {
		size_t usable = block_lookup(ptr).usable;

		annotate_block(ptr, usable);
		if (request->zero)
			memset(ptr, 0, usable);
	}
	debug_enter(ptr, request->asked, request->zero);
	return ptr;
}

/* A block of one heap, through the thread's cache or past it. For memcheck the
 * memory may not be touched until finish() has announced it, so there it is not
 * the arena that clears it. */
static void *
block_of_heap(struct heap *heap, const struct request *request)
{
	return request->alignment == 0 ?
	    heap_allocate_cached(heap, request->size) :
	    heap_allocate_directly(heap, request->size, request->alignment,
		request->zero && !annotate_is_on());
}

/*
 * Empties the caches and arenas of all localities of a kind, has their sources
 * give back what they committed ahead or keep for a while, and returns whether
 * it did. The localities share one limit, so one can fail because the others
 * keep free memory: its own heap, which empties itself before it fails, knows
 * nothing of those. Without a limit none can be in another's way.
 *
 * A full kind would do this for every request. So the sum of the epochs before
 * it is remembered; they only go up, so as long as the sum is the same nothing
 * was freed in any heap, and to empty them again would gain nothing. The sum
 * before, not the one after: what another thread frees meanwhile would be in
 * that one, and never be looked for.
 */
static bool
drain_local(struct local_heaps *local)
{
	uint64_t before = 0;

	if (!source_has_limit(local->heap[0].source))
		return false;
	for (unsigned i = 0; i < local->count; i++)
		before += heap_epoch(&local->heap[i]);
	if (before == atomic_load(&local->full))
		return false;
	for (unsigned i = 0; i < local->count; i++)
		heap_trim(&local->heap[i]);
	atomic_store(&local->full, before);
	return true;
}

/* Whether no cache serves the block. */
static bool
is_apart(const void *ptr)
{
	return bin_of_usable(block_lookup(ptr).usable) == 0;
}

/* A block in the place of PTR that no cache serves; or PTR, where that is one,
 * or there is none. Its size in pages is what others have it for: 64 KiB more
 * for one of 512 KiB that are allocated. */
static void *
set_apart(struct heap *heap, void *ptr, const struct request *request)
{
	void *apart;

	if (annotate_is_on() || is_apart(ptr))
		return ptr;
	apart = heap_allocate_if_room(heap, sampled_bytes(request->size),
	    max_size(request->alignment, 1), request->zero);
	if (apart == NULL)
		return ptr;
	heap_free(heap->id, ptr);
	return apart;
}

/* The block as it goes out, while somebody listens to a sample of them. */
static void *__attribute__((noinline, cold)) sampled(struct kind *kind,
    struct heap *heap, void *ptr, const struct request *request)
{
	struct sampled block = { .asked = request->asked, .heap = heap };

	if (sample_chooses(request->asked, &block.weight)) {
		ptr = set_apart(heap, ptr, request);
		block.ptr = ptr;
		if (is_apart(ptr))
			sampled_enter(&block);
		sample_tell(ptr, request->asked, block.weight, kind->name);
	}
	return ptr;
}

/* The same where the heap is recorded. */
static void *__attribute__((noinline)) recorded(struct kind *kind,
    struct heap *heap, void *ptr, const struct request *request)
{
	struct recording_choice choice = sample_for_recorder();

	if (sample_is_on())
		ptr = sampled(kind, heap, ptr, request);
	recording_keep(ptr, &choice);
	return ptr;
}

/* The block, once the program knows of its memory; NULL if it refuses that. */
static void *__attribute__((noinline, cold))
told_of(struct kind *kind, struct heap *heap, void *ptr)
{
	if (ptr == NULL)
		return NULL;
	map_decay(kind);
	if (map_tell(kind))
		return ptr;
	if (!map_knows(kind, ptr)) {
		heap_free(heap->id, ptr);
		ptr = NULL;
	}
	map_empty(kind);
	return ptr;
}

/* A block of a heap of which the program is told: what it knows and is free
 * goes before there is none. */
static void *__attribute__((noinline, cold)) block_of_told(
    struct kind *kind, struct heap *heap, const struct request *request)
{
	uint64_t turns = map_look(kind);
	void *ptr = block_of_heap(heap, request);

	for (bool first = true;
	     ptr == NULL && map_makes_room(kind, &turns, first); first = false)
		ptr = block_of_heap(heap, request);
	return ptr;
}

/* A block of KIND alone, from the heap of the locality where the thread runs at
 * this moment. When that fails and the others were emptied, once more. */
static void *
block_of_kind(struct kind *kind, const struct request *request)
{
	struct heap *heap = kind_heap_here(kind);
	bool told = map_is_given(kind);
	void *ptr;

	if (unlikely(told) && map_is_telling(kind))
		return NULL;
	ptr = unlikely(told) ? block_of_told(kind, heap, request) :
			       block_of_heap(heap, request);
	if (unlikely(ptr == NULL && kind->local != NULL) &&
	    drain_local(kind->local))
		ptr = block_of_heap(heap, request);
	if (heap_is_recorded(heap) && ptr != NULL)
		ptr = recorded(kind, heap, ptr, request);
	else if (sample_is_on() && ptr != NULL)
		ptr = sampled(kind, heap, ptr, request);
	return map_is_given(kind) ? told_of(kind, heap, ptr) : ptr;
}

static void
note_spill(struct kind *full, const poolkind *to, size_t asked)
{
	atomic_fetch_add_explicit(&full->spills, 1, memory_order_relaxed);
	PROBE_SPILLED(full->handle, full->name, asked, to);
}

/* The request was counted as one that failed. */
EXPORT void
poolkind_spilled(poolkind *full, const poolkind *to, size_t asked)
{
	struct kind *kind = kind_of(full);

	if (kind == NULL)
		return;
	atomic_fetch_sub_explicit(&kind->failures, 1, memory_order_relaxed);
	note_spill(kind, to, asked);
}

static inline bool
has_marks_for(const struct kind *kind, const struct request *request)
{
	return unlikely(kind->marks.high != 0) &&
	    request->size >= kind->marks.from && kind->fallback != NULL;
}

/* A block of KIND, unless the next kind is to be asked before this one has no
 * room. */
static inline void *
block_below_marks(struct kind *kind, const struct request *request)
{
	bool marked = has_marks_for(kind, request);
	void *ptr;

	if (marked && marks_met(kind))
		return NULL;
	ptr = block_of_kind(kind, request);
	if (unlikely(ptr == NULL) && marked)
		marks_refused(kind, request->size);
	return ptr;
}

/* A block of KIND, if it has room below its marks, or the program's function
 * has made some. */
static void *
block_of_link(struct kind *kind, const struct request *request)
{
	void *ptr = NULL;

	for (unsigned asked = 0; ptr == NULL; asked++) {
		ptr = block_below_marks(kind, request);
		if (ptr == NULL && !full_try_again(kind, request->asked, asked))
			break;
	}
	return ptr;
}

/* A block of what the first kind, or one behind it, has above its marks. Where
 * nobody has marks all were tried. */
static void *
block_above_marks(struct kind **kind, const struct request *request)
{
	for (; *kind != NULL; *kind = (*kind)->fallback) {
		void *ptr = unlikely((*kind)->marks.high != 0) ?
		    block_of_kind(*kind, request) :
		    NULL;

		if (ptr != NULL)
			return ptr;
	}
	return NULL;
}

/* A block of the next kind along the chain that has room, or at last of
 * whichever has what its marks set aside; or NULL. */
static void *
spill(struct kind *full, const struct request *request)
{
	struct kind *kind = full->fallback;
	void *ptr = NULL;

	for (; kind != NULL; kind = kind->fallback) {
		ptr = block_of_link(kind, request);
		if (ptr != NULL)
			break;
	}
	if (ptr == NULL) {
		kind = full;
		ptr = block_above_marks(&kind, request);
	}
	if (ptr != NULL && kind != full)
		note_spill(full, kind->handle, request->asked);
	return ptr;
}

/* The same, or a block of the first kind along its chain of fallbacks that has
 * room. The chain is read without a lock: see open.c, which also has why it
 * ends. The block is of that other kind in every respect: it counts there, is
 * found as one of it, and goes back there when it is freed. */
static void *
block_of_any(struct kind *kind, const struct request *request)
{
	void *ptr = block_of_link(kind, request);

	return likely(ptr != NULL) ? ptr : spill(kind, request);
}

/* The slow path, for all that cache_malloc() did not serve. Success leaves
 * errno alone, whatever system calls it took. */
static void *
allocate(poolkind *handle, const struct request *request)
{
	struct kind *kind = kind_of(handle);
	int saved = errno;
	void *ptr;

	if (unlikely(kind == NULL))
		return NULL;
	annotate_enter();
	ptr = finish(kind, block_of_any(kind, request), request);
	annotate_leave();
	if (ptr != NULL)
		errno = saved;
	return ptr;
}

/* Large blocks come out of the thread's cache as well, if it has any. Here is
 * time to look whether the handle is that of an open kind. */
static void *__attribute__((noinline))
malloc_slowly(poolkind *kind, size_t size, size_t asked)
{
	void *ptr = size > CACHE_SIZE_MAX && kind_find(kind) != NULL ?
	    cache_malloc_large(kind_id(kind), size) :
	    NULL;

	if (ptr == NULL)
		return allocate(
		    kind, &(struct request){ .size = size, .asked = asked });
	debug_enter(ptr, asked, false);
	return ptr;
}

/*
 * A block of SIZE bytes or more, for a program that asked for ASKED: the fast
 * path. In the library without debugging the handle is not checked here, since
 * NULL has an id without caches and all else is said in kind.h; the slow path
 * checks it. malloc_slowly() is not inlined: its struct on the stack would give
 * the fast path a frame.
 */
static inline void *
malloc_for(poolkind *kind, size_t size, size_t asked)
{
	void *ptr;

	if (DEBUGGING && kind_of(kind) == NULL)
		return NULL;
	ptr = cache_malloc(kind_id(kind), size);
	if (unlikely(ptr == NULL))
		return malloc_slowly(kind, size, asked);
	debug_enter(ptr, asked, false);
	return ptr;
}

EXPORT void *
poolkind_malloc(poolkind *kind, size_t size)
{
	return malloc_for(kind, size, size);
}

void *
kind_malloc_directly(poolkind *kind, size_t size)
{
	return allocate(kind, &(struct request){ size, 1, false, size });
}

/* A large block out of the cache, where it has been used before. NULL: there is
 * none. */
static void *
zeroed_large(poolkind *kind, size_t bytes)
{
	unsigned id = kind_id(kind);
	void *ptr = kind_find(kind) != NULL ? cache_malloc_large(id, bytes) :
					      NULL;

	if (ptr == NULL)
		return NULL;
	heap_clear(thread_self->cache[id]->heap, ptr, bytes);
	debug_enter(ptr, bytes, true);
	return ptr;
}

/*
 * Blocks from the cache have been used before, and are cleared here. Other
 * large ones are cleared below, where it may be known that their pages are new
 * and zero already; an alignment of 1 leads past the cache.
 */
EXPORT void *
poolkind_calloc(poolkind *kind, size_t count, size_t size)
{
	size_t bytes;
	void *ptr;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes > CACHE_SIZE_MAX) {
		ptr = zeroed_large(kind, bytes);
		return ptr != NULL ?
		    ptr :
		    allocate(kind, &(struct request){ bytes, 1, true, bytes });
	}
	ptr = malloc_for(kind, bytes, bytes);
	return ptr == NULL ? NULL : memset(ptr, 0, bytes);
}

/* A block of the cache that was aligned when it was last handed out. NULL: it
 * has none on top, or the kind is none. */
static void *
aligned_used(poolkind *kind, size_t alignment, size_t usable, size_t asked)
{
	void *ptr = kind_find(kind) != NULL ?
	    cache_malloc_aligned(kind_id(kind), usable, alignment) :
	    NULL;

	if (ptr != NULL)
		debug_enter(ptr, asked, false);
	return ptr;
}

/*
 * An aligned block. Slabs begin at a page and hold blocks of one size one after
 * the other, so a block of a class whose size is a multiple of the alignment is
 * aligned by itself, up to a page: usable_size_aligned() names such a class,
 * and the fast path serves it. The arena aligns everything else.
 */
static void *
aligned(poolkind *kind, size_t alignment, size_t size)
{
	size_t usable = usable_size_aligned(size, alignment);
	void *ptr;

	/* Before there is a kind there are no sizes either. */
	if (unlikely(usable == 0)) {
		if (kind_of(kind) != NULL)
			errno = ENOMEM;
		return NULL;
	}
	if (alignment <= PAGE_BYTES && usable <= CACHE_LARGE_MAX)
		return malloc_for(kind, usable, size);
	ptr = usable <= CACHE_LARGE_MAX ?
	    aligned_used(kind, alignment, usable, size) :
	    NULL;
	return ptr != NULL ?
	    ptr :
	    allocate(kind, &(struct request){ size, alignment, false, size });
}

EXPORT void *
poolkind_aligned_alloc(poolkind *kind, size_t alignment, size_t size)
{
	if (is_power_of_two(alignment))
		return aligned(kind, alignment, size);
	error_set(EINVAL, "an alignment of %zu: it must be a power of two",
	    alignment);
	return NULL;
}

/* As posix_memalign(3), the number is returned and errno stays. *PTR is NULL on
 * failure, where POSIX says nothing, so that a caller who does not look at the
 * number does not free whatever was there. */
EXPORT int
poolkind_posix_memalign(
    poolkind *kind, void **ptr, size_t alignment, size_t size)
{
	int saved = errno, error = 0;

	if (ptr == NULL) {
		misuse("posix_memalign without a place for the block");
		errno = saved;
		return EINVAL;
	}
	*ptr = NULL;
	if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
		error_set(EINVAL,
		    "an alignment of %zu: it must be a power of "
		    "two and a multiple of %zu",
		    alignment, sizeof(void *));
		error = EINVAL;
	} else {
		*ptr = aligned(kind, alignment, size);
		if (*ptr == NULL)
			error = errno;
	}
	errno = saved;
	return error;
}
