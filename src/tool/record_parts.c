/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_parts.c - the file that a recorded program writes to, and the
 * processes that do. See recorded.h.
 *
 * A part is claimed by a process of whatever sort: a fork, a program that was
 * executed, a rank that a launcher started, one in a container, whose number
 * here is another. That a process has ended /proc says; one that has executed
 * another program by a second part with the same number of a process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "base/grow.h"
#include "tool/commands.h"
#include "tool/outer_pid.h"
#include "tool/recorded.h"
#include "tool/run_program.h"

#define SAMPLE_MEAN (64 * KIB)
#define FILE_NAME "poolkind-record"

uint64_t
recording_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * NS_OF_MS + (uint64_t)now.tv_nsec;
}

bool
list_has_room(void *list, size_t count, size_t *room, size_t each)
{
	void **at = list, *grown = list_grow(*at, count, room, each);

	if (grown == NULL) {
		fail("no memory for what was recorded");
		return false;
	}
	*at = grown;
	return true;
}

/* ---- The file ------------------------------------------------------------ */

static int
refuse(const char *what)
{
	fail(
	    "cannot make a file to record in: %s: %s", what, error_name(errno));
	return NOT_UNDERSTOOD;
}

/* The file is as long as all parts would be, and costs what is written. It is
 * no file on a disk, so the limit for those is out of place. */
static int
set_length(int fd)
{
	struct rlimit limit, most;
	int result;

	getrlimit(RLIMIT_FSIZE, &limit);
	most = limit;
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_FSIZE, &most);
	result = ftruncate(fd, (off_t)recording_place(RECORDING_PARTS));
	setrlimit(RLIMIT_FSIZE, &limit);
	return result;
}

