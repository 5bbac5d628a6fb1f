/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorded.h - what the files of `poolkind record` share: the file that the
 * program writes to (rules/recording.h), the processes that do, and what comes
 * of them all together.
 *
 * A recording owns its file and the maps of it; a merge all of its lists,
 * allocated by malloc. The command has one thread; no locks. What fails is
 * said in a line on standard error.
 */
#ifndef TOOL_RECORDED_H
#define TOOL_RECORDED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "rules/recording.h"
#include "tool/run.h"

/* ---- Lists --------------------------------------------------------------- */

/* Room for one more record of EACH bytes behind the COUNT that *LIST has;
 * false, and said, where there is no memory. */
bool list_has_room(void *list, size_t count, size_t *room, size_t each);

#define NS_OF_MS UINT64_C(1000000) /* of the monotonic clock */

/* ---- The file and who writes to it: record_parts.c ----------------------- */

/* A process, or what it was before it executed another program. */
struct process {
	uint32_t part;
	pid_t pid;
	uint64_t
	    born; /* as /proc has it, so that a number used again is seen */
	uint64_t start_ns, end_ns;
	bool is_over, is_merged;
};

struct recording {
	int fd;
	struct recording_head *head;
	struct process *processes;
	size_t count, room;
	uint32_t parts;        /* looked at, and those of them that nobody */
	uint32_t *undescribed; /* has described so far */
	size_t undescribed_count, undescribed_room;
	uint64_t start_ns;
};

/* 0, or a status to end with. */
int recording_make(struct recording *recording, const struct run *run);
void recording_end(struct recording *recording);

/* Enters processes that are new, and notes which have ended. How many live. */
size_t recording_look(struct recording *recording);

/* The part of a process, until recording_unmap(); NULL if there is none. */
struct recording_part *recording_map(
    const struct recording *recording, const struct process *process);
void recording_unmap(struct recording_part *part);

/* Gives back what the part of a process takes. */
void recording_drop(
    const struct recording *recording, const struct process *process);

/* Calls VISIT for each block that lives in the part. */
void recording_each_block(const struct recording *recording,
    const struct process *process, struct recording_part *part,
    void (*visit)(void *to, struct recording_block *block), void *to);

uint64_t recording_now_ns(void);

/* ---- The program: record_program.c --------------------------------------- */

struct program {
	pid_t pid;
	int status; /* of waitpid(2), once it has ended */
	bool has_ended;
	int gate; /* it begins when this is closed; -1: it has begun */
};

/* From here on a file that grows beyond the user's limit is an error of the
 * command, and no signal; the program has what it would have. */
void recorded_begin_signals(void);

/* Starts the program with the table of its rules, and VARIABLE telling of the
 * descriptor FD, which it inherits. 0, or a status to end with. */
int recorded_start(const struct run *run, const struct rules_table *table,
    const char *variable, int fd, struct program *program);

/* The same of what BECOME makes of a new process; it returns a status where
 * that failed. */
int recorded_begin(int (*become)(void *to), void *to, struct program *program);

/* Has the program begin where it waits, as it does for a sampler that listens
 * to a process. */
void recorded_let_begin(struct program *program);

/* Ends a program that still waits. */
void recorded_abandon(struct program *program);

/* Waits for MS milliseconds, or until the program ends or a signal comes, which
 * is passed on to it. */
void recorded_wait(struct program *program, unsigned ms);

/* Says that what the program has left behind is waited for. */
void recorded_tell_that_it_waits(void);

/* Whether the user does not want to wait any longer for those that the program
 * has left behind. */
bool recorded_is_interrupted(void);

/* Ends as the program did; returns its status unless that was a signal. */
int recorded_status(const struct program *program);

/* ---- Accesses: record_referenced.c --------------------------------------- */

/* Blocks from this size on get mappings of their own, up to so many of them. */
uint64_t referenced_from(void);
uint32_t referenced_most(void);

/* Adds what the processes have touched since the last call to their sites, and
 * begins anew. How many milliseconds the next call should wait at least. */
