/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * modules.c - see modules.h.
 */
#include "rules/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"

static void *
grow(void *list, size_t count, size_t *room, size_t bytes)
{
	list = list_grow(list, count, room, bytes);
	if (list == NULL)
		error_set(ENOMEM, "no memory for what rules are about");
	return list;
}

struct rules_file *
modules_add(struct modules *modules, const char *path, const char *name)
{
	struct rules_file *list = grow(modules->list, modules->count,
			      &modules->room, sizeof(*list)),
			  *file;

	if (list == NULL)
		return NULL;
	modules->list = list;
	file = &list[modules->count];
	*file = (struct rules_file){ .path = NULL };
	file->path = path != NULL ? strdup(path) : NULL;
	file->real = path != NULL ? realpath(path, NULL) : NULL;
	file->name = strdup(name);
	modules->count++;
	return file->name != NULL && (path == NULL || file->path != NULL) ?
	    file :
	    NULL;
}

int
modules_add_range(
    struct rules_file *file, uint64_t low, uint64_t high, uint32_t rule)
{
	struct rules_range *ranges = grow(file->ranges, file->range_count,
	    &file->range_room, sizeof(*ranges));

	if (ranges == NULL)
		return -1;
	file->ranges = ranges;
	ranges[file->range_count++] = (struct rules_range){
		.low = low, .high = high, .rule = rule
	};
	return 0;
}

/* ---- Order --------------------------------------------------------------- */

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int
by_rule(const void *a, const void *b)
{
	const struct rules_range *x = a, *y = b;
	int order = compare(x->rule, y->rule);

	return order != 0 ? order : compare(x->low, y->low);
}

static int
by_address(const void *a, const void *b)
{
	const struct rules_range *x = a, *y = b;
	int order = compare(x->low, y->low);

	return order != 0 ? order : compare(x->rule, y->rule);
}

/* Makes one of those that overlap or touch; they are in order of their rules.
 */
static void
join(struct rules_file *file)
{
	size_t kept = 0;

	for (size_t i = 0; i < file->range_count; i++) {
		struct rules_range *range = &file->ranges[i], *last;

		last = kept > 0 ? &file->ranges[kept - 1] : NULL;
		if (last == NULL || last->rule != range->rule ||
		    range->low > last->high + 1)
			file->ranges[kept++] = *range;
		else if (range->high > last->high)
			last->high = range->high;
	}
	file->range_count = kept;
}

void
modules_sort(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		struct rules_file *file = &modules->list[i];

		if (file->range_count == 0)
			continue;
		qsort(file->ranges, file->range_count, sizeof(*file->ranges),
		    by_rule);
		join(file);
		qsort(file->ranges, file->range_count, sizeof(*file->ranges),
		    by_address);
	}
}

void
modules_end(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		free(modules->list[i].path);
		free(modules->list[i].real);
		free(modules->list[i].name);
		free(modules->list[i].ranges);
	}
	free(modules->list);
	*modules = (struct modules){ .list = NULL };
}