/* The program inherits it, as high as the table of rules. */
static int
make_file(void)
{
	int low = memfd_create(FILE_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int high = low < 0 ? -1 : program_keep(low);

	if (low >= 0)
		close(low);
	return high;
}

int
recording_make(struct recording *recording, const struct run *run)
{
	struct recording_head *head;

	*recording = (struct recording){ .fd = make_file() };
	if (recording->fd < 0)
		return refuse("memfd_create");
	if (set_length(recording->fd) != 0)
		return refuse("its length");
	if (fcntl(recording->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		return refuse("sealing it");
	head = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
	    recording->fd, 0);
	if (head == MAP_FAILED)
		return refuse("mapping it");
	head->magic = RECORDING_MAGIC;
	head->sites_from = run->sites_from;
	head->sites_rise = !run->sites_are_given;
	head->sample_mean = SAMPLE_MEAN;
	head->has_kinds = run->record_kinds;
	head->keeps_freed = sampler_is_perf(run);
	if (run->sampler == SAMPLER_REFERENCED) {
		head->apart_from = referenced_from();
		head->apart_most = referenced_most();
	}
	recording->head = head;
	recording->start_ns = recording_now_ns();
	return 0;
}

void
recording_end(struct recording *recording)
{
	if (recording->head != NULL)
		munmap(recording->head, PAGE_BYTES);
	if (recording->fd >= 0)
		close(recording->fd);
	free(recording->processes);
	free(recording->undescribed);
}

struct recording_part *
recording_map(const struct recording *recording, const struct process *process)
{
	struct recording_part *part = mmap(NULL, sizeof(*part),
	    PROT_READ | PROT_WRITE, MAP_SHARED, recording->fd,
	    (off_t)recording_place(process->part));

	if (part == MAP_FAILED) {
		fail("cannot read what was recorded: %s", error_name(errno));
		return NULL;
	}
	if (part->magic == RECORDING_MAGIC)
		return part;
	recording_unmap(part);
	return NULL;
}

void
recording_unmap(struct recording_part *part)
{
	munmap(part, sizeof(*part));
}

void
recording_drop(const struct recording *recording, const struct process *process)
{
	fallocate(recording->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    (off_t)recording_place(process->part), RECORDING_PART_BYTES);
}

/* ---- Blocks -------------------------------------------------------------- */

/* Buckets that nobody has touched take no memory, and would if they were read
 * through the map. */
void
recording_each_block(const struct recording *recording,
    const struct process *process, struct recording_part *part,
    void (*visit)(void *to, struct recording_block *block), void *to)
{
	off_t base = (off_t)(recording_place(process->part) +
	    offsetof(struct recording_part, bucket));
	off_t at = 0, end = sizeof(part->bucket), stop;
	struct recording_block *blocks = part->bucket[0].block;

	while (at < end) {
		at = lseek(recording->fd, base + at, SEEK_DATA) - base;
		if (at < 0 || at >= end)
			return;
		stop = lseek(recording->fd, base + at, SEEK_HOLE) - base;
		if (stop < 0 || stop > end)
			stop = end;
		for (size_t i = (size_t)at / sizeof(*blocks);
		     i < (size_t)stop / sizeof(*blocks); i++)
			if (atomic_load(&blocks[i].address) > 1)
				visit(to, &blocks[i]);
		at = stop;
	}
}

/* ---- Processes ----------------------------------------------------------- */

/* When a process was started, in the kernel's unit; 0: it has ended. */
static uint64_t
birth_of(pid_t pid)
{
	char path[64], text[1024];
	uint64_t born = 0;
	char state = 'X';
	FILE *file;
	size_t got;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	got = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[got] = '\0';
	/* The name, in brackets, may have anything in it. */
	char *behind = strrchr(text, ')');
	if (behind == NULL ||
	    sscanf(behind + 1,
		" %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
		"%*d %*d %*d %*d %" SCNu64,
		&state, &born) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : born;
}

/* Whether who claimed the part has described it. Reading takes no memory, where
 * a touch of the map would. */
static bool
is_described(const struct recording *recording, uint32_t part)
{
	uint64_t magic;

	return pread(recording->fd, &magic, sizeof(magic),
		   (off_t)recording_place(part)) == sizeof(magic) &&
	    magic == RECORDING_MAGIC;
}

/* The text ends, whatever the program has written there. */
static const char *
namespace_of(struct recording_part *part)
{
	part->pid_namespace[RECORDING_NAMESPACE - 1] = '\0';
	return part->pid_namespace;
}

/* False: it is not described, or there is no memory. */
static bool
enter_process(struct recording *recording, uint32_t part)
{
	struct process *process;
	struct recording_part *mapped;

	if (!is_described(recording, part) ||
	    !list_has_room(&recording->processes, recording->count,
		&recording->room, sizeof(*process)))
		return false;
	process = &recording->processes[recording->count];
	*process = (struct process){ .part = part };
	mapped = recording_map(recording, process);
	if (mapped == NULL)
		return false;
	process->pid = outer_pid((pid_t)mapped->process, namespace_of(mapped));
	process->start_ns = mapped->start_ns;
	process->born = birth_of(process->pid);
	recording_unmap(mapped);
	for (size_t i = 0; process->pid != 0 && i < recording->count; i++) {
		struct process *before = &recording->processes[i];

		if (before->pid != process->pid || before->is_over)
			continue;
		before->is_over = true;
		before->end_ns = process->start_ns;
	}
	recording->count++;
	return true;
}

/* A part is claimed a moment before it is described, or for good where the
 * process cannot map it or is killed: it is looked at again each time, and
 * those behind it do not wait. */
static void
enter_processes(struct recording *recording)
{
	uint32_t parts = (uint32_t)min_size(
	    atomic_load(&recording->head->parts), RECORDING_PARTS);
	uint32_t *undescribed = recording->undescribed;
	size_t left = 0;

	for (size_t i = 0; i < recording->undescribed_count; i++)
		if (!enter_process(recording, undescribed[i]))
			undescribed[left++] = undescribed[i];
	recording->undescribed_count = left;
	for (; recording->parts < parts; recording->parts++) {
		if (enter_process(recording, recording->parts))
			continue;
		if (!list_has_room(&recording->undescribed,
			recording->undescribed_count,
			&recording->undescribed_room,
			sizeof(*recording->undescribed)))
			return;
		recording->undescribed[recording->undescribed_count++] =
		    recording->parts;
	}
}

size_t
recording_look(struct recording *recording)
{
	uint64_t now = recording_now_ns();
	size_t alive = 0;

	enter_processes(recording);
	for (size_t i = 0; i < recording->count; i++) {
		struct process *process = &recording->processes[i];
		uint64_t born;

		if (process->is_over)
			continue;
		born = birth_of(process->pid);
		if (born != 0 && born == process->born) {
			alive++;
			continue;
		}
		process->is_over = true;
		process->end_ns = now;
	}
	return alive;
}
