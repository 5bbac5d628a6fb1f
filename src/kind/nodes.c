/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - the nodes of this machine, for programs. See poolkind.h.
 *
 * Owns nothing. The nodes are copied out of the topology under its lock
 * (machine.h); what is free on them is read afterwards, without it. Fails with
 * errno and a sentence, as reading the machine does. Not in libvmmalloc, which
 * knows no machine.
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "kind/machine.h"
#include "os/os.h"
#include "poolkind.h"
#include "topology/topology.h"

/* The caller's array: its elements may be shorter than ours in a program that
 * was built for an earlier release, or longer in one built for a later one. */
struct array {
	char *first;
	size_t size; /* of an element */
	unsigned room, found;
	int result;
};

static void
store(const struct array *array, unsigned i, const struct poolkind_node *node)
{
	copy_out(
	    array->first + i * array->size, array->size, node, sizeof(*node));
}

static void
visit(void *to, const struct topology_node *from, uint64_t bandwidth,
    uint64_t latency)
{
	struct array *array = to;
	struct poolkind_node node = {
		.node = from->id,
		.has_cpus = from->has_cpus,
		.near_node = from->near_node,
		.tier = from->tier,
		.is_cxl = from->is_cxl,
		.from_dax = from->from_dax,
		.capacity = from->capacity,
		.bandwidth = bandwidth,
		.latency = latency,
	};

	strncpy(node.type, topology_kind_text(from), sizeof(node.type) - 1);
	if (array->found < array->room)
		store(array, array->found, &node);
	array->found++;
}

/* Called by os_on_stack(): to read the machine takes more stack than a thread
 * may have. */
static void
read_nodes(void *arg)
{
	struct array *array = arg;

	array->result = machine_each_node(visit, array);
}

/* 0 for a node whose memory the process may not use, and where the kernel does
 * not say. */
static uint64_t
free_on(const struct poolkind_node *node)
{
	uint64_t mask[SPEC_NODES_MAX / 64] = { 0 }, bytes;

	if (node->capacity == 0)
		return 0;
	bits_fill(mask, node->node, node->node + 1, true);
	return os_free_on_nodes(mask, SPEC_NODES_MAX, &bytes) == 0 ? bytes : 0;
}

static void
fill_free(const struct array *array)
{
	for (unsigned i = 0; i < array->room && i < array->found; i++) {
		struct poolkind_node node = { 0 };

		memcpy(&node, array->first + i * array->size,
		    min_size(array->size, sizeof(node)));
		node.free = free_on(&node);
		store(array, i, &node);
	}
}

EXPORT int
poolkind_get_machine_nodes(
    struct poolkind_node *nodes, unsigned *count, size_t node_size)
{
	struct array array = { (char *)nodes, node_size, 0, 0, 0 };
	int saved = errno;

	if (count == NULL || node_size == 0 || (nodes == NULL && *count != 0))
		return error_set(EINVAL,
		    "nodes need a place of %zu bytes each and one for their "
		    "number, got %zu at %p and %p",
		    sizeof(*nodes), node_size, (void *)nodes, (void *)count);
	array.room = *count;
	os_on_stack(read_nodes, &array);
	if (array.result != 0)
		return -1;
	fill_free(&array);
	*count = array.found;
	errno = saved;
	return 0;
}
