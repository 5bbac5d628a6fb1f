/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * possible.c - specs that can never give a block, said when a kind is opened.
 *
 * A value that is valid as such may be impossible here, and would be seen only
 * when each allocation fails, without a word. Owns nothing. Called by open.c,
 * without a lock.
 */
#include "source/possible.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "os/os.h"
#include "source/capacity.h"

/* The machine tells of no huge pages of the size: ENODEV if it does of others.
 */
static int
check_other_sizes(const char *size)
{
	char others[80] = "";
	struct writer to = { others, sizeof(others), 0 };

	capacity_write_huge_sizes(&to);
	if (others[0] == '\0')
		return 0;
	error_set(ENODEV,
	    "page=%s: this machine has no huge pages of that size, but of %s",
	    size, others);
	return ENODEV;
}

/* ENODEV where no huge page of the size is set up and none may be made when it
 * is wanted. Pages that others use at the moment count as pages: they may come
 * back, so allocations fail for now, and the kind is possible. */
static int
check_huge_pages(const struct spec *spec, size_t granule)
{
	size_t pages = capacity_huge_pages(spec, granule);
	size_t more = capacity_huge_pages_beyond(granule);
	char size[24] = "";
	struct writer to = { size, sizeof(size), 0 };

	write_size(&to, granule);
	if (more == SIZE_MAX)
		return check_other_sizes(size);
	if (pages != 0 || more != 0)
		return 0;
	error_set(ENODEV,
	    "page=%s: %s no huge pages of that size: nr_hugepages and "
	    "nr_overcommit_hugepages in /sys/kernel/mm/hugepages/"
	    "hugepages-%zukB say how many there may be",
	    size,
	    spec_has_nodes(spec) ? "the nodes of the kind have" :
				   "this machine has",
	    granule / KIB);
	return ENODEV;
}

/* The kernel looks at a home node where there are others to prefer it to. One
 * without memory will do, so it is not asked whether pages may be had there. */
static int
check_home_node(const struct spec *spec)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpumap",
	    spec->home);
	if (!spec->home_given || os_read_text(path, text, sizeof(text)) == 0 ||
	    os_read_text(
		"/sys/devices/system/node/online", text, sizeof(text)) != 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	error_set(ENODEV, "home=%u: this machine has no node %u, but %s",
	    spec->home, spec->home, text);
	return ENODEV;
}

int
check_possible(const struct spec *spec, size_t granule)
{
	int error = check_home_node(spec);

	if (error != 0)
		return error;
	if (spec->limit != 0 && spec->limit < granule) {
		error_set(EINVAL,
		    "limit=%zu is less than one page of %zu bytes, so that no "
		    "block could be had",
		    spec->limit, granule);
		return EINVAL;
	}
	return spec_is_anonymous(spec) && spec->page == SPEC_PAGE_HUGE ?
	    check_huge_pages(spec, granule) :
	    0;
}
