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
 * - copied: a copy, made before the fork, takes the place (copy.c).
 * - private: both go on with copies on write of the file as it is.
 *
 * A region is its caller's: one that is mapped shared is inherited.
 *
 * A child that is made otherwise (clone(2), _Fork(3)) runs no handler and has
 * holes in these places. It finds a witness, a page that the kernel wiped, and
 * is refused such sources (withhold.c, inherit.c).
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

#include "source/copy.h"
#include "source/decommit.h"
#include "source/file.h"
#include "source/file_space.h"
#include "source/inherit.h"
#include "source/policy.h"
#include "source/registry.h"
#include "source/withhold.h"

/* ---- Before the fork ---------------------------------------------------- */

/*
 * Maps all segments copy on write, in the parent, so that parent and child both
 * go on with the file as it is. A mapping that is private is copied by fork(2)
 * itself: it need not be withheld any more.
 *
 * EBADF where that cannot be: without the descriptor, by which the file is
 * mapped again; and on huge pages, where the kernel ends the process if no page
 * is left for the copy that a write makes. If it fails at a segment, that one
 * and those behind it stay shared, the earlier ones private. That harms nobody:
 * the file has no name, so nobody else reads it.
 */
static int
make_private(struct source *source)
{
	if (source_has_huge_pages(source))
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
	return copy_into_files(source) == 0 ? 0 : copy_into_memory(source);
}

/* By the kind's fork policy. Shared: the child will use pages of this file, so
 * from here on none of them is given back, ever, since nobody tells when the
 * last child has ended. Refused: nothing, as the child covers it. */
static int
prepare_file(struct source *source)
{
	switch (source->spec->fork) {
	case SPEC_FORK_COPY:
		return copy_into_files(source);
	case SPEC_FORK_COPY_OR_PRIVATE:
		return copy_into_files(source) == 0 ?
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
			error = segment_set_inherited(s, true);
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
 * That is settled first: after fork_set_seen() in its own child, nothing would
 * tell any more. */
int
sources_prefork(void)
{
	int first_error = 0;

	lock_take(&sources_lock);
	for (struct source *s = sources; s != NULL; s = s->next)
		lock_take(&s->lock);
	forks_settle_unseen();
	sources_learn_mappings();
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

enum spec_fork
source_fork_policy(const struct source *source)
{
	return source->spec->fork;
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
			error = segment_set_inherited(s, false);
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
		if (!source_is_region(source))
			os_cover(s->base, s->bytes);
		s->withheld = false;
		drop_copy(s);
	}
	atomic_store(&source->refused, true);
	atomic_store(&source->exposed, false);
	atomic_store(&source->inherited, false);
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
	for (struct segment *s = source->first; s != NULL && source->is_moved;
	     s = s->next)
		policy_move(s);
	if (refuse)
		source_refuse(source);
	else if (source_is_shared(source))
		atomic_store(&source->inherited, true);
}

void
sources_postfork_child(void)
{
	fork_set_seen();
	for (struct source *s = sources; s != NULL; s = s->next) {
		source_tell_nothing(s);
		settle_child(s);
		atomic_store(&s->held, 0);
		s->walks = NULL; /* of threads that are gone */
		lock_give(&s->lock);
	}
	lock_give(&sources_lock);
}
