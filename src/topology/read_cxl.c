/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_cxl.c - which nodes are CXL memory.
 *
 * Owns nothing after it has filled the record. Called by topology.c when nodes
 * and DAX devices are known; no locks. Fails for lack of memory alone: a
 * machine without CXL has no such nodes.
 *
 * A node without CPUs is CXL memory if one of these says so:
 *
 *   hwloc      its subtype begins with CXL, from hwloc 2.10 on
 *              (read_hwloc.c); all that a saved topology has
 *   a region   of /sys/bus/cxl/devices, a range of physical addresses that CXL
 *              devices serve: the node that its first whole block of memory
 *              belongs to. So is found what the firmware gave to the kernel as
 *              ordinary memory
 *   a device   a DAX device that is memory now, and lies below something on the
 *              bus cxl in /sys/devices
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topology/record.h"

#define REGIONS "/sys/bus/cxl/devices"
#define DAX_DEVICES "/sys/bus/dax/devices"
#define MEMORY "/sys/devices/system/memory"

/* A node that has CPUs is DRAM, whatever was added to it. */
static void
mark(struct topology *topology, unsigned id)
{
	unsigned at = topology_index(topology, id);

	if (at != NO_NODE && !topology->nodes[at].has_cpus)
		topology->nodes[at].is_cxl = true;
}

/* ---- Regions ------------------------------------------------------------- */

/* The number in a file, in BASE; 0 where there is none. */
static uint64_t
read_number(const char *root, const char *path, int base)
{
	char line[64];

	return path != NULL &&
		topology_read_line(root, path, line, sizeof(line)) ?
	    strtoull(line, NULL, base) :
	    0;
}

static uint64_t
read_of_region(const char *root, const char *region, const char *file)
{
	char *path = topology_text(REGIONS "/%s/%s", region, file);
	uint64_t number = read_number(root, path, 0);

	free(path);
	return number;
}

/* A block of memory has a link to its node, whether it is online or not. */
static void
mark_node_of_block(struct topology *topology, uint64_t block)
{
	char *path = topology_text("%s" MEMORY "/memory%llu", topology->root,
	    (unsigned long long)block);
	DIR *folder = path != NULL ? opendir(path) : NULL;
	struct dirent *entry;
	unsigned node;

	free(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (sscanf(entry->d_name, "node%u", &node) == 1)
			mark(topology, node);
	if (folder != NULL)
		closedir(folder);
}

/* BLOCK is how many bytes a block of memory has. A region without memory of the
 * system has no block, or none with a node. */
static void
read_region(struct topology *topology, const char *region, uint64_t block)
{
	uint64_t start = read_of_region(topology->root, region, "resource");
	uint64_t size = read_of_region(topology->root, region, "size");
	uint64_t first = (start + block - 1) / block;

	if (size != 0 && (first + 1) * block <= start + size)
		mark_node_of_block(topology, first);
}

static int
read_regions(struct topology *topology)
{
	uint64_t block = read_number(
	    topology->root, MEMORY "/block_size_bytes", 16);
	char *path = topology_text("%s" REGIONS, topology->root);
	DIR *folder = path != NULL ? opendir(path) : NULL;
	struct dirent *entry;
	unsigned number;

	if (path == NULL)
		return -1;
	free(path);
	while (
	    block != 0 && folder != NULL && (entry = readdir(folder)) != NULL)
		if (sscanf(entry->d_name, "region%u", &number) == 1)
			read_region(topology, entry->d_name, block);
	if (folder != NULL)
		closedir(folder);
	return 0;
}

/* ---- DAX devices --------------------------------------------------------- */

/* Whether the device in the folder PATH of sysfs is on the bus cxl. */
static bool
is_on_cxl(const char *path)
{
	char *name = topology_text("%s/subsystem", path), link[PATH_MAX];
	ssize_t length = name != NULL ? readlink(name, link, PATH_MAX - 1) : -1;
	const char *slash;

	free(name);
	if (length < 0)
		return false;
	link[length] = '\0';
	slash = strrchr(link, '/');
	return slash != NULL && strcmp(slash, "/cxl") == 0;
}

/* Whether a device that the DAX device NAME lies below is: its region. */
static bool
is_below_cxl(const char *root, const char *name)
{
	char *link = topology_text("%s" DAX_DEVICES "/%s", root, name);
	char path[PATH_MAX], *slash;
	bool found = false, good;

	good = link != NULL && realpath(link, path) != NULL;
	free(link);
	while (good && !found && (slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		found = is_on_cxl(path);
	}
	return found;
}

int
topology_read_cxl(struct topology *topology, char *why)
{
	if (topology->root == NULL)
		return 0;
	if (read_regions(topology) != 0)
		return topology_fail(
		    why, ENOMEM, "no memory for the nodes of CXL");
	for (unsigned i = 0; i < topology->device_count; i++) {
		const struct topology_device *device = &topology->devices[i];

		if (device->is_system_ram && device->target_node >= 0 &&
		    is_below_cxl(
			topology->root, strrchr(device->path, '/') + 1))
			mark(topology, (unsigned)device->target_node);
	}
	return 0;
}
