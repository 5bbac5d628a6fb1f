/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - what becomes of sources in a child.
 *
 * Whatever a child does, by whatever call it was made, the parent's data stand.
 * Anonymous memory and private mappings are the kernel's work. What is shared
 * with whoever has it mapped, a file or a device, does not come into a child by
 * itself (MADV_DONTFORK): the handlers here let it through for the moment of
 * fork(2), and in the child leave what the fork policy says.
 *
 * - refused: its place is covered, so that a touch is a SIGSEGV.
 * - shared: the source is inherited. What had been handed out is there, nothing
 *   more is handed out of it, and neither process gives pages of it back to the
 *   system, which the other may be using. The kind goes on with a successor.
 * - copied: the copy, made before the fork while an error can still be told and
 *   the parent's pages can be read, takes the place. It is of one moment only
 *   as long as no other thread writes.
 * - private: both go on with copies on write of the file as it is.
 *
 * A region is its caller's: one that is mapped shared is inherited.
 *
 * A child that is made otherwise (clone(2), _Fork(3)) runs no handler and has
 * holes in these places. It finds a witness, a page that the kernel wiped, and
 * is refused such sources.
 *
 * Called by the fork handlers of kind/ and of the shim, after all locks of
 * jemalloc were taken. Between prefork and postfork every source is locked.
 *
 * Step by step, and what a failure leaves:
 *
 *  1. Before, in the parent (sources_prefork()): sources_lock, then the lock of
 *     every source. Two locks of sources are held at once here alone, under
 *     that of the list, so their order does not matter.
 *  2. Each source is prepared by its policy (prepare()): bound anonymous memory
 *     becomes "preferred"; copies are made, or mappings made private; and last
 *     what is withheld from children is let through. If anything fails, the
 *     number is kept in copy_error, copies of that source are dropped, and the
 *     fork goes on: fork(2) cannot be stopped by a handler, so the child is
 *     refused that source instead. Others are not concerned.
 *  3. fork(2). If it fails, step 4 follows alone.
 *  4. In the parent: copies are dropped, what was let through is withheld
 *     again, locks are given back. What became private stays so: the child has
 *     the other half.
 *  5. In the child: the witness is set, so that this process counts as one that
 *     was seen; each source is settled (settle_child()), which ends in one of
 *     four states: its own (anonymous, copied, private), inherited, refused, or
 *     a successor that has nothing yet. Where putting a copy in place fails the
 *     source is refused, so that a half of it is never used. Holds and walks of
 *     threads that are gone are forgotten, and the locks are given back, by the
 *     copy of the thread that took them.
 *
 * The lock of os/records is taken by kind/ after step 2, and given back before
 * steps 4 and 5: in all of them records may be made.
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "source/address_map.h"
#include "source/file.h"
#include "source/file_space.h"
#include "source/memory.h"
#include "source/segment.h"

/*
 * ---- Children that no handler knows of --------------------------------------
 *
 * clone(2) and _Fork(3) run no handlers, and a process number tells nothing, as
 * a child in a namespace of its own may have its parent's. The kernel tells: a
 * page with MADV_WIPEONFORK (Linux 4.14) reads as zero in every child, by
 * whatever call that was made. The word in it is 1; a process that finds it 0
 * is a child that nobody has made ready. Before Linux 4.14 there is no witness,
 * and such a child is not told from its parent.
 *
 * The page is set up when the first segment is withheld or the first region
 * opened, under sources_lock, and never taken away.
 */

/* A word that is 1, and 0 in a child until it is known. Set once. */
static _Atomic(_Atomic uint32_t *) witness;

void
forks_watch(void)
{
	void *page;

	if (atomic_load(&witness) != NULL || os_map(PAGE_BYTES, &page) != 0)
		return;
	if (os_wipe_in_child(page, PAGE_BYTES) != 0) {
		os_unmap(page, PAGE_BYTES);
		return;
	}
	atomic_store((_Atomic uint32_t *)page, 1);
	atomic_store(&witness, page);
}

