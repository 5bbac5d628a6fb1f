/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * functions.h - the program's own functions, set by vmem_set_funcs().
 *
 * Owns them, under the registry's lock, which both functions take. Cannot fail.
 */
#ifndef VMEM_FUNCTIONS_H
#define VMEM_FUNCTIONS_H

#include <stddef.h>

/* Both set, or both NULL. */
struct functions {
	void *(*malloc_func)(size_t size);
	void (*free_func)(void *ptr);
};

struct functions functions_now(void);

#endif /* VMEM_FUNCTIONS_H */
