/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_room_linux.c - how much memory the kernel has left for this process: see
 * os.h.
 *
 * Owns nothing. Called by source/memory.c, under a source's lock and in fork
 * handlers. Takes no lock. A file that is missing, unreadable or not what it
 * should be sets no bound: then memory is taken without asking.
 *
 * There are two sources of limits. /proc/meminfo says what the machine has
 * left: MemAvailable, and the free swap, since the kernel ends no process
 * before that is used up, too. (Swap on compressed memory, zram, promises more
 * than it has.) And the memory cgroup of the process, of version 1 or 2, and
 * every cgroup above it, has a limit and a usage; of the usage, pages of files
 * are taken back before a process is ended. Where memory.high of version 2 is
 * lower than memory.max it counts: above it the process waits for reclaim, and
 * pages that were just populated cannot be reclaimed.
 *
 * Cgroups are looked for in /sys/fs/cgroup, where systemd, container runtimes
 * and OpenRC mount them. In a container without a cgroup namespace its part of
 * a hierarchy may be mounted there as if it were the whole, so that the path in
 * /proc/self/cgroup leads nowhere; its last step up is then the container's own
 * cgroup all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/direct.h"
#include "os/lines.h"
#include "os/os.h"
#include "os/os_fault.h"

#define MOUNT "/sys/fs/cgroup"
/* A line of /proc/self/cgroup, and what stands before and behind its path: that
 * has some 250 bytes under systemd and Kubernetes. */
#define PATH_MAX (OS_LINE_MAX + 64)

/* Version 1 writes "no limit" as the largest number of pages. */
#define NO_LIMIT ((uint64_t)1 << 60)

/* Of each bound so much stays free: a 32nd, 16 times what page tables take of
 * pages that fill it, for them and for what others ask for in the moment before
 * the pages are taken; of large ones less. */
#define SPARE_PART 32
#define SPARE_MAX ((uint64_t)256 * MIB)

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* a - b, or 0. */
static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* ---- Texts --------------------------------------------------------------- */

/* With little stack: it runs in an allocation. A file that cannot be read has
 * no lines. */
static void
each_line(const char *path, void (*visit)(void *to, const char *line), void *to)
{
	char buffer[256];

	os_each_line(path, buffer, sizeof(buffer), visit, to);
}

/* The number behind NAME, which the line begins with; false if it does not. */
static bool
number_after(const char *line, const char *name, uint64_t *number)
{
	size_t length = strlen(name);

	line += length;
	if (strncmp(line - length, name, length) != 0)
		return false;
	while (*line == ' ')
		line++;
	if (*line < '0' || *line > '9')
		return false;
	*number = strtoull(line, NULL, 10);
	return true;
}

/* ---- The machine --------------------------------------------------------- */

struct machine {
	uint64_t total, available, swap;
};

static void
visit_meminfo(void *to, const char *line)
{
	struct machine *machine = to;
	uint64_t kib;

	if (number_after(line, "MemTotal:", &kib))
		machine->total = kib * KIB;
	else if (number_after(line, "MemAvailable:", &kib))
		machine->available = kib * KIB;
	else if (number_after(line, "SwapFree:", &kib))
		machine->swap = kib * KIB;
}

