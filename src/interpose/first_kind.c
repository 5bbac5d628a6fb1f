/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * first_kind.c - see first_kind.h.
 */
#include "interpose/first_kind.h"

__attribute__((noinline, cold)) poolkind *
first_kind(
    poolkind *_Atomic *kind, const struct spec *spec, void (*prepare)(void))
{
	static _Thread_local bool opening
	    __attribute__((tls_model("initial-exec")));
	poolkind *fresh, *other = NULL;

	if (opening)
		return NULL;
	opening = true;
	prepare();
	fresh = poolkind_open_spec(spec, NULL);
	opening = false;
	if (fresh == NULL)
		return NULL;
	if (atomic_compare_exchange_strong(kind, &other, fresh))
		return fresh;
	poolkind_close(fresh);
	return other;
}
