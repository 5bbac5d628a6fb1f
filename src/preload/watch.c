/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.c - see watch.h.
 *
 * Records are found by their block's address, in buckets that are doubled when
 * there are more records than buckets, and hang in the list of the thread whose
 * scope they are of. What is given back is used again: a program that enters a
 * thousand scopes one after the other needs what the largest of them does.
 *
 * That no free is missed: before a block is handed out to who may free it, the
 * entry of its addresses is cleared (door.h), under the lock; and entries are
 * made under the lock while nothing is watched. Before that, door_expects_one
 * is made false. Whoever frees the block was given it after that, and finds
 * neither.
 */
#include "preload/watch.h"

#include <pthread.h>

#include "base/list.h"
#include "os/lock.h"
#include "os/os.h"
#include "preload/door.h"
#include "preload/stacks.h"

struct watched {
	const void *block;
	size_t size;
	uint64_t age; /* how many came before it in its list */
	struct watch_list *list;
	struct stack *stack;          /* NULL: not known */
	struct watched *chain;        /* in the same bucket */
	struct watched *next, **link; /* in the list; free ones: next alone */
};

struct watch_list {
	struct watched *first;
	uint64_t age;
	bool lacks; /* a block could not be watched */
};

/* Both are made of the same pieces. */
union piece {
	struct watched watched;
	struct watch_list list;
	union piece *next;
};

#define PIECES_BYTES (64 * KIB)
#define BUCKETS_FIRST 512

static struct lock lock = LOCK_INIT;
static union piece *free_pieces;
static struct watched *first_buckets[BUCKETS_FIRST];
static struct watched **buckets = first_buckets;
static size_t bucket_count = BUCKETS_FIRST;
_Atomic size_t watch_count;
static bool expects_one; /* watch_expect_one() was called */

/* Under the lock: counts a block, or whatever else wants to see frees. */
static void
count_watched(size_t more)
{
	size_t count = atomic_fetch_add(&watch_count, more) + more;

	atomic_store(&door_expects_one, expects_one && count == 0);
}

/* ---- Pieces, under the lock ---------------------------------------------- */

static void
give_piece(union piece *piece)
{
	piece->next = free_pieces;
	free_pieces = piece;
}

static union piece *
take_piece(void)
{
	union piece *piece;
	void *pages;

	if (free_pieces == NULL && os_map(PIECES_BYTES, &pages) == 0)
		for (size_t i = PIECES_BYTES / sizeof(*piece); i-- > 0;)
			give_piece((union piece *)pages + i);
	piece = free_pieces;
	if (piece != NULL)
		free_pieces = piece->next;
	return piece;
}

/* ---- Buckets, under the lock --------------------------------------------- */

/* Blocks lie 16 bytes apart at least, most of them more. */
static struct watched **
bucket_of(const void *block)
{
	uint64_t mixed = (uintptr_t)block / 16 * UINT64_C(0x9e3779b97f4a7c15);

	return &buckets[(mixed >> 32) & (bucket_count - 1)];
}

static void
enter(struct watched *watched)
{
	struct watched **bucket = bucket_of(watched->block);

	watched->chain = *bucket;
	*bucket = watched;
}

/* Without memory there are as many as before, and chains are longer. */
static void
double_buckets(void)
{
	struct watched **old = buckets;
	size_t count = bucket_count;
	void *pages;

	if (os_map(2 * count * sizeof(*old), &pages) != 0)
		return;
	buckets = pages;
	bucket_count = 2 * count;
	for (size_t i = 0; i < count; i++) {
		struct watched *next;

		for (struct watched *w = old[i]; w != NULL; w = next) {
			next = w->chain;
			enter(w);
		}
	}
	if (old != first_buckets)
		os_unmap(old, count * sizeof(*old));
}

/* ---- Records ------------------------------------------------------------- */

static struct watched *
unlink_watched(const void *block)
{
	struct watched **at = bucket_of(block), *watched;

	while (*at != NULL && (*at)->block != block)
		at = &(*at)->chain;
	watched = *at;
	if (watched == NULL)
		return NULL;
	*at = watched->chain;
	count_watched((size_t)-1);
	return watched;
}

/* One whose free went past malloc, with poolkind_free(), is watched still when
 * its address is another block's. A block has one record, by which it is found.
 */
