/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * debug.c - what the debug library checks of blocks that come and go.
 *
 * Keeps the account of the blocks that are in the program's hands (live.h), and
 * fills them as they come (0xa5) and go (0x5a), so that reading a block before
 * it was written or after it was freed shows. Reports what is not so; nothing
 * fails. Takes no lock but that of the account, and holds none when it reports,
 * as the report is the program's function.
 */
#include "kind/debug.h"

#include <string.h>

#include "source/source.h"

#define JUNK_NEW 0xa5
#define JUNK_OLD 0x5a

void
debug_enter(void *ptr, size_t asked, bool zero)
{
	struct block block = block_lookup(ptr);

	live_add(&kind_of_heap(block.heap)->live, ptr, asked);
	if (!zero)
		memset(ptr, JUNK_NEW, block.usable);
}

static void
check_home(const poolkind *handle, const void *ptr, const struct kind *home)
{
	struct kind *kind = handle == NULL ? NULL : kind_of(handle);

	if (kind != NULL && !kind_may_hold(kind, home))
		misuse("block %p of kind \"%s\" was freed as one of kind "
		       "\"%s\"",
		    ptr, home->name, kind->name);
}

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
 * The block leaves the account before it is freed, not after. Once it is freed
 * another thread may be handed it and enter it, and taking it out then would
 * take out that entry. Of two threads that free one block at once, one finds it
 * in the account. In a child that was refused the kind the pages are not there,
 * so nothing is written to them.
 */
bool
debug_take(const poolkind *handle, void *ptr, size_t size)
{
	struct block block = block_lookup(ptr);
	size_t asked = 0;
	struct kind *home;

	if (block.heap == NULL)
		return not_a_block(ptr, &block);
	home = kind_of_heap(block.heap);
	if (live_take(&home->live, ptr, &asked) == NOT_LIVE)
		return not_a_block(ptr, &block);
	check_home(handle, ptr, home);
	check_size(ptr, size, asked, block.usable);
	if (!source_refused(block.heap->source))
		memset(ptr, JUNK_OLD, block.usable);
	return true;
}
