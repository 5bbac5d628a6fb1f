/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_damon.c - accesses by DAMON, the monitor of the kernel's, through its
 * files in /sys/kernel/mm/damon/admin (Linux 6.2; Documentation/admin-guide/
 * mm/damon/usage.rst of the kernel says what each is). See recorded.h.
 *
 * Every SAMPLE_US it looks whether a page of each region of a process was
 * touched, and every AGGREGATE_US it says of how many of these times. Regions
 * are split and merged by the kernel, so that what is as hot as its neighbours
 * is one. An access is thus a byte of a region, once for each time that its
 * page was found touched.
 *
 * A monitor (kdamond) has one process here, as what it tells does not say which
 * it is of; their number can be changed only while none runs, so there are
 * MONITORS from the start. Whoever else uses DAMON is left alone: then nothing
 * is started. Owns the monitors until damon_end(); no locks.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "tool/commands.h"
#include "tool/record_blocks.h"

#define FOLDER "/sys/kernel/mm/damon/admin/kdamonds"
#define MONITORS 16
#define SAMPLE_US 5000
#define AGGREGATE_US 50000
#define UPDATE_US 200000 /* when new mappings are looked for */
#define LEAST_REGIONS 50
#define MOST_REGIONS 1000

struct damon {
	pid_t watched[MONITORS]; /* 0: it is free */
	uint32_t missed;         /* processes, for which there was none */
	size_t entered;          /* of the recording's */
};

/* ---- Files --------------------------------------------------------------- */

static bool
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool is_written;

	if (file == NULL)
		return false;
	is_written = fputs(text, file) >= 0;
	return fclose(file) == 0 && is_written;
}

/* The first word of the file; "" if it cannot be read. */
static void
read_word(const char *path, char word[64])
{
	FILE *file = fopen(path, "re");

	word[0] = '\0';
	if (file == NULL)
		return;
	if (fscanf(file, "%63s", word) != 1)
		word[0] = '\0';
	fclose(file);
}

/* Of the monitor NUMBER. */
static bool
write_of(unsigned number, const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), FOLDER "/%u/%s", number, name);
	return write_text(path, text);
}

static bool
write_number(unsigned number, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 "\n", value);
	return write_of(number, name, text);
}

/* ---- What the kernel has ------------------------------------------------- */

static bool
refuse(const char *why, const char *more)
{
	fail("--sampler damon: %s%s; the sampler referenced works with any "
	     "kernel and any user",
	    why, more);
	return false;
}

