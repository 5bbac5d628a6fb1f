/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pprof.h - what the values and labels of a profile are called in a file.
 *
 * A sample has a value of each type. A site has one with the types up to
 * PPROF_ACCESSES, one for each class of sizes with the next four, and one for
 * each snapshot with the last two, so that no type counts anything twice. Owns
 * nothing.
 */
#ifndef PROFILE_PPROF_H
#define PROFILE_PPROF_H

/* ROW(name in the code, name in the file, unit); the unit of accesses is the
 * profile's. */
#define PPROF_TYPES(ROW) \
	ROW(BLOCKS, "alloc_objects", "count") \
	ROW(BYTES, "alloc_space", "bytes") \
	ROW(PEAK, "peak_space", "bytes") \
	ROW(IN_USE, "inuse_space", "bytes") \
	ROW(LIFETIME, "lifetime", "nanoseconds") \
	ROW(THREADS, "threads", "count") \
	ROW(ACCESSES, "accesses", NULL) \
	ROW(SIZE_BLOCKS, "size_objects", "count") \
	ROW(SIZE_BYTES, "size_space", "bytes") \
	ROW(SIZE_PEAK, "size_peak_space", "bytes") \
	ROW(SIZE_ACCESSES, "size_accesses", NULL) \
	ROW(LIVE, "live_space", "bytes") \
	ROW(ONE, "process_space", "bytes")

enum pprof_type {
#define PPROF_NAME(name, ...) PPROF_##name,
	PPROF_TYPES(PPROF_NAME)
#undef PPROF_NAME
	    PPROF_TYPE_COUNT
};

/* Labels: the kind of a site; the least size of a class, in bytes; the moment
 * of a snapshot, in nanoseconds. */
#define PPROF_KIND "kind"
#define PPROF_SIZE "bytes"
#define PPROF_MOMENT "moment"

/* Comments, a text behind each. */
#define PPROF_SAMPLER "poolkind sampler: "
#define PPROF_PROGRAM "poolkind program: "
#define PPROF_PROCESSES "poolkind processes: "

/* Offsets of module N are addresses from (N + 1) times this on. */
#define PPROF_MODULE_BYTES ((uint64_t)1 << 44)

#endif /* PROFILE_PPROF_H */
