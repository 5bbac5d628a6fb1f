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
	.source_granule = offsetof(struct source, granule),
	.spec_bytes = offsetof(struct spec, all_nodes),
	.spec_size = offsetof(struct spec, size),
	.spec_grow = offsetof(struct spec, grow),
	.spec_source = offsetof(struct spec, source),
	.spec_page = offsetof(struct spec, page),
	.spec_nodes = offsetof(struct spec, nodes),
	.account_bytes = sizeof(struct account),
	.account_limit = offsetof(struct account, limit),
	.account_peak = offsetof(struct account, peak),
	.segment_bytes = sizeof(struct segment),
	.segment_base = offsetof(struct segment, base),
	.segment_length = offsetof(struct segment, bytes),
	.segment_next = offsetof(struct segment, next),
	.segment_file_system = offsetof(struct segment, file_system),
	.file_system_on_nodes = offsetof(struct os_file_system, on_nodes),
};
