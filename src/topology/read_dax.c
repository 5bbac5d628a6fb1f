/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_dax.c - DAX devices, and which nodes came from one.
 *
 * Owns nothing after it has filled the record. Called by topology.c when the
 * nodes are known; no locks. Fails for lack of memory alone: a machine without
 * DAX has no devices.
 *
 * On this machine libdaxctl lists the devices; in a tree read from a folder,
 * which it cannot look at, the same files of sysfs are read here. A device of
 * size 0 (a seed, from which others are made) or without a driver cannot be
 * used and is left out.
 */
#include <daxctl/libdaxctl.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topology/record.h"

#define DEVICES "/sys/bus/dax/devices"
#define OLD_DEVICES "/sys/class/dax" /* before Linux 5.1 */

/* The number in a file of sysfs about the device NAME, decimal or with 0x; else
 * OTHERWISE: older kernels do not have all of these files. */
static long long
read_number(
    const char *root, const char *name, const char *file, long long otherwise)
{
	char *path = topology_text(DEVICES "/%s/%s", name, file);
	char line[64], *end;
	long long number = otherwise;

	if (path != NULL &&
	    topology_read_line(root, path, line, sizeof(line))) {
		number = strtoll(line, &end, 0);
		if (end == line || *end != '\0')
			number = otherwise;
	}
	free(path);
	return number;
}

/* Takes a device of the name NAME into the record. It is counted before its
 * texts are looked at, so that what there is of it is freed with the record.
 * Its near_node is what the kernel says until topology_read_dax() has all
 * devices. */
static int
add(struct topology *topology, const char *name, unsigned region,
    const struct topology_device *found)
{
	struct topology_device *more = realloc(
	    topology->devices, (topology->device_count + 1) * sizeof(*more));
	struct topology_device *device;

	if (more == NULL)
		return -1;
	topology->devices = more;
	device = &more[topology->device_count];
	*device = *found;
	device->near_node = (int)read_number(
	    topology->root, name, "numa_node", -1);
	device->path = topology_text("/dev/%s", name);
	device->region = topology_text("%u", region);
	topology->device_count++;
	return device->path != NULL && device->region != NULL ? 0 : -1;
}

/* ---- This machine -------------------------------------------------------- */

/* libdaxctl writes to standard error by itself; this takes the place of that.
 */
static void
say_nothing(struct daxctl_ctx *context, int priority, const char *file,
    int line, const char *function, const char *format, va_list arguments)
{
	(void)context, (void)priority, (void)file, (void)line;
	(void)function, (void)format, (void)arguments;
}

/* What libdaxctl knows as the memory of a device is there when the kmem driver
 * has it: then it is system RAM. Its target node is -1 where the kernel does
 * not tell, which is what the record has for that. */
static int
add_from_libdaxctl(struct topology *topology, struct daxctl_dev *dev)
{
	struct topology_device device = {
		.size = daxctl_dev_get_size(dev),
		.alignment = daxctl_dev_get_align(dev),
		.target_node = daxctl_dev_get_target_node(dev),
		.is_system_ram = daxctl_dev_get_memory(dev) != NULL,
	};
	int region = daxctl_region_get_id(daxctl_dev_get_region(dev));

	if (device.size == 0 || !daxctl_dev_is_enabled(dev))
		return 0;
	return add(
	    topology, daxctl_dev_get_devname(dev), (unsigned)region, &device);
}

/* A folder that is not there, or not for us to read, is empty. */
static bool
is_empty(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry = NULL;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			break;
	if (folder != NULL)
		closedir(folder);
	return entry == NULL;
}

/* libdaxctl is not asked where there is nothing: it would read the settings of
 * all kernel modules, and say on standard error where a sandbox forbids that.
 */
static int
read_machine(struct topology *topology)
{
	struct daxctl_ctx *context;
	struct daxctl_region *region;
	struct daxctl_dev *dev;
	int error = 0;

	if ((is_empty(DEVICES) && is_empty(OLD_DEVICES)) ||
	    daxctl_new(&context) != 0)
		return 0;
	daxctl_set_log_fn(context, say_nothing);
	daxctl_region_foreach(context, region) daxctl_dev_foreach(region,
	    dev) if (error == 0) error = add_from_libdaxctl(topology, dev);
	daxctl_unref(context);
	return error;
}

