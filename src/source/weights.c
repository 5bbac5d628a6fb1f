/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights.c - whether weights that were found count page by page. See
 * weights.h.
 *
 * The kernel lets pages go to nodes by weights that are the system's, one for
 * each node (Linux 6.9, which has a folder of them), and by no others. So those
 * that a kind was found to need are left to the kernel where the system's give
 * each of its nodes the same share, and else count in slices (policy.c). Who
 * writes numbers has slices, as the administrator may change the system's.
 *
 * Owns nothing. Called while a kind is opened, without a lock. Nothing fails:
 * where the system has no weights there are slices.
 */
#include "source/weights.h"

#include <stdio.h>

#include "os/os.h"

#define WEIGHT_FILE "/sys/kernel/mm/mempolicy/weighted_interleave/node%zu"

/* Shares may differ by 1 / SAME of themselves. */
#define SAME 50

/* That of NODE; 0 where there is none. */
static size_t
weight_of_system(size_t node)
{
	char path[sizeof(WEIGHT_FILE) + 8], text[32];
	const char *end;
	size_t weight;

	snprintf(path, sizeof(path), WEIGHT_FILE, node);
	return os_read_text(path, text, sizeof(text)) == 0 &&
		spec_parse_size(text, &end, &weight) == 0 ?
	    weight :
	    0;
}

static bool
is_same(size_t weight, size_t all, size_t other, size_t all_other)
{
	size_t a = weight * all_other, b = other * all;

	return (a > b ? a - b : b - a) * SAME <= a;
}

static bool
are_systems(const struct spec *spec)
{
	size_t system[SPEC_WEIGHTS_MAX], all = 0, all_system = 0, count = 0;
	size_t node = bits_find(spec->nodes, 0, SPEC_NODES_MAX, true);
	bool same = true;

	while (count < SPEC_WEIGHTS_MAX && spec->weights[count] != 0) {
		system[count] = weight_of_system(node);
		all_system += system[count];
		all += spec->weights[count++];
		node = bits_find(spec->nodes, node + 1, SPEC_NODES_MAX, true);
	}
	for (size_t i = 0; i < count; i++)
		same &= system[i] != 0 &&
		    is_same(spec->weights[i], all, system[i], all_system);
	return same && count != 0;
}

void
weights_settle(struct spec *spec)
{
	spec->weights_by_page = spec->weights_auto && are_systems(spec);
}
