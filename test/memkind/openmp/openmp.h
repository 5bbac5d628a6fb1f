/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp.h - what the OpenMP programs share: the libmemkind that the runtime
 * has loaded, and the kind that a block of OpenMP's lies in.
 *
 * The programs are not linked with libmemkind. The runtime opens it when it is
 * first used; before that there is nothing to be found here.
 */
#ifndef TEST_MEMKIND_OPENMP_H
#define TEST_MEMKIND_OPENMP_H

#include <dlfcn.h>
#include <omp.h>

#include "../../lib/shim_check.h"

/* LLVM's runtime has every block in a kind; GCC's only where one is asked for,
 * and else malloc's. */
static inline bool
is_llvm(void)
{
	return dlsym(RTLD_DEFAULT, "__kmpc_fork_call") != NULL;
}

/* A name of the libmemkind that the runtime has open, or NULL. */
static inline void *
name_in_memkind(const char *name)
{
	static void *library;

	if (library == NULL)
		library = dlopen("libmemkind.so.0", RTLD_LAZY | RTLD_NOLOAD);
	return library == NULL ? NULL : dlsym(library, name);
}

/* The kind that a variable of libmemkind has; NULL stays NULL. */
static inline void *
kind_named(const char *name)
{
	void **kind = name == NULL ? NULL : name_in_memkind(name);

	return kind == NULL ? NULL : *kind;
}

/* The kind that P lies in; NULL for memory of others. */
static inline void *
kind_of(void *p)
{
	void *(*detect)(void *) = (void *(*)(void *))name_in_memkind(
	    "memkind_detect_kind");

	return detect == NULL ? NULL : detect(p);
}

/* Whether P is a block in the kind of that name, and in none for NULL. */
static inline bool
lies_in(void *p, const char *name)
{
	return p != NULL && kind_of(p) == kind_named(name);
}

/* The kind of requests that no special memory was asked for. */
static inline const char *
default_kind(void)
{
	return is_llvm() ? "MEMKIND_DEFAULT" : NULL;
}

#endif /* TEST_MEMKIND_OPENMP_H */
