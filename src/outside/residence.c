/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * residence.c - see residence.h.
 */
#include "outside/residence.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "base/grow.h"
#include "base/page.h"

#define PAGES_AT_ONCE 4096

/* What numa_maps says of a mapping is kept as text, without what stands before
 * the nodes: most mappings are on one. */
struct mapping {
	uint64_t start, end;
	char *nodes;
};

static int
compare(const void *a, const void *b)
{
	uint64_t first = ((const struct mapping *)a)->start;
	uint64_t second = ((const struct mapping *)b)->start;

	return (first > second) - (first < second);
}

/* The mapping with START, or NULL. */
static struct mapping *
mapping_at(const struct residence *residence, uint64_t start)
{
	struct mapping key = { .start = start };

	return residence->count == 0 ?
	    NULL :
	    bsearch(&key, residence->mapping, residence->count, sizeof(key),
		compare);
}

/* Where each mapping begins and ends: numa_maps says the first alone. */
static bool
read_maps(struct residence *residence)
{
	FILE *maps = remote_file(residence->remote, "maps");
	struct mapping mapping = { 0 }, *more;
	char *line = NULL;
	size_t size = 0, room = 0;
	bool read = maps != NULL;

	while (read && getline(&line, &size, maps) > 0) {
		if (sscanf(line, "%lx-%lx", &mapping.start, &mapping.end) != 2)
			continue;
		more = list_grow(residence->mapping, residence->count, &room,
		    sizeof(mapping));
		read = more != NULL;
		if (read) {
			residence->mapping = more;
			more[residence->count++] = mapping;
		}
	}
	if (maps != NULL)
		fclose(maps);
	free(line);
	return read && residence->count != 0;
}

/* "7f00 default anon=3 N0=3 kernelpagesize_kB=4": from N0 on. */
static bool
read_nodes(struct residence *residence)
{
	FILE *file = remote_file(residence->remote, "numa_maps");
	char *line = NULL, *nodes;
	size_t size = 0;
	bool read = file != NULL;

	while (read && getline(&line, &size, file) > 0) {
		struct mapping *mapping = mapping_at(
		    residence, strtoull(line, NULL, 16));

		nodes = strstr(line, " N");
		while (nodes != NULL && strchr("0123456789", nodes[2]) == NULL)
			nodes = strstr(nodes + 1, " N");
		if (mapping == NULL || nodes == NULL)
			continue;
		mapping->nodes = strdup(nodes);
		read = mapping->nodes != NULL;
	}
	if (file != NULL)
		fclose(file);
	free(line);
	return read;
}

bool
residence_read(const struct remote *remote, struct residence *residence)
{
	*residence = (struct residence){ .remote = remote };
	return read_maps(residence) && read_nodes(residence);
}

void
residence_free(struct residence *residence)
{
	for (size_t i = 0; i < residence->count; i++)
		free(residence->mapping[i].nodes);
	free(residence->mapping);
}

/* Those of a whole mapping. */
static void
add_mapping(const struct mapping *mapping, size_t *on_node)
{
	const char *at = mapping->nodes, *page;
	unsigned node;
	size_t pages, bytes = system_page();

	page = strstr(at, "kernelpagesize_kB=");
	if (page != NULL)
		bytes = strtoull(strchr(page, '=') + 1, NULL, 10) * KIB;
	for (; at != NULL && sscanf(at, " N%u=%zu", &node, &pages) == 2;
	     at = strchr(at + 1, ' '))
		if (node < SPEC_NODES_MAX)
			on_node[node] += pages * bytes;
}

/* How many of COUNT pages from START on are in memory that move_pages(2) takes
 * for absent: see os_move_linux.c. Pages of its own have bits 63 and 56. */
static size_t
count_passed_over(const struct remote *remote, uint64_t start, size_t count,
    const int *status)
{
	const uint64_t there = (uint64_t)1 << 63 | (uint64_t)1 << 56;
	static uint64_t entry[PAGES_AT_ONCE];
	FILE *pagemap = remote_file(remote, "pagemap");
	size_t passed_over = 0;

	if (pagemap == NULL)
		return 0;
	if (fseeko(pagemap, (off_t)(start / system_page() * sizeof(entry[0])),
		SEEK_SET) != 0)
		count = 0;
	count = fread(entry, sizeof(entry[0]), count, pagemap);
	for (size_t i = 0; i < count; i++)
		passed_over += status[i] < 0 && (~entry[i] & there) == 0;
	fclose(pagemap);
	return passed_over;
}

/* Of BYTES in the mapping nobody says where they lie: as the others do. */
static void
add_in_proportion(const struct mapping *mapping, size_t bytes, size_t *on_node)
{
	size_t all[SPEC_NODES_MAX] = { 0 }, sum = 0, given = 0;

	add_mapping(mapping, all);
	for (unsigned node = 0; node < SPEC_NODES_MAX; node++)
		sum += all[node];
	for (unsigned node = 0; node < SPEC_NODES_MAX && sum != 0; node++) {
		size_t share = (size_t)((double)bytes * (double)all[node] /
		    (double)sum);

		share = given + share > bytes ? bytes - given : share;
		on_node[node] += share;
		given += share;
	}
}

static bool
add_pages(const struct residence *residence, const struct mapping *mapping,
    uint64_t start, uint64_t end, size_t *on_node)
{
	static void *page[PAGES_AT_ONCE];
	static int status[PAGES_AT_ONCE];
	const size_t bytes = system_page();

	while (start < end) {
		bool absent = false;
		size_t count = min_size((end - start) / bytes, PAGES_AT_ONCE);

		for (size_t i = 0; i < count; i++)
			page[i] = (void *)(start + i * bytes);
		if (syscall(SYS_move_pages, residence->remote->process, count,
			page, NULL, status, 0) != 0)
			return false;
		for (size_t i = 0; i < count; i++)
			if (status[i] >= 0 && status[i] < SPEC_NODES_MAX)
				on_node[status[i]] += bytes;
			else
				absent = true;
		if (absent)
			add_in_proportion(mapping,
			    bytes *
				count_passed_over(
				    residence->remote, start, count, status),
			    on_node);
		start += count * bytes;
	}
	return true;
}

/* A mapping in which nothing is in memory is passed over: address space that is
 * kept free may be of terabytes, and goes on behind the segment. */
static const struct mapping *
next_mapping(
    const struct residence *residence, size_t *at, uint64_t start, uint64_t end)
{
	while (*at < residence->count) {
		const struct mapping *m = &residence->mapping[(*at)++];

		if (m->end > start && m->start < end && m->nodes != NULL)
			return m;
	}
	return NULL;
}

bool
residence_next(const struct residence *residence, size_t *at, uint64_t start,
    uint64_t end, uint64_t *from, uint64_t *until)
{
	const struct mapping *m = next_mapping(residence, at, start, end);

	if (m == NULL)
		return false;
	*from = max_size(m->start, start);
	*until = min_size(m->end, end);
	return true;
}

bool
residence_add(const struct residence *residence, uint64_t start, uint64_t bytes,
    size_t on_node[SPEC_NODES_MAX])
{
	uint64_t end = start + bytes;
	const struct mapping *m;
	bool known = true;
	size_t at = 0;

	while (known && (m = next_mapping(residence, &at, start, end)) != NULL)
		if (m->start >= start && m->end <= end)
			add_mapping(m, on_node);
		else
			known = add_pages(residence, m,
			    max_size(m->start, start), min_size(m->end, end),
			    on_node);
	return known;
}
