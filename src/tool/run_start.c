/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_start.c - how the program of `poolkind run` gets its rules and the
 * library that goes by them. See run_program.h.
 *
 * The program has this process's number, its signals and its descriptors, and
 * one more: a memfd with the table, which nobody can write to any more. It lies
 * as high as is cheap, where shells and daemons that count up from 0 do not
 * come by, but not where a process that forks would have a larger table of
 * descriptors to copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "os/os.h"
#include "tool/beside.h"
#include "tool/commands.h"
#include "tool/run_program.h"

#define LIBRARY "libpoolkind-malloc.so.0"
#define HIGH_DESCRIPTOR 1000

static int
refuse(const char *what, int error)
{
	fail("%s: %s", what, error_name(error));
	return NOT_UNDERSTOOD;
}

/* ---- The table ----------------------------------------------------------- */

/* A number above all others that are likely, if the limit permits. */
static int
descriptor_floor(void)
{
	size_t limit = os_descriptors();

	return (int)(limit != 0 && limit < HIGH_DESCRIPTOR + 24 ?
		limit - limit / 8 :
		HIGH_DESCRIPTOR);
}

int
program_keep(int fd)
{
	return fcntl(fd, F_DUPFD, descriptor_floor());
}

/* ---- The library --------------------------------------------------------- */

static int
find_library(char path[PATH_MAX])
{
	char folder[PATH_MAX];

	if (!find_beside(LIBRARY, path, folder)) {
		if (folder[0] == '\0')
			fail("cannot tell where libpoolkind.so.0 is");
		else
			fail("there is no " LIBRARY
			     " in %s, where libpoolkind.so.0 is",
			    folder);
		return NOT_UNDERSTOOD;
	}
	if (strpbrk(path, " :") == NULL)
		return 0;
	fail("%s has a blank or a colon in it, and cannot be in LD_PRELOAD",
	    path);
	return NOT_UNDERSTOOD;
}

/* The library comes first, so that malloc is its; what was there stays. */
static bool
preload(const char *path)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;
	bool done;

	if (others == NULL || *others == '\0')
		return setenv("LD_PRELOAD", path, 1) == 0;
	if (asprintf(&list, "%s:%s", path, others) < 0)
		return false;
	done = setenv("LD_PRELOAD", list, 1) == 0;
	free(list);
	return done;
}

/* ---- Start --------------------------------------------------------------- */

int
program_start(const struct rules_table *table, char **argv)
{
	char library[PATH_MAX], value[32];
	int status = find_library(library), fd, error;

	if (status != 0)
		return status;
	error = os_make_sealed(
	    "poolkind-rules", table, table->bytes, descriptor_floor(), &fd);
	if (error != 0)
		return refuse("cannot hand the rules over", error);
	snprintf(value, sizeof(value), "%d,%d", fd, getpid());
	if (setenv(RULES_VARIABLE, value, 1) != 0 || !preload(library))
		return refuse("cannot set the environment", ENOMEM);
	fflush(stdout);
	execvp(argv[0], argv);
	error = errno;
	fail("cannot run \"%s\": %s", argv[0], error_name(error));
	return error == ENOENT ? NOT_FOUND : NOT_STARTED;
}
