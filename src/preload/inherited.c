/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inherited.c - see inherited.h.
 */
#include "preload/inherited.h"

#include <stdio.h>

static int
open_others(const struct inherited *file, int *fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", file->place.process,
	    file->place.fd);
	return os_open_to_update(path, fd);
}

const char *
inherited_find(struct inherited *file, const char *value, bool (*is_it)(int fd))
{
	int fd;
	bool found;

	if (!rules_place_read(value, &file->place))
		return "it is not \"DESCRIPTOR,PROCESS\"";
	if (os_file_id(file->place.fd, &file->id) == 0 && is_it(file->place.fd))
		return NULL;
	if (open_others(file, &fd) != 0)
		return "the file to record in cannot be opened";
	found = os_file_id(fd, &file->id) == 0 && is_it(fd);
	os_close(fd);
	return found ? NULL : "the file to record in is not of this release";
}

static bool
is_still_it(const struct inherited *file, int fd)
{
	struct os_file_id now;

	return os_file_id(fd, &now) == 0 && now.device == file->id.device &&
	    now.inode == file->id.inode;
}

int
inherited_open(const struct inherited *file, int *fd)
{
	int error;

	*fd = file->place.fd;
	if (is_still_it(file, *fd))
		return 0;
	error = open_others(file, fd);
	if (error != 0 || is_still_it(file, *fd))
		return error;
	os_close(*fd);
	return EBADF;
}

void
inherited_close(const struct inherited *file, int fd)
{
	if (fd != file->place.fd)
		os_close(fd);
}
