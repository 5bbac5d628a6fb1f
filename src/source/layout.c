/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.c - what lies where in the records of sources: see stats/layout.h.
 *
 * Owns a constant. Takes no lock.
 */
#include "stats/layout.h"

#include "source/structures.h"

const struct layout_source layout_source = {
	.source_bytes = sizeof(struct source),
	.source_first = offsetof(struct source, first),
	.source_size = offsetof(struct source, size),
	.source_committed = offsetof(struct source, committed),
	.source_spec = offsetof(struct source, spec),
	.source_account = offsetof(struct source, account),
	.source_refused = offsetof(struct source, refused),
	.spec_bytes = offsetof(struct spec, limit),
	.spec_size = offsetof(struct spec, size),
	.spec_grow = offsetof(struct spec, grow),
	.account_bytes = sizeof(struct account),
	.account_limit = offsetof(struct account, limit),
	.account_peak = offsetof(struct account, peak),
	.segment_bytes = sizeof(struct segment),
	.segment_base = offsetof(struct segment, base),
	.segment_length = offsetof(struct segment, bytes),
	.segment_next = offsetof(struct segment, next),
};
