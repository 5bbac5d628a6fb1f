/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * operations.h - what segments are made of: a table of operations for each of
 * anonymous memory, files, regions and devices.
 *
 * Owns nothing. Called by open.c, without a lock.
 */
#ifndef SOURCE_OPERATIONS_H
#define SOURCE_OPERATIONS_H

#include "source/structures.h"

extern const struct segment_ops anon_ops, bound_ops, file_ops, region_ops,
    device_ops;

/* What region.c and device.c have in common: pages that are simply there. */
int memory_is_there(struct segment *segment, size_t offset, size_t bytes);

/* The operations that SPEC asks for, and how many bytes these commit at once.
 */
const struct segment_ops *ops_of(const struct spec *spec);
size_t granule_of(const struct spec *spec);

#endif /* SOURCE_OPERATIONS_H */
