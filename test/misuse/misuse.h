/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * misuse.h - what the programs of this folder share.
 *
 * Each does one thing that it must not, prints how the library answered, and
 * shows that it can go on. test/misuse/run holds the answers against what is
 * promised, for the library and for the debug library.
 */
#ifndef TEST_MISUSE_MISUSE_H
#define TEST_MISUSE_MISUSE_H

#include <errno.h>
#include <poolkind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline poolkind *
open_or_exit(const char *spec)
{
	poolkind *kind = poolkind_open(spec, 0);

	if (kind == NULL) {
		printf("cannot open %s: %s\n", spec, poolkind_errormsg());
		exit(2);
	}
	errno = 0;
	return kind;
}

/* What WHAT led to: "silence", or the error's name and sentence. */
static inline void
tell(const char *what)
{
	int error = errno;
	const char *name = error == EINVAL ? "EINVAL" :
	    error == ENOMEM                ? "ENOMEM" :
	    error == EEXIST                ? "EEXIST" :
	    error == EPERM                 ? "EPERM" :
					     strerror(error);

	if (error == 0)
		printf("%s: silence\n", what);
	else
		printf("%s: %s: %s\n", what, name, poolkind_errormsg());
	errno = 0;
}

/* Kinds still work after what was done. */
static inline void
go_on(void)
{
	poolkind *kind = open_or_exit("dram");
	char *block = poolkind_malloc(kind, 100000);

	if (block == NULL || poolkind_check(kind) != 0)
		exit(3);
	memset(block, 1, 100000);
	poolkind_free(kind, block);
	if (errno != 0 || poolkind_close(kind) != 0)
		exit(3);
	puts("went on");
}

#endif /* TEST_MISUSE_MISUSE_H */
