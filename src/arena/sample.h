/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.h - the blocks that the probe otel_memory:alloc tells of, while
 * somebody listens there.
 *
 * Each block is chosen by chance, one in SAMPLE_MEAN bytes, whatever others
 * are: one of a bin with its size divided by SAMPLE_MEAN, and one that is as
 * large always. So for the next blocks of a bin it is drawn beforehand which is
 * chosen, and the bin's countdown ends at that one: the fast path knows nothing
 * of it. What is told of a block is how many bytes it stands for, so that the
 * sum over all is what was allocated, at each call site. That it is freed is
 * told by sampled.h.
 *
 * Where nobody listens the slow path looks at one number, the probe's
 * semaphore, which who listens raises.
 *
 * Owns what it keeps in struct thread, which is its thread's. No locks; nothing
 * fails.
 */
#ifndef ARENA_SAMPLE_H
#define ARENA_SAMPLE_H

#include "arena/recording.h"
#include "arena/structures.h"

#define SAMPLE_LG_MEAN 19
#define SAMPLE_MEAN ((size_t)1 << SAMPLE_LG_MEAN)
/* Where each block is chosen, and stands for itself. */
#define SAMPLE_LG_ALL 1

#ifdef HAVE_SDT
extern const volatile unsigned short sample_listeners __asm__(
    "poolkind_sample_listeners") __attribute__((visibility("hidden")));
#else
#define sample_listeners 0
#endif

static inline bool
sample_is_on(void)
{
	return unlikely(sample_listeners != 0);
}

/* After how many blocks of SIZE bytes the countdown of a bin ends, up to
 * SAMPLE_MOST, where one in 1 << LG_MEAN bytes is chosen; *CHOSEN: whether
 * because the last of them is. That is more than HOUSEKEEPING_INTERVAL, as a
 * slow path takes longer here; what is done there may wait so long. */
#define SAMPLE_LG_MOST 9
#define SAMPLE_MOST (1 << SAMPLE_LG_MOST)
int32_t sample_distance(
    struct thread *thread, size_t size, unsigned lg_mean, bool *chosen);

/* Whether the block that the calling thread has of its slow path is chosen: by
 * the cache that it is from, or by its size; and how many bytes it stands for.
 * The program asked for ASKED bytes. */
bool sample_chooses(size_t asked, size_t *weight);

/* What a recorder has of that block; before sample_chooses() is asked, which is
 * not where nobody listens besides. */
struct recording_choice sample_for_recorder(void);

/* Tells of the block, of the kind that is called KIND. */
void sample_tell(
    const void *ptr, size_t asked, size_t weight, const char *kind);

#endif /* ARENA_SAMPLE_H */
