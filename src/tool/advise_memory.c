/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise_memory.c - what room the memories of `poolkind advise` have, and how
 * fast they are. See advise.h.
 *
 * A kind is opened as a program would open it, and says what it came to. Where
 * it cannot be opened, as on another machine than that of the program, its
 * limit counts, and the topology is asked for its nodes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "base/error.h"
#include "poolkind.h"
#include "profile/place.h"
#include "spec/parts.h"
#include "tool/advise.h"
#include "tool/commands.h"

/* The first part of TEXT that is a source of memory here. */
static bool
find_spec(const struct topology *topology, const char *text, struct spec *spec)
{
	struct named_file names = { .given = variable(NAMED_VARIABLE) };
	struct spec_parts parts;
	bool found = false;

	if (spec_split(word_of(text), &names, &parts) != 0)
		parts.count = 0;
	for (unsigned i = 0; i < parts.count && !found; i++) {
		struct node_set nodes = { { 0 } };
		char why[TOPOLOGY_TEXT_MAX];

		if (i > 0 && parts.is_next_link[i])
			break;
		if (spec_parse_part(&parts, i, spec) != 0)
			continue;
		found = !spec_is_by_attribute(spec);
		if (found || topology == NULL)
			continue;
		found = poolkind_topology_select(topology, spec->source,
			    spec->tier, SPEC_ALL, 0, &nodes, why) == 0;
		memcpy(spec->nodes, nodes.bits, sizeof(spec->nodes));
	}
	named_close(&names);
	return found;
}

/* The spec that TEXT comes to: with nodes, and with its limit in bytes. False
 * where it cannot be had on this machine. */
static bool
open_spec(const struct topology *topology, const char *text, struct spec *spec)
{
	poolkind *kind = poolkind_open(text, 0);
	bool found = false;

	if (kind == NULL)
		return false;
	found = find_spec(topology, poolkind_resolved(kind), spec);
	poolkind_close(kind);
	return found;
}

/* ---- Nodes --------------------------------------------------------------- */

/* Those of a source without nodes are where the CPUs are. */
static bool
is_its_node(const struct spec *spec, const struct topology_node *node)
{
	bool named = spec_count_nodes(spec) > 0;

	return named ? bits_test(spec->nodes, node->id) :
		       node->has_cpus && node->capacity != 0;
}

static uint64_t
capacity_of(const struct topology *topology, const struct spec *spec)
{
	const struct topology_node *nodes;
	unsigned count = topology != NULL ?
	    poolkind_topology_nodes(topology, &nodes) :
	    0;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		if (is_its_node(spec, &nodes[i]))
			bytes += nodes[i].capacity;
	return bytes;
}

/* The mean over its nodes of the best that is known of each. */
static double
value_of(const struct topology *topology, const struct spec *spec,
    enum topology_attribute attribute)
{
	const struct topology_node *nodes;
	unsigned count = topology != NULL ?
	    poolkind_topology_nodes(topology, &nodes) :
	    0;
	double sum = 0;
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t value = is_its_node(spec, &nodes[i]) ?
		    poolkind_topology_best(topology, attribute, nodes[i].id) :
		    0;

		sum += (double)value;
		found += value != 0;
	}
	return found == 0 ? 0 : sum / found;
}

/* ---- Room ---------------------------------------------------------------- */

/* How many processes such as the one that needs the most there were at once, as
 * far as memory goes: 1 where others have little. */
static double
at_once(const struct profile *profile)
{
	double most_of_all = 0, most_of_one = 0;

	for (size_t i = 0; i < profile->snapshots; i++) {
		double of_all = (double)profile_live(profile, i), of_one = 0;

		for (size_t j = 0; j < profile->site_count; j++)
			of_one += (double)profile_of_one(
			    profile, profile->sites[j], i);
		most_of_all = of_all > most_of_all ? of_all : most_of_all;
		most_of_one = of_one > most_of_one ? of_one : most_of_one;
	}
	return most_of_one > 0 ? most_of_all / most_of_one : 1;
}

/* A share is that of as many ranks as there were; of a profile of one process
 * nobody says how many there will be. */
static uint64_t
share_of(uint64_t capacity, const struct profile *profile)
{
	uint64_t ranks = (uint64_t)(at_once(profile) + 0.5);

	return ranks > 1 ? capacity / ranks : 0;
}

/* For one process: a limit holds for each, and what nodes have is for all. */
static uint64_t
room_of(const struct topology *topology, const struct profile *profile,
    const struct spec *spec)
{
	uint64_t capacity = capacity_of(topology, spec);

	if (spec->limit_share)
		return share_of(capacity, profile);
	if (spec->limit_percent != 0)
		return capacity / 100 * spec->limit_percent;
	if (spec->limit != 0)
		return spec->limit;
	if (spec->size != 0 && !spec->grow)
		return spec->size;
	return spec_is_anonymous(spec) ?
	    (uint64_t)((double)capacity / at_once(profile)) :
	    0;
}

