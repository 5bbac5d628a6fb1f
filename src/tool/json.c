/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.c - see json.h.
 *
 * Sizes are in bytes, bandwidths in MB/s, latencies in ns; what is not known is
 * null. Members may be added, those that are there stay. One node or device
 * stands on a line, for people and for diff(1).
 */
#include "tool/json.h"

#include <inttypes.h>
#include <stdio.h>

#include "stats/text.h"
#include "tool/commands.h"
#include "tool/huge_pages.h"

bool json_wanted;

static void
write_out(void *unused, const char *text, size_t length)
{
	(void)unused;
	fwrite(text, 1, length, stdout);
}

const struct stats_writer to_stdout = { write_out, NULL };

/* Paths may have any byte; what is no UTF-8 is told so (stats/text.h). */
void
json_string(const char *text)
{
	text_string(&to_stdout, text, true);
}

/* ,"NAME":"TEXT", and null for "", which stands for what is not known. */
static void
print_text(const char *name, const char *text)
{
	printf(",\"%s\":", name);
	if (text[0] == '\0')
		printf("null");
	else
		json_string(text);
}

void
json_amount(const char *name, uint64_t value)
{
	if (value == 0)
		printf(",\"%s\":null", name);
	else
		printf(",\"%s\":%" PRIu64, name, value);
}

/* The same of nodes and tiers, for which 0 is a number like any other: -1 is
 * what is not known. */
static void
print_id(const char *name, int number)
{
	if (number < 0)
		printf(",\"%s\":null", name);
	else
		printf(",\"%s\":%d", name, number);
}

static const char *
word_of_bool(bool value)
{
	return value ? "true" : "false";
}

/* An object of the array; COUNT tells the first, before which no comma is. */
static void
print_huge_page(void *count, unsigned node, const struct huge_pages *pages)
{
	(void)node;
	printf("%s{\"size\":%zu,\"total\":%zu,\"free\":%zu}",
	    (*(unsigned *)count)++ == 0 ? "" : ",", pages->size, pages->total,
	    pages->free);
}

/* By the nodes that they lead to; empty where the firmware has no table. */
static void
print_distances(const struct topology *topology, unsigned from)
{
	const struct topology_node *nodes;
	unsigned count = poolkind_topology_nodes(topology, &nodes);
	const char *comma = "";

	printf(",\"distances\":{");
	for (unsigned i = 0; i < count; i++) {
		unsigned distance = poolkind_topology_distance(
		    topology, from, nodes[i].id);

		if (distance == 0)
			continue;
		printf("%s\"%u\":%u", comma, nodes[i].id, distance);
		comma = ",";
	}
	putchar('}');
}

static void
print_node(const struct topology *topology, const struct topology_node *node,
    bool is_here)
{
	static const struct {
		const char *name;
		enum topology_attribute attribute;
	} values[] = {
		{ "read_bandwidth", TOPOLOGY_READ_BANDWIDTH },
		{ "write_bandwidth", TOPOLOGY_WRITE_BANDWIDTH },
		{ "read_latency", TOPOLOGY_READ_LATENCY },
		{ "write_latency", TOPOLOGY_WRITE_LATENCY },
	};
	unsigned sizes = 0;

	printf("{\"node\":%u,\"cpus\":%s,\"dax\":%s", node->id,
	    word_of_bool(node->has_cpus), word_of_bool(node->from_dax));
	print_text("kind", topology_kind_text(node));
	printf(",\"cxl\":%s", word_of_bool(node->is_cxl));
	print_id("tier", node->tier);
	print_id("near_node", node->near_node);
	printf(",\"capacity\":%" PRIu64, node->capacity);
	json_amount("free", poolkind_topology_free(topology, node->id));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		json_amount(values[i].name,
		    poolkind_topology_best(
			topology, values[i].attribute, node->id));
	print_distances(topology, node->id);
	printf(",\"huge_pages\":[");
	if (is_here)
		each_huge_page(node->id, print_huge_page, &sizes);
	printf("]}");
}

void
json_nodes(const struct topology *topology, bool is_here)
{
	const struct topology_node *nodes;
	unsigned count = poolkind_topology_nodes(topology, &nodes);

	printf("{\"nodes\":[");
	for (unsigned i = 0; i < count; i++) {
		printf("%s\n", i == 0 ? "" : ",");
		print_node(topology, &nodes[i], is_here);
	}
	printf("\n]}\n");
}

void
json_devices(const struct topology *topology)
{
	const struct topology_device *devices;
	const struct topology_mount *mounts;
	unsigned count = poolkind_topology_devices(topology, &devices);

	printf("{\"devices\":[");
	for (unsigned i = 0; i < count; i++) {
		printf("%s\n{\"path\":", i == 0 ? "" : ",");
		json_string(devices[i].path);
		print_text("region", devices[i].region);
		printf(",\"size\":%" PRIu64 ",\"alignment\":%" PRIu64,
		    devices[i].size, devices[i].alignment);
		print_id("target_node", devices[i].target_node);
		print_id("near_node", devices[i].near_node);
		printf(",\"system_ram\":%s}",
		    word_of_bool(devices[i].is_system_ram));
	}
	count = poolkind_topology_mounts(topology, &mounts);
	printf("\n],\"mounts\":[");
	for (unsigned i = 0; i < count; i++) {
		printf("%s\n{\"path\":", i == 0 ? "" : ",");
		json_string(mounts[i].path);
		printf(",\"type\":");
		json_string(mounts[i].type);
		putchar('}');
	}
	printf("\n]}\n");
}
