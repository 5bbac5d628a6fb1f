/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dlopen.c - dlopen and dlmopen without RTLD_DEEPBIND, for the libraries that
 * stand in the place of malloc.
 *
 * A library that is opened with that flag finds the C library before all that
 * was preloaded: it would free, through glibc's free, blocks that the program
 * or strdup(3), whose malloc is ours, has made, and glibc ends the process. So
 * the flag is taken away, as a program does itself under a sanitizer. Nothing
 * else can bind a library so: DF_SYMBOLIC prefers what the library itself
 * defines, and DF_1_DIRECT means nothing to glibc. What dlmopen() opens in a
 * namespace of its own has a C library of its own, and none of us is in there:
 * such a call is left as it is.
 *
 * dlopen() looks at its return address: whose RPATH, RUNPATH and $ORIGIN count,
 * and into which namespace the library goes, is a matter of the object that
 * called. Hence nothing may stand between the program and the real function:
 * ours jumps to it, with the return address of its caller still in place.
 *
 * Owns nothing. Called by the program, from any thread. Takes no lock of ours.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "interpose/jump.h"

/* A program that is linked statically has no such function: it must not be
 * drawn in. Our dlopen() is not visible in the static library. */
#pragma weak dlsym

typedef void *open_function(const char *file, int mode);
typedef void *open_in_function(Lmid_t space, const char *file, int mode);

/* The function of the library behind us that has one: the C library, or another
 * one that was preloaded. Looking it up costs little beside what it does. */
static __attribute__((noinline)) void *
next(const char *name)
{
	return dlsym != NULL ? dlsym(RTLD_NEXT, name) : NULL;
}

EXPORT JUMPS void *
dlopen(const char *file, int mode)
{
	open_function *real = (open_function *)next("dlopen");

	if (real == NULL)
		return NULL;
	JUMP real(file, mode & ~RTLD_DEEPBIND);
}

EXPORT JUMPS void *
dlmopen(Lmid_t space, const char *file, int mode)
{
	open_in_function *real = (open_in_function *)next("dlmopen");

	if (real == NULL)
		return NULL;
	if (space == LM_ID_BASE)
		mode &= ~RTLD_DEEPBIND;
	JUMP real(space, file, mode);
}
