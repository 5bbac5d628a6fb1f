/* SPDX-License-Identifier: BSD-2-Clause */
/* dlopen.h - kinds of poolkind, as a program has them that loads the library
 * when it runs. See ../allocator.h. */
#ifndef BENCH_ALLOCATOR_DLOPEN_H
#define BENCH_ALLOCATOR_DLOPEN_H

#include <dlfcn.h>
#include <poolkind.h>

#define FOR_EACH_FUNCTION(X) \
	X(poolkind_open) \
	X(poolkind_open_region) \
	X(poolkind_close) \
	X(poolkind_trim) \
	X(poolkind_malloc) \
	X(poolkind_calloc) \
	X(poolkind_aligned_alloc) \
	X(poolkind_realloc) \
	X(poolkind_free) \
	X(poolkind_of)

#define DECLARE(name) static __typeof__(&name) loaded_##name;
#define RESOLVE(name) loaded_##name = (__typeof__(&name))dlsym(library, #name);

FOR_EACH_FUNCTION(DECLARE)

static __attribute__((constructor)) void
load(void)
{
	void *library = dlopen("libpoolkind.so.0", RTLD_NOW | RTLD_GLOBAL);

	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(EXIT_FAILURE);
	}
	FOR_EACH_FUNCTION(RESOLVE)
}

#define poolkind_open loaded_poolkind_open
#define poolkind_open_region loaded_poolkind_open_region
#define poolkind_close loaded_poolkind_close
#define poolkind_trim loaded_poolkind_trim
#define poolkind_malloc loaded_poolkind_malloc
#define poolkind_calloc loaded_poolkind_calloc
#define poolkind_aligned_alloc loaded_poolkind_aligned_alloc
#define poolkind_realloc loaded_poolkind_realloc
#define poolkind_free loaded_poolkind_free
#define poolkind_of loaded_poolkind_of

#include "poolkind.h"

#endif /* BENCH_ALLOCATOR_DLOPEN_H */