unsigned referenced_look(const struct recording *recording);

/* ---- Accesses: record_perf.c --------------------------------------------- */

/* From when perf listens to the program PID until perf_end(). NULL, and said,
 * where it cannot. */
struct perf;
struct perf *perf_begin(const struct run *run, pid_t pid);

/* As referenced_look(). Enters processes that are new. */
unsigned perf_look(struct perf *perf, struct recording *recording);

/* Up to when perf has told of all. */
uint64_t perf_known_ns(const struct perf *perf);

/* Ends perf, and adds the rest. */
void perf_end(struct perf *perf, struct recording *recording);

/* ---- Accesses: record_damon.c -------------------------------------------- */

/* The kernel's monitor, set up until damon_end(). NULL, and said, where it
 * cannot be had. */
struct damon;
struct damon *damon_begin(void);

/* As referenced_look(), but waits for the kernel to have counted. */
unsigned damon_look(struct damon *damon, const struct recording *recording);
void damon_end(struct damon *damon);

/* ---- All together: record_merge.c ---------------------------------------- */

struct merged_module {
	char *path;
	uint8_t build_id[RULES_BUILD_ID_MAX];
	size_t build_id_bytes;
};

struct merged_frame {
	uint32_t module; /* MERGED_NO_MODULE: not known */
	uint64_t offset; /* in it, or an address */
};
#define MERGED_NO_MODULE UINT32_MAX

struct merged_size {
	double blocks, bytes;
	uint64_t peak, accesses;
};

struct merged_site {
	uint64_t hash;
	struct merged_frame *frames;
	unsigned frame_count;
	uint16_t kind;
	uint64_t peak, threads;
	double lifetime_ms;
	struct merged_size size[RECORDING_SIZES];
};

/* What one process had at the most, and when it lived. */
struct merged_span {
	uint32_t site, class; /* RECORDING_SIZES: of all sizes */
	uint64_t start_ns, end_ns, bytes;
};

struct merged_live {
	uint32_t site;
	uint64_t bytes;
};

/* Bytes that lived in one process from a moment on. */
struct merged_moment {
	uint64_t ns;
	uint32_t process;
	uint64_t total;
	size_t first, count; /* of the lives */
};

struct merge {
	struct merged_module *modules;
	size_t module_count, module_room;
	struct merged_site *sites;
	size_t site_count, site_room;
	uint32_t *index; /* numbers of sites plus one, by hash */
	size_t index_size;
	struct merged_span *spans;
	size_t span_count, span_room;
	struct merged_moment *moments;
	size_t moment_count, moment_room;
	struct merged_live *lives;
	size_t live_count, live_room;
	size_t process_count;
	uint64_t start_ns, end_ns;
	uint64_t lost_sites, lost_blocks, lost_bytes, lost_modules;
};

/* Adds what a process has written. False without memory. */
bool merge_add(struct merge *merge, const struct recording *recording,
    const struct process *process);
void merge_end(struct merge *merge);

/* Finds the peaks of all sites, once all processes are there: what lived at the
 * same time counts together. */
bool merge_peaks(struct merge *merge);

/* The moments of all processes as one sequence: up to MOST times, of which one
 * is the peak. LIVE, of COUNT times the sites, has the bytes of each site, and
 * ONE the most of these that is one process's. */
struct merged_moments {
	uint64_t *ns;
	uint64_t *live, *one;
	size_t count;
};
bool merge_moments(
    struct merge *merge, size_t most, struct merged_moments *moments);

/* ---- The file at the end: record_write.c --------------------------------- */

int record_write(const struct run *run, struct merge *merge);

/* All of --sampler dhat: record_dhat.c. The status to end with. */
int record_by_dhat(const struct run *run);

/* All of --trace, the same. */
int record_trace(const struct run *run, const struct rules_table *table);

/* What this build lacks for these; NULL if nothing. */
const char *record_lacks(void);

#endif /* TOOL_RECORDED_H */
