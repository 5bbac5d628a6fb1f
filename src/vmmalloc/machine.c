/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c - what a spec leaves to the machine, for a library that asks
 * nobody: see kind/machine.h.
 *
 * The shim needs libc alone, and begins before a library could be opened; its
 * settings have refused such specs.
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
machine_find_places(const struct spec *spec, struct placement *placement)
{
	(void)spec;
	(void)placement;
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
