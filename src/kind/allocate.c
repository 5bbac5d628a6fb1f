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
 * The debug library looks each handle and each pointer up before it believes
 * what is said of it, keeps account of the blocks that are in the program's
 * hands (live.h), and fills them as they come (0xa5) and go (0x5a), so that
 * reading a block before it was written or after it was freed shows. DEBUGGING
 * is a constant, so nothing of that is left in the other library.
 */
#include <errno.h>
#include <string.h>

#include "arena/allocate.h"
#include "arena/cache.h"
#include "arena/free.h"
#include "arena/resize.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/facade.h"
#include "kind/kind.h"

#ifdef POOLKIND_DEBUG
#define JUNK_NEW 0xa5
#define JUNK_OLD 0x5a
#define DEBUGGING 1
#else
#define JUNK_NEW 0
#define JUNK_OLD 0
#define DEBUGGING 0
#endif

/* ---- Allocation ---------------------------------------------------------- */

/* Says why there is no block: errno alone where the kind is full, which is an
 * answer and frequent, and must not cost a sentence; EPERM with a sentence
 * where this process is a child that has nothing of the kind at all. */
static void *
no_block(const struct kind *kind)
{
	if (source_refused(kind_source(kind)))
		error_set(EPERM,
		    "kind \"%s\" (%.160s) is not for the child of "
		    "a fork",
		    kind->name, kind->text);
	else
		errno = ENOMEM;
	return NULL;
}

/* What is asked of a kind: SIZE bytes, for a program that asked for ASKED. */
struct request {
	size_t size, alignment; /* 0: through the cache */
	bool zero;
	size_t asked;
};

/* The debug library's part with a block that goes out. It is entered under the
 * kind that it is of, which is another than the one asked where that is full
 * and falls back. All that may be used is filled, not just what was asked for.
 */
static void
enter_block(void *ptr, size_t asked, bool zero)
{
	struct block block = block_lookup(ptr);

	live_add(&kind_of_heap(block.heap)->live, ptr, asked);
	if (!zero)
		memset(ptr, JUNK_NEW, block.usable);
}

static inline void *
new_block(void *ptr, size_t asked)
{
	if (DEBUGGING)
		enter_block(ptr, asked, false);
	return ptr;
}

/* What a slow path has to do to a block, or to none, before it returns. Under
 * valgrind, where every block comes this way, the block is announced, and only
 * then may be written to and is zeroed: see block_of_heap(). */
