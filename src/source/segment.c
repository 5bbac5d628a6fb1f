/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.c - segments made, deleted and listed. See segment.h.
 *
 * A segment is made in this order, and undone in the reverse: a record, its
 * page map, its sets, its addresses and what is behind them (ops->open), its
 * entry in the address map. Entered last, it is found by readers without a lock
 * only when it is whole.
 *
 * Owns the free records of segments.
 */
#include "source/segment.h"

#include <errno.h>

#include "base/list.h"
#include "os/records.h"
#include "source/address_map.h"
#include "source/policy.h"
#include "source/sets.h"

/*
 * Free records of segments, under the list's lock. Readers of the address map
 * may still look at them, so they never become records of another type: what a
 * reader follows as a link is a link (address_map.h). For the same reason a
 * record that is used again is cleared behind the readers' fields alone; those
 * are written one by one. Free ones hang together by NEXT, which no reader
 * looks at.
 */
static struct segment *free_segments;

static struct segment *
segment_record(void)
{
	struct segment *segment;

	if (free_segments == NULL)
		return record_new(sizeof(*segment));
	STACK_POP(&free_segments, segment);
	__builtin_memset(&segment->head, 0,
	    sizeof(*segment) - offsetof(struct segment, head));
	return segment;
}

static void
segment_record_free(struct segment *segment)
{
	STACK_PUSH(&free_segments, segment);
}

/* It leaves the address map before its addresses go: they may be somebody
 * else's at the next moment. */
void
segment_delete(struct segment *segment)
{
	struct source *source = segment->source;

	address_map_remove(segment);
	source->ops->close(segment);
	page_map_close(&segment->map);
	sets_close(segment);
	segment_record_free(segment);
}

/* The handle's pages are entered as used for ever, without being committed or
 * counted: so no span contains them, and source->spans is without them. */
int
segment_new_headed(struct source *source, char *at, size_t bytes, size_t head,
    struct segment **result)
{
	struct segment *segment = segment_record();
	int error;

	if (segment == NULL)
		return ENOMEM;
	segment->base = at;
	segment->bytes = bytes;
	segment->owner = source->owner;
	segment->head = head;
	segment->source = source;
	segment->fd = segment->copy_fd = -1;
	error = page_map_open(&segment->map, bytes / PAGE_BYTES);
	if (error != 0)
		goto no_map;
	error = sets_open(source, segment);
	if (error != 0)
		goto no_sets;
	error = source->ops->open(source, segment);
	if (error != 0)
		goto no_pages;
	error = address_map_add(segment);
	if (error != 0)
		goto no_entry;
	if (head != 0)
		page_map_set(&segment->map, 0, head / PAGE_BYTES, true);
	*result = segment;
	return 0;

no_entry:
	source->ops->close(segment);
no_pages:
	sets_close(segment);
no_sets:
	page_map_close(&segment->map);
no_map:
	segment_record_free(segment);
	return error;
}

static int
segment_new(struct source *source, size_t bytes, struct segment **result)
{
	return segment_new_headed(source, NULL, bytes, 0, result);
}

/* At the end, since searches begin with the oldest: it keeps the older ones
 * full and lets the newest become empty. */
void
segment_append(struct source *source, struct segment *segment)
{
	struct segment **link = &source->first;

	while (*link != NULL) {
		segment->order++;
		link = &(*link)->next;
	}
	*link = segment;
	source->size += segment->bytes - segment->head;
	policy_follow(segment);
}

/* Whether it is worth asking for fewer addresses: ENOMEM may come of RLIMIT_AS;
 * EAGAIN is what a process gets that locks all of its memory and may not lock
 * so much; EFBIG comes of RLIMIT_FSIZE, or of the longest file that the file
 * system can have. */
static bool
is_too_many(int error)
{
	return error == ENOMEM || error == EAGAIN || error == EFBIG;
}

/*
 * A segment leaves as many addresses as it takes, and this many at least, so
 * that under RLIMIT_AS the first kind does not have what all others need. Those
 * others are kinds, the stacks of threads, and above all jemalloc's records:
 * while it has none no span can become a block, and the first are 8 MiB.
 */
#define LEFT_LEAST (16 * MIB)

/* The segment, where it leaves these, which are held while it is made. */
static int
segment_new_leaving(
    struct source *source, size_t bytes, struct segment **segment)
{
	size_t left = max_size(bytes, LEFT_LEAST);
	void *held;
	int error = os_reserve(left, PAGE_BYTES, &held);

	if (error != 0)
		return error;
	error = segment_new(source, bytes, segment);
	os_unreserve(held, left);
	return error;
}

/* See segment.h. Halves WANT until it can be had, and as a last resort takes
 * what is needed, whatever that leaves. All is a multiple of SEGMENT_MIN, 2
 * MiB, at which a file can go on where the segment ends (file.c). */
int
segment_new_within(
    struct source *source, size_t want, size_t least, struct segment **segment)
{
	size_t step = max_size(source->granule, SEGMENT_MIN);
	int error;

	want = align_up(max_size(want, least), step);
	while (
	    is_too_many(error = segment_new_leaving(source, want, segment)) &&
	    want > least)
		want = max_size(align_up(want / 2, step), least);
	return is_too_many(error) ? segment_new(source, want, segment) : error;
}

struct segment *
next_segment_of(struct source *source, const struct segment *before)
{
	struct segment *next;

	lock_take(&source->lock);
	next = before == NULL ? source->first : before->next;
	lock_give(&source->lock);
	return next;
}

struct segment *
segment_before(struct source *source, const struct segment *after)
{
	struct segment *before = NULL, *s;

	lock_take(&source->lock);
	for (s = source->first; s != after; s = s->next)
		before = s;
	lock_give(&source->lock);
	return before;
}