bool
fork_went_unseen(void)
{
	_Atomic uint32_t *word = atomic_load(&witness);

	return word != NULL && atomic_load(word) == 0;
}

static void
see_fork(void)
{
	_Atomic uint32_t *word = atomic_load(&witness);

	if (word != NULL)
		atomic_store(word, 1);
}

/* Lets a segment into children, or not (MADV_DOFORK, MADV_DONTFORK). The
 * handle's page in front is no shared mapping: it comes into a child by
 * itself, so that the handle stays an address that nobody else gets. */
static int
set_inherited(struct segment *segment, bool inherited)
{
	return os_set_inherited(segment->base + segment->head,
	    segment->bytes - segment->head, inherited);
}

/*
 * See segment.h. Returns 0 or an error number, with which opening fails: a
 * child could write to what is not kept from it, and no handler would know.
 * Only where the call itself is refused the segment is not withheld: a sandbox
 * that forbids madvise(2) is assumed to make no such children.
 */
int
segment_withhold(struct segment *segment)
{
	int error;

	forks_watch();
	error = set_inherited(segment, false);
	if (error != 0)
		return os_is_refused(error) ? 0 : error;
	segment->withheld = true;
	atomic_store(&segment->source->exposed, true);
	return 0;
}

bool
segment_is_lost(const struct segment *segment)
{
	return segment->lost || (segment->withheld && fork_went_unseen());
}

/* ---- Regions ------------------------------------------------------------ */

static bool
is_region(const struct source *source)
{
	return source->spec->source == SPEC_REGION;
}

/* Called for each shared mapping of the process, of which there may be
 * thousands where there are many kinds on files. So one that begins in a
 * segment of a source that is no region is not compared with all regions. */
static void
note_shared(void *unused, uintptr_t low, uintptr_t high)
{
	struct segment *known = address_map_find((const void *)low);

	(void)unused;
	if (known != NULL && !is_region(known->source))
		return;
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (!is_region(s) || s->mapping != MAPPING_UNKNOWN)
			continue;
		for (struct segment *at = s->first; at != NULL; at = at->next)
			if ((uintptr_t)at->base < high &&
			    low < (uintptr_t)at->base + at->bytes)
				s->mapping = MAPPING_SHARED;
	}
}

/* Finds out which regions are mapped shared, at the first fork after they were
 * opened: the kernel tells of all mappings or of none. Where it does not tell
 * they stay unknown, and count as shared. */
static void
learn_mappings(void)
{
	bool any = false;

	for (struct source *s = sources; s != NULL; s = s->next)
		any |= is_region(s) && s->mapping == MAPPING_UNKNOWN;
	if (!any || os_each_shared_mapping(note_shared, NULL) != 0)
		return;
	for (struct source *s = sources; s != NULL; s = s->next)
		if (is_region(s) && s->mapping == MAPPING_UNKNOWN)
			s->mapping = MAPPING_PRIVATE;
}

/* ---- What is refused ---------------------------------------------------- */

/* Whether both processes see the same pages after a fork. */
static bool
is_shared(const struct source *source)
{
	switch (source->spec->source) {
	case SPEC_FILE:
		return source->spec->fork == SPEC_FORK_SHARED;
	case SPEC_DAX:
		return true;
	case SPEC_REGION:
		return source->mapping != MAPPING_PRIVATE;
	default:
		return false;
	}
}

/* Whether a child that no handler knew of may not use the source: it has holes
 * there (exposed), or pages that are the parent's, too (a shared region). What
 * the kernel copied is its own. */
static bool
is_out_of_reach(const struct source *source)
{
	if (!is_region(source))
		return atomic_load(&source->exposed);
	learn_mappings();
	return is_shared(source);
}