/* What /proc/meminfo says; memory is UINT64_MAX where it does not. */
static struct machine
read_machine(void)
{
	struct machine machine = { UINT64_MAX, UINT64_MAX, 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/meminfo", os_root());
	each_line(path, visit_meminfo, &machine);
	return machine;
}

/* ---- Cgroups ------------------------------------------------------------- */

/* What the two versions call their files, and the lines of memory.stat whose
 * pages can be taken back. In version 1, those without "total_" leave out the
 * cgroups below. */
struct version {
	const char *limit, *high, *usage, *swap_limit, *swap_usage;
	bool swap_is_sum; /* of memory and swap */
	const char *reclaimable[3];
};

static const struct version versions[] = {
	{ "memory.limit_in_bytes", NULL, "memory.usage_in_bytes",
	    "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", true,
	    { "total_inactive_file ", "total_active_file ", NULL } },
	{ "memory.max", "memory.high", "memory.current", "memory.swap.max",
	    "memory.swap.current", false,
	    { "inactive_file ", "active_file ", "slab_reclaimable " } },
};

struct cgroup {
	const struct version *version;
	size_t
	    mount; /* so long is the part of the path that it is mounted at */
	char path[PATH_MAX];
};

/* Puts the name of a file behind the path of a cgroup; the path's length, to
 * take it away again. */
static size_t
enter(struct cgroup *cgroup, const char *file)
{
	size_t length = strlen(cgroup->path);

	snprintf(
	    cgroup->path + length, sizeof(cgroup->path) - length, "/%s", file);
	return length;
}

/* The number in a file of the cgroup; NONE without it, and for "max". */
static uint64_t
read_number(struct cgroup *cgroup, const char *file, uint64_t none)
{
	char text[32];
	uint64_t number = none;
	size_t length;

	if (file == NULL)
		return none;
	length = enter(cgroup, file);
	if (os_read_text(cgroup->path, text, sizeof(text)) == 0)
		number_after(text, "", &number);
	cgroup->path[length] = '\0';
	return number;
}

struct reclaimable {
	const struct version *version;
	uint64_t bytes;
};

static void
visit_stat(void *to, const char *line)
{
	struct reclaimable *sum = to;
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_SIZE(sum->version->reclaimable); i++)
		if (sum->version->reclaimable[i] != NULL &&
		    number_after(line, sum->version->reclaimable[i], &bytes))
			sum->bytes += bytes;
}

static uint64_t
read_reclaimable(struct cgroup *cgroup)
{
	struct reclaimable sum = { cgroup->version, 0 };
	size_t length = enter(cgroup, "memory.stat");

	each_line(cgroup->path, visit_stat, &sum);
	cgroup->path[length] = '\0';
	return sum.bytes;
}

/* How much of the free swap the cgroup may use. Version 1 limits the sum of
 * memory and swap, so what of that is left beyond ROOM, the bytes below its
 * memory limit, can only be swap. */
static uint64_t
swap_of(struct cgroup *cgroup, uint64_t swap, uint64_t room)
{
	const struct version *version = cgroup->version;
	uint64_t limit, usage;

	if (swap == 0)
		return 0;
	limit = read_number(cgroup, version->swap_limit, UINT64_MAX);
	usage = read_number(cgroup, version->swap_usage, UINT64_MAX);
	if (limit >= NO_LIMIT || usage == UINT64_MAX)
		return swap;
	usage = less(limit, usage);
	return least(swap, version->swap_is_sum ? less(usage, room) : usage);
}

/*
 * Bytes that the cgroup has left before the kernel ends a process in it;
 * UINT64_MAX where it has no limit. If the answer is ENOUGH or more, the true
 * figure may be higher.
 *
 * What is below the limit is counted first. Only if that is not enough, swap
 * and the pages of files are added: these are in memory.stat, which is slow to
 * read, since the kernel adds it up from counts of each processor.
 */
static uint64_t
room_in(struct cgroup *cgroup, uint64_t swap, uint64_t enough)
{
	const struct version *version = cgroup->version;
	uint64_t limit = least(read_number(cgroup, version->limit, UINT64_MAX),
	    read_number(cgroup, version->high, UINT64_MAX));
	uint64_t usage, room, spare;

	if (limit >= NO_LIMIT)
		return UINT64_MAX;
	usage = read_number(cgroup, version->usage, UINT64_MAX);
	if (usage == UINT64_MAX)
		return UINT64_MAX;
	room = less(limit, usage);
	spare = least(limit / SPARE_PART, SPARE_MAX);
	if (less(room, spare) < enough)
		room = less(limit + swap_of(cgroup, swap, room) +
			least(read_reclaimable(cgroup), usage),
		    usage);
	return less(room, spare);
}

