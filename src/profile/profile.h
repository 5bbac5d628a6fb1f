/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profile.h - what a program did with its memory, by the place that asked.
 *
 * A profile owns all that it holds, allocated by malloc, until profile_free().
 * Texts are its own copies, one of each; sites stay where they are when others
 * are added. `poolkind record` fills one for each process and merges them;
 * `poolkind report` and `poolkind advise` read one. Linked into the command
 * alone, which has one thread: no locks. What fails returns NULL or -1 with
 * errno and a sentence, and then the profile is only good to be freed.
 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_NO_MODULE UINT32_MAX
#define PROFILE_BUILD_ID_MAX 20
#define PROFILE_SIZES 40 /* classes of sizes: 2^N up to 2^(N+1)-1 */
#define PROFILE_SNAPSHOTS 256
#define PROFILE_NO_SAMPLER "none"

/* A program or library. */
struct profile_module {
	const char *path;
	uint8_t build_id[PROFILE_BUILD_ID_MAX];
	size_t build_id_size; /* 0: none */
};

/* Of a stack, innermost first: the first is the caller of malloc. */
struct profile_frame {
	uint32_t module; /* PROFILE_NO_MODULE: not known */
	/* Of the return address, from where the module is loaded: as a rule
	 * "site MODULE+0xOFFSET" has it. */
	uint64_t offset;
	const char *function, *file; /* NULL: not known */
	unsigned line;               /* 0: not known */
};

/* What blocks of one class of sizes came to. */
struct profile_size {
	uint64_t blocks, bytes;
	uint64_t peak; /* the most that lived at once, in bytes */
	uint64_t accesses;
};

/* One stack, and one kind. */
struct profile_site {
	struct profile_frame *frames;
	size_t frame_count;
	const char *kind;       /* that served it; NULL: ordinary memory */
	uint64_t blocks, bytes; /* allocated; estimates where sampled */
	uint64_t peak;          /* the most that lived at once, in bytes */
	uint64_t lifetime;      /* sum over its blocks, nanoseconds */
	uint64_t threads;       /* that allocated here */
	uint64_t accesses;      /* in the sampler's unit */
	struct profile_size size[PROFILE_SIZES];
	uint64_t *live; /* bytes, at each of the profile's snapshots */
	/* Where several processes were merged: the most of that which is one
	 * process's. */
	uint64_t *one;
};

struct profile {
	const char *program;     /* its command; NULL: not known */
	const char *sampler;     /* "none", "referenced", "perf", "dhat", ... */
	const char *access_unit; /* what one access is: "loads+stores", ... */
	uint64_t processes;      /* that were merged */
	uint64_t start;          /* nanoseconds since 1970; 0: not known */
	uint64_t duration;       /* nanoseconds */

	/* Moments since the start, in nanoseconds, rising. */
	uint64_t *snapshot_time;
	size_t snapshots;

	struct profile_module *modules;
	size_t module_count, module_room;
	struct profile_site **sites;
	size_t site_count, site_room;

	/* For profile.c: which texts and which sites there are. */
	struct profile_index *texts, *stacks;
};

struct profile *profile_new(void);
void profile_free(struct profile *profile);

/* The profile's copy of TEXT, the same one for equal texts. NULL for NULL, and
 * where there is no memory. */
const char *profile_text(struct profile *profile, const char *text);

/* The number of the module with this path and build-id, which is added where
 * there is none; of a build-id of more than PROFILE_BUILD_ID_MAX bytes the
 * first. PROFILE_NO_MODULE: no memory. */
uint32_t profile_module(struct profile *profile, const char *path,
    const void *build_id, size_t build_id_size);

/* The site with these frames and this kind, which is added where there is none,
 * with nothing counted. Texts are copied. Frames are the same if module and
 * offset are, or, where no module is known, function, file and line. */
struct profile_site *profile_site(struct profile *profile,
    const struct profile_frame *frames, size_t count, const char *kind);

/* Makes room for COUNT snapshots, with nothing in them, also in sites that are
 * added later. Once for a profile. */
int profile_set_snapshots(struct profile *profile, size_t count);

/* The class of blocks of this size. */
unsigned profile_size_class(uint64_t size);

/* The snapshot at which the most bytes lived; 0 where there is none. */
size_t profile_peak_snapshot(const struct profile *profile);

/* What one process has of a site at a snapshot, at the most. */
static inline uint64_t
profile_of_one(const struct profile *profile, const struct profile_site *site,
    size_t snapshot)
{
	return profile->processes > 1 ? site->one[snapshot] :
					site->live[snapshot];
}

/* Bytes that lived at a snapshot, of all sites. */
uint64_t profile_live(const struct profile *profile, size_t snapshot);

/* Adds what FROM has, of another process of the same run. Sites are the same if
 * their stacks are, in modules with one build-id. The peaks of sites are added,
 * so are bytes that lived at the same time. */
int profile_merge(struct profile *into, const struct profile *from);

/* Writes the form that pprof has, compressed: see pprof.proto. The file has its
 * name when all of it is written. */
int profile_write(const struct profile *profile, const char *path);

/* Reads a file that profile_write() wrote, a profile of memory in the same form
 * by another program, or one by Valgrind's dhat. */
struct profile *profile_read(const char *path);

/* The same for a file of dhat alone; LOG is what Valgrind logged with -v -v -v,
 * from which the modules of its addresses are known, or cannot be read. */
struct profile *profile_read_dhat(const char *path, const char *log);

#endif /* PROFILE_PROFILE_H */
