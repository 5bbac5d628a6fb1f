/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose_device.c - the DAX device that suits, nearest first.
 *
 * Owns nothing: works on the record alone, so any number of threads may ask at
 * once. Called by the engine. Fails where no device is left, with a sentence
 * that says what there is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "topology/record.h"

/* A device that was onlined as memory has no pages to map: its node is asked
 * for by dax-kmem. */
static bool
suits(const struct topology_device *device, int target)
{
	return !device->is_system_ram &&
	    (target == -1 || device->target_node == target);
}

/* How far DEVICE is from the node NEAR: as far as the CPUs that are nearest to
 * it are from NEAR. 0 where the caller does not care, so that names decide;
 * FARTHEST where it is not known, so that such a device comes last. */
static unsigned
distance_of(const struct topology *topology,
    const struct topology_device *device, int near)
{
	unsigned from, to;

	if (near < 0)
		return 0;
	if (device->near_node < 0)
		return FARTHEST;
	from = topology_index(topology, (unsigned)near);
	to = topology_index(topology, (unsigned)device->near_node);
	return from == NO_NODE || to == NO_NODE ?
	    FARTHEST :
	    topology_nearness(topology, from, to);
}

/* Whether A goes before B, both of the record, where it lists them by name. */
static bool
goes_before(const struct topology *topology, const struct topology_device *a,
    const struct topology_device *b, int near)
{
	unsigned of_a = distance_of(topology, a, near);
	unsigned of_b = distance_of(topology, b, near);

	return of_a != of_b ? of_a < of_b : a < b;
}

/* How many devices that suit go before DEVICE. The order is total, by distance
 * and then by name, so each place is that of one device, and the same for each
 * caller. Counting costs the square of the number of devices, which are few;
 * sorting would take memory, since the record is shared and constant. */
static unsigned
place_of(const struct topology *topology, const struct topology_device *device,
    int near, int target)
{
	unsigned place = 0;

	for (unsigned i = 0; i < topology->device_count; i++)
		if (suits(&topology->devices[i], target) &&
		    goes_before(topology, &topology->devices[i], device, near))
			place++;
	return place;
}

/* " (/dev/dax0.0: node 4, /dev/dax1.0: memory)", as far as there is room. */
static void
add_list(const struct topology *topology, char *why)
{
	for (unsigned i = 0; i < topology->device_count; i++) {
		const struct topology_device *device = &topology->devices[i];
		size_t length = strlen(why);
		char *at = why + length;
		size_t left = TOPOLOGY_TEXT_MAX - length;
		const char *begin = i == 0 ? " (" : ", ";

		if (left < 64) {
			snprintf(at, left, ", ...");
			break;
		}
		if (device->is_system_ram)
			snprintf(at, left, "%s%.24s: system RAM", begin,
			    device->path);
		else
			snprintf(at, left, "%s%.24s: target node %d", begin,
			    device->path, device->target_node);
	}
	if (topology->device_count > 0)
		strncat(why, ")", TOPOLOGY_TEXT_MAX - strlen(why) - 1);
}

/* What to say when no device is left: none at all, none with that target node,
 * or all in use by others; and which there are, also those that are onlined as
 * memory, so that a user who misses one sees why. */
static void
explain(const struct topology *topology, int target, unsigned skip, char *why)
{
	char of_target[40] = "";

	if (target != -1)
		snprintf(of_target, sizeof(of_target), " with target node %d",
		    target);
	if (skip > 0)
		topology_fail(why, ENODEV,
		    "no further DAX device%s can be mapped: %u %s in use or "
		    "unusable",
		    of_target, skip, skip == 1 ? "is" : "are");
	else
		topology_fail(
		    why, ENODEV, "no DAX device%s can be mapped", of_target);
	if (topology->device_count == 0)
		topology_fail(
		    why, ENODEV, "this machine has no DAX device with a size");
	add_list(topology, why);
}

/* The device with SKIP of those that suit before it. Whether one is in use is
 * not in the record, as it changes at any time: the caller finds out by opening
 * it, and asks again with one more to skip. */
EXPORT const struct topology_device *
poolkind_topology_device(const struct topology *topology, int near, int target,
    unsigned skip, char *why)
{
	for (unsigned i = 0; i < topology->device_count; i++) {
		const struct topology_device *device = &topology->devices[i];

		if (!suits(device, target) ||
		    place_of(topology, device, near, target) != skip)
			continue;
		snprintf(why, TOPOLOGY_TEXT_MAX,
		    "%.64s, nearest to node %d, target node %d", device->path,
		    device->near_node, device->target_node);
		return device;
	}
	explain(topology, target, skip, why);
	return NULL;
}