bool
source_refused(const struct source *source)
{
	return atomic_load(&source->refused) ||
	    (unlikely(fork_went_unseen()) && is_out_of_reach(source));
}

bool
source_inherited(const struct source *source)
{
	return atomic_load(&source->inherited);
}

/*
 * Called where such a child opens a kind or forks itself, under sources_lock:
 * what it opens will be its own, while the witness says that it may use
 * nothing. So what it may not use is refused for good, in each source, and the
 * witness set. Segments that did not come into it are lost: nothing may be
 * unmapped there, as the addresses may be somebody else's by now.
 */
void
forks_settle_unseen(void)
{
	if (likely(!fork_went_unseen()))
		return;
	for (struct source *s = sources; s != NULL; s = s->next) {
		if (!is_out_of_reach(s))
			continue;
		atomic_store(&s->refused, true);
		atomic_store(&s->exposed, false);
		for (struct segment *at = s->first; at != NULL; at = at->next) {
			at->lost = at->withheld;
			at->withheld = false;
		}
	}
	see_fork();
}

/* ---- Copies ------------------------------------------------------------- */

static bool
has_huge_pages(const struct source *source)
{
	return source->granule != PAGE_BYTES;
}

/* Writes one span into the new file. By write(2), which says ENOSPC where a
 * touch would be SIGBUS, and needs no mapping. A hugetlbfs takes no write(2):
 * its files are written where they are mapped, after space was taken for each
 * granule that the span touches, and none before it did: taking space may write
 * to the granule, which has bytes of that one already. TAKEN is where those end
 * that have space. */
static int
write_span(
    struct segment *segment, int fd, size_t offset, size_t bytes, size_t *taken)
{
	size_t granule = segment->source->granule;
	size_t low = max_size(align_down(offset, granule), *taken);
	size_t high = align_up(offset + bytes, granule);
	char *copy = segment->copy;
	int error;

	if (!has_huge_pages(segment->source))
		return (segment->file_system->is_memory ? memory_write_file :
							  os_write_file)(
		    fd, segment->base + offset, bytes, (off_t)offset);
	error = high == low ? 0 : os_populate(copy + low, high - low);
	if (error == ENOSYS)
		error = os_take_space(fd, (off_t)low, (off_t)(high - low));
	*taken = high;
	if (error == 0)
		__builtin_memcpy(copy + offset, segment->base + offset, bytes);
	return error;
}

/* Copies what is in spans into the new file, by writing: files that share
 * blocks cost nothing, but then the next write of either needs space that
 * nobody took for it, and raises SIGBUS where the file system is full. */
static int
copy_spans(struct segment *segment, int fd)
{
	size_t pages = segment->map.pages, end = 0, taken = 0;

	for (;;) {
		size_t from = page_set_find(
		    &segment->map.used, end, pages, true);

		if (from == pages)
			return 0;
		end = page_set_find(&segment->map.used, from, pages, false);
		size_t offset = from * PAGE_BYTES;
		int error = write_span(
		    segment, fd, offset, (end - from) * PAGE_BYTES, &taken);

		if (error != 0)
			return error;
	}
}

/*
 * Makes the child's file, with what is in spans, and maps it at addresses of
 * its own until the child moves it; the parent unmaps it after the fork. The
 * file begins at offset 0 for each segment, whatever part of a file the segment
 * had. Its descriptor is kept for the child only if the segment has one now. On
 * failure what was made so far hangs on the segment, for drop_copy().
 */
static int
copy_segment(struct segment *segment)
{
	int fd, error;

	error = os_open_unlinked(segment->source->spec->path, &fd);
	if (error != 0)
		return error;
	error = os_set_length(fd, (off_t)segment->bytes);
	if (error == 0 && segment->source->spec->reserve)
		error = file_take_space(segment, fd, 0, segment->bytes);
	if (error == 0)
		error = os_reserve(segment->bytes,
		    max_size(segment->source->granule, 2 * MIB),
		    &segment->copy);
	if (error == 0)
		error = file_map_copy(segment, segment->copy, fd);
	if (error == 0)
		error = copy_spans(segment, fd);
	if (error == 0 && segment->fd >= 0)
		segment->copy_fd = fd;
	else
		os_close(fd);
	return error;
}

