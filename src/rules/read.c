/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read.c - a file of rules. See rules.h.
 *
 * Only a regular file is read, of bounded size: a FIFO would be waited for, and
 * a device may have no end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "rules/rules.h"

static int
check_file(const char *path, const struct stat *status)
{
	if (S_ISDIR(status->st_mode))
		return error_set(
		    EISDIR, "\"%s\" is a directory: rules are in a file", path);
	if (!S_ISREG(status->st_mode))
		return error_set(EINVAL,
		    "\"%s\" is no regular file: rules are in one", path);
	if (status->st_size > (off_t)RULES_FILE_MAX)
		return error_set(EFBIG,
		    "\"%s\" is too large: rules have at most %zu MiB", path,
		    RULES_FILE_MAX / MIB);
	return 0;
}

/* It may have grown since it was looked at, or have become shorter. */
static int
read_open(struct rules *rules, int fd, const char *path)
{
	struct stat status;
	size_t length = 0;
	ssize_t got;
	char *text;
	int result;

	if (fstat(fd, &status) != 0)
		return error_set_system(errno, "cannot read \"%s\"", path);
	if (check_file(path, &status) != 0)
		return -1;
	text = malloc((size_t)status.st_size + 1);
	if (text == NULL)
		return error_set(ENOMEM, "no memory for \"%s\"", path);
	do {
		got = read(fd, text + length, (size_t)status.st_size - length);
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 && length < (size_t)status.st_size);
	result = got < 0 ? error_set_system(errno, "cannot read \"%s\"", path) :
			   rules_parse(rules, text, length);
	free(text);
	return result;
}

int
rules_read(struct rules *rules, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result;

	rules->line = 0;
	if (fd < 0)
		return error_set_system(errno, "cannot read \"%s\"", path);
	result = read_open(rules, fd, path);
	close(fd);
	return result;
}
