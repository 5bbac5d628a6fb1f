/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.c - why a source could not be opened. See explain.h.
 */
#include "source/explain.h"

#include <errno.h>
#include <stdio.h>

#include "base/cut.h"
#include "base/error.h"
#include "source/memory.h"
#include "spec/where.h"

static void
explain_device(int error, const char *path)
{
	unsigned process;

	if (error == EBUSY && os_lock_holder(path, &process) == 0)
		error_set(EBUSY, "the device \"%s\" is in use by process %u",
		    cut(path, 150).text, process);
	else
		error_set_system(
		    error, "cannot use the device \"%s\"", cut(path, 150).text);
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

static bool
is_there(const char *directory)
{
	uint64_t bytes;

	return os_file_system_size(directory, &bytes) == 0;
}

struct units {
	char text[32];
};

/* As people write it, "8 PiB", where that is exact. */
static struct units
in_units(size_t bytes)
{
	static const char *const name[] = { "bytes", "KiB", "MiB", "GiB", "TiB",
		"PiB", "EiB" };
	struct units units;
	unsigned unit = 0;

	while (bytes != 0 && bytes % KIB == 0) {
		bytes /= KIB;
		unit++;
	}
	snprintf(units.text, sizeof(units.text), "%zu %s", bytes, name[unit]);
	return units;
}

/* As page= has it. */
static struct units
page_of(const struct spec *spec)
{
	struct units page = { "4K" };
	struct writer to = { page.text, sizeof(page.text), 0 };

	if (spec->page == SPEC_PAGE_HUGE)
		write_size(&to, spec->page_bytes);
	else if (spec->page == SPEC_PAGE_THP)
		write_text(&to, "thp");
	return page;
}

/* Without a size a kind begins with little, which is refused at the end of what
 * the process may have alone. */
static void
explain_addresses(int error, size_t size)
{
	if (error != ENOMEM)
		error_set_system(error, "cannot reserve address space");
	else if (size == 0)
		error_set(error,
		    "cannot reserve address space: RLIMIT_AS or "
		    "/proc/sys/vm/max_map_count is reached");
	else
		error_set(error,
		    "cannot reserve %s of address space: a process has 128 "
		    "TiB, and RLIMIT_AS may leave it less",
		    in_units(size).text);
}

static void
explain_file(int error, const struct spec *spec)
{
	if (error == EOPNOTSUPP)
		error_set(error,
		    "the directory \"%s\" is in %s: writing a block may end "
		    "in SIGBUS there when others filled it; trust=yes takes it",
		    cut(spec->path, 80).text, file_system_name(spec->path));
	else if (error == ENOENT && is_there(spec->path))
		error_set(error,
		    "the directory \"%s\" exists, but its file system does "
		    "not let anybody make files in it",
		    cut(spec->path, 120).text);
	else if (error == ENOMEM && !spec->reserve)
		explain_addresses(error, spec->size);
	else if (spec->size == 0)
		error_set_system(error,
		    "cannot make a file in directory \"%s\"",
		    cut(spec->path, 140).text);
	else
		error_set_system(error,
		    "cannot make a file of %s in directory \"%s\"%s",
		    in_units(spec->size).text, cut(spec->path, 100).text,
		    error == EFBIG ? " (RLIMIT_FSIZE, or its file system)" :
				     "");
}

/* A node that cannot be had, and those that can. */
static void
explain_nodes(const struct spec *spec, const char *shown)
{
	uint64_t allowed[SPEC_NODES_MAX / 64];
	char list[60] = "";
	struct writer to = { list, sizeof(list), 0 };

	if (os_allowed_nodes(allowed, SPEC_NODES_MAX) == 0)
		write_nodes(&to, allowed);
	error_set(ENODEV,
	    "\"%s\": node %u does not exist, has no memory or is not allowed "
	    "to "
	    "this process (nodes: %s)",
	    shown, os_missing_node(spec->nodes, SPEC_NODES_MAX),
	    list[0] != '\0' ? list : "none");
}

/*
 * See explain.h. What an error number means depends on the spec: EINVAL with
 * nodes comes of mbind(2), EEXIST of open_region(), ENODEV of os_map_huge(). A
 * lack of memory is looked for first, as ENOMEM is also what memory.c answers
 * before it takes anything.
 */
void
source_explain(int error, const struct spec *spec)
{
	char text[SPEC_TEXT_MAX];
	struct cut_text cut_spec;
	const char *shown;

	spec_print(spec, text, sizeof(text));
	cut_spec = cut(text, 120);
	shown = cut_spec.text;
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
		explain_nodes(spec, shown);
	else if (error == ENOSYS && spec_has_nodes(spec))
		error_set(ENODEV, "\"%s\": this kernel does not have the %s",
		    shown,
		    spec->home_given ? "home node of a policy (Linux 5.17)" :
				       "policy");
	else if (os_is_refused(error) && spec_has_nodes(spec))
		error_set(ENODEV,
		    "\"%s\": this process may not choose nodes: mbind(2) "
		    "is refused",
		    shown);
	else if (error == ENODEV)
		error_set(ENODEV, "this machine has no pages of %s",
		    page_of(spec).text);
	else if (error == ENOMEM && spec->reserve)
		error_set_system(error,
		    "\"%s\": reserve=yes takes %s in pages of %s", shown,
		    in_units(spec->size).text, page_of(spec).text);
	else
		explain_addresses(error, spec->size);
}
