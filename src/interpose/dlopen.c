/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dlopen.c - dlopen and dlmopen without RTLD_DEEPBIND, for the libraries that
 * stand in the place of malloc.
 *
 * RTLD_DEEPBIND makes a library look for symbols among itself and what it is
 * linked with before it looks in the program's global scope. Its free() is then
 * glibc's, in spite of LD_PRELOAD. But a string that it gets from strdup(3) was
 * allocated by our malloc(), because the C library's own calls go through the
 * global scope. Passed to glibc's free() such a block ends the process. So the
 * flag is taken away; sanitizers cannot serve such libraries either, and
 * programs leave the flag out under them. Nothing else can bind a library so:
 * DF_SYMBOLIC prefers only what the library itself defines, and glibc ignores
 * DF_1_DIRECT. What dlmopen() opens in a new namespace has a C library of its
 * own there, and no preloaded library: such a call is left as it is.
 *
 * dlopen() reads its own return address, to learn which object called: the
 * RPATH, RUNPATH and $ORIGIN of that object apply, and the library goes into
 * its namespace. An ordinary wrapper would make all callers look like this
 * library. So the functions here end in a jump to the real one, with the return
 * address of the program still in place (jump.h); test/interpose/deepbind.sh
 * looks for the jump in the compiled code.
 *
 * Owns nothing. Called by the program, from any thread. Takes no lock of ours.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "interpose/jump.h"

/* Weak, since a static program should not get the dynamic linker's code only
 * because it is linked with libvmmalloc.a; there dlsym may be NULL. The static
 * library keeps dlopen() below to itself, so it stands before nothing. */
#pragma weak dlsym

typedef void *open_function(const char *file, int mode);
typedef void *open_in_function(Lmid_t space, const char *file, int mode);

/* The function NAME of the next library that has one: the C library, or another
 * preloaded one. Looked up at each call, as that costs little beside opening a
 * library. dlsym() may call malloc, which is ours, since no lock is held. */
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
