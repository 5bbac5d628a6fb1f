/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_account.h - what is counted of the blocks of a site, and of all sites
 * at some moments.
 *
 * Owns the counters of sites and the snapshots of a part. A snapshot is taken
 * whenever the live bytes of the process have moved by a 32nd of their peak;
 * when there are RECORDING_SNAPSHOTS, every second one goes, and from then on
 * half as many are taken. The moment of the peak is kept besides: it is taken
 * when a block is freed at the most that ever lived, but for a 256th.
 *
 * Called inside malloc, by any thread, in signal handlers. No lock: a thread
 * that finds another one taking a snapshot goes on without. One that is killed
 * while it takes one leaves the snapshots that were there.
 */
#ifndef PRELOAD_RECORD_ACCOUNT_H
#define PRELOAD_RECORD_ACCOUNT_H

#include "preload/record_blocks.h"

/* A block that was allocated by the thread THREAD, or is freed at NOW. */
void record_count_block(struct recording_part *part,
    const struct record_block *block, uint32_t thread);
void record_count_free(struct recording_part *part,
    const struct record_block *block, uint64_t now);

/* A block of which it cannot be known when it is freed. */
void record_count_lost(struct recording_part *part,
    const struct record_block *block, uint32_t thread);

#endif /* PRELOAD_RECORD_ACCOUNT_H */
