/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * marks.c - see marks.h.
 *
 * Use is what the sources have handed out in spans. What a kind may have is the
 * least of its limit, its size, and what it has with what its nodes or its file
 * system have free besides. The latter takes reading files, so it is read anew
 * when use has moved by a 64th of it, and at every 1024th look: that makes a
 * look 0.4 us, where every 64th made it 3 (test/bench, part kinds: pairs of
 * 4 MiB with marks and without, on 2 busy processors of an AMD EPYC).
 *
 * Spans have free blocks in them: those of thread caches, depots, arenas. These
 * must not count for a mark: a kind of which a sixteenth lies in caches would
 * spill early, and one whose blocks were all freed would not return. So where a
 * mark seems to be met the heaps are emptied into the source, and use is read
 * again. As other requests for large blocks of a nearly full kind meet this
 * too, it is done
 *
 *   below high   when use has risen by a 256th of what the kind may have since
 *                the last time: so much can be free at most, if that is not
 *                worth it;
 *   above        when something was freed since, and then not at the next
 *                looks, twice as many each time, up to 64, that it was in vain.
 */
#include "kind/marks.h"

#include "arena/allocate.h"
#include "kind/kind.h"

#define SPILL_FROM (64 * KIB)
#define LOW_BELOW_HIGH 10 /* percent */
#define AROUND_PART 64
#define AROUND_LOOKS 1024
#define EMPTY_PART 256
#define PAUSE_MAX 64

void
marks_set(struct marks *marks, const struct spec *spec)
{
	unsigned low = spec->high > LOW_BELOW_HIGH ?
	    spec->high - LOW_BELOW_HIGH :
	    1;

	marks->high = spec->high;
	marks->low = spec->low != 0 ? spec->low : low;
	marks->from = spec->spill_from != 0 ? spec->spill_from : SPILL_FROM;
}

struct use {
	size_t spans, committed, bound;
};

/* Limit and size bound all heaps of a kind together, and each source tells the
 * same. */
static struct use
use_of(const struct kind *kind)
{
	struct use use = { 0, 0, SIZE_MAX };

	for (unsigned i = 0; i < kind_heaps(kind); i++) {
		struct source_stats source;

		source_stats(kind_heap(kind, i)->source, &source, false);
		use.spans += source.spans;
		use.committed += source.committed;
		use.bound = min_size(use.bound, source_bound(&source));
	}
	return use;
}

/* What nodes or file system have for the kind, with what it has of them. */
static size_t
around(struct kind *kind, const struct use *use)
{
	struct marks *marks = &kind->marks;
	size_t known = atomic_load(&marks->around);
	size_t then = atomic_load(&marks->around_use);
	size_t moved = use->spans > then ? use->spans - then :
					   then - use->spans;
	uint64_t nodes[SPEC_NODES_MAX / 64] = { 0 };
	struct source_room room;

	if (known != 0 && moved < known / AROUND_PART &&
	    atomic_fetch_add(&marks->around_old, 1) < AROUND_LOOKS)
		return known;
	kind_add_nodes(kind, nodes);
	source_room(kind_source(kind), nodes, &room);
	known = min_size(room.file_system, room.nodes);
	known = known > SIZE_MAX - use->committed ? SIZE_MAX :
						    known + use->committed;
	atomic_store(&marks->around_use, use->spans);
	atomic_store(&marks->around_old, 0);
	atomic_store(&marks->around, known);
	return known;
}

static size_t
part_of(size_t bytes, unsigned percent)
{
	return bytes / 100 * percent + bytes % 100 * percent / 100;
}

static uint64_t
epoch_of(const struct kind *kind)
{
	uint64_t epoch = 0;

	for (unsigned i = 0; i < kind_heaps(kind); i++)
		epoch += heap_epoch(kind_heap(kind, i));
	return epoch;
}

static bool
is_worth_emptying(
    struct kind *kind, bool above, const struct use *use, size_t most)
{
	struct marks *marks = &kind->marks;
	unsigned wait = atomic_load(&marks->wait);

	if (!above)
		return use->spans >=
		    atomic_load(&marks->least) + most / EMPTY_PART;
	if (epoch_of(kind) == atomic_load(&marks->epoch))
		return false;
	if (wait == 0)
		return true;
	atomic_store(&marks->wait, wait - 1);
	return false;
}

/* The epoch from before it: what others free meanwhile is to be seen. */
static void
empty(struct kind *kind)
{
	uint64_t before = epoch_of(kind);

	for (unsigned i = 0; i < kind_heaps(kind); i++)
		heap_drain(kind_heap(kind, i));
	atomic_store(&kind->marks.epoch, before);
}

/* Of two threads that see the same change one counts it. */
static void
change(struct marks *marks, bool above)
{
	bool before = above;

	if (atomic_compare_exchange_strong(&marks->above, &before, !above) &&
	    above)
		atomic_fetch_add(&marks->returns, 1);
	atomic_store(&marks->pause, 0);
	atomic_store(&marks->wait, 0);
}

static void
pause(struct marks *marks)
{
	unsigned pause = atomic_load(&marks->pause);

	pause = pause == 0 ? 1 : pause < PAUSE_MAX ? 2 * pause : PAUSE_MAX;
	atomic_store(&marks->pause, pause);
	atomic_store(&marks->wait, pause);
}

void
marks_forget_around(struct marks *marks)
{
	atomic_store(&marks->around, 0);
}

bool
marks_met(struct kind *kind)
{
	struct marks *marks = &kind->marks;
	bool above = atomic_load(&marks->above), met;
	struct use use = use_of(kind);
	size_t most = min_size(use.bound, around(kind, &use));
	size_t mark = part_of(most, above ? marks->low : marks->high);

	if (use.spans < atomic_load(&marks->least))
		atomic_store(&marks->least, use.spans);
	if (use.spans >= mark && is_worth_emptying(kind, above, &use, most)) {
		empty(kind);
		use = use_of(kind);
		atomic_store(&marks->least, use.spans);
		if (above && use.spans >= mark)
			pause(marks);
	}
	met = use.spans >= mark;
	if (met != above)
		change(marks, above);
	return met;
}

/*
 * The last pages that nodes and file systems say they have free they do not
 * give to everybody. A kind that waits for these to reach its mark would try
 * and fail at each request, which takes a bound kind 0.1 s on the emulated test
 * host: there the mark counts as met. Not where a block was refused that is
 * larger than what is left below the mark, nor where limit or size are what
 * bounds the kind: these are exact.
 */
void
marks_refused(struct kind *kind, size_t size)
{
	struct marks *marks = &kind->marks;
	struct use use = use_of(kind);
	size_t most = around(kind, &use);

	if (most < use.bound && use.spans >= part_of(most, marks->low) &&
	    use.spans + size <= part_of(most, marks->high))
		change(marks, false);
}
