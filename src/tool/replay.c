/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c - the command `poolkind replay`: makes the calls of a trace again,
 * on any kind or on the malloc of this process, and says what that took.
 *
 * Owns what it found of the processes in the trace. The file is read twice: for
 * what is in it, of which all has to be right, and for the process that is
 * played. Has one thread but while it plays; no locks. Ends with 1 and a line
 * where the trace cannot be read or the kind cannot be had.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/grow.h"
#include "rules/source_path.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/profiles.h"
#include "tool/replay.h"

struct traced {
	uint64_t pid;
	char *program;
	struct trace_totals totals;
};

struct replaying {
	const char *path, *kind_text, *process_text;
	bool is_malloc, no_touch, as_json;
	struct traced *traced;
	size_t count, room, chosen;
	uint64_t lost;
	poolkind *kind;
	struct replay_answer answer;
};

/* ---- What is in the file ------------------------------------------------- */

static int
add_process(struct replaying *replaying, struct trace_reader *reader,
    const struct trace_process *process)
{
	struct trace_event event;
	struct traced *grown = list_grow(replaying->traced, replaying->count,
	    &replaying->room, sizeof(*grown));
	int got;

	if (grown == NULL)
		return error_set(ENOMEM, "no memory to read the trace");
	replaying->traced = grown;
	grown = &grown[replaying->count];
	*grown = (struct traced){ .pid = process->pid,
		.program = strdup(process->program) };
	if (grown->program == NULL)
		return error_set(ENOMEM, "no memory to read the trace");
	replaying->count++;
	do
		got = trace_next_event(reader, &event);
	while (got > 0);
	grown->totals = *trace_totals(reader);
	return got;
}

static int
read_all(struct replaying *replaying)
{
	struct trace_reader *reader = trace_open(replaying->path);
	struct trace_process process;
	int got;

	if (reader == NULL)
		return fail("%s", error_text());
	while ((got = trace_next_process(reader, &process)) > 0 &&
	    (got = add_process(replaying, reader, &process)) == 0)
		;
	replaying->lost = trace_lost(reader);
	trace_close(reader);
	if (got != 0)
		return fail("%s", error_text());
	return replaying->count > 0 ?
	    0 :
	    fail("there is no call in %s", replaying->path);
}

/* ---- Which process ------------------------------------------------------- */

static size_t
with_most_events(const struct replaying *replaying)
{
	size_t most = 0;

	for (size_t i = 1; i < replaying->count; i++)
		if (replaying->traced[i].totals.events >
		    replaying->traced[most].totals.events)
			most = i;
	return most;
}

static int
tell_processes(const struct replaying *replaying)
{
	fail("--process %s: no process of %s has that number; it has",
	    replaying->process_text, replaying->path);
	for (size_t i = 0; i < replaying->count; i++)
		fprintf(stderr, "  %" PRIu64 " %s, %" PRIu64 " events\n",
		    replaying->traced[i].pid,
		    source_path_name(replaying->traced[i].program),
		    replaying->traced[i].totals.events);
	return FAILED;
}

static int
choose(struct replaying *replaying)
{
	unsigned long pid;

	replaying->chosen = with_most_events(replaying);
	if (replaying->process_text == NULL)
		return 0;
	if (!is_number(replaying->process_text, &pid))
		return not_understood("--process %s: write the number of a "
				      "process",
		    replaying->process_text);
	for (size_t i = 0; i < replaying->count; i++) {
		replaying->chosen = i;
		if (replaying->traced[i].pid == pid)
			return 0;
	}
	return tell_processes(replaying);
}

/* ---- Physical memory ----------------------------------------------------- */

/* A number of KiB in /proc/self/status. */
static bool
read_status(const char *name, uint64_t *bytes)
{
	FILE *file = fopen("/proc/self/status", "re");
	size_t length = strlen(name);
	bool found = false;
	char line[256];

	while (
	    file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, length) == 0)
			found = sscanf(line + length, ": %" SCNu64, bytes) == 1;
	if (file != NULL)
		fclose(file);
	*bytes *= KIB;
	return found;
}

