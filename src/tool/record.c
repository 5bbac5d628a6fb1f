/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - the command `poolkind record`: runs a program as `poolkind run`
 * does, and writes what it did with its memory to a file.
 *
 * The program writes to a file in memory that this process shares with it
 * (rules/recording.h), so that what was recorded is here however a process
 * ends. While the program runs, what processes that have ended wrote is taken
 * in, and its memory given back. Owns the recording and what came of it. A
 * process of one thread; no locks. Ends as the program ends; with 2, 126 or 127
 * as `poolkind run`, where nothing was started; with 1 where the program ended
 * well, and what was recorded cannot be written.
 */
#include "tool/recorded.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "tool/commands.h"
#include "tool/mapped.h"

#define TICK_MS 50
#define SLOW_TICK_MS 250
#define MERGE_FROM 8                 /* processes that have ended */
#define PERF_LATE (10000 * NS_OF_MS) /* at most */

/* ---- While it runs ------------------------------------------------------- */

static bool
is_settled(const struct process *process, uint64_t ns)
{
	return process->is_over && !process->is_merged && process->end_ns <= ns;
}

/* Those that have ended before the time NS. */
static bool
merge_ended(const struct recording *recording, uint64_t ns, struct merge *merge)
{
	for (size_t i = 0; i < recording->count; i++) {
		struct process *process = &recording->processes[i];

		if (!is_settled(process, ns))
			continue;
		if (!merge_add(merge, recording, process))
			return false;
		process->is_merged = true;
		recording_drop(recording, process);
	}
	return true;
}

/* Who tells of accesses; those that are NULL do not. */
struct listeners {
	struct perf *perf;
	struct damon *damon;
};

/* Up to when all accesses are known. */
static uint64_t
settled_until(const struct perf *perf)
{
	uint64_t now = recording_now_ns(), known;

	if (perf == NULL)
		return now;
	known = perf_known_ns(perf);
	return max_size(known, now - PERF_LATE);
}

static size_t
count_ended(const struct recording *recording, uint64_t ns)
{
	size_t count = 0;

	for (size_t i = 0; i < recording->count; i++)
		count += is_settled(&recording->processes[i], ns);
	return count;
}

/* What the program has started and left behind is waited for: it may be all
 * that works. The child of a fork claims its part when it first allocates;
 * until then it has its parent's mapped. */
static bool
follow(const struct run *run, struct recording *recording,
    struct program *program, const struct listeners *listeners,
    struct merge *merge)
{
	bool goes_on = true, is_told = false;
	uint64_t settled;
	unsigned tick = run->sampler == SAMPLER_NONE ? TICK_MS : 1;

	while (goes_on) {
		recorded_wait(program, is_told ? SLOW_TICK_MS : tick);
		goes_on = recording_look(recording) > 0 ||
		    !program->has_ended || mapped_elsewhere(recording->head);
		if (run->sampler == SAMPLER_REFERENCED)
			tick = referenced_look(recording);
		if (listeners->perf != NULL)
			tick = perf_look(listeners->perf, recording);
		if (listeners->damon != NULL)
			tick = damon_look(listeners->damon, recording);
		settled = settled_until(listeners->perf);
		if (count_ended(recording, settled) >= MERGE_FROM &&
		    !merge_ended(recording, settled, merge))
			return false;
		if (!goes_on || !program->has_ended)
			continue;
		if (!is_told)
			recorded_tell_that_it_waits();
		is_told = true;
		goes_on = !recorded_is_interrupted();
	}
	recording_look(recording);
	return true;
}

static void
end_all(struct recording *recording)
{
	for (size_t i = 0; i < recording->count; i++) {
		struct process *process = &recording->processes[i];

		if (!process->is_over)
			process->end_ns = recording_now_ns();
		process->is_over = true;
	}
}

/* ---- What it came to ----------------------------------------------------- */

