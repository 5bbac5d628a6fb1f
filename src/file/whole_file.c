/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * whole_file.c - see whole_file.h.
 */
#include "file/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static bool
begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Whether what has this name is to be written to, not replaced. */
static bool
is_direct(const char *path)
{
	struct stat status;

	return begins_with(path, "/dev/") || begins_with(path, "/proc/") ||
	    (stat(path, &status) == 0 && !S_ISREG(status.st_mode));
}

static void
forget(struct whole_file *file)
{
	free(file->given);
	free(file->path);
	free(file->other);
}

/* What is wrong is told of the path that the user wrote. */
static int
failed(struct whole_file *file, int error)
{
	int result = error_set_system(error, "cannot write %s",
	    file->given != NULL ? file->given : "a file");

	if (file->fd >= 0)
		close(file->fd);
	if (file->other != NULL)
		unlink(file->other);
	forget(file);
	return result;
}

/* mkstemp(3) makes a file for its owner alone; this one has the rights that any
 * new file has, or those of the file that it will replace. */
static int
open_other(struct whole_file *file)
{
	struct stat status;
	mode_t mask = umask(0), mode;

	umask(mask);
	mode = stat(file->path, &status) == 0 ? status.st_mode & 07777 :
						0666 & ~mask;
	if (asprintf(&file->other, "%s.XXXXXX", file->path) < 0) {
		file->other = NULL;
		return ENOMEM;
	}
	file->fd = mkostemp(file->other, O_CLOEXEC);
	if (file->fd < 0) {
		int error = errno;

		free(file->other);
		file->other = NULL;
		return error;
	}
	return fchmod(file->fd, mode) == 0 ? 0 : errno;
}

int
whole_file_begin(struct whole_file *file, const char *path)
{
	char followed[PATH_MAX];
	int error = 0;

	*file = (struct whole_file){ .fd = -1, .is_direct = is_direct(path) };
	if (file->is_direct || realpath(path, followed) == NULL)
		file->path = strdup(path);
	else
		file->path = strdup(followed);
	file->given = strdup(path);
	if (file->path == NULL || file->given == NULL)
		return failed(file, ENOMEM);
	if (!file->is_direct) {
		error = open_other(file);
		return error == 0 ? 0 : failed(file, error);
	}
	file->fd = open(path, O_WRONLY | O_CLOEXEC);
	return file->fd >= 0 ? 0 : failed(file, errno);
}

int
whole_file_end(struct whole_file *file, int error)
{
	if (error == 0 && !file->is_direct &&
	    (fsync(file->fd) != 0 || rename(file->other, file->path) != 0))
		error = errno;
	if (error != 0)
		return failed(file, error);
	error = close(file->fd) != 0 ? errno : 0;
	file->fd = -1;
	if (error != 0)
		error_set_system(error, "cannot write %s", file->given);
	forget(file);
	return error == 0 ? 0 : -1;
}

int
whole_file_write(const char *path, const char *text, size_t size)
{
	struct whole_file file;
	int error = 0;

	if (whole_file_begin(&file, path) != 0)
		return -1;
	while (size > 0 && error == 0) {
		ssize_t written = write(file.fd, text, size);

		if (written < 0 && errno != EINTR)
			error = errno;
		if (written > 0) {
			text += written;
			size -= (size_t)written;
		}
	}
	return whole_file_end(&file, error);
}
