/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapped.c - see mapped.h. A file is told by its device and inode as the kernel
 * writes them in all of these lists: what fstat(2) says of a device may be
 * another number.
 */
#include "tool/mapped.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file_name {
	char device[32];
	uint64_t inode;
};

/* Calls IS_IT for each mapping of a file, until it says so. */
static bool
find_mapping(const char *pid,
    bool (*is_it)(void *to, uintptr_t low, const struct file_name *file),
    void *to)
{
	char path[300], line[512];
	struct file_name file;
	bool found = false;
	uintptr_t low;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	while (
	    maps != NULL && !found && fgets(line, sizeof(line), maps) != NULL)
		found = sscanf(line, "%" SCNxPTR "-%*s %*s %*s %31s %" SCNu64,
			    &low, file.device, &file.inode) == 3 &&
		    is_it(to, low, &file);
	if (maps != NULL)
		fclose(maps);
	return found;
}

struct wanted {
	uintptr_t low;
	struct file_name file;
};

static bool
is_at(void *to, uintptr_t low, const struct file_name *file)
{
	struct wanted *wanted = to;

	if (low != wanted->low)
		return false;
	wanted->file = *file;
	return true;
}

static bool
is_file(void *to, uintptr_t low, const struct file_name *file)
{
	const struct wanted *wanted = to;

	(void)low;
	return file->inode == wanted->file.inode &&
	    strcmp(file->device, wanted->file.device) == 0;
}

bool
mapped_elsewhere(const void *address)
{
	struct wanted wanted = { .low = (uintptr_t)address };
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	if (processes == NULL)
		return false;
	if (!find_mapping("self", is_at, &wanted)) {
		closedir(processes);
		return false;
	}
	while (!found && (entry = readdir(processes)) != NULL)
		found = *entry->d_name >= '1' && *entry->d_name <= '9' &&
		    atoi(entry->d_name) != getpid() &&
		    find_mapping(entry->d_name, is_file, &wanted);
	closedir(processes);
	return found;
}
