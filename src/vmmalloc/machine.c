/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c - what a spec leaves to the machine, for a library that asks
 * nobody: see kind/machine.h.
 *
 * Linked in place of kind/machine.c, which loads libpoolkind-topology by
 * dlopen(3). The shim may not do that: it runs before libc is initialised, from
 * within malloc(), and hwloc would allocate from the heap that is just being
 * made. So VMMALLOC_KIND takes no spec that leaves something to the machine
 * (check_kind() in pool.c), and the functions that find it are never called for
 * one; they answer ENODEV all the same. There is nothing to refresh, and
 * nothing to hold over a fork.
 */
#include "kind/machine.h"

#include <errno.h>

#include "base/error.h"

static int
nothing_is_known(void)
{
	return error_set(ENODEV, "libvmmalloc does not know the machine");
}

int
machine_find_nodes(struct spec *spec)
{
	(void)spec;
	return nothing_is_known();
}

int
machine_find_localities(const struct spec *spec, struct localities *localities)
{
	(void)spec;
	(void)localities;
	return nothing_is_known();
}

int
machine_find_device(struct spec *spec, unsigned skip)
{
	(void)spec;
	(void)skip;
	return nothing_is_known();
}

void
machine_refresh(void)
{
}

void
machine_prefork(void)
{
}

void
machine_postfork(void)
{
}

void
machine_postfork_child(void)
{
}
