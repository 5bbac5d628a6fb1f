/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_lines_linux.c - see lines.h.
 *
 * A line may begin in one piece that is read and end in another, and may be
 * longer than any buffer (the path behind a mapping): so it is gathered, and of
 * a long one only the beginning is kept.
 */
#include "os/lines.h"

#include <fcntl.h>

#include "os/direct.h"
#include "os/os.h"

int
os_each_line(const char *path, char *buffer, size_t bytes,
    void (*visit)(void *to, const char *line), void *to)
{
	char line[OS_LINE_MAX];
	size_t length = 0;
	long got,
	    fd = os_direct(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return os_error_of(fd);
	while ((got = os_direct(SYS_read, fd, buffer, bytes)) > 0)
		for (long i = 0; i < got; i++) {
			if (buffer[i] == '\n') {
				line[length] = '\0';
				visit(to, line);
				length = 0;
			} else if (length < sizeof(line) - 1) {
				line[length++] = buffer[i];
			}
		}
	os_close((int)fd);
	return os_error_of(got);
}