/* Copies what is in spans from one mapping of the segment to another, which is
 * private anonymous memory. It is asked for and taken piece by piece, so that a
 * lack is ENOMEM (memory.h); before Linux 5.14 by the writing itself. */
static int
copy_in_memory(struct segment *segment, char *to, const char *from)
{
	size_t pages = segment->map.pages, end = segment->head / PAGE_BYTES;
	int error = 0;

	while (error == 0) {
		size_t page = page_set_find(
		    &segment->map.used, end, pages, true);
		size_t offset = page * PAGE_BYTES;

		if (page == pages)
			break;
		end = page_set_find(&segment->map.used, page, pages, false);
		error = memory_fill(
		    os_populate, to + offset, end * PAGE_BYTES - offset);
		if (error == ENOSYS)
			error = 0;
		if (error == 0)
			memcpy(to + offset, from + offset,
			    end * PAGE_BYTES - offset);
	}
	return error;
}

/* A copy for want of a file, where the directory is gone or full. */
static int
copy_into_memory(struct segment *segment)
{
	int error = os_reserve(segment->bytes, 2 * MIB, &segment->copy);

	if (error != 0)
		return error;
	segment->copy_in_memory = true;
	error = os_make_usable(segment->copy, segment->usable);
	return error == 0 ?
	    copy_in_memory(segment, segment->copy, segment->base) :
	    error;
}

/* Undoes copy_segment() and copy_into_memory(), finished or not. In the child,
 * after the copy was put in place, only the guard page of its reservation is
 * left to unmap. */
static void
drop_copy(struct segment *segment)
{
	if (segment->copy != NULL)
		os_unreserve(segment->copy, segment->bytes);
	if (segment->copy_fd >= 0)
		os_close(segment->copy_fd);
	segment->copy = NULL;
	segment->copy_fd = -1;
	segment->copy_in_memory = false;
}

static void
drop_copies(struct source *source)
{
	for (struct segment *s = source->first; s != NULL; s = s->next)
		drop_copy(s);
}

/* All segments of the source or none: a child that has half of a kind would
 * find holes in its data structures. */
static int
copy_source(struct source *source, int (*copy)(struct segment *segment))
{
	int error = 0;

	for (struct segment *s = source->first; s != NULL && error == 0;
	     s = s->next)
		error = copy(s);
	if (error != 0)
		drop_copies(source);
	return error;
}

/* ---- Before the fork ---------------------------------------------------- */

/*
 * Maps all segments copy on write, in the parent, so that parent and child both
 * go on with the file as it is. A mapping that is private is copied by fork(2)
 * itself: it need not be withheld any more.
 *
 * EBADF where that cannot be: without the descriptor, by which the file is
 * mapped again; and on huge pages, where the kernel ends the process if no page
 * is left for the copy that a write makes. If it fails at a later segment, the
 * earlier ones stay private. That harms nobody: the file has no name, so nobody
 * else reads it.
 */
static int
make_private(struct source *source)
{
	if (has_huge_pages(source))
		return EBADF;
	for (struct segment *s = source->first; s != NULL; s = s->next) {
		if (s->private)
			continue;
		if (!file_is_ours(s))
			return EBADF;
		int error = file_map_private(s);
		if (error != 0)
			return error;
		s->private = true;
		s->withheld = false;
	}
	atomic_store(&source->exposed, false);
	return 0;
}

/* Where the mappings cannot be made private (EBADF) the child gets a copy, in a
 * file, or else in memory, which is where its copies on write would lie. Any
 * other error is final: a mapping that failed would fail again. */
