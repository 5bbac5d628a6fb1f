/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_numa_linux.c - memory policies, and what nodes have, of os.h, on Linux.
 *
 * Owns nothing. Called by source/ and kind/. Takes no lock. Directly:
 * libc has no wrappers, libnuma has them and is not needed for anything else
 * here.
 *
 * What may fail is told by an error number. ENOSYS comes of a kernel without
 * NUMA or without a policy, EPERM of a filter, such as Docker's default one.
 * What follows from that is the caller's to decide.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "os/direct.h"
#include "os/os.h"
#include "os/os_fault.h"

/* Of mbind(2) and get_mempolicy(2). */
enum mpol {
	MPOL_DEFAULT,
	MPOL_PREFERRED,
	MPOL_BIND,
	MPOL_INTERLEAVE,
	MPOL_LOCAL,
	MPOL_PREFERRED_MANY,
	MPOL_WEIGHTED_INTERLEAVE,
};
#define MPOL_F_MEMS_ALLOWED 4
#define MPOL_F_STATIC_NODES (1 << 15) /* of the mode */
#define NODES_MAX 1024

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif

/* ---- Policy ------------------------------------------------------------- */

int
os_allowed_nodes(uint64_t *mask, unsigned bits)
{
	memset(mask, 0, bits / 8);
	return os_direct_error(SYS_get_mempolicy, NULL, mask,
	    (unsigned long)bits + 1, NULL, MPOL_F_MEMS_ALLOWED);
}

/* The first node of MASK that does not exist, has no memory, or is forbidden by
 * the cpuset of this process; BITS if there is none. Returns 0, or why the
 * kernel does not say. */
static int
find_missing(const uint64_t *mask, unsigned bits, unsigned *node)
{
	uint64_t allowed[NODES_MAX / 64];
	int err = os_allowed_nodes(allowed, NODES_MAX);

	if (err != 0)
		return err;
	for (*node = 0; *node < bits; ++*node)
		if (bits_test(mask, *node) &&
		    (*node >= NODES_MAX || !bits_test(allowed, *node)))
			break;
	return 0;
}

unsigned
os_missing_node(const uint64_t *mask, unsigned bits)
{
	unsigned node;

	return find_missing(mask, bits, &node) == 0 ? node : bits;
}

/* mbind(2) drops nodes that are missing as long as one is left: looks whether
 * one is. */
static int
check_nodes(const uint64_t *mask, unsigned bits)
{
	uint64_t allowed[NODES_MAX / 64];
	int err = os_allowed_nodes(allowed, NODES_MAX);

	for (unsigned i = 0; err == 0 && i < bits && i < NODES_MAX; i++)
		if (bits_test(mask, i) && bits_test(allowed, i))
			return 0;
	return err == 0 ? EINVAL : err;
}

/* The kernel takes the number of bits to be one more than it is. */
static int
bind_range(
    void *addr, size_t bytes, int mode, const uint64_t *mask, unsigned bits)
{
	unsigned most = mask == NULL ? 0 : bits + 1;

	return os_direct_error(SYS_mbind, addr, bytes, mode, mask, most);
}

/* Several preferred nodes need Linux 5.15; where only one can be preferred the
 * kernel takes the first of the mask. */
static int
prefer(void *addr, size_t bytes, const uint64_t *mask, unsigned bits)
{
	int err = EINVAL;

	if (bits_count(mask, 0, bits) > 1)
		err = bind_range(addr, bytes, MPOL_PREFERRED_MANY, mask, bits);
	if (err == EINVAL)
		err = bind_range(addr, bytes, MPOL_PREFERRED, mask, bits);
	return err;
}

/* The kernel never changes the masks of the modes that prefer. */
static bool
follows_nodes(enum os_policy mode)
{
	return mode == OS_BIND || mode == OS_INTERLEAVE ||
	    mode == OS_WEIGHTED_INTERLEAVE;
}

/* The nodes are checked first, so that EINVAL of mbind(2) can only come of a
 * mode that the kernel does not know: ENOSYS here. Where get_mempolicy(2) is
 * refused they are not known, and mbind(2) is tried all the same. */
int
os_set_policy(void *addr, size_t bytes, enum os_policy mode, bool stays,
    const uint64_t *mask, unsigned bits)
{
	static const enum mpol mode_of[] = {
		[OS_DEFAULT] = MPOL_DEFAULT,
		[OS_LOCAL] = MPOL_LOCAL,
		[OS_BIND] = MPOL_BIND,
		[OS_PREFERRED_MANY] = MPOL_PREFERRED_MANY,
		[OS_INTERLEAVE] = MPOL_INTERLEAVE,
		[OS_WEIGHTED_INTERLEAVE] = MPOL_WEIGHTED_INTERLEAVE,
	};
	int err = os_fault(OS_SET_POLICY);

	if (err != 0)
		return err;
	if (mask != NULL)
		err = check_nodes(mask, bits);
	if (err != 0 && !os_is_refused(err))
		return err;
	if (mode == OS_PREFERRED)
		return prefer(addr, bytes, mask, bits);
	stays = stays && follows_nodes(mode);
	err = bind_range(addr, bytes,
	    (int)mode_of[mode] | (stays ? MPOL_F_STATIC_NODES : 0), mask, bits);
	return err == EINVAL ? ENOSYS : err;
}

int
os_set_home(void *addr, size_t bytes, unsigned node)
{
	return os_direct_error(SYS_set_mempolicy_home_node, addr, bytes, node);
}

/* ---- What nodes have ----------------------------------------------------- */

/* The KiB behind NAME in a node's meminfo; 0 without such a line. */
static uint64_t
field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

/* The beginning of a node's meminfo, where all that is asked for is. */
#define MEMINFO_BYTES 1024

static int
read_meminfo(unsigned node, char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo",
	    node);
	return os_read_text(path, text, MEMINFO_BYTES);
}

/* What could be taken on a node: what is free, and pages of files, which the
 * kernel drops first. Dirty ones are among them, so it is an upper bound. */
static uint64_t
free_on_node(const char *meminfo)
{
	return (field(meminfo, "MemFree:") + field(meminfo, " Active(file):") +
		   field(meminfo, "Inactive(file):")) *
	    KIB;
}

static uint64_t
total_on_node(const char *meminfo)
{
	return field(meminfo, "MemTotal:") * KIB;
}

/* Whether a node is known to have no memory, or to be forbidden. */
static bool
is_missing(unsigned node)
{
	uint64_t allowed[NODES_MAX / 64];

	return node < NODES_MAX && os_allowed_nodes(allowed, NODES_MAX) == 0 &&
	    !bits_test(allowed, node);
}

/* The sum of WHAT over the nodes of MASK. GONE: one that is missing has none,
 * and is no error. */
static int
add_nodes(const uint64_t *mask, unsigned bits, uint64_t *bytes,
    uint64_t (*what)(const char *meminfo), bool gone)
{
	char text[MEMINFO_BYTES];
	int err = 0;

	*bytes = 0;
	for (unsigned i = 0; i < bits && err == 0; i++)
		if (bits_test(mask, i)) {
			err = read_meminfo(i, text);
			*bytes += err == 0 ? what(text) : 0;
			err = err != 0 && gone && is_missing(i) ? 0 : err;
		}
	return err;
}

int
os_free_on_nodes(const uint64_t *mask, unsigned bits, uint64_t *bytes)
{
	return add_nodes(mask, bits, bytes, free_on_node, true);
}

int
os_total_on_nodes(const uint64_t *mask, unsigned bits, uint64_t *bytes)
{
	return add_nodes(mask, bits, bytes, total_on_node, false);
}
