/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * operations.c - which operations a source has. See operations.h.
 */
#include "source/operations.h"

#include "source/policy.h"

/* What sources are made of; those without a row, of anonymous memory. */
static const struct segment_ops *const source_ops[SPEC_SOURCE_COUNT] = {
	[SPEC_FILE] = &file_ops,
	[SPEC_DAX] = &device_ops,
	[SPEC_REGION] = &region_ops,
};

const struct segment_ops *
ops_of(const struct spec *spec)
{
	const struct segment_ops *ops = source_ops[spec->source];

	if (ops != NULL)
		return ops;
	return spec_binds(spec) ? &bound_ops : &anon_ops;
}

/* Files decide by the file system that they are in. */
size_t
granule_of(const struct spec *spec)
{
	if (spec->source == SPEC_FILE)
		return os_file_granule(spec->path);
	switch (spec->page) {
	case SPEC_PAGE_THP:
		return 2 * MIB;
	case SPEC_PAGE_HUGE:
		return spec->page_bytes;
	case SPEC_PAGE_AUTO:
	case SPEC_PAGE_BASE:
		break;
	}
	return PAGE_BYTES;
}
