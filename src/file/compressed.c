/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compressed.c - see compressed.h.
 */
#include "file/compressed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static int
open_file(const char *path, bool regular)
{
	struct stat status = { .st_mode = 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | (regular ? O_NONBLOCK : 0));

	if (fd < 0)
		return error_set_system(errno, "cannot read %s", path);
	fstat(fd, &status);
	if (!S_ISDIR(status.st_mode) && (!regular || S_ISREG(status.st_mode)))
		return fd;
	close(fd);
	return S_ISDIR(status.st_mode) ?
	    error_set_system(EISDIR, "cannot read %s", path) :
	    error_set(EINVAL, "cannot read %s: it is no file", path);
}

gzFile
compressed_open(const char *path, bool regular)
{
	int fd = open_file(path, regular);
	gzFile from = fd < 0 ? NULL : gzdopen(fd, "rb");

	if (fd >= 0 && from == NULL) {
		close(fd);
		error_set(ENOMEM, "no memory to read %s", path);
	}
	return from;
}

int
compressed_failed(const char *path, gzFile from)
{
	int error, system_error = errno;

	gzerror(from, &error);
	if (error == Z_BUF_ERROR)
		return error_set(EINVAL, "%s is cut short", path);
	if (error == Z_ERRNO)
		return error_set_system(system_error, "cannot read %s", path);
	if (error == Z_MEM_ERROR)
		return error_set(ENOMEM, "no memory to read %s", path);
	return error_set(
	    EINVAL, "%s is damaged: it is not what was compressed", path);
}