static void *
finish(struct kind *kind, void *ptr, const struct request *request)
{
	if (unlikely(ptr == NULL))
		return no_block(kind);
	if (unlikely(annotate_is_on())) {
		size_t usable = block_lookup(ptr).usable;

		annotate_block(ptr, usable);
		if (request->zero)
			memset(ptr, 0, usable);
	}
	if (DEBUGGING)
		enter_block(ptr, request->asked, request->zero);
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
 * Empties the caches and arenas of all places of a kind, has their sources give
 * back what they committed ahead or keep for a while, and returns whether it
 * did. The places share one limit, so one of them can fail because the others
 * keep free memory: its own heap, which empties itself before it fails, knows
 * nothing of those. Without a limit no place can be in another's way.
 *
 * A full kind would do this for every request. So the sum of the epochs before
 * it is remembered; they only go up, so as long as the sum is the same nothing
 * was freed in any place, and to empty them again would gain nothing. The sum
 * before, not the one after: what another thread frees meanwhile would be in
 * that one, and never be looked for.
 */
static bool
drain_places(struct places *places)
{
	uint64_t before = 0;

	if (!source_has_limit(places->heap[0].source))
		return false;
	for (unsigned i = 0; i < places->count; i++)
		before += heap_epoch(&places->heap[i]);
	if (before == atomic_load(&places->full))
		return false;
	for (unsigned i = 0; i < places->count; i++)
		heap_trim(&places->heap[i]);
	atomic_store(&places->full, before);
	return true;
}

/* A block of KIND alone, from the heap of the place where the thread runs at
 * this moment. When that fails and the other places were emptied, once more. */
static void *
block_of_kind(struct kind *kind, const struct request *request)
{
	struct heap *heap = kind_heap_here(kind);
	void *ptr = block_of_heap(heap, request);

	return unlikely(ptr == NULL && kind->places != NULL) &&
		drain_places(kind->places) ?
	    block_of_heap(heap, request) :
	    ptr;
}

/* The same, or a block of the first kind along its chain of fallbacks that has
 * room. The chain is read without a lock: see open.c, which also has why it
 * ends. The block is of that other kind in every respect: it counts there, is
 * found as one of it, and goes back there when it is freed. */
static void *
block_of_any(struct kind *kind, const struct request *request)
{
	void *ptr = block_of_kind(kind, request);

	while (unlikely(ptr == NULL && (kind = kind->fallback) != NULL))
		ptr = block_of_kind(kind, request);
	return ptr;
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

static void *__attribute__((noinline))
malloc_slowly(poolkind *kind, size_t size, size_t asked)
{
	return allocate(
	    kind, &(struct request){ .size = size, .asked = asked });
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
	return likely(ptr != NULL) ? new_block(ptr, asked) :
				     malloc_slowly(kind, size, asked);
}

EXPORT void *
poolkind_malloc(poolkind *kind, size_t size)
{
	return malloc_for(kind, size, size);
}

/*
 * Small blocks come from the cache, where they have been used before, and are
 * cleared here. Larger ones are cleared below, where it may be known that their
 * pages are new and zero already; an alignment of 1 leads past the cache.
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
	if (bytes > CACHE_SIZE_MAX)
		return allocate(
		    kind, &(struct request){ bytes, 1, true, bytes });
	ptr = malloc_for(kind, bytes, bytes);
	return ptr == NULL ? NULL : memset(ptr, 0, bytes);
}

/*
 * An aligned block. Slabs begin at a page and hold blocks of one size one after
 * the other, so a block of a class whose size is a multiple of the alignment is
 * aligned by itself, up to a page: usable_size_aligned() names such a class,
 * and the fast path serves it. Everything else is placed by the arena.
 */
static void *
aligned(poolkind *kind, size_t alignment, size_t size)
{
	size_t usable = usable_size_aligned(size, alignment);

	/* Before there is a kind there are no sizes either. */
	if (unlikely(usable == 0)) {
		if (kind_of(kind) != NULL)
			errno = ENOMEM;
		return NULL;
	}
	if (alignment <= PAGE_BYTES && usable <= CACHE_SIZE_MAX)
		return malloc_for(kind, usable, size);
	return allocate(
	    kind, &(struct request){ size, alignment, false, size });
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

/*
 * ---- Freeing ---------------------------------------------------------------
 *
 * A block goes back to the heap that it came from, whatever kind the caller
 * names: the kind is no more than a hint at the cache to try first, and what is
 * found by the address decides (arena/free.c). So freeing a block as one of a
 * wrong kind harms nothing. The debug library reports it all the same, as it is
 * a fault of the program, which will one day close the kind it has in mind.
 */

static void
no_such_block(const void *ptr)
{
	misuse("%p is not a block of any kind", ptr);
}

static void
no_live_block(const void *ptr, const struct block *block)
{
	misuse("%p, in kind \"%s\", is not a block in use: it was freed "
	       "before, or "
	       "never handed out",
	    ptr, kind_of_heap(block->heap)->name);
}

/* For functions that take a block by its address alone. Nobody holds a lock
 * when the misuse is reported, as the report is the program's function. */
bool
kind_block_of(const void *ptr, struct block *block)
{
	*block = block_lookup(ptr);
	if (block->heap == NULL) {
		no_such_block(ptr);
		return false;
	}
	if (DEBUGGING &&
	    live_find(&kind_of_heap(block->heap)->live, ptr, NULL) ==
		NOT_LIVE) {
		no_live_block(ptr, block);
		return false;
	}
	return true;
}

/* Whether a block of HOME can have come out of KIND: out of itself, or of one
 * of its fallbacks, of which the program need not know. */
static bool
may_be_of(const struct kind *home, const struct kind *kind)
{
	while (kind != NULL && kind != home)
		kind = kind->fallback;
	return kind != NULL;
}

static void
check_home(const poolkind *handle, const void *ptr, const struct kind *home)
{
	struct kind *kind = handle == NULL ? NULL : kind_of(handle);

	if (kind != NULL && !may_be_of(home, kind))
		misuse("block %p of kind \"%s\" was freed as one of kind "
		       "\"%s\"",
		    ptr, home->name, kind->name);
}

/* Of a caller who does not know it: more than any block has. */
#define SIZE_UNKNOWN SIZE_MAX

/* What may be said of a block's size is what was asked for, up to what it has;
 * ASKED is 0 where that is not known. */
static void
check_size(const void *ptr, size_t size, size_t asked, size_t usable)
{
	if (size != SIZE_UNKNOWN && (size < asked || size > usable))
		misuse("block %p was freed as one of %zu bytes: %zu were asked "
		       "for, and it has %zu",
		    ptr, size, asked, usable);
}

/*
 * The debug library's part with a block that comes back: false if it must not
 * be freed, being no block, or none that the program holds. A wrong kind or
 * size is reported, and the block freed: it can be.
 *
 * The block leaves the account before it is freed, not after. Once it is freed
 * another thread may be handed it and enter it, and taking it out then would
 * take out that entry. Of two threads that free one block at once, one finds it
 * in the account. In a child that was refused the kind the pages are not there,
 * so nothing is written to them.
 */
static bool
take_block(const poolkind *handle, void *ptr, size_t size)
{
	struct block block = block_lookup(ptr);
	size_t asked = 0;
	struct kind *home;

	if (block.heap == NULL) {
		no_such_block(ptr);
		return false;
	}
	home = kind_of_heap(block.heap);
	if (live_take(&home->live, ptr, &asked) == NOT_LIVE) {
		no_live_block(ptr, &block);
		return false;
	}
	check_home(handle, ptr, home);
	check_size(ptr, size, asked, block.usable);
	if (!source_refused(block.heap->source))
		memset(ptr, JUNK_OLD, block.usable);
	return true;
}

static inline void
free_block(poolkind *kind, void *ptr, size_t size)
{
	if (DEBUGGING && !take_block(kind, ptr, size))
		return;
	if (kind == NULL)
		heap_free_any(ptr);
	else
		heap_free(kind_id(kind), ptr);
}

EXPORT void
poolkind_free(poolkind *kind, void *ptr)
{
	if (likely(ptr != NULL))
		free_block(kind, ptr, SIZE_UNKNOWN);
}

EXPORT void
poolkind_free_sized(poolkind *kind, void *ptr, size_t size)
{
	if (likely(ptr != NULL))
		free_block(kind, ptr, size);
}

/* For facades in malloc's place, which are given blocks of libc's, too. True
 * means that the pointer is no concern of the caller's any more; in the debug
 * library also of a block that was freed before: that has been reported, and
 * libc, to which the caller would hand it, would end the process. */
EXPORT bool
poolkind_free_if_any(void *ptr)
{
	if (DEBUGGING && block_lookup(ptr).heap == NULL)
		return false;
	if (DEBUGGING && !take_block(NULL, ptr, SIZE_UNKNOWN))
		return true;
	return heap_free_if_any(ptr);
}

EXPORT size_t
poolkind_usable_size(const void *ptr)
{
	struct block block;

	return ptr != NULL && kind_block_of(ptr, &block) ? block.usable : 0;
}

/* ---- Reallocation -------------------------------------------------------- */

static void *
same_block(struct kind *home, void *ptr, size_t asked)
{
	if (DEBUGGING)
		live_add(&home->live, ptr, asked);
	return ptr;
}

/*
 * The block in SIZE bytes: where it is, if KIND is its home and it has that
 * size already or its arena can change it in place; else in a new block of
 * KIND. Of a kind that is full a block cannot shrink by moving; it then stays
 * as it is, which is enough, and only growing fails. In another kind than its
 * home it must move, as the caller asked for memory of that kind. On failure
 * the old block is untouched.
 */
static void *
reallocate(poolkind *kind, void *ptr, const struct block *block, size_t size)
{
	struct kind *home = kind_of_heap(block->heap);
	bool at_home = home->handle == kind;
	int saved = errno;
	void *moved;

	if (at_home &&
	    (usable_size_for(size) == block->usable ||
		heap_resize(ptr, block, size))) {
		errno = saved;
		return same_block(home, ptr, size);
	}
	moved = poolkind_malloc(kind, size);
	if (moved == NULL) {
		if (!at_home || size > block->usable)
			return NULL;
		errno = saved;
		return same_block(home, ptr, size);
	}
	memcpy(moved, ptr, min_size(size, block->usable));
	poolkind_free(NULL, ptr);
	return moved;
}

/* Out of the account before the arena frees the old place, for the same reason
 * as in take_block(), and into it again wherever the block is afterwards. */
EXPORT void *
poolkind_defragment(void *ptr)
{
	struct block block;
	size_t asked = 0;
	struct kind *home;
	void *moved;

	if (!kind_block_of(ptr, &block))
		return NULL;
	if (!DEBUGGING)
		return heap_defragment(ptr, &block);
	home = kind_of_heap(block.heap);
	live_take(&home->live, ptr, &asked);
	moved = heap_defragment(ptr, &block);
	live_add(&home->live, moved != NULL ? moved : ptr, asked);
	return moved;
}

/*
 * The block is looked up first, since a pointer that is none must be answered,
 * not followed. A child that was refused its kind has no pages to copy from,
 * and gets EPERM. A size of 0 frees, which C leaves open and poolkind.h
 * promises.
 */
EXPORT void *
poolkind_realloc(poolkind *kind, void *ptr, size_t size)
{
	struct block block;

	if (ptr == NULL && kind != NULL)
		return poolkind_malloc(kind, size);
	if (ptr == NULL) {
		error_set(EINVAL,
		    "neither a kind nor a block: one is needed "
		    "to know where memory should come from");
		return NULL;
	}
	if (size == 0) {
		poolkind_free(kind, ptr);
		return NULL;
	}
	if (!kind_block_of(ptr, &block))
		return NULL;
	if (source_refused(block.heap->source))
		return no_block(kind_of_heap(block.heap));
	if (kind == NULL)
		kind = kind_of_heap(block.heap)->handle;
	return reallocate(kind, ptr, &block, size);
}
