/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.c - why a source could not be opened. See explain.h.
 */
#include "source/explain.h"

#include <errno.h>

#include "base/error.h"
#include "source/memory.h"

static void
explain_device(int error, const char *path)
{
	unsigned process;

	if (error == EBUSY && os_lock_holder(path, &process) == 0)
		error_set(EBUSY,
		    "the device \"%.150s\" is in use by process %u", path,
		    process);
	else
		error_set_system(
		    error, "cannot use the device \"%.150s\"", path);
}

/* What is known of the file system that the directory lies in, by a file made
 * there; NULL where none can be. */
static const struct os_file_system *
file_system_of(const char *directory)
{
	const struct os_file_system *known = NULL;
	int fd;

	if (os_open_unlinked(directory, &fd) == 0) {
		known = os_file_system(fd);
		os_close(fd);
	}
	return known;
}

static const char *
file_system_name(const char *directory)
{
	const struct os_file_system *known = file_system_of(directory);

	return known == NULL ? "a file system" : known->name;
}

/* Whether what the kind reserves is ordinary memory. */
static bool
reserves_memory(const struct spec *spec)
{
	const struct os_file_system *known;

	if (!spec->reserve || spec->source != SPEC_FILE)
		return spec->reserve && spec->page <= SPEC_PAGE_THP;
	known = file_system_of(spec->path);
	return known != NULL && known->is_memory;
}

static void
explain_file(int error, const struct spec *spec)
{
	if (error == EOPNOTSUPP)
		error_set(error,
		    "the directory \"%.80s\" is in %s: writing a block may end "
		    "in SIGBUS there when others filled it; trust=yes takes it",
		    spec->path, file_system_name(spec->path));
	else if (spec->size == 0)
		error_set_system(error,
		    "cannot make a file in directory \"%.140s\"", spec->path);
	else
		error_set_system(error,
		    "cannot make a file of %zu bytes in directory \"%.100s\"%s",
		    spec->size, spec->path,
		    error == EFBIG ? " (RLIMIT_FSIZE, or its file system)" :
				     "");
}

/*
 * See explain.h. What an error number
 * means depends on the spec: EINVAL with nodes comes of mbind(2), EEXIST of
 * open_region(), ENODEV of os_map_huge(). A lack of memory is looked for first,
 * as ENOMEM is also what memory.c answers before it takes anything.
 */
void
source_explain(int error, const struct spec *spec)
{
	static const char *const page_of[] = { "4K", "thp", "2M", "1G" };
	char text[SPEC_TEXT_MAX];

	spec_print(spec, text, sizeof(text));
	if (error == ENOMEM && reserves_memory(spec) &&
	    memory_explain(text, spec->size))
		return;
	if (spec->source == SPEC_FILE)
		explain_file(error, spec);
	else if (spec->source == SPEC_DAX)
		explain_device(error, spec->path);
	else if (error == EEXIST)
		error_set(EEXIST,
		    "the region overlaps memory that another "
		    "kind holds already");
	else if (error == EINVAL && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%.120s\": node %u does not exist, has no memory or "
		    "is not allowed to this process",
		    text, os_missing_node(spec->nodes, SPEC_NODES_MAX));
	else if (error == ENOSYS && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%.120s\": this kernel does not have the %s", text,
		    spec->home_given ? "home node of a policy (Linux 5.17)" :
				       "policy");
	else if (os_is_refused(error) && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%.120s\": this process may not choose nodes: mbind(2) "
		    "is "
		    "refused",
		    text);
	else if (error == ENODEV)
		error_set(ENODEV, "this machine has no pages of %s",
		    page_of[spec->page]);
	else if (error == ENOMEM && spec->reserve)
		error_set_system(error,
		    "\"%.120s\": reserve=yes takes %zu bytes in pages of %s",
		    text, spec->size, page_of[spec->page]);
	else
		error_set_system(
		    error, "cannot have %zu bytes of addresses", spec->size);
}
