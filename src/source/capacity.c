/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capacity.c - see capacity.h.
 *
 * What there is, is what could be had if nobody else had anything: a limit of
 * 50% is the same whenever a kind is opened, and shares of several processes
 * fit into it together. So it is not what is free, and a memory cgroup, which
 * may have other processes in it, does not count.
 *
 *   region, device        its size
 *   file                  its size; without one, or if it may grow, the file
 *                         system's
 *   page=2M, 32M, ...     the huge pages of that size that are set up
 *   nodes, attributes     the memory of these nodes
 *   dram                  the memory of all nodes that the process may use
 */
#include "source/capacity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/error.h"
#include "os/os.h"
#include "source/explain.h"
#include "source/operations.h"
#include "spec/ranks.h"

/* ---- Huge pages ---------------------------------------------------------- */

#define OF_MACHINE "/sys/kernel/mm/hugepages"

/* A count of the huge pages of one size, in the directory WHERE of the machine
 * or of a node; SIZE_MAX where it cannot be read. */
static size_t
read_count(const char *where, size_t granule, const char *which)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "%s/hugepages-%zukB/%s", where,
	    granule / KIB, which);
	return os_read_text(path, text, sizeof(text)) == 0 ?
	    strtoull(text, NULL, 10) :
	    SIZE_MAX;
}

/* The count on NODES, where the kind is bound to them, else on the machine. */
static size_t
read_count_for(const struct spec *spec, const uint64_t *nodes, size_t granule,
    const char *which)
{
	char where[64];
	size_t sum = 0;

	if (!spec_has_nodes(spec) || spec->policy != SPEC_BIND)
		return read_count(OF_MACHINE, granule, which);
	for (size_t node = 0; (node = bits_find(nodes, node, SPEC_NODES_MAX,
				   true)) < SPEC_NODES_MAX;
	     node++) {
		snprintf(where, sizeof(where),
		    "/sys/devices/system/node/node%zu/hugepages", node);
		size_t pages = read_count(where, granule, which);

		if (pages == SIZE_MAX)
			return SIZE_MAX;
		sum += pages;
	}
	return sum;
}

size_t
capacity_huge_pages(const struct spec *spec, size_t granule)
{
	return read_count_for(spec, spec->nodes, granule, "nr_hugepages");
}

size_t
capacity_huge_pages_beyond(size_t granule)
{
	return read_count(OF_MACHINE, granule, "nr_overcommit_hugepages");
}

size_t
capacity_huge_pages_free(const struct spec *spec, const uint64_t *nodes,
    size_t granule, size_t *more)
{
	size_t most = capacity_huge_pages_beyond(granule);
	size_t made = read_count(OF_MACHINE, granule, "surplus_hugepages");

	*more = most == SIZE_MAX || made == SIZE_MAX ?
	    SIZE_MAX :
	    most - min_size(most, made);
	return read_count_for(spec, nodes, granule, "free_hugepages");
}

/* The powers of two that may be the size of huge pages: spec/option_page.c. */
#define LEAST_SIZE (64 * KIB)
#define SIZES 25

void
capacity_write_huge_sizes(struct writer *to)
{
	bool is_first = true;

	for (unsigned i = 0; i < SIZES; i++) {
		if (capacity_huge_pages_beyond(LEAST_SIZE << i) == SIZE_MAX)
			continue;
		if (!is_first)
			write_text(to, ", ");
		write_size(to, LEAST_SIZE << i);
		is_first = false;
	}
}

/* ---- What there is ------------------------------------------------------- */

/* Those of the machine where the kernel does not say which nodes this process
 * may use, or knows of none. */
static int
memory_of_process(uint64_t *bytes)
{
	uint64_t nodes[SPEC_NODES_MAX / 64];

	if (os_allowed_nodes(nodes, SPEC_NODES_MAX) == 0 &&
	    os_total_on_nodes(nodes, SPEC_NODES_MAX, bytes) == 0 && *bytes != 0)
		return 0;
	return os_memory_total(bytes);
}

/* A node that is missing is told as when the kind is opened without a limit. */
static int
memory_of_nodes(const struct spec *spec, uint64_t *bytes)
{
	if (os_missing_node(spec->nodes, SPEC_NODES_MAX) != SPEC_NODES_MAX)
		return EINVAL;
	return os_total_on_nodes(spec->nodes, SPEC_NODES_MAX, bytes);
}

/* Huge pages that are to be made when they are wanted come from all memory. */
static int
memory_in_pages(const struct spec *spec, size_t granule, uint64_t *bytes)
{
	size_t pages = spec->page != SPEC_PAGE_HUGE ?
	    0 :
	    capacity_huge_pages(spec, granule);

	if (pages != 0 && pages != SIZE_MAX) {
		*bytes = (uint64_t)pages * granule;
		return 0;
	}
	return spec_has_nodes(spec) ? memory_of_nodes(spec, bytes) :
				      memory_of_process(bytes);
}

/* A tmpfs without a size has as much as there is memory, a hugetlbfs as there
 * are huge pages. */
static int
space_for_file(const struct spec *spec, size_t granule, uint64_t *bytes)
{
	int error = os_file_system_size(spec->path, bytes);
	size_t pages;

	if (error != 0 || *bytes != 0)
		return error;
	pages = granule == PAGE_BYTES ? 0 : capacity_huge_pages(spec, granule);
	if (pages == 0 || pages == SIZE_MAX)
		return os_memory_total(bytes);
	*bytes = (uint64_t)pages * granule;
	return 0;
}

static int
find_capacity(const struct spec *spec, size_t granule, uint64_t *bytes)
{
	if (spec_is_anonymous(spec))
		return memory_in_pages(spec, granule, bytes);
	if (spec->source == SPEC_FILE && (spec->size == 0 || spec->grow))
		return space_for_file(spec, granule, bytes);
	*bytes = spec->size;
	return 0;
}

/* ---- The limit ----------------------------------------------------------- */

/* Whole granules, but for less than one, which is refused when the source is
 * opened (possible.c). */
static size_t
whole_granules(uint64_t bytes, size_t granule)
{
	return bytes < granule ? max_size((size_t)bytes, 1) :
				 align_down((size_t)bytes, granule);
}

static int
check_reserve(const struct spec *spec, size_t limit)
{
	if (!spec->reserve || limit >= spec->size)
		return 0;
	return error_set(EINVAL,
	    "reserve=yes takes all of size=, which is more than limit= comes "
	    "to here, %zu bytes: lower size=",
	    limit);
}

static int
not_known(int error, const struct spec *spec)
{
	if (spec_is_anonymous(spec) && error != EINVAL)
		return error_set_system(error,
		    "limit= is a part of what the nodes have, which is not "
		    "known");
	source_explain(error, spec);
	return -1;
}

int
capacity_settle_limit(struct spec *spec)
{
	size_t granule = granule_of(spec);
	uint64_t bytes;
	unsigned ranks = spec->ranks;
	int error;

	if (!spec_limit_is_part(spec))
		return 0;
	if (spec->limit_share && ranks == 0)
		ranks = ranks_here(NULL);
	if (spec->limit_share && ranks == 0)
		return -1;
	error = find_capacity(spec, granule, &bytes);
	if (error != 0)
		return not_known(error, spec);
	bytes = spec->limit_share ? bytes / ranks :
				    bytes / 100 * spec->limit_percent +
		bytes % 100 * spec->limit_percent / 100;
	spec->limit = whole_granules(bytes, granule);
	spec->limit_percent = 0;
	spec->limit_share = false;
	return check_reserve(spec, spec->limit);
}