/* From here on the kernel's peak is that of what follows. */
static bool
forget_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "we");

	if (file == NULL)
		return false;
	fputs("5", file);
	return fclose(file) == 0;
}

static void
play(struct replaying *replaying, struct replay *replay)
{
	uint64_t before = 0, most = 0;
	bool knows = forget_peak() && read_status("VmRSS", &before);

	replay_play(replay, replaying->kind, !replaying->no_touch,
	    &replaying->answer.result);
	replaying->answer.knows_resident = read_status("VmHWM", &most) && knows;
	if (replaying->answer.knows_resident && most > before)
		replaying->answer.resident = most - before;
}

/* ---- What is told besides ------------------------------------------------ */

static void
tell_what_is_left_out(const struct replaying *replaying)
{
	const struct traced *traced = &replaying->traced[replaying->chosen];

	if (replaying->count > 1 && replaying->process_text == NULL)
		remark("process %" PRIu64 ", %s, is that of %zu with the most "
		       "events: --process NUMBER chooses another",
		    traced->pid, source_path_name(traced->program),
		    replaying->count);
	if (replaying->lost != 0)
		remark("%" PRIu64 " calls are not in the trace: there was no "
		       "room for them when it was made",
		    replaying->lost);
}

/* ---- The command --------------------------------------------------------- */

static int
open_kind(struct replaying *replaying)
{
	if (replaying->is_malloc)
		return 0;
	replaying->kind = poolkind_open(replaying->kind_text, 0);
	return replaying->kind != NULL ?
	    0 :
	    fail("--kind %s: %s", replaying->kind_text, poolkind_errormsg());
}

static int
load_and_play(struct replaying *replaying)
{
	const struct traced *traced = &replaying->traced[replaying->chosen];
	struct replay replay;
	int status = replay_load(
	    &replay, replaying->path, replaying->chosen, &traced->totals);

	if (status == 0)
		status = open_kind(replaying);
	if (status != 0)
		return status;
	replaying->answer = (struct replay_answer){ .program = traced->program,
		.process = traced->pid,
		.kind = replaying->kind_text,
		.totals = &traced->totals };
	play(replaying, &replay);
	replay_end(&replay);
	tell_what_is_left_out(replaying);
	if (replaying->as_json)
		replay_print_json(&replaying->answer);
	else
		replay_print(&replaying->answer);
	return 0;
}

static int
run(struct replaying *replaying)
{
	int status = read_all(replaying);

	if (status == 0)
		status = choose(replaying);
	return status != 0 ? status : load_and_play(replaying);
}

static int
check_words(const struct replaying *replaying)
{
	if (replaying->kind_text != NULL && replaying->is_malloc)
		return not_understood("--kind %s with --malloc: replay on "
				      "one of them",
		    replaying->kind_text);
	if (replaying->kind_text == NULL && !replaying->is_malloc)
		return not_understood("replay on which memory? Write --kind "
				      "TEXT or --malloc");
	return 0;
}

int
command_replay(int argc, char **argv)
{
	struct replaying replaying = { .chosen = 0 };
	const struct option_row rows[] = {
		{ .word = "--kind", .value = &replaying.kind_text },
		{ .word = "--malloc", .flag = &replaying.is_malloc },
		{ .word = "--process", .value = &replaying.process_text },
		{ .word = "--no-touch", .flag = &replaying.no_touch },
		{ .word = "--json", .flag = &replaying.as_json },
	};
	int status = take_options(
	    rows, ARRAY_SIZE(rows), &replaying, &argc, argv);

	if (status == 0)
		status = take_file(argc, argv, &replaying.path,
		    "replay which trace? poolkind record --trace writes one",
		    "replay takes one");
	if (status == 0)
		status = check_words(&replaying);
	if (status == 0)
		status = run(&replaying);
	for (size_t i = 0; i < replaying.count; i++)
		free(replaying.traced[i].program);
	free(replaying.traced);
	return status;
}