static int
make_private_or_copy(struct source *source)
{
	int error = make_private(source);

	if (error != EBADF)
		return error;
	return copy_source(source, copy_segment) == 0 ?
	    0 :
	    copy_source(source, copy_into_memory);
}

/* By the kind's fork policy. Shared: the child will use pages of this file, so
 * from here on none of them is given back, ever, since nobody tells when the
 * last child has ended. Refused: nothing, as the child covers it. */
static int
prepare_file(struct source *source)
{
	switch (source->spec->fork) {
	case SPEC_FORK_COPY:
		return copy_source(source, copy_segment);
	case SPEC_FORK_COPY_OR_PRIVATE:
		return copy_source(source, copy_segment) == 0 ?
		    0 :
		    make_private_or_copy(source);
	case SPEC_FORK_PRIVATE:
		return make_private_or_copy(source);
	case SPEC_FORK_SHARED:
		for (struct segment *s = source->first; s != NULL; s = s->next)
			s->left = true;
		break;
	case SPEC_FORK_REFUSE:
		break;
	}
	return 0;
}

/* Lets all of the source into the child for this fork. Also where the child is
 * to have nothing: else there would be a hole, into which something could be
 * mapped before the child's handler covers it. */
static int
let_through(struct source *source)
{
	int error = 0;

	for (struct segment *s = source->first; s != NULL; s = s->next)
		if (s->withheld && error == 0)
			error = set_inherited(s, true);
	return error;
}

/* Before fork(2), for one source: 0, or the error number for which the child is
 * refused it. Of an inherited source no copy is made: it is an ancestor's, and
 * the child inherits it in turn. If a copy could not be made nothing is let
 * through, and the child has a hole until its handler covers it. */
static int
prepare(struct source *source)
{
	int error = 0;

	if (atomic_load(&source->refused))
		return 0;
	policy_prefork(source);
	if (source->spec->source == SPEC_FILE &&
	    !atomic_load(&source->inherited))
		error = prepare_file(source);
	return error != 0 ? error : let_through(source);
}

/* Steps 1 and 2. This process may itself be a child that no handler knew of.
 * That is settled first: after see_fork() in its own child, nothing would tell
 * any more. */
int
sources_prefork(void)
{
	int first_error = 0;

	lock_take(&sources_lock);
	for (struct source *s = sources; s != NULL; s = s->next)
		lock_take(&s->lock);
	forks_settle_unseen();
	learn_mappings();
	for (struct source *s = sources; s != NULL; s = s->next) {
		s->copy_error = prepare(s);
		if (first_error == 0)
			first_error = s->copy_error;
	}
	return first_error;
}

int
source_fork_error(const struct source *source)
{
	return source->copy_error;
}

/* ---- After it ----------------------------------------------------------- */

/* Undoes let_through(). In the parent a failure is passed over: the source
 * stays exposed, so a child that no handler knows of is refused it, though it
 * has the pages mapped. In the child that was just made the source is refused.
 */
static int
withhold_all(struct source *source)
{
	int error = 0;

	for (struct segment *s = source->first; s != NULL; s = s->next)
		if (s->withheld && error == 0)
			error = set_inherited(s, false);
	return error;
}

void
sources_postfork_parent(void)
{
	for (struct source *s = sources; s != NULL; s = s->next) {
		drop_copies(s);
		withhold_all(s);
		lock_give(&s->lock);
	}
	lock_give(&sources_lock);
}

/* Notes that the child has only what was copied, the spans: granules that were
 * committed and free are not committed in the child, and free pages read as
 * zero. With reserve= all of the copy's space was taken. */