/* Whether WORD is one of a list with commas, of LENGTH bytes. */
static bool
is_in_list(const char *list, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (const char *end = list + length; list < end; list++) {
		if ((size_t)(end - list) >= size &&
		    strncmp(list, word, size) == 0 &&
		    (list + size == end || list[size] == ','))
			return true;
		while (list < end && *list != ',')
			list++;
	}
	return false;
}

/* Whether MOUNT itself is of version 2; else that is mounted beside version
 * 1. */
static bool
is_unified(void)
{
	char path[PATH_MAX], text[16];

	snprintf(
	    path, sizeof(path), "%s" MOUNT "/cgroup.controllers", os_root());
	return os_read_text(path, text, sizeof(text)) == 0;
}

/*
 * Of a line "number:controllers:path" of /proc/self/cgroup. Memory is under
 * version 1 where a line names it among its controllers, and else under version
 * 2, whose line names none. So a line of version 1 is final, and one of version
 * 2 holds until such a line comes. A hierarchy of version 1 is mounted in a
 * directory named after its controllers; that of version 2 at MOUNT itself, or
 * beside those of version 1.
 */
static void
visit_membership(void *to, const char *line)
{
	struct cgroup *cgroup = to;
	const char *list = strchr(line, ':');
	const char *path = list == NULL ? NULL : strchr(list + 1, ':');
	size_t length = path == NULL ? 0 : (size_t)(path - list) - 1;
	bool first = length != 0;

	if (path == NULL || cgroup->version == &versions[0] ||
	    (first && !is_in_list(list + 1, length, "memory")))
		return;
	cgroup->version = &versions[first ? 0 : 1];
	cgroup->mount = (size_t)snprintf(cgroup->path, sizeof(cgroup->path),
	    "%s" MOUNT "%s%.*s", os_root(),
	    first            ? "/" :
		is_unified() ? "" :
			       "/unified",
	    (int)min_size(length, 32), list + 1);
	/* A path that is longer is looked at from where it is mounted. */
	if (strlen(path + 1) < OS_LINE_MAX - 32 && strcmp(path + 1, "/") != 0)
		snprintf(cgroup->path + cgroup->mount,
		    sizeof(cgroup->path) - cgroup->mount, "%s", path + 1);
}

/* Takes the last part of the cgroup's path away; false where that is over. */
static bool
go_up(struct cgroup *cgroup)
{
	char *last = strrchr(cgroup->path + cgroup->mount, '/');

	if (last == NULL)
		return false;
	*last = '\0';
	return true;
}

/* The least that the cgroup of the process and those above it have left, each
 * of which ends a process when its own limit is met. */
static void
look_at_cgroups(
    const struct machine *machine, uint64_t enough, struct os_memory_room *room)
{
	struct cgroup cgroup = { 0 };
	uint64_t bytes;

	snprintf(
	    cgroup.path, sizeof(cgroup.path), "%s/proc/self/cgroup", os_root());
	each_line(cgroup.path, visit_membership, &cgroup);
	if (cgroup.version == NULL)
		return;
	do {
		bytes = room_in(&cgroup, machine->swap, enough);
		if (bytes >= room->bytes)
			continue;
		room->bytes = bytes;
		snprintf(room->cgroup, sizeof(room->cgroup), "%s",
		    cgroup.path[cgroup.mount] == '\0' ?
			"/" :
			cgroup.path + cgroup.mount);
	} while (go_up(&cgroup));
}

int
os_memory_room(uint64_t enough, struct os_memory_room *room)
{
	struct machine machine = read_machine();

	room->bytes = UINT64_MAX;
	room->cgroup[0] = '\0';
	if (machine.available != UINT64_MAX)
		room->bytes = less(machine.available + machine.swap,
		    least(machine.total / SPARE_PART, SPARE_MAX));
	look_at_cgroups(&machine, enough, room);
	return room->bytes == UINT64_MAX ? ENODATA : 0;
}

int
os_memory_total(uint64_t *bytes)
{
	*bytes = read_machine().total;
	return *bytes == UINT64_MAX ? ENODATA : 0;
}
