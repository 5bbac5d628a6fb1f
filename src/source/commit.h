/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commit.h - granules given memory, or space in their file, and some ahead.
 *
 * Under the source's lock. May fail for want of that, or of the limit.
 */
#ifndef SOURCE_COMMIT_H
#define SOURCE_COMMIT_H

#include "source/structures.h"

/* Commits granules FROM to END - 1, none of which is; all of them or none. 0 or
 * an error number. */
int segment_commit(struct segment *segment, size_t from, size_t end);

/* Commits every page of a span of COUNT pages from FROM on, that was just
 * entered in the page map. 0 or an error number. */
int commit_span(struct segment *segment, size_t from, size_t count);

#endif /* SOURCE_COMMIT_H */
