/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poolkind.c - the program poolkind: shows what memory a machine has.
 *
 * It uses libpoolkind-topology directly, the library that the engine opens when
 * a kind names a memory attribute: so it shows exactly what that would find,
 * and chooses nodes by the same function. A saved machine can stand in place of
 * this one. It opens no kind and allocates no memory on any node.
 *
 * Answers go to standard output, in columns, everything else to standard error.
 * Ends with 0; with 1 and a line where something is not there or cannot be
 * written; with 2 and the usage where it was not understood. Owns what it
 * prints, and the topology that it prints from. A process of one thread; no
 * locks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/table.h"
#include "tool/specs.h"
#include "topology/topology.h"

#define FAILED 1
#define NOT_UNDERSTOOD 2

static const char usage[] =
    "usage: poolkind nodes [FROM]\n"
    "       poolkind devices [FROM]\n"
    "       poolkind rank ATTRIBUTE [all | local] [FROM]\n"
    "       poolkind specs\n"
    "       poolkind --help | --version\n";

static const char help[] =
    "\n"
    "nodes    lists the nodes with memory or CPUs, and what is known of them\n"
    "devices  lists DAX devices and file systems mounted with DAX\n"
    "rank     says which nodes a memory attribute names, and why; local: from\n"
    "         each node with CPUs (the default), all: from anywhere\n"
    "specs    lists the sources and options of a kind's text\n"
    "\n"
    "ATTRIBUTE is bandwidth, latency, capacity, hbw or dax-kmem.\n"
    "FROM is xml:PATH, synthetic:TEXT or sysfs:PATH, in place of this "
    "machine.\n";

