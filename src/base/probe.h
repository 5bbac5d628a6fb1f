/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.h - places at which perf, bpftrace and systemtap can listen to what
 * becomes of kinds: USDT, an instruction that does nothing where nobody does.
 *
 * poolkind(7) has the list, which stays: provider, name and arguments are what
 * others' scripts are written by. Without <sys/sdt.h> there is nothing. Called
 * with whatever locks the caller has; stands on no quick path.
 */
#ifndef BASE_PROBE_H
#define BASE_PROBE_H

#ifdef HAVE_SDT
#include <sys/sdt.h>
#else
#define DTRACE_PROBE2(provider, name, a, b) ((void)(a), (void)(b))
#define DTRACE_PROBE3(provider, name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define DTRACE_PROBE4(provider, name, a, b, c, d) \
	((void)(a), (void)(b), (void)(c), (void)(d))
#endif

/* Handle, name, text. */
#define PROBE_OPENED(handle, name, text) \
	DTRACE_PROBE3(poolkind, kind_opened, handle, name, text)

/* Handle, name. */
#define PROBE_CLOSED(handle, name) \
	DTRACE_PROBE2(poolkind, kind_closed, handle, name)

/* Handle, bytes that were committed, and how many are now. */
#define PROBE_GROWN(handle, bytes, committed) \
	DTRACE_PROBE3(poolkind, kind_grown, handle, bytes, committed)

/* Handle, name: a request found no room. */
#define PROBE_FULL(handle, name) \
	DTRACE_PROBE2(poolkind, kind_full, handle, name)

/* Handle, name, bytes that were asked for, and the kind that gave them. */
#define PROBE_SPILLED(handle, name, bytes, to) \
	DTRACE_PROBE4(poolkind, kind_spilled, handle, name, bytes, to)

#endif /* BASE_PROBE_H */
