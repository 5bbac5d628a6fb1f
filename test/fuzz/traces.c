/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * traces.c - the reader of traces, fed by libFuzzer: whatever bytes it has, it
 * comes to an end with a trace that holds together, or with a sentence of one
 * line. Built and run by test/fuzz/run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "trace/trace.h"

#include "check.h"

#define BLOCKS 4096 /* of which it is followed whether they live */

struct seen {
	uint64_t events;
	bool lives[BLOCKS];
};

static void
check_event(struct seen *seen, const struct trace_event *event)
{
	bool is_new = event->operation == TRACE_MALLOC ||
	    event->operation == TRACE_CALLOC ||
	    event->operation == TRACE_ALIGNED;

	if (event->operation == TRACE_THREAD_ENDS)
		return;
	check(is_new || event->operation == TRACE_REALLOC ||
	    event->operation == TRACE_FREE);
	seen->events++;
	if (event->operation != TRACE_FREE)
		check(event->size < TRACE_SIZE_MAX);
	if (is_new)
		check(event->lg_alignment < 48);
	check(event->block < seen->events);
	if (event->block >= BLOCKS)
		return;
	check(seen->lives[event->block] != is_new);
	seen->lives[event->block] = event->operation != TRACE_FREE;
}

static int
read_process(struct trace_reader *reader)
{
	const struct trace_totals *totals = trace_totals(reader);
	struct seen seen = { .events = 0 };
	struct trace_event event;
	int got;

	while ((got = trace_next_event(reader, &event)) > 0)
		check_event(&seen, &event);
	if (got == 0)
		check(totals->events == seen.events &&
		    totals->blocks_peak <= seen.events);
	return got;
}

static int
read_all(struct trace_reader *reader)
{
	struct trace_process process;
	int got;

	while ((got = trace_next_process(reader, &process)) > 0) {
		check(
		    strnlen(process.program, TRACE_TEXT_MAX) < TRACE_TEXT_MAX);
		if (read_process(reader) < 0)
			return -1;
	}
	return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_reader *reader;
	char path[32];
	int fd = memfd_create("trace", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = trace_open(path);
	if (reader == NULL || read_all(reader) < 0)
		check_sentence(error_text());
	trace_close(reader);
	close(fd);
	return 0;
}