static void
tell_losses(const struct recording *recording, const struct merge *merge)
{
	uint32_t lost = atomic_load(&recording->head->parts_lost);

	if (lost != 0)
		fail("warning: %u process%s could not be recorded", lost,
		    lost == 1 ? "" : "es");
	if (merge->lost_sites != 0)
		fail("warning: there was no room for the sites of %" PRIu64
		     " blocks, which are shown as one without a stack",
		    merge->lost_sites);
	if (merge->lost_modules != 0)
		fail("warning: there was no room for %" PRIu64
		     " libraries, whose functions are not known",
		    merge->lost_modules);
	if (merge->lost_blocks != 0)
		fail("warning: there was no room to follow %" PRIu64
		     " blocks of %" PRIu64
		     " bytes: they are counted, but live nowhere",
		    merge->lost_blocks, merge->lost_bytes);
}

static int
write_all(const struct run *run, const struct recording *recording,
    struct merge *merge)
{
	if (merge->process_count == 0)
		return fail("nothing was recorded: no process of the program "
			    "allocated memory by libpoolkind-malloc");
	tell_losses(recording, merge);
	return record_write(run, merge);
}

/* ---- The command --------------------------------------------------------- */

/* What can be told before the program runs: whether the file, or one beside it,
 * may be written. */
static int
check_output(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (access(path, F_OK) == 0 && access(path, W_OK) != 0) {
		fail("cannot write %s: %s", path, error_name(errno));
		return NOT_UNDERSTOOD;
	}
	snprintf(folder, sizeof(folder), "%.*s",
	    slash == NULL ? 1 : (int)(slash - path) + 1,
	    slash == NULL ? "." : path);
	if (access(folder, F_OK) == 0 || errno != ENOENT)
		return 0;
	fail("cannot write %s: there is no folder %s", path, folder);
	return NOT_UNDERSTOOD;
}

/* perf listens to a program that waits for it, DAMON to what allocates. */
static int
begin(const struct run *run, const struct rules_table *table,
    const struct recording *recording, struct program *program,
    struct listeners *listeners)
{
	int status;

	if (run->sampler == SAMPLER_DAMON) {
		listeners->damon = damon_begin();
		if (listeners->damon == NULL)
			return NOT_UNDERSTOOD;
	}
	status = recorded_start(
	    run, table, RECORDING_VARIABLE, recording->fd, program);
	if (status != 0 || !sampler_is_perf(run))
		return status;
	listeners->perf = perf_begin(run, program->pid);
	if (listeners->perf == NULL) {
		recorded_abandon(program);
		return NOT_UNDERSTOOD;
	}
	recorded_let_begin(program);
	return 0;
}

static void
end_listeners(struct listeners *listeners, struct recording *recording)
{
	if (listeners->perf != NULL)
		perf_end(listeners->perf, recording);
	if (listeners->damon != NULL)
		damon_end(listeners->damon);
	*listeners = (struct listeners){ NULL, NULL };
}

static int
run_recorded(const struct run *run, const struct rules_table *table,
    struct recording *recording, struct merge *merge)
{
	struct program program;
	struct listeners listeners = { NULL, NULL };
	int status = begin(run, table, recording, &program, &listeners);
	int written = FAILED;
	bool is_well = status == 0 &&
	    follow(run, recording, &program, &listeners, merge);

	end_all(recording);
	end_listeners(&listeners, recording);
	if (status != 0)
		return status;
	if (is_well && merge_ended(recording, UINT64_MAX, merge))
		written = write_all(run, recording, merge);
	status = recorded_status(&program);
	return status != 0 ? status : written;
}

static int
start(struct run *run, const struct rules_table *table)
{
	struct recording recording;
	struct merge merge = { .site_count = 0 };
	int status;

	if (run->output == NULL)
		run->output = run->is_trace ? "poolkind.trace.gz" :
					      "poolkind.pb.gz";
	status = check_output(run->output);
	recorded_begin_signals();
	if (status != 0)
		return status;
	if (run->sampler == SAMPLER_DHAT)
		return record_by_dhat(run);
	if (run->is_trace)
		return record_trace(run, table);
	status = recording_make(&recording, run);
	if (status == 0)
		status = run_recorded(run, table, &recording, &merge);
	merge_end(&merge);
	recording_end(&recording);
	return status;
}

int
command_record(int argc, char **argv)
{
	struct run run = { .command = RUN_RECORD, .start = start };

	(void)argc;
	if (record_lacks() != NULL)
		return fail("%s", record_lacks());
	return run_command(&run, argv);
}
