/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facade.h - what the facades call beyond poolkind.h: libraries of this project
 * that speak another interface, of the same version as libpoolkind.
 *
 * Exported under the version POOLKIND_PRIVATE, which promises nothing to
 * anybody else. Owns nothing; the rules are those of poolkind.h.
 */
#ifndef KIND_FACADE_H
#define KIND_FACADE_H

#include <stdbool.h>

#include "kind/locality.h"
#include "poolkind.h"
#include "spec/spec.h"

/* Opens the kind that SPEC describes, also what no text can say; REGION is the
 * memory of a SPEC_REGION, of any content. NULL with errno and a sentence. */
poolkind *poolkind_open_spec(const struct spec *spec, void *region);

/* The same, for a spec with nodes that are not its own: threads have their
 * memory where PLACEMENT says. */
poolkind *poolkind_open_local(
    const struct spec *spec, const struct localities *localities);

/* The address at which the kind's memory begins: its handle's page, if its spec
 * has one. NULL for a region of which all belongs to others. And how many bytes
 * of the kind follow in a row. */
void *poolkind_base(const poolkind *kind);
size_t poolkind_extent(const poolkind *kind);

/* Writes statistics in the form of jemalloc's. OMIT: as in arena/print.h. */
void poolkind_print(poolkind *kind, unsigned omit,
    void (*write)(void *to, const char *text), void *to);

/* Between these two, under valgrind, the engine says nothing of blocks, and no
 * other thread is in it: the caller announces them, in its own name. The second
 * returns PTR: it can be left for by a tail call. */
void poolkind_quiet(void);
void *poolkind_loud(void *ptr);

/* Registers the engine's fork handlers, if that is still to be done. Handlers
 * that a facade registers afterwards are called before them at a fork, as
 * pthread_atfork(3) has it, so a facade's locks come before the engine's. */
void poolkind_follow_forks(void);

/* The kind that KIND falls back to, or NULL: the next link of a chain. */
poolkind *poolkind_fallback(const poolkind *kind);

/* Where threads on NODE have their memory of the kind: its nodes, their weights
 * as a spec has them, and whether these count page by page or in slices. A kind
 * that was moved has no weights of its own: they were for other nodes. */
struct kind_place {
	uint64_t nodes[SPEC_NODES_MAX / 64];
	uint8_t weights[SPEC_WEIGHTS_MAX];
	bool by_page;
};
void poolkind_place(
    const poolkind *kind, unsigned node, struct kind_place *place);

/* The handlers themselves, for libvmmalloc, which has the engine linked in and
 * calls them around system calls that make a child without fork(2). Not
 * exported. */
void poolkind_fork_begin(void);
void poolkind_fork_end_in_parent(void);
void poolkind_fork_end_in_child(void);

/* Gives back the free memory of the kind that has waited for as long as its
 * decay says. Otherwise later calls on some kind do that; this is for a thread
 * that looks after kinds that nobody calls. */
void poolkind_decay(poolkind *kind);

/* The kind of the block PTR, and what may be used of it; false if it is no
 * block of any, and nothing is said. */
bool poolkind_block_of(const void *ptr, poolkind **kind, size_t *usable);

/* Blocks that a facade counts, by their usable size (arena/count.h): one that
 * came by poolkind_malloc_counted(), or was counted afterwards, is resized and
 * freed by the two that follow, or is no more counted before. Freeing answers
 * as poolkind_free_if_any(). What is no block does not count. */
void *poolkind_malloc_counted(poolkind *kind, size_t size);
void *poolkind_realloc_counted(poolkind *kind, void *ptr, size_t size);
bool poolkind_free_counted(void *ptr);
void poolkind_count(const void *ptr, bool counts);

/* The bytes in blocks of the kind that count: exact when no thread counts
 * meanwhile; and at a glance, without what other threads have gathered. */
size_t poolkind_counted(const poolkind *kind);
size_t poolkind_counted_about(const poolkind *kind);

/* Frees the block PTR, of whatever kind; false, and nothing is said, if it is
 * no block of any. */
bool poolkind_free_if_any(void *ptr);

/* Of PTR, at which no block begins: whether it lies in the memory of a kind. It
 * is no block of libc's then, but was freed before, or points into a block; and
 * that is reported. */
bool poolkind_is_misused(const void *ptr);

/* The block in SIZE bytes of its kind, if the thread's cache of KIND can do
 * that without a look-up; KIND is NULL for that of the kind which PTR is likely
 * to be of. NULL, and nothing was done, if it cannot, or PTR is no block. */
void *poolkind_realloc_if_quick(poolkind *kind, void *ptr, size_t size);

/* The same of a block that may be recorded, by who has told the recorder. */
void *poolkind_realloc_recorded(void *ptr, size_t size);

/* Says that what the kind FULL had no block for, and was told so, a facade has
 * from the kind TO: it spilled, and did not fail. */
void poolkind_spilled(poolkind *full, const poolkind *to, size_t asked);

/* The id of the heap that the kind's blocks are cached under, for
 * arena/cache.h; one without caches in the debug library, which sees every
 * call. */
unsigned poolkind_id(const poolkind *kind);

/* The same of the kind that PTR, which may be anything, is likely to be of. */
unsigned poolkind_likely_id(const void *ptr);

/* In a fork, after the engine's handlers have prepared it: 0, or the error
 * number with which the copy that the child is to have of the kind, or of one
 * that it falls back to, could not be made; *POLICY is what that kind's spec
 * says of a fork, or as it was. */
int poolkind_fork_error(const poolkind *kind, enum spec_fork *policy);

/* Whether this process is the child of a fork that was refused the kind, or one
 * that it falls back to. */
bool poolkind_is_refused(const poolkind *kind);

/* What the library that stands in malloc's place has for poolkind_enter() and
 * its relatives: 0 or E2BIG; 0, EINVAL outside of any scope, or EOVERFLOW where
 * the report, which may be NULL and is zero, is not complete. */
struct kind_scopes {
	int (*enter)(poolkind *kind);
	int (*leave)(struct poolkind_scope_report *report);
};
void poolkind_offer_scopes(const struct kind_scopes *scopes);

/* Has a recorder told of blocks (arena/recording.h), for good; of those of a
 * kind, and of the kinds that it falls back to, from poolkind_record() on. */
struct heap_recorder;
void poolkind_set_recorder(const struct heap_recorder *recorder);
void poolkind_record(poolkind *kind);

/* Whether PTR, which the calling thread was just given, is to be recorded. */
struct recording_choice poolkind_choice_of(const void *ptr);

/* Has the free of a block come by the slow path; no more, once no block of its
 * page is recorded. */
void poolkind_watch(const void *ptr);
void poolkind_unwatch(const void *ptr);

/* Tells the recorder what it was not told yet, as the process ends. */
void poolkind_tell_recorder(void);

/* Moves the small block at PTR to another slab, past all caches, if its own has
 * more room than those of its class have on average, so that slabs become
 * empty. NULL where it is better left, for any reason. */
void *poolkind_defragment(void *ptr);

#endif /* KIND_FACADE_H */
