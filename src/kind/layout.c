/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.c - the table by which other processes read the engine's records, and
 * the note that leads to it: see stats/layout.h.
 *
 * Owns constants. Nothing in the process calls or reads anything here: the
 * object is linked in because all of the engine is.
 */
#include "stats/layout.h"

#include "kind/kinds.h"

_Static_assert(LAYOUT_ID_BITS == HEAP_ID_BITS, "a handle's form");

extern const struct layout poolkind_layout
    __attribute__((visibility("hidden")));

const struct layout poolkind_layout = {
	.magic = LAYOUT_MAGIC,
	.version = LAYOUT_VERSION,
	.debugging = DEBUGGING,
	.release = PACKAGE_VERSION,
	.process = &kinds_process,

	.entries = kind_entries,
	.entry_count = ARRAY_SIZE(kind_entries),
	.entry_bytes = sizeof(struct kind_entry),

	.kind_bytes = sizeof(struct kind),
	.kind_heap = offsetof(struct kind, heap),
	.kind_handle = offsetof(struct kind, handle),
	.kind_name = offsetof(struct kind, name),
	.kind_text = offsetof(struct kind, text),
	.kind_local = offsetof(struct kind, local),
	.kind_failures = offsetof(struct kind, failures),
	.kind_spills = offsetof(struct kind, spills),
	.kind_returns = offsetof(struct kind, marks.returns),
	.local_count = offsetof(struct local_heaps, count),
	.local_heap = offsetof(struct local_heaps, heap),

	.arena = &layout_arena,
	.source = &layout_source,
};

#define WORD_OF(number) WORD_OF_VALUE(number)
#define WORD_OF_VALUE(number) #number

/* Allocated, so it is found in memory by the program headers, whatever became
 * of the file; no symbol is exported for it. */
__asm__(".pushsection .note.poolkind, \"a\", %note\n"
	"	.balign 4\n"
	"	.4byte 2f - 1f, 4f - 3f, " WORD_OF(
	    LAYOUT_NOTE_TYPE) "\n"
			      "1:	.asciz \"" LAYOUT_NOTE "\"\n"
			      "2:	.balign 4\n"
			      "3:	.4byte poolkind_layout - .\n"
			      "4:	.popsection\n");
