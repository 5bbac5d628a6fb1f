/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_clone_library.c - a clone(2) that stands between the shim's and libc's,
 * and allocates.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

typedef int clone_function(
    int (*start)(void *), void *stack, int flags, void *with, ...);

int
clone(int (*start)(void *), void *stack, int flags, void *with, ...)
{
	clone_function *next;
	void *rest[3];
	va_list arguments;

	va_start(arguments, with);
	for (int i = 0; i < 3; i++)
		rest[i] = va_arg(arguments, void *);
	va_end(arguments);
	for (size_t size = 16; size < 1 << 24; size *= 2)
		free(malloc(size));
	*(void **)&next = dlsym(RTLD_NEXT, "clone");
	return next(start, stack, flags, with, rest[0], rest[1], rest[2]);
}
