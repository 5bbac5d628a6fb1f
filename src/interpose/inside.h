/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inside.h - a flag of the calling thread: it is inside a library that stands
 * in the place of malloc, on memkind's kinds.
 *
 * A kind other than MEMKIND_DEFAULT may have to look at the machine first, and
 * what does that (hwloc, libnuma, libdaxctl, the dynamic linker) calls malloc,
 * which is ours and would ask for the same kind again. So a thread that asks
 * for such a kind sets the flag, and while it is set all of the thread's blocks
 * come from MEMKIND_DEFAULT, which looks at nothing. It is a flag of the
 * thread, since other threads can wait for the kind meanwhile. Owned by
 * inside.c. Initial-exec, as any other access to it could call malloc.
 */
#ifndef INTERPOSE_INSIDE_H
#define INTERPOSE_INSIDE_H

#include <stdbool.h>

extern _Thread_local bool heap_inside
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

#endif /* INTERPOSE_INSIDE_H */
