/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - where the pages of a kind come from, behind one contract.
 *
 * A source owns segments: runs of addresses, each with a page map that knows
 * which pages are handed out (a span), which are committed, and which are known
 * to be zero. What a segment is made of (anonymous memory, a file, the
 * caller's region) is behind one table of operations.
 *
 * A source whose spec has "handle" begins with one page more, which is in no
 * span and cannot be touched as long as the source is open: its address names
 * the source. In a file that page is a hole, and not part of the size; a region
 * gives up its first page, which stays readable within a huge page. A region
 * whose spec has "overlap" consists of what no other source holds, nothing
 * perhaps.
 *
 * Called by the extent hooks of arena/, by kind/ and by the shim. Each source
 * has a lock of its own, taken inside every function here; it comes after all
 * locks of jemalloc and before that of records. Nothing here calls malloc.
 * What may fail says so; source_free() cannot fail.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/base.h"
#include "os/os.h"
#include "spec/spec.h"

struct source;

/* The most bytes in a row, and so the largest region. */
#define SOURCE_SEGMENT_MAX ((size_t)4 << 40)

/* Opens the source that SPEC describes; REGION is the memory of a SPEC_REGION
 * and NULL otherwise. OWNER is what source_owner_of() answers for an address
 * in it. BESIDE, if not NULL, is a source that this one shares its limit and
 * account with; it is closed after this one. NULL with errno and a sentence on
 * failure. */
struct source *source_open(
    const struct spec *spec, void *region, void *owner, struct source *beside);

/* Gives everything back. No span of it may be used any more. */
void source_close(struct source *source);

/*
 * Hands out a span of BYTES, aligned to ALIGNMENT (both multiples of
 * PAGE_BYTES), every page of it committed. AT, when not NULL, is the one
 * address wanted. *ZERO says on entry whether the content must be zero, on
 * return whether it is. NULL when there is no room, for whatever reason: sets
 * neither errno nor sentence.
 */
void *source_alloc(struct source *source, void *at, size_t bytes,
    size_t alignment, bool *zero);

/* Takes back part or all of spans handed out. */
void source_free(struct source *source, void *addr, size_t bytes);

/* Whether memory of a span reads as zero again once its pages are given up, and
 * new ones come as they are touched: anonymous memory whose pages nobody was
 * promised. Then source_zero() makes it zero so, else by writing. */
bool source_zeroes_lazily(const struct source *source);
void source_zero(struct source *source, void *addr, size_t bytes);

/* Takes the pages of a range within one span that have not come by a touch yet,
 * for who has the span; what the range holds stays. Several threads may do so
 * at once for ranges that do not overlap. 0 or an error number: ENOMEM where
 * there is no memory for all of it, or none on the nodes that the source binds
 * to; what was taken then stays. */
int source_populate(struct source *source, void *addr, size_t bytes);

/* Where such a range is best divided: at multiples of so many bytes. */
size_t source_populate_step(const struct source *source);

/*
 * Memory that the program is told of as it comes and goes: told.c has how. From
 * source_tell(true) on all that is committed is untold; nothing of what was
 * told is given back but by source_drop(). One thread at a time calls these.
 * In a child of the process source_tell() comes first; until then, the source
 * tells nobody.
 *
 * source_next_untold(): the next run to tell of, of MOST bytes, 0: as long as
 * it is. What comes of that is source_accept() or source_decline(), which
 * leaves it untold.
 * source_next_told(): a run that was told, behind the one in *RUN, which is
 * zero at first. With IDLE one that is free, and withdrawn until source_drop().
 */
struct source_run {
	struct segment *segment;
	size_t next;
	void *addr;
	size_t bytes;
};
void source_tell(struct source *source, bool tells);
size_t source_untold(const struct source *source);
bool source_next_untold(
    struct source *source, size_t most, struct source_run *run);
void source_accept(struct source *source, const struct source_run *run);
void source_decline(struct source *source, const struct source_run *run);
bool source_next_told(struct source *source, bool idle, struct source_run *run);
void source_drop(struct source *source, const struct source_run *run);

/* A number that no process shares with one that it descends from: withhold.c.
 * From sources_watch() on it is another one also in children that no handler
 * knew of, where it is 0 until they open a source, fork or call that, too. */
uint32_t sources_stamp(void);
void sources_watch(void);

/* Whether a fork replaces its mappings in this process. */
bool source_is_mapped_anew(const struct source *source);

/* Whether free memory that stays for a while has done so for long enough. */
bool source_is_idle(struct source *source);

/* Whether all of a range that is in a span was told of. */
bool source_is_told(struct source *source, const void *addr, size_t bytes);

/* While held, source_free() keeps pages committed: they are about to be handed
 * out again. What is left of them goes with the next span that comes back, or
 * when source_decay() is called. Nests. */
void source_hold(struct source *source);
void source_unhold(struct source *source);

/* From now on pages of spans that came back stay committed for so many
 * milliseconds, for callers that keep no free extents themselves. At 0 they go
 * at once, except small pieces where giving these back is expensive. */
void source_keep_idle(struct source *source, uint64_t milliseconds);

/* From now on some of these pages stay, in proportion to what is handed out,
 * and for a second. */
void source_keep_part(struct source *source);

/* Gives back what has stayed committed for that long, and returns whether
 * something still stays that time alone gives back. */
bool source_decay(struct source *source);

/* Gives back to the system every page that is in no span, a piece at a time:
 * others that share the limit may have them then. */
void source_trim(struct source *source);

/* The most bytes to have committed; 0: no limit. */
void source_set_limit(struct source *source, size_t limit);

bool source_has_limit(const struct source *source);

/* What it was opened by, up to where its path ends (spec_bytes()). */
const struct spec *source_spec(const struct source *source);

/* Bytes that are handed out. */
size_t source_spans(const struct source *source);

/* The same; under a limit those that count for it. */
size_t source_used(const struct source *source);

/* Whether more is committed than the limit allows, because it was lowered. */
bool source_is_over_limit(const struct source *source);

struct source_stats {
	size_t size; /* addresses, for a source of fixed size; else 0 */
	size_t limit;
	size_t committed; /* committed bytes */
	size_t peak;      /* of these, in all that share the account */
	size_t spans;     /* bytes handed out */
	size_t resident;  /* read only when asked for, and of no one moment */
};
void source_stats(
    struct source *source, struct source_stats *stats, bool want_resident);

/* Adds the resident bytes of the source to BYTES_ON[node], of NODES nodes. */
void source_count_on_nodes(
    struct source *source, size_t *bytes_on, unsigned nodes);

/* The most that limit and size let the source have. */
static inline size_t
source_bound(const struct source_stats *stats)
{
	return min_size(stats->limit != 0 ? stats->limit : SIZE_MAX,
	    stats->size != 0 ? stats->size : SIZE_MAX);
}

/* What is free around a source, SIZE_MAX where that sets no bound. */
struct source_room {
	size_t file_system; /* as much of it as this process can have */
	size_t nodes;       /* of NODES, or of all that the process may use */
};

/* NODES are those that the memory of the whole kind comes from; empty where the
 * kernel chooses. Reads /proc and /sys. */
void source_room(
    struct source *source, const uint64_t *nodes, struct source_room *room);

/*
 * Pages that go to other nodes: move.c. source_place() has all that is taken
 * from here on come from NODES, or for NULL from where the spec says; 0, or an
 * error number, and all is as it was. Then source_move_some() moves a piece of
 * what there is, until it returns false. One thread at a time may do this with
 * a source, from the first to the last; it holds no lock in between. After a
 * failure of source_place() it is to be done as well.
 */
struct source_moving {
	struct os_moved moved; /* by now */
	int error;       /* for which pages are not tried any more, or 0 */
	size_t promised; /* of what is absent, where the source binds, */
	bool is_short;   /* which is more than the nodes have */
	struct segment *segment; /* where it is; NULL at first */
	size_t granule;
};
int source_place(struct source *source, const uint64_t *nodes);
bool source_move_some(struct source *source, struct source_moving *moving);

/* Moves pages that a range of a span lies in, a piece of them, and nothing
 * else: returns where the next one begins, END or behind it after the last. */
char *source_move_range(struct source *source, char *from, char *end,
    const uint64_t *nodes, struct source_moving *moving);

/* The size of its huge pages; 0 where it has none, or only transparent ones. */
size_t source_huge_page(const struct source *source);

/* What the source is that has no pages to move, for people; NULL: it has. */
const char *source_not_movable(const struct source *source);

/* Adds the nodes that pages are taken from; none where the kernel chooses.
 * Returns whether the source was moved, and they are not those of its spec. */
bool source_add_nodes(struct source *source, uint64_t *nodes);

/*
 * Nodes that come and go: nodes.c. Whether an allocation failed because the
 * source takes pages from its nodes alone, and none of them has memory any
 * more, which is still so.
 */
bool source_is_lost(struct source *source);

/* Has the source use its nodes that are there again. Returns the first that is
 * not among ALLOWED, those that are; SPEC_NODES_MAX if there is none. */
unsigned source_look_for_nodes(struct source *source, const uint64_t *allowed);

/* A count that goes up whenever a request that failed might succeed now: a span
 * came back, the limit changed, or the shortage lay outside of the source,
 * which hears of no end of it. A heap that found itself full answers NULL
 * without trying, as long as this stays the same. */
uint64_t source_freed(const struct source *source);

/* Compares the page maps with themselves and with the counters, a piece at a
 * time, between which others go on. 0, or -1 with EIO and a sentence. */
int source_check(struct source *source);

/* What the caller named as owner of the source that ADDR lies in, or NULL.
 * Without a lock, for any address, also in a signal handler. */
void *source_owner_of(const void *addr);

/* The address at which the segment that ADDR lies in begins; 0 if in none. As
 * safe as source_owner_of(). */
uintptr_t source_begin_of(const void *addr);

/* A byte for each page of a segment, counted from BASE, for whoever has the
 * span that the page is in. All are 0 in a span that was just handed out. */
struct source_marks {
	uintptr_t base;
	size_t bytes; /* of the segment */
	unsigned char *mark;
};

/* Those of the segment that ADDR lies in; BYTES is 0 if in none. They stay as
 * long as the source does, as which the caller knows it. */
struct source_marks source_marks_of(const void *addr);

/* Marks the page that ADDR, an address in the segment, is in; and takes away
 * all marks of BYTES from there on. Pages that never had one are not looked at.
 */
void source_mark(struct source_marks marks, const void *addr, unsigned mark);
void source_unmark(struct source_marks marks, const void *addr, size_t bytes);

/* What source_mark() does besides: for who writes the byte itself. */
void source_tell_of_mark(struct source_marks marks, const void *addr);

void *source_owner(const struct source *source);

/* Where the first segment begins, its handle page included: it stays as long as
 * the source does. NULL where there is none. */
void *source_base(const struct source *source);

/* The bytes of that segment, its handle page included; 0 where there is none.
 */
size_t source_extent(const struct source *source);

/*
 * Fork, for all sources at once: prefork after jemalloc's own, with all its
 * locks held; it locks every source and prepares what its fork policy needs.
 * sources_prefork() returns 0 or the error number with which a copy could not
 * be made; such a source is refused to the child. records_prefork() comes after
 * it, records_postfork() before the two others.
 */
int sources_prefork(void);
void sources_postfork_parent(void);
void sources_postfork_child(void);

/* Between the two, that of one source; and what its spec says of a fork. */
int source_fork_error(const struct source *source);
enum spec_fork source_fork_policy(const struct source *source);

/* Whether this process may not use the source: it is the child of a fork that
 * refused it, or a child that was made otherwise (clone(2), _Fork(3)), of which
 * no handler knew, and the source is not one that the kernel copies. */
bool source_refused(const struct source *source);

/* Whether all of the source is the parent's: this process may use what had been
 * handed out, and is handed out nothing. */
bool source_inherited(const struct source *source);

/* In the child, alone: a source in the place of one that was inherited, for the
 * same owner, with the same limit. It has nothing until it is first allocated
 * from, and refuses that at once if it can never have anything: a region, a
 * device. NULL without memory. */
struct source *source_succeed(struct source *inherited);

/* In the child, alone: it has nothing of the source. */
void source_refuse(struct source *source);

#endif /* SOURCE_SOURCE_H */
