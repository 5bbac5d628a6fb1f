/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.h - where the engine's records are and what lies where in them: for
 * who reads them from another process.
 *
 * Each file that has the engine linked in, libpoolkind, libvmmalloc, their
 * debug variants and static programs, has one constant table of this form, and
 * a note (LAYOUT_NOTE, in the section .note.poolkind) that says where. The
 * table is data, so the command reads builds other than its own: release,
 * debugging and libvmmalloc's. Offsets are in bytes, from the start of the
 * record that is named before; counters have 8 bytes, pointers too.
 *
 * LAYOUT_VERSION is raised whenever a member here is added, removed or gets
 * another meaning, or what ARCHITECTURE.md ("Seen from outside") promises of
 * the records does not hold any more: a reader refuses any other version.
 *
 * kind/layout.c has the table, arena/layout.c and source/layout.c the parts
 * that only these know. Owns nothing.
 */
#ifndef STATS_LAYOUT_H
#define STATS_LAYOUT_H

#include <stdint.h>

#define LAYOUT_VERSION 3
#define LAYOUT_MAGIC 0x646e696b6c6f6f70 /* "poolkind" */

/* Of a handle, how many kinds were opened before: its low bits are an id, and
 * the highest is set. */
#define LAYOUT_ID_BITS 12
#define LAYOUT_NUMBER(handle) (((handle)&INT64_MAX) >> LAYOUT_ID_BITS)

/* The note's name and type. Its content is the distance from itself to the
 * table: 4 bytes, with a sign. */
#define LAYOUT_NOTE "poolkind"
#define LAYOUT_NOTE_TYPE 1

/* A heap, its caches, its arenas, as jemalloc has them. */
struct layout_arena {
	uint32_t heap_bytes, heap_source, heap_inherited, heap_caches;
	uint32_t heap_requests, heap_arena_count, heap_slot, heap_slot_max;
	uint32_t heap_depot_bytes, heap_depot_blocks;

	uint32_t cache_bytes, cache_next, cache_heap, cache_serial;
	uint32_t cache_changes, cache_bin, cache_requests, bins;
	uint32_t bin_bytes, bin_head, bin_block, bin_limit, bin_countdown;

	uint32_t slot_bytes, slot_arena, slot_requests;
	uint32_t arena_small, arena_large, arena_active;
	uint32_t small_bytes, small_current;
	uint32_t large_bytes, large_given, large_taken, large_active;
	uint32_t smalls, larges, page;

	const uint32_t *bin_sizes;   /* [bins] */
	const uint32_t *small_start; /* [smalls], of each class in the arena */
	const uint64_t *sizes;       /* [smalls] */
};

struct layout_source {
	uint32_t source_bytes, source_first, source_size, source_committed;
	uint32_t source_spec, source_account, source_refused, source_granule;
	uint32_t spec_bytes, spec_size, spec_grow, spec_source, spec_page;
	uint32_t spec_nodes; /* SPEC_NODES_MAX bits */
	uint32_t account_bytes, account_limit, account_peak;
	uint32_t segment_bytes, segment_base, segment_length, segment_next;
	uint32_t segment_file_system, file_system_on_nodes;
};

struct layout {
	uint64_t magic;
	uint32_t version;
	uint32_t debugging;  /* the library is a debug variant */
	const char *release; /* of the project */

	/* The process that the records are right for: another one that has
	 * them is a child that no handler, or not yet, has made its own. */
	const int *process;

	/* By id: a handle, NULL where no kind is open, and its record. */
	const void *entries;
	uint32_t entry_count, entry_bytes; /* 16: each of them a word */

	uint32_t kind_bytes, kind_heap, kind_handle, kind_name, kind_text;
	uint32_t kind_local, kind_failures, kind_spills, kind_returns;
	uint32_t local_count, local_heap;

	const struct layout_arena *arena;
	const struct layout_source *source;
};

extern const struct layout_arena layout_arena;
extern const struct layout_source layout_source;

#endif /* STATS_LAYOUT_H */
