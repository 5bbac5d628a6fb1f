/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_trace.c - all of `poolkind record --trace`: every call of malloc and
 * its relatives, in a file for `poolkind replay`. See recorded.h.
 *
 * The program writes to a file without a name (trace/raw.h), in the folder of
 * the one that will be: so that it goes with the last who has it, however
 * anybody ends. When the program has ended, the trace is made of it in memory,
 * what it took of the disk is given back, and only then the trace is written.
 * Owns all of these. A process of one thread; no locks.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "file/whole_file.h"
#include "os/os.h"
#include "tool/commands.h"
#include "tool/mapped.h"
#include "tool/recorded.h"
#include "tool/run_program.h"
#include "trace/merge.h"

#define TICK_MS 50
#define SLOW_TICK_MS 250

struct raw_file {
	int fd;
	struct trace_head *head;
};

/* ---- The file ------------------------------------------------------------ */

/* A file beside PATH, where what has been given to it can be written; else one
 * in memory: beside a device, and where a file system may write elsewhere and
 * find itself full. */
static int
open_beside(const char *path)
{
	char followed[PATH_MAX], *folder;
	struct stat status;
	int fd;
	bool is_file = stat(path, &status) != 0 || S_ISREG(status.st_mode);

	if (realpath(path, followed) == NULL)
		snprintf(followed, sizeof(followed), "%s", path);
	folder = dirname(followed);
	if (is_file && os_open_unlinked(folder, &fd) == 0) {
		if (os_file_system(fd)->keeps_space)
			return fd;
		os_close(fd);
	}
	return memfd_create("poolkind-trace", MFD_CLOEXEC);
}

static int
refuse(int error)
{
	fail("cannot make a file to trace in: %s", error_name(error));
	return NOT_UNDERSTOOD;
}

/* The program inherits it, as high as the table of rules. */
static int
make_raw(struct raw_file *raw, const char *path)
{
	int low = open_beside(path), error;

	if (low < 0)
		return refuse(errno);
	raw->fd = program_keep(low);
	error = raw->fd < 0 ? errno : os_lengthen(raw->fd, 0, PAGE_BYTES);
	os_close(low);
	if (error != 0)
		return refuse(error);
	raw->head = mmap(
	    NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, raw->fd, 0);
	if (raw->head == MAP_FAILED)
		return refuse(errno);
	raw->head->magic = TRACE_HEAD_MAGIC;
	return 0;
}

/* What it took is free again. */
static void
end_raw(struct raw_file *raw)
{
	if (raw->head != NULL && raw->head != MAP_FAILED)
		munmap(raw->head, PAGE_BYTES);
	if (raw->fd >= 0)
		close(raw->fd);
	*raw = (struct raw_file){ .fd = -1 };
}

/* ---- While it runs ------------------------------------------------------- */

/* What the program has started and left behind is waited for. */
static void
follow(const struct raw_file *raw, struct program *program)
{
	bool is_told = false;

	for (;;) {
		recorded_wait(program, is_told ? SLOW_TICK_MS : TICK_MS);
		if (!program->has_ended)
			continue;
		if (!mapped_elsewhere(raw->head) || recorded_is_interrupted())
			return;
		if (!is_told)
			recorded_tell_that_it_waits();
		is_told = true;
	}
}

/* ---- What it came to ----------------------------------------------------- */

static void
tell_losses(const struct raw_file *raw, const struct merged_trace *merged)
{
	uint32_t error = atomic_load(&raw->head->error);

	if (merged->lost != 0)
		fail("warning: there was no room for %" PRIu64
		     " calls (%s), which are not in the trace",
		    merged->lost, error_name(error != 0 ? (int)error : EINVAL));
}

static int
merge(const struct raw_file *raw, struct trace_writer *writer,
    struct merged_trace *merged)
{
	off_t length;
	void *all;
	int error = os_length(raw->fd, &length), result;

	if (error != 0)
		return error_set_system(error, "cannot read what was traced");
	all = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED, raw->fd, 0);
	if (all == MAP_FAILED)
		return error_set_system(errno, "cannot read what was traced");
	result = trace_merge(all, (size_t)length, writer, merged);
	munmap(all, (size_t)length);
	return result;
}

static int
write_trace(
    const struct run *run, struct raw_file *raw, struct trace_writer *writer)
{
	uint32_t processes = atomic_load(&raw->head->processes);
	struct merged_trace merged;
	const char *bytes;
	size_t size;

	if (merge(raw, writer, &merged) != 0)
		return fail("%s", error_text());
	tell_losses(raw, &merged);
	end_raw(raw);
	if (processes == 0)
		return fail("nothing was traced: no process of the program "
			    "has libpoolkind-malloc");
	if (trace_writer_end(writer, merged.lost, &bytes, &size) != 0 ||
	    whole_file_write(run->output, bytes, size) != 0)
		return fail("%s", error_text());
	return 0;
}

static int
make_trace(const struct run *run, struct raw_file *raw)
{
	struct trace_writer *writer = trace_writer_new();
	int status = writer != NULL ? write_trace(run, raw, writer) :
				      fail("no memory for the trace");

	trace_writer_free(writer);
	return status;
}

int
record_trace(const struct run *run, const struct rules_table *table)
{
	struct raw_file raw = { .fd = -1 };
	struct program program;
	int status = make_raw(&raw, run->output), written;

	if (status == 0)
		status = recorded_start(
		    run, table, TRACE_VARIABLE, raw.fd, &program);
	if (status != 0) {
		end_raw(&raw);
		return status;
	}
	follow(&raw, &program);
	written = make_trace(run, &raw);
	end_raw(&raw);
	status = recorded_status(&program);
	return status != 0 ? status : written;
}
