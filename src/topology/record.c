/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - how a record is searched, and what its readers have in common. See
 * record.h.
 *
 * Owns nothing. Called by all other files of topology/. No locks. A text or a
 * line fails as record.h says; a search answers NO_NODE.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/record.h"

int
topology_fail(char *why, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, TOPOLOGY_TEXT_MAX, format, arguments);
	va_end(arguments);
	errno = error;
	return -1;
}

/* vasprintf(3) leaves its pointer undefined where it fails. */
char *
topology_text(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}

/* "e" in fopen(3) is close-on-exec: another thread may be about to execute a
 * program. A line that is longer than SIZE is cut. */
bool
topology_read_line(const char *root, const char *path, char *line, size_t size)
{
	char *name = topology_text("%s%s", root, path);
	FILE *file = name != NULL ? fopen(name, "re") : NULL;
	bool good;

	free(name);
	if (file == NULL)
		return false;
	good = fgets(line, (int)size, file) != NULL;
	fclose(file);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	return good;
}

/* By halves: the record has its nodes by rising number (read_hwloc.c). */
unsigned
topology_index(const struct topology *topology, unsigned id)
{
	unsigned low = 0, high = topology->node_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (topology->nodes[middle].id == id)
			return middle;
		if (topology->nodes[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NO_NODE;
}

/* Of equally near ones that with the lowest number: any would do, but it has to
 * be the same each time. */
unsigned
topology_nearest_cpus(const struct topology *topology, unsigned to)
{
	unsigned best = NO_NODE;

	for (unsigned i = 0; i < topology->node_count; i++)
		if (topology->nodes[i].has_cpus &&
		    (best == NO_NODE ||
			topology_nearness(topology, i, to) <
			    topology_nearness(topology, best, to)))
			best = i;
	return best;
}
