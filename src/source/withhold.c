/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * withhold.c - shared mappings are kept out of children, and a child that no
 * handler knows of is told from its parent. See withhold.h.
 *
 * clone(2) and _Fork(3) run no handlers, and a process number tells nothing, as
 * a child in a namespace of its own may have its parent's. The kernel tells: a
 * page with MADV_WIPEONFORK (Linux 4.14) reads as zero in every child, by
 * whatever call that was made. The word in it is the process's stamp, which is
 * 1, and in a child one more than its parent's; a process that finds it 0 is a
 * child that nobody has made ready. Before Linux 4.14 there is no witness, and
 * such a child is not told from its parent. A child that shares its parent's
 * memory (vfork(2), CLONE_VM) is the same process here.
 *
 * The page is set up when the first segment is withheld, the first region
 * opened or a function given that is told of memory, under sources_lock, and
 * never taken away.
 */
#include "source/withhold.h"

#include "base/bits.h"

_Atomic(_Atomic uint32_t *) fork_witness;

/* That of this process, once it is known. */
static _Atomic uint32_t stamp = 1;

void
forks_watch(void)
{
	void *page;

	if (atomic_load(&fork_witness) != NULL ||
	    os_map(PAGE_BYTES, &page) != 0)
		return;
	if (os_wipe_in_child(page, PAGE_BYTES) != 0) {
		os_unmap(page, PAGE_BYTES);
		return;
	}
	atomic_store((_Atomic uint32_t *)page, atomic_load(&stamp));
	atomic_store(&fork_witness, page);
}

void
fork_set_seen(void)
{
	_Atomic uint32_t *word = atomic_load(&fork_witness);
	uint32_t own = atomic_fetch_add(&stamp, 1) + 1;

	if (word != NULL)
		atomic_store(word, own);
}

uint32_t
sources_stamp(void)
{
	_Atomic uint32_t *word = atomic_load(&fork_witness);

	return atomic_load(word != NULL ? word : &stamp);
}

/* Lets a segment into children, or not (MADV_DOFORK, MADV_DONTFORK). The
 * handle's page in front is no shared mapping: it comes into a child by
 * itself, so that the handle stays an address that nobody else gets. */
int
segment_set_inherited(struct segment *segment, bool inherited)
{
	return os_set_inherited(segment->base + segment->head,
	    segment->bytes - segment->head, inherited);
}

/*
 * See withhold.h. Returns 0 or an error number, with which opening fails: a
 * child could write to what is not kept from it, and no handler would know.
 * Only where the call itself is refused the segment is not withheld: a sandbox
 * that forbids madvise(2) is assumed to make no such children.
 */
int
segment_withhold(struct segment *segment)
{
	int error;

	forks_watch();
	error = segment_set_inherited(segment, false);
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
