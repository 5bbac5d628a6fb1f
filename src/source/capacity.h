/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capacity.h - how much memory there is where a kind has its own, and a limit
 * that is a part of that.
 *
 * Owns nothing. Called when a kind is opened, without a lock.
 */
#ifndef SOURCE_CAPACITY_H
#define SOURCE_CAPACITY_H

#include "spec/spec.h"
#include "spec/writer.h"

/* How many huge pages of GRANULE bytes are set up for the kind: on its nodes
 * where it is bound to them, else on the machine; and how many more may be made
 * when they are wanted. SIZE_MAX where that cannot be read. */
size_t capacity_huge_pages(const struct spec *spec, size_t granule);
size_t capacity_huge_pages_beyond(size_t granule);

/* Of the first those that nobody uses, on NODES where the kind is bound, and in
 * *MORE what is left of the second. */
size_t capacity_huge_pages_free(const struct spec *spec, const uint64_t *nodes,
    size_t granule, size_t *more);

/* The sizes of huge pages that the machine has, with commas between. */
void capacity_write_huge_sizes(struct writer *to);

/* Where the limit is a part of what there is, makes it a number of bytes. Nodes
 * and devices are found by then. 0, or -1 with errno and a sentence: the nodes,
 * the directory or the device are not there, nothing says how many ranks there
 * are, or the part is less than what the spec needs. */
int capacity_settle_limit(struct spec *spec);

#endif /* SOURCE_CAPACITY_H */
