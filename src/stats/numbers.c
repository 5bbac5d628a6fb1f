/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * numbers.c - the names of the numbers: see numbers.h.
 *
 * They are members of JSON, parts of the names of metrics, and columns; the
 * manual has them. Some may be added, those that are there stay.
 */
#include "stats/numbers.h"

const struct stats_column stats_columns[STATS_VALUES] = {
	[STATS_LIVE] = { "live", false, "Blocks that the program holds" },
	[STATS_CACHED] = { "cached", false,
	    "Free blocks in thread caches or between two" },
	[STATS_COMMITTED] = { "committed", false,
	    "Memory taken from the system" },
	[STATS_PEAK] = { "peak", false, "The most that was committed" },
	[STATS_RESIDENT] = { "resident", false, "In physical memory" },
	[STATS_LIMIT] = { "limit", false, "The most that may be committed" },
	[STATS_SIZE] = { "size", false, "Address space of a fixed size" },
	[STATS_ACTIVE] = { "active", false,
	    "Extents that live and cached blocks lie in" },
	[STATS_ALLOCATIONS] = { "allocations", true, "Blocks handed out" },
	[STATS_FREES] = { "frees", true, "Blocks given back" },
	[STATS_FAILURES] = { "failures", true,
	    "Requests that found no room, not in a fallback either" },
	[STATS_SPILLS] = { "spills", true,
	    "Requests that a fallback served for want of room" },
	[STATS_RETURNS] = { "returns", true,
	    "Times that use fell below low= again" },
};