static int
find_memory(const struct topology *topology, const struct profile *profile,
    struct memory *memory, bool is_fast)
{
	struct spec spec;
	char sentence[ERROR_TEXT_MAX];
	bool found = open_spec(topology, memory->spec, &spec);

	snprintf(sentence, sizeof(sentence), "%s", poolkind_errormsg());
	if (!found)
		found = find_spec(topology, memory->spec, &spec) ||
		    spec.limit != 0;
	if (is_fast) {
		memory->room = found ? room_of(topology, profile, &spec) : 0;
		if (memory->room == 0)
			return fail("--fast %s: how much of it is there? "
				    "Write a limit=%s%s",
			    memory->spec, *sentence != '\0' ? "; " : "",
			    sentence);
	}
	memory->bandwidth = value_of(topology, &spec, TOPOLOGY_BANDWIDTH);
	memory->latency = value_of(topology, &spec, TOPOLOGY_LATENCY);
	return 0;
}

/* ---- What was given ------------------------------------------------------ */

/* One number for each --fast, and one for the rest. */
static int
take_list(struct advice *advice, const char *option, const char *list,
    void (*set)(struct memory *memory, double value))
{
	struct word rest = word_of(list), one;
	unsigned count = 0;

	while (word_next(&rest, ',', &one)) {
		char text[32], *end;
		double value;

		snprintf(text, sizeof(text), "%.*s", WORD(one));
		value = strtod(text, &end);
		if (end == text || *end != '\0' || !(value > 0) || value > 1e12)
			return not_understood(
			    "%s %s: \"%s\" is no number above 0", option, list,
			    text);
		if (count <= advice->fast)
			set(&advice->memories[count], value);
		count++;
	}
	if (count != advice->fast + 1)
		return not_understood("%s %s has %u numbers: one for each "
				      "--fast and one for --rest make %u",
		    option, list, count, advice->fast + 1);
	return 0;
}

static void
set_bandwidth(struct memory *memory, double value)
{
	memory->bandwidth = value;
}

static void
set_latency(struct memory *memory, double value)
{
	memory->latency = value;
}

static int
take_lists(struct advice *advice)
{
	int status = 0;

	if (advice->bandwidths != NULL)
		status = take_list(
		    advice, "--bandwidth", advice->bandwidths, set_bandwidth);
	if (status == 0 && advice->latencies != NULL)
		status = take_list(
		    advice, "--latency", advice->latencies, set_latency);
	return status;
}

/* ---- Gains --------------------------------------------------------------- */

/* What an access gains that is served by MEMORY and not by the rest, as a part
 * of its time; 0 where that is not known. */
static double
gain_of(const struct memory *memory, const struct memory *rest)
{
	if (memory->bandwidth > 0 && rest->bandwidth > 0)
		return 1 - rest->bandwidth / memory->bandwidth;
	if (memory->latency > 0 && rest->latency > 0)
		return 1 - memory->latency / rest->latency;
	return 0;
}

/* The best comes first. Where nothing is known, or something is no better than
 * the rest, they are as they were given. */
static void
set_gains(struct advice *advice)
{
	struct memory *memories = advice->memories;
	const struct memory *rest = &memories[advice->fast];
	bool known = true;

	for (unsigned i = 0; i < advice->fast; i++)
		known &= gain_of(&memories[i], rest) > 0;
	for (unsigned i = 1; known && i < advice->fast; i++)
		for (unsigned j = i; j > 0 &&
		     gain_of(&memories[j], rest) >
			 gain_of(&memories[j - 1], rest);
		     j--) {
			struct memory swap = memories[j];

			memories[j] = memories[j - 1];
			memories[j - 1] = swap;
		}
	advice->placement.memories = advice->fast;
	for (unsigned i = 0; i < advice->fast; i++) {
		advice->placement.room[i] = memories[i].room;
		advice->placement.gain[i] = known ?
		    gain_of(&memories[i], rest) :
		    1.0 / (double)(1u << i);
	}
}

int
advise_find_memories(struct advice *advice)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *topology = poolkind_topology_open(NULL, why);
	int status = 0;

	for (unsigned i = 0; i <= advice->fast && status == 0; i++)
		status = find_memory(topology, advice->profile,
		    &advice->memories[i], i < advice->fast);
	if (topology != NULL)
		poolkind_topology_close(topology);
	if (status == 0)
		status = take_lists(advice);
	set_gains(advice);
	return status;
}
