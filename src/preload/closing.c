/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * closing.c - dlclose(3) that lets the cache of return addresses know, since
 * another library may come to lie at the same addresses (place.h).
 *
 * The real one runs between the two words of it, whoever its caller is: unlike
 * dlopen(3) it does not ask. Destructors that run in it may call it again.
 *
 * Owns nothing. Called by the program, from any thread. Takes no lock.
 */
#include <dlfcn.h>

#include "preload/place.h"
#include "preload/site_heap.h"

/* As in interpose/dlopen.c. */
#pragma weak dlsym

EXPORT int
dlclose(void *handle)
{
	int (*real)(void *handle) = dlsym == NULL ?
	    NULL :
	    (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
	int answer;

	if (real == NULL)
		return -1;
	place_closing();
	answer = real(handle);
	site_heap_clear();
	place_closed();
	return answer;
}
