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

/* The memory attribute that TEXT names, as a kind's text would: 0, or the
 * status to end with. */
static int
parse_attribute(const char *text, struct spec *spec)
{
	struct known known = spec_words(SPEC_BY_ATTRIBUTE);

	if (known_choose(&known, "memory attribute", word_until(text, ":=,")) <
		0 ||
	    spec_parse(text, spec) != 0)
		return not_understood("%s", error_text());
	return 0;
}

/* What was asked for, and whether any of it was there. */
struct request {
	struct topology *topology;
	struct spec attribute;
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
	struct node_set set = { { 0 } };

	if (poolkind_topology_select(request->topology,
		request->attribute.source, request->attribute.tier,
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

/* Takes "all" or "local" from the words, if it is there. Neither can be meant
 * as FROM, which has a colon in it; any other word without one is a mistake. */
static int
take_scope(int *argc, char ***argv, enum spec_scope *scope)
{
	static const char *const words[] = { "local", "all" };
	struct known known = known_of(words, ARRAY_SIZE(words));
	int chosen;

	if (*argc == 0 || strchr((*argv)[0], ':') != NULL)
		return 0;
	chosen = known_find(&known, word_of((*argv)[0]));
	if (chosen < 0)
		return not_understood("\"%s\" is no scope, which is all or "
				      "local, and no topology, which is "
				      "xml:PATH, synthetic:TEXT or sysfs:PATH",
		    (*argv)[0]);
	*scope = chosen == 0 ? SPEC_LOCAL : SPEC_ALL;
	--*argc, ++*argv;
	return 0;
}

/* The status is 1 only if no node was named from anywhere. */
int
command_rank(int argc, char **argv)
{
	struct request request = { .scope = SPEC_LOCAL };
	int status;

	if (argc == 0)
		return not_understood("rank of which memory attribute?");
	status = parse_attribute(argv[0], &request.attribute);
	if (status != 0)
		return status;
	argc--, argv++;
	status = take_scope(&argc, &argv, &request.scope);
	if (status != 0)
		return status;
	status = open_from(argc, argv, &request.topology);
	if (status != 0)
		return status;
	answer_all(&request);
	poolkind_topology_close(request.topology);
	return request.found ? 0 : FAILED;
}