/* Writes the line and returns the status, for the caller to end with. */
static int
fail(const char *format, ...)
{
	va_list arguments;

	fputs("poolkind: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return FAILED;
}

static int
not_understood(const char *what, const char *word)
{
	fail("%s \"%s\"", what, word);
	fputs(usage, stderr);
	return NOT_UNDERSTOOD;
}

/* Opens the topology that the last word of a command names, or that of this
 * machine if there is none. 0, or the status to end with; then all is said. */
static int
open_from(int argc, char **argv, struct topology **topology)
{
	char why[TOPOLOGY_TEXT_MAX];

	if (argc > 1)
		return not_understood("one word too many:", argv[1]);
	*topology = poolkind_topology_open(argc > 0 ? argv[0] : NULL, why);
	return *topology != NULL ? 0 : fail("%s", why);
}

/* ---- nodes --------------------------------------------------------------- */

/*
 * The best value that the firmware reports of NODE, as seen from any node with
 * CPUs, as text, or "-" where it reports none: a table has room for one number,
 * and for a node near its CPUs that is what counts. Best is the highest
 * bandwidth, but the lowest latency; the attributes of latency stand last in
 * their enumeration. A value of 0 counts as unknown.
 */
static const char *
best_value(const struct topology *topology, enum topology_attribute attribute,
    unsigned node, char text[24])
{
	const struct topology_node *nodes;
	unsigned count = poolkind_topology_nodes(topology, &nodes);
	uint64_t best = 0, value;

	for (unsigned i = 0; i < count; i++) {
		if (!poolkind_topology_value(
			topology, attribute, nodes[i].id, node, &value))
			continue;
		if (best == 0 ||
		    (attribute < TOPOLOGY_LATENCY) == (value > best))
			best = value;
	}
	if (best == 0)
		return "-";
	snprintf(text, 24, "%" PRIu64, best);
	return text;
}

/* Columns are as wide as their headings in show_nodes(). A node of CPUs alone
 * has the capacity 0; of a saved machine nobody knows what is free. */
static void
print_node(const struct topology *topology, const struct topology_node *node)
{
	char text[4][24], pair[2][50], free_mib[24] = "-";
	uint64_t free_bytes = poolkind_topology_free(topology, node->id);

	snprintf(pair[0], sizeof(pair[0]), "%s/%s",
	    best_value(topology, TOPOLOGY_READ_BANDWIDTH, node->id, text[0]),
	    best_value(topology, TOPOLOGY_WRITE_BANDWIDTH, node->id, text[1]));
	snprintf(pair[1], sizeof(pair[1]), "%s/%s",
	    best_value(topology, TOPOLOGY_READ_LATENCY, node->id, text[2]),
	    best_value(topology, TOPOLOGY_WRITE_LATENCY, node->id, text[3]));
	if (free_bytes != 0)
		snprintf(
		    free_mib, sizeof(free_mib), "%" PRIu64, free_bytes / MIB);
	printf("%4u %-4s %-8s %-3s %12" PRIu64 " %10s %15s %11s\n", node->id,
	    node->has_cpus ? "yes" : "no",
	    node->kind[0] != '\0' ? node->kind : "-",
	    node->from_dax ? "yes" : "no", node->capacity / MIB, free_mib,
	    pair[0], pair[1]);
}

/* By rising number, so that the lines of two machines, or of one before and
 * after a change, can be compared. */
static int
show_nodes(int argc, char **argv)
{
	const struct topology_node *nodes;
	struct topology *topology;
	unsigned count;
	int status;

	status = open_from(argc, argv, &topology);
	if (status != 0)
		return status;
	printf("%4s %-4s %-8s %-3s %12s %10s %15s %11s\n", "NODE", "CPUS",
	    "KIND", "DAX", "CAPACITY/MiB", "FREE/MiB", "READ/WRITE MB/s",
	    "READ/WR. ns");
	count = poolkind_topology_nodes(topology, &nodes);
	for (unsigned i = 0; i < count; i++)
		print_node(topology, &nodes[i]);
	poolkind_topology_close(topology);
	return 0;
}

/* ---- devices ------------------------------------------------------------- */

static const char *
number_or_dash(int number, char text[16])
{
	if (number < 0)
		return "-";
	snprintf(text, 16, "%d", number);
	return text;
}

/* TARGET is the node that a device would become as memory, NEAR the node with
 * CPUs closest to it, and system-ram a device that has become memory and cannot
 * be mapped any more. */
static void
print_device(const struct topology_device *device)
{
	char target[16], near[16];

	printf("%-14s %6s %10" PRIu64 " %10" PRIu64 " %6s %4s %s\n",
	    device->path, device->region, device->size / MIB,
	    device->alignment / KIB,
	    number_or_dash(device->target_node, target),
	    number_or_dash(device->near_node, near),
	    device->is_system_ram ? "system-ram" : "devdax");
}

/* Devices, and file systems that can be mapped without a page cache: the two
 * ways in which a kind gets at persistent memory. */
static int
show_devices(int argc, char **argv)
{
	const struct topology_device *devices;
	const struct topology_mount *mounts;
	struct topology *topology;
	unsigned count;
	int status;

	status = open_from(argc, argv, &topology);
	if (status != 0)
		return status;
	count = poolkind_topology_devices(topology, &devices);
	printf("%-14s %6s %10s %10s %6s %4s %s\n", "DEVICE", "REGION",
	    "SIZE/MiB", "ALIGN/KiB", "TARGET", "NEAR", "MODE");
	for (unsigned i = 0; i < count; i++)
		print_device(&devices[i]);
	count = poolkind_topology_mounts(topology, &mounts);
	for (unsigned i = 0; i < count; i++)
		printf("%s%-14s %s\n", i == 0 ? "\nMOUNTED WITH DAX\n" : "",
		    mounts[i].path, mounts[i].type);
	poolkind_topology_close(topology);
	return 0;
}

/* ---- rank ---------------------------------------------------------------- */

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

/* What was asked for, and whether any of it was there. */
struct request {
	struct topology *topology;
	enum spec_source attribute;
	enum spec_scope scope;
	bool found;
	char said[TOPOLOGY_TEXT_MAX]; /* to standard error, last */
};

static void
print_set(const struct node_set *set)
{
	const char *comma = "";

	for (unsigned id = 0; id < SPEC_NODES_MAX; id++) {
		if (((set->bits[id / 64] >> (id % 64)) & 1) == 0)
			continue;
		printf("%s%u", comma, id);
		comma = ",";
	}
}

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
	print_set(&set);
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
static int
show_rank(int argc, char **argv)
{
	struct request request = { .scope = SPEC_LOCAL };
	int status;

	if (argc == 0) {
		fputs(usage, stderr);
		return NOT_UNDERSTOOD;
	}
	request.attribute = find_attribute(argv[0]);
	if (request.attribute == SPEC_SOURCE_COUNT)
		return not_understood("unknown memory attribute", argv[0]);
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

/* ---- Start --------------------------------------------------------------- */

/* The first word is the command, the others are the command's. What --help and
 * --version print may fail at once, when stdout has no buffer. */
static int
run(int argc, char **argv)
{
	if (argc < 2) {
		fputs(usage, stderr);
		return NOT_UNDERSTOOD;
	}
	if (strcmp(argv[1], "nodes") == 0)
		return show_nodes(argc - 2, argv + 2);
	if (strcmp(argv[1], "devices") == 0)
		return show_devices(argc - 2, argv + 2);
	if (strcmp(argv[1], "rank") == 0)
		return show_rank(argc - 2, argv + 2);
	if (strcmp(argv[1], "specs") == 0)
		return argc > 2 ?
		    not_understood("one word too many:", argv[2]) :
		    (print_specs(), 0);
	if (strcmp(argv[1], "--help") == 0)
		return printf("%s%s", usage, help) < 0;
	if (strcmp(argv[1], "--version") == 0)
		return printf("poolkind %s\n", PACKAGE_VERSION) < 0;
	return not_understood("unknown command", argv[1]);
}

/* stdout is a pipe or a file most times, and written at the end: only here it
 * can be told whether all of it went out. */
int
main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (fflush(stdout) != 0)
		return fail("cannot write: %s", strerror(errno));
	return status;
}