static void
forget_idle(struct segment *segment)
{
	struct source *source = segment->source;
	size_t pages = segment->map.pages, page = 0;
	size_t per = source->granule / PAGE_BYTES;

	if (source->spec->reserve)
		return;
	while ((page = page_set_find(&segment->map.used, page, pages, false)) <
	    pages) {
		size_t end = page_set_find(
		    &segment->map.used, page, pages, true);
		size_t first = (page + per - 1) / per;
		size_t last = max_size(end / per, first);

		source_uncount(source,
		    source->granule *
			page_set_count(&segment->committed, first, last));
		page_set_fill(&segment->committed, first, last, false);
		page_set_fill(&segment->dirty, page, end, false);
		page = end;
	}
}

/* What place_copy() does where mremap(2) is refused: the spans are copied into
 * ordinary memory. The child then has no file. */
static int
copy_by_hand(struct segment *segment)
{
	int error = os_make_usable_anew(
	    segment->base + segment->head, segment->bytes - segment->head);

	if (error == 0)
		error = copy_in_memory(segment, segment->base, segment->copy);
	if (error == 0 && file_is_ours(segment))
		os_close(segment->fd);
	segment->fd = -1;
	return error;
}

/* Puts the copy in the place of the parent's pages. One in memory is private
 * as the pages of a file are that were written to. */
static int
place_copy(struct segment *segment)
{
	int error = file_place_copy(segment);

	if (os_is_refused(error)) {
		error = copy_by_hand(segment);
		segment->copy_in_memory = true;
	}
	if (error != 0)
		return error;
	forget_idle(segment);
	segment->private = segment->in_memory = segment->copy_in_memory;
	segment->withheld = !segment->copy_in_memory;
	segment->left = false;
	return 0;
}

/*
 * In the child: has nothing of the source from here on. Its addresses are
 * covered by unreadable memory rather than unmapped, so that a touch of an old
 * block is SIGSEGV at any time, and never finds what somebody else mapped
 * there. A region is the program's: it is left as it is, and only refused.
 */
void
source_refuse(struct source *source)
{
	for (struct segment *s = source->first; s != NULL; s = s->next) {
		if (!is_region(source))
			os_cover(s->base, s->bytes);
		s->withheld = false;
		drop_copy(s);
	}
	atomic_store(&source->refused, true);
	atomic_store(&source->exposed, false);
	atomic_store(&source->inherited, false);
}

/* Puts the copies of all segments in place; those without one were private or
 * shared. What lies on a file of the child's own is withheld from its own
 * children, like the parent's. On failure some may be in place: the caller
 * refuses all. */
static int
place_copies(struct source *source)
{
	bool exposed = false;

	for (struct segment *s = source->first; s != NULL; s = s->next) {
		int error = s->copy == NULL ? 0 : place_copy(s);

		if (error != 0)
			return error;
		exposed |= s->withheld;
		drop_copy(s);
	}
	atomic_store(&source->exposed, exposed);
	return 0;
}

/*
 * The child's part for one source, step 5. Anonymous memory was copied by the
 * kernel, and a refused source stays refused. A successor without segments has
 * nothing to settle: the child opens its own when it first allocates. Inherited
 * are what both processes see, a file with fork=shared, a device, a region that
 * is not known to be private: arena/inherit.c then gives the kind a successor.
 */
static void
settle_child(struct source *source)
{
	bool refuse = source->copy_error != 0 ||
	    (source->spec->source == SPEC_FILE &&
		source->spec->fork == SPEC_FORK_REFUSE);

	if (spec_is_anonymous(source->spec) || atomic_load(&source->refused))
		return;
	if (source->first == NULL)
		return;
	if (!refuse)
		refuse = place_copies(source) != 0 || withhold_all(source) != 0;
	if (refuse)
		source_refuse(source);
	else if (is_shared(source))
		atomic_store(&source->inherited, true);
}

void
sources_postfork_child(void)
{
	see_fork();
	for (struct source *s = sources; s != NULL; s = s->next) {
		settle_child(s);
		atomic_store(&s->held, 0);
		s->walks = NULL; /* of threads that are gone */
		lock_give(&s->lock);
	}
	lock_give(&sources_lock);
}