static void
drop_stale(const void *block)
{
	struct watched *stale = unlink_watched(block);

	if (stale == NULL)
		return;
	LIST_REMOVE(stale);
	give_piece((union piece *)stale);
}

/* Under the lock. The block's addresses have no entry from here on. */
static void
link_watched(struct watched *watched)
{
	drop_stale(watched->block);
	if (atomic_load(&watch_count) >= bucket_count)
		double_buckets();
	enter(watched);
	count_watched(1);
	atomic_store(door_home(watched->block), NO_HEAP);
}

static struct watch_list *
new_list(void)
{
	union piece *piece = take_piece();

	if (piece == NULL)
		return NULL;
	piece->list = (struct watch_list){ NULL, 0, false };
	return &piece->list;
}

void
watch_add(struct watch_list **of, const void *block, size_t size,
    void *const *frames, unsigned depth)
{
	union piece *piece = NULL;
	struct watch_list *list;

	lock_take(&lock);
	list = *of = *of != NULL ? *of : new_list();
	if (list != NULL && atomic_load(&watch_count) < WATCHED_MAX)
		piece = take_piece();
	if (piece != NULL) {
		piece->watched = (struct watched){ .block = block,
			.size = size,
			.age = list->age++,
			.list = list,
			.stack = stack_of(frames, depth) };
		link_watched(&piece->watched);
		LIST_PUSH(&list->first, &piece->watched);
	} else if (list != NULL) {
		list->lacks = true;
	}
	lock_give(&lock);
}

/* Who frees or resizes a block may do so while the list's thread ends the list:
 * the record is then nobody's but his who took it. */
struct watched *
watch_take(const void *block)
{
	struct watched *watched;

	lock_take(&lock);
	watched = unlink_watched(block);
	if (watched != NULL)
		watched->block = NULL;
	lock_give(&lock);
	return watched;
}

void
watch_put(struct watched *watched, const void *block, size_t size)
{
	lock_take(&lock);
	if (watched->list != NULL) {
		watched->block = block;
		watched->size = size;
		link_watched(watched);
	} else {
		give_piece((union piece *)watched);
	}
	lock_give(&lock);
}

void
watch_drop(struct watched *watched)
{
	lock_take(&lock);
	if (watched->list != NULL)
		LIST_REMOVE(watched);
	give_piece((union piece *)watched);
	lock_give(&lock);
}

/* ---- Lists --------------------------------------------------------------- */

uint64_t
watch_age(const struct watch_list *list)
{
	return list == NULL ? 0 : list->age;
}

bool
watch_report(const struct watch_list *list, uint64_t age,
    struct poolkind_scope_report *report)
{
	bool lacks;

	lock_take(&lock);
	stacks_begin();
	for (struct watched *w = list->first; w != NULL && w->age >= age;
	     w = w->next) {
		report->count++;
		report->bytes += w->size;
		report->largest = max_size(report->largest, w->size);
		stacks_add(w->stack, w->size);
	}
	stacks_end(report);
	lacks = list->lacks;
	lock_give(&lock);
	return !lacks;
}

void
watch_end(struct watch_list *list)
{
	struct watched *next;

	if (list == NULL)
		return;
	lock_take(&lock);
	for (struct watched *w = list->first; w != NULL; w = next) {
		next = w->next;
		if (w->block == NULL) {
			w->list = NULL;
			continue;
		}
		unlink_watched(w->block);
		give_piece((union piece *)w);
	}
	give_piece((union piece *)list);
	lock_give(&lock);
}

/* ---- The rest ------------------------------------------------------------ */

void
watch_all_frees(void)
{
	lock_take(&lock);
	count_watched(1);
	for (size_t i = 0; i < HOMES; i++)
		if (atomic_load(&door_homes[i]) != NO_HEAP)
			atomic_store(&door_homes[i], NO_HEAP);
	lock_give(&lock);
}

void
watch_expect_one(void)
{
	lock_take(&lock);
	expects_one = true;
	count_watched(0);
	lock_give(&lock);
}

/* A thread that finds the lock taken learns another time. */
void
watch_learn_home(const void *block, unsigned id)
{
	if (!lock_try(&lock))
		return;
	if (atomic_load(&watch_count) == 0)
		atomic_store(door_home(block), (uint16_t)id);
	lock_give(&lock);
}

static void
before_fork(void)
{
	lock_take(&lock);
}

static void
after_fork(void)
{
	lock_give(&lock);
}

void
watch_start(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}
