/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rank.c - the command `poolkind rank`: which nodes a memory attribute names.
 *
 * Nodes are chosen by the function that the engine calls, so the answer is what
 * a kind would get.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"
#include "spec/table.h"
#include "tool/commands.h"

/* The memory attribute of that word, from the table by which specs are parsed,
 * so that the program knows those that a kind's text does; SPEC_SOURCE_COUNT if
 * it is none. */
static enum spec_source
find_attribute(const char *word)
{
	unsigned i = 0;

	while (i < SPEC_SOURCE_COUNT &&
	    (!(spec_sources[i].traits & SPEC_BY_ATTRIBUTE) ||
		strcmp(word, spec_sources[i].word) != 0))
		i++;
	return (enum spec_source)i;
}

static int
unknown_attribute(const char *word)
{
	struct known known = { .count = 0 };

	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++)
		if (spec_sources[i].traits & SPEC_BY_ATTRIBUTE)
			known_add(&known, spec_sources[i].word);
	known_fail(&known, "memory attribute", word_of(word), "");
	return not_understood("%s", error_text());
}

/* What was asked for, and whether any of it was there. */
struct request {
	struct topology *topology;
	enum spec_source attribute;
	enum spec_scope scope;
	bool found;
	char said[TOPOLOGY_TEXT_MAX]; /* to standard error, last */
};

/* Writes the nodes with the attribute, as seen from INITIATOR, and why it is
 * these. Where there are none the reason goes to standard error; and only if it
 * is another one than was said last, as from most nodes it is the same. */
static void
answer(struct request *request, unsigned initiator)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct node_set set;

	if (poolkind_topology_select(request->topology, request->attribute,
		request->scope, initiator, &set, why) != 0) {
		if (strcmp(why, request->said) != 0)
			fail("%s", why);
		memcpy(request->said, why, sizeof(why));
		return;
	}
	request->found = true;
	if (request->scope == SPEC_LOCAL)
		printf("%u: ", initiator);
	print_nodes(set.bits);
	printf("  %s\n", why);
}

/* For scope all the nodes do not depend on where a thread runs, and there is
 * one line; for scope local one for each node with CPUs. */
static void
answer_all(struct request *request)
{
	const struct topology_node *nodes;
	unsigned count = poolkind_topology_nodes(request->topology, &nodes);

	if (request->scope == SPEC_ALL) {
		answer(request, 0);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		if (nodes[i].has_cpus)
			answer(request, nodes[i].id);
}

/* "all" and "local" cannot be meant as FROM, which has a colon in it. The
 * status is 1 only if no node was named from anywhere. */
int
command_rank(int argc, char **argv)
{
	struct request request = { .scope = SPEC_LOCAL };
	int status;

	if (argc == 0)
		return not_understood("rank of which memory attribute?");
	request.attribute = find_attribute(argv[0]);
	if (request.attribute == SPEC_SOURCE_COUNT)
		return unknown_attribute(argv[0]);
	argc--, argv++;
	if (argc > 0 &&
	    (strcmp(argv[0], "all") == 0 || strcmp(argv[0], "local") == 0)) {
		request.scope = argv[0][0] == 'a' ? SPEC_ALL : SPEC_LOCAL;
		argc--, argv++;
	}
	status = open_from(argc, argv, &request.topology);
	if (status != 0)
		return status;
	answer_all(&request);
	poolkind_topology_close(request.topology);
	return request.found ? 0 : FAILED;
}
