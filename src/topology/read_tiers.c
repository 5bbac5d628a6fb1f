/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_tiers.c - which memory tier each node is in.
 *
 * Owns nothing after it has filled the record. Called by topology.c when the
 * nodes are known; no locks. Fails for lack of memory alone.
 *
 * The kernel (Linux 6.1) puts each node into a tier by how fast it is, to move
 * pages between them: memory_tier4 is ordinary DRAM, a lower number is faster,
 * a higher one slower. Where it says nothing, as for a saved topology or on an
 * older kernel, the tiers that hwloc made up stay (read_hwloc.c), from 0 for
 * the fastest.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "topology/record.h"

#define TIERS "/sys/devices/virtual/memory_tiering"
#define LINE_MAX_NODES (SPEC_NODES_MAX * 5)

static void
forget_tiers(struct topology *topology)
{
	for (unsigned i = 0; i < topology->node_count; i++)
		topology->nodes[i].tier = -1;
}

/* A tier from which all nodes went has an empty list. */
static int
read_tier(struct topology *topology, unsigned tier)
{
	char *path = topology_text(TIERS "/memory_tier%u/nodelist", tier);
	hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
	char line[LINE_MAX_NODES];
	bool good = path != NULL && nodes != NULL;

	if (good &&
	    topology_read_line(topology->root, path, line, sizeof(line)) &&
	    hwloc_bitmap_list_sscanf(nodes, line) == 0)
		for (unsigned i = 0; i < topology->node_count; i++)
			if (hwloc_bitmap_isset(nodes, topology->nodes[i].id))
				topology->nodes[i].tier = (int)tier;
	hwloc_bitmap_free(nodes);
	free(path);
	return good ? 0 : -1;
}

int
topology_read_tiers(struct topology *topology, char *why)
{
	char *path = topology->root != NULL ?
	    topology_text("%s" TIERS, topology->root) :
	    NULL;
	DIR *folder = path != NULL ? opendir(path) : NULL;
	bool is_first = true;
	struct dirent *entry;
	int error = 0;
	unsigned tier;

	free(path);
	if (folder == NULL)
		return 0;
	while (error == 0 && (entry = readdir(folder)) != NULL) {
		if (sscanf(entry->d_name, "memory_tier%u", &tier) != 1)
			continue;
		if (is_first)
			forget_tiers(topology);
		is_first = false;
		error = read_tier(topology, tier);
	}
	closedir(folder);
	return error == 0 ?
	    0 :
	    topology_fail(why, ENOMEM, "no memory for the memory tiers");
}