static bool
can_watch_processes(void)
{
	char line[256] = "";
	FILE *file = fopen(FOLDER "/0/contexts/0/avail_operations", "re");
	bool found = false;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		found |= strcmp(line, "vaddr\n") == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

static bool
take_monitors(void)
{
	char number[64];

	if (access(FOLDER, F_OK) != 0)
		return refuse("this kernel has no DAMON",
		    errno == ENOENT ? " (CONFIG_DAMON_SYSFS)" : " to be seen");
	read_word(FOLDER "/nr_kdamonds", number);
	if (access(FOLDER "/nr_kdamonds", W_OK) != 0)
		return refuse("only root may use DAMON", "");
	if (strcmp(number, "0") != 0)
		return refuse("another uses DAMON (" FOLDER "/nr_kdamonds is ",
		    number[0] == '\0' ? "not readable)" :
					"not 0: write 0 there if nobody does)");
	snprintf(number, sizeof(number), "%d\n", MONITORS);
	if (!write_text(FOLDER "/nr_kdamonds", number))
		return refuse("no monitors can be made: ", error_name(errno));
	return true;
}

static void
give_monitors_back(void)
{
	write_text(FOLDER "/nr_kdamonds", "0\n");
}

/* ---- A monitor ----------------------------------------------------------- */

/* A scheme that does nothing with what was accessed but tell it. */
static bool
set_scheme(unsigned i)
{
#define SCHEME "contexts/0/schemes/0/"
#define PATTERN SCHEME "access_pattern/"
	return write_number(i, "contexts/0/schemes/nr_schemes", 1) &&
	    write_of(i, SCHEME "action", "stat\n") &&
	    write_number(i, PATTERN "sz/min", 0) &&
	    write_number(i, PATTERN "sz/max", UINT64_MAX) &&
	    write_number(i, PATTERN "nr_accesses/min", 1) &&
	    write_number(i, PATTERN "nr_accesses/max", UINT32_MAX) &&
	    write_number(i, PATTERN "age/min", 0) &&
	    write_number(i, PATTERN "age/max", UINT32_MAX);
}

static bool
set_up(unsigned i)
{
#define ATTRIBUTES "contexts/0/monitoring_attrs/"
	return write_number(i, "contexts/nr_contexts", 1) &&
	    write_of(i, "contexts/0/operations", "vaddr\n") &&
	    write_number(i, ATTRIBUTES "intervals/sample_us", SAMPLE_US) &&
	    write_number(i, ATTRIBUTES "intervals/aggr_us", AGGREGATE_US) &&
	    write_number(i, ATTRIBUTES "intervals/update_us", UPDATE_US) &&
	    write_number(i, ATTRIBUTES "nr_regions/min", LEAST_REGIONS) &&
	    write_number(i, ATTRIBUTES "nr_regions/max", MOST_REGIONS) &&
	    write_number(i, "contexts/0/targets/nr_targets", 1) &&
	    set_scheme(i);
}

static bool
watch(unsigned i, pid_t pid)
{
	return write_number(
		   i, "contexts/0/targets/0/pid_target", (uint64_t)pid) &&
	    write_of(i, "state", "on\n");
}

/* One number of a region. */
static uint64_t
number_of(const char *folder, const char *region, const char *name)
{
	char path[PATH_MAX], word[64];

	snprintf(path, sizeof(path), "%s/%s/%s", folder, region, name);
	read_word(path, word);
	return strtoull(word, NULL, 10);
}

static void
read_regions(unsigned i, const struct live_blocks *blocks)
{
	char folder[128];
	DIR *regions;
	const struct dirent *entry;

	snprintf(
	    folder, sizeof(folder), FOLDER "/%u/" SCHEME "tried_regions", i);
	regions = opendir(folder);
	while (regions != NULL && (entry = readdir(regions)) != NULL)
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			live_blocks_accessed(blocks,
			    number_of(folder, entry->d_name, "start"),
			    number_of(folder, entry->d_name, "end"),
			    (double)number_of(
				folder, entry->d_name, "nr_accesses"));
	if (regions != NULL)
		closedir(regions);
}

/* The kernel answers when it has counted the next time. */
static void
look_at(unsigned i, const struct recording *recording,
    const struct process *process)
{
	struct live_blocks blocks;

	if (!write_of(i, "state", "update_schemes_tried_regions\n"))
		return;
	if (live_blocks_read(&blocks, recording, process))
		read_regions(i, &blocks);
	live_blocks_end(&blocks);
}

static void
forget(struct damon *damon, unsigned i)
{
	write_of(i, "state", "off\n");
	damon->watched[i] = 0;
}

/* ---- All of them --------------------------------------------------------- */

static bool
set_up_all(void)
{
	if (!write_number(0, "contexts/nr_contexts", 1) ||
	    !can_watch_processes())
		return refuse("this kernel's DAMON watches no processes",
		    " (CONFIG_DAMON_VADDR)");
	for (unsigned i = 0; i < MONITORS; i++)
		if (!set_up(i))
			return refuse(
			    "a monitor cannot be set up: ", error_name(errno));
	return true;
}

struct damon *
damon_begin(void)
{
	struct damon *damon = NULL;

	if (!take_monitors())
		return NULL;
	if (set_up_all())
		damon = calloc(1, sizeof(*damon));
	if (damon == NULL)
		give_monitors_back();
	return damon;
}

/* The process of a monitor, as it is now: one that executed another program is
 * a new one for the recording and the same for the kernel. */
static const struct process *
process_of(const struct recording *recording, pid_t pid)
{
	for (size_t i = recording->count; i-- > 0;)
		if (recording->processes[i].pid == pid)
			return recording->processes[i].is_over ?
			    NULL :
			    &recording->processes[i];
	return NULL;
}

static bool
is_watched(const struct damon *damon, pid_t pid)
{
	for (unsigned i = 0; i < MONITORS; i++)
		if (damon->watched[i] == pid)
			return true;
	return false;
}

static void
enter(struct damon *damon, pid_t pid)
{
	if (is_watched(damon, pid))
		return;
	for (unsigned i = 0; i < MONITORS; i++)
		if (damon->watched[i] == 0 && watch(i, pid)) {
			damon->watched[i] = pid;
			return;
		}
	damon->missed++;
}

unsigned
damon_look(struct damon *damon, const struct recording *recording)
{
	for (unsigned i = 0; i < MONITORS; i++) {
		const struct process *process = damon->watched[i] == 0 ?
		    NULL :
		    process_of(recording, damon->watched[i]);

		if (process != NULL)
			look_at(i, recording, process);
		else if (damon->watched[i] != 0)
			forget(damon, i);
	}
	for (; damon->entered < recording->count; damon->entered++)
		if (!recording->processes[damon->entered].is_over)
			enter(damon, recording->processes[damon->entered].pid);
	return 1;
}

void
damon_end(struct damon *damon)
{
	for (unsigned i = 0; i < MONITORS; i++)
		if (damon->watched[i] != 0)
			forget(damon, i);
	give_monitors_back();
	if (damon->missed != 0)
		fail("warning: the accesses of %" PRIu32
		     " process%s were not counted: --sampler damon watches %d "
		     "at once",
		    damon->missed, damon->missed == 1 ? "" : "es", MONITORS);
	free(damon);
}