/* ---- A tree -------------------------------------------------------------- */

/* The driver of the device NAME, in LINK of PATH_MAX bytes; NULL for none. */
static const char *
driver_of(const char *root, const char *name, char *link)
{
	char *path = topology_text("%s" DEVICES "/%s/driver", root, name);
	ssize_t length = path != NULL ? readlink(path, link, PATH_MAX - 1) : -1;
	char *slash;

	free(path);
	if (length < 0)
		return NULL;
	link[length] = '\0';
	slash = strrchr(link, '/');
	return slash != NULL ? slash + 1 : link;
}

/* The same from a saved tree, by the files that libdaxctl reads on a live
 * machine: the link "driver" says whether the device is one (device_dax) or
 * memory (kmem), and is missing where it is neither. */
static int
add_from_tree(struct topology *topology, const char *name)
{
	const char *root = topology->root;
	struct topology_device device = {
		.size = (uint64_t)read_number(root, name, "size", 0),
		.alignment = (uint64_t)read_number(root, name, "align", 0),
		.target_node = (int)read_number(root, name, "target_node", -1),
	};
	unsigned region, number;
	char link[PATH_MAX];
	const char *driver = driver_of(root, name, link);

	if (sscanf(name, "dax%u.%u", &region, &number) != 2 ||
	    device.size == 0 || driver == NULL)
		return 0;
	device.is_system_ram = strcmp(driver, "kmem") == 0;
	return add(topology, name, region, &device);
}

static int
read_tree(struct topology *topology)
{
	char *path = topology_text("%s" DEVICES, topology->root);
	DIR *folder = path != NULL ? opendir(path) : NULL;
	struct dirent *entry;
	int error = 0;

	free(path);
	if (folder == NULL)
		return 0;
	while (error == 0 && (entry = readdir(folder)) != NULL)
		error = add_from_tree(topology, entry->d_name);
	closedir(folder);
	return error;
}

/* ---- Both ---------------------------------------------------------------- */

/* By name, dax0.2 before dax0.10: readdir(3) and libdaxctl have no order that
 * lasts, and choose_device.c breaks ties by this one. */
static int
compare_devices(const void *left, const void *right)
{
	const struct topology_device *a = left, *b = right;

	return strverscmp(a->path, b->path);
}

/* The kernel names the nearest node that is online, which need not have CPUs;
 * where it knows none the target node may. */
static int
nearest_cpus_of(
    const struct topology *topology, const struct topology_device *device)
{
	unsigned at = NO_NODE;

	if (device->near_node >= 0)
		at = topology_index(topology, (unsigned)device->near_node);
	if (at == NO_NODE && device->target_node >= 0)
		at = topology_index(topology, (unsigned)device->target_node);
	if (at != NO_NODE)
		at = topology_nearest_cpus(topology, at);
	return at != NO_NODE ? (int)topology->nodes[at].id : -1;
}

/* A node that has CPUs is DRAM, whatever a device added to it. */
static void
mark_node(struct topology *topology, const struct topology_device *device)
{
	unsigned at = NO_NODE;

	if (device->is_system_ram && device->target_node >= 0)
		at = topology_index(topology, (unsigned)device->target_node);
	if (at != NO_NODE && !topology->nodes[at].has_cpus)
		topology->nodes[at].from_dax = true;
}

/* Reads all devices first. Then each gets its near_node and marks its node,
 * which needs no other device, but the order of the record: it must not be
 * sorted any more by then. */
int
topology_read_dax(struct topology *topology, char *why)
{
	int error = 0;

	if (topology->live)
		error = read_machine(topology);
	else if (topology->root != NULL)
		error = read_tree(topology);
	if (error != 0)
		return topology_fail(
		    why, ENOMEM, "no memory for the DAX devices");
	if (topology->device_count > 1)
		qsort(topology->devices, topology->device_count,
		    sizeof(*topology->devices), compare_devices);
	for (unsigned i = 0; i < topology->device_count; i++) {
		struct topology_device *device = &topology->devices[i];

		device->near_node = nearest_cpus_of(topology, device);
		mark_node(topology, device);
	}
	return 0;
}
