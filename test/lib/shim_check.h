/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_check.h - results, and a look at the pool, for programs that run with
 * their heap in it. shim_tap.sh turns their lines into numbered results.
 */
#ifndef SHIM_CHECK_H
#define SHIM_CHECK_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures __attribute__((unused));

/* One result, written without the heap that is under test. */
#define CHECK(what, condition) check_result(what, condition, __LINE__)

static inline void
check_result(const char *what, bool good, int line)
{
	char text[256];
	int length;

	if (good)
		length = snprintf(text, sizeof(text), "ok - %s\n", what);
	else
		length = snprintf(
		    text, sizeof(text), "not ok - %s (line %d)\n", what, line);
	if (write(STDOUT_FILENO, text, (size_t)length) != length)
		_exit(99);
	failures += !good;
}

/* A line of /proc/self/maps that maps a file without a name. */
struct pool_range {
	uintptr_t begin, end;
};

/* The pool's mappings, read without the heap. Returns how many. */
static inline int
pool_ranges(struct pool_range *ranges, int most)
{
	static char text[1 << 20];
	size_t length = 0;
	ssize_t got;
	int count = 0;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 &&
	    (got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = '\0';
	for (char *line = text; *line != '\0' && count < most;) {
		char *end = strchr(line, '\n');

		*end = '\0';
		if (strstr(line, "(deleted)") != NULL) {
			ranges[count].begin = strtoul(line, &line, 16);
			ranges[count++].end = strtoul(line + 1, NULL, 16);
		}
		line = end + 1;
	}
	return count;
}

/* Whether [P, P + SIZE) lies in the pool, which is mapped in one piece, or in
 * pieces that touch. Not for several threads at once. */
static inline bool
in_pool(const void *p, size_t size)
{
	static struct pool_range ranges[4096];
	uintptr_t at = (uintptr_t)p, end = at + size;
	int count = pool_ranges(ranges, 4096);

	for (int i = 0; i < count && at < end; i++)
		if (at >= ranges[i].begin && at < ranges[i].end)
			at = ranges[i].end;
	return p != NULL && at >= end;
}

/* Whether the SIZE bytes at P all are VALUE. */
static inline bool
all_bytes(const void *p, int value, size_t size)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != (unsigned char)value)
			return false;
	return true;
}

#endif /* SHIM_CHECK_H */
