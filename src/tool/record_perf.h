/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_perf.h - what record_perf.c and perf_program.c share: perf(1), running
 * beside a program, and the accesses that it tells of.
 */
#ifndef TOOL_RECORD_PERF_H
#define TOOL_RECORD_PERF_H

#include "tool/recorded.h"

struct perf_sample {
	pid_t pid;
	uint64_t us; /* of the monotonic clock */
	uint64_t address;
	uint64_t events; /* that it stands for */
};

struct perf_samples {
	struct perf_sample *list;
	size_t count, room;
	uint64_t last_us; /* of all that were ever read */
	uint64_t all, lost;
};

/* Owned by whoever started it, until perf_program_end(). */
struct perf_program;

/* Has perf listen to the process PID and all that it starts. NULL, and said, if
 * it cannot. */
struct perf_program *perf_program_start(const struct run *run, pid_t pid);

/* Adds what perf has told since the last call, and asks it for what it has. */
void perf_program_read(struct perf_program *perf, struct perf_samples *samples);

/* Ends perf, and adds the rest. Says so if it had ended badly before. */
void perf_program_end(struct perf_program *perf, struct perf_samples *samples);

#endif /* TOOL_RECORD_PERF_H */
