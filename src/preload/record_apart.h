/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_apart.h - large blocks in mappings of their own, for who reads the
 * referenced bits of the process's pages (tool/record_referenced.c).
 *
 * The kernel counts these by mapping, and joins neighbours that are alike. So
 * the whole pages of a block get advice on how they will be read, another one
 * than the pages beside them have: MADV_RANDOM or MADV_SEQUENTIAL, which mean
 * nothing for anonymous memory but that the kernel keeps them apart. Core dumps
 * stay what they are.
 *
 * Owns what advice the first and the last page of each such block has, by a
 * hash: where two pages share a place, neighbours may be counted together.
 * Called inside malloc, by any thread. Takes no lock. What fails, or would be
 * more mappings than the command allows, leaves the block where it is.
 */
#ifndef PRELOAD_RECORD_APART_H
#define PRELOAD_RECORD_APART_H

#include "preload/record_blocks.h"
#include "preload/record_part.h"

/* Puts a block apart, if it is large enough: sets IS_APART. */
void record_apart(
    struct recording_part *part, const void *ptr, struct record_block *block);

/* Takes that back, before the block is freed. */
void record_together(struct recording_part *part, const void *ptr,
    const struct record_block *block);

#endif /* PRELOAD_RECORD_APART_H */
