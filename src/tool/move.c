/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.c - the command `poolkind move': pages of a kind of another process that
 * go to other nodes, as migratepages(8) does for all pages of one.
 *
 * The process runs on, and keeps its policies (outside/outside.h). Owns nothing
 * but what it prints. A process of one thread; no locks.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "outside/outside.h"
#include "tool/commands.h"
#include "tool/options.h"

/* ---- Where to ------------------------------------------------------------ */

static int
find_by_attribute(struct spec *spec)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *topology = poolkind_topology_open(NULL, why);
	struct node_set set = { { 0 } };
	int status;

	if (topology == NULL)
		return fail("%s", why);
	status = poolkind_topology_select(
	    topology, spec->source, spec->tier, SPEC_ALL, 0, &set, why);
	poolkind_topology_close(topology);
	memcpy(spec->nodes, set.bits, sizeof(spec->nodes));
	return status == 0 ? 0 : fail("%s", why);
}

static int
check_nodes(const uint64_t *nodes, const char *text)
{
	unsigned missing = os_missing_node(nodes, SPEC_NODES_MAX);

	return missing == SPEC_NODES_MAX ?
	    0 :
	    fail("\"%s\": node %u does not exist, has no memory or is not "
		 "allowed to this command: see poolkind nodes",
		text, missing);
}

/* The nodes that TEXT names, in *SPEC. 0, or the status to end with. */
static int
find_nodes(const char *text, struct spec *spec)
{
	if (spec_parse(text, spec) != 0 || spec_check_place(spec, text) != 0)
		return not_understood("%s", error_text());
	if (spec_is_by_attribute(spec))
		return find_by_attribute(spec);
	if (!spec->all_nodes)
		return check_nodes(spec->nodes, text);
	return os_allowed_nodes(spec->nodes, SPEC_NODES_MAX) == 0 ?
	    0 :
	    fail("nodes:all: the nodes are not known");
}

/* ---- What came of it ----------------------------------------------------- */

static const char *
print_stayed(const char *before, size_t bytes, const char *why)
{
	if (bytes == 0)
		return before;
	printf("%s%zu stayed, as %s", before, bytes, why);
	return ", ";
}

/* 0 where all pages are where they are to be. */
static int
print_moved(const struct outside_move *move)
{
	const struct os_moved *moved = &move->moved;
	const char *before = "; ";

	printf("process %d, kind \"%s\": %zu bytes moved to node ",
	    move->process, move->name, moved->moved);
	print_nodes(move->to);
	printf(", %zu were there", moved->there);
	before = print_stayed(before, moved->full, "no free page is there");
	before = print_stayed(
	    before, moved->shared, "another process has them, too");
	print_stayed(
	    before, moved->busy, "the kernel or a device is using them");
	putchar('\n');
	return os_stayed(moved) == 0 ? 0 : FAILED;
}

/* ---- The command --------------------------------------------------------- */

static int
take_rate(const char *text, size_t *rate)
{
	const char *end;

	if (text == NULL)
		return 0;
	return spec_parse_size(text, &end, rate) == 0 && *end == '\0' &&
		*rate != 0 ?
	    0 :
	    not_understood(
		"--rate %s: write bytes a second, such as 500M", text);
}

static int
take_words(int argc, char **argv, struct outside_move *move)
{
	static const char *const missing[] = { "move a kind of which process?",
		"move which of its kinds?", "move it where?" };
	unsigned long number;

	if (argc < 3)
		return not_understood("%s", missing[argc]);
	if (argc > 3)
		return not_understood("one word too many: \"%s\"", argv[3]);
	if (!is_number(argv[0], &number) || number == 0 || number > INT_MAX)
		return not_understood(
		    "\"%s\" is not the number of a process", argv[0]);
	move->process = (int)number;
	move->kind = argv[1];
	return 0;
}

int
command_move(int argc, char **argv)
{
	struct outside_move move = { 0 };
	const char *rate = NULL;
	const struct option_row options[] = { { "--rate", .value = &rate } };
	char why[OUTSIDE_WHY_MAX];
	struct spec spec;
	int status = take_options(
	    options, ARRAY_SIZE(options), NULL, &argc, argv);

	if (status == 0)
		status = take_rate(rate, &move.rate);
	if (status == 0)
		status = take_words(argc, argv, &move);
	if (status == 0 && strcmp(argv[2], "home") != 0) {
		status = find_nodes(argv[2], &spec);
		move.nodes = spec.nodes;
	}
	if (status != 0)
		return status;
	if (outside_move(&move, why) != OUTSIDE_TOLD)
		return fail("process %d: %s", move.process, why);
	return print_moved(&move);
}
