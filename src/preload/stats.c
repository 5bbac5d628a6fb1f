/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - see stats.h.
 */
#include "preload/stats.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/cut.h"
#include "kind/facade.h"
#include "os/os.h"
#include "preload/kinds.h"
#include "preload/log.h"
#include "support/log.h"

/* Nodes beyond are not in the table: a line has some room. */
#define NODES_MAX 64
#define AMOUNT_MAX 24

/* The column of names, how much of one a line shows, and the numbers. */
#define NAME_WIDTH 20
#define LINE_NAME_MAX 72
#define COLUMNS(blocks) "%" blocks " %9s %9s"

/* Bytes in the unit that leaves the fewest digits and loses none to speak of.
 */
static const char *
amount(char *text, size_t bytes)
{
	static const char units[] = "KMGT";
	double value = (double)bytes / (double)KIB;
	unsigned unit = 0;

	if (bytes < KIB) {
		snprintf(text, AMOUNT_MAX, "%zu", bytes);
		return text;
	}
	for (; value >= 1024 && units[unit + 1] != '\0'; unit++)
		value /= 1024;
	snprintf(text, AMOUNT_MAX, "%.1f%c", value, units[unit]);
	return text;
}

/* "node 0: 1.0G, node 2: 8.0M"; what lies on no node, or cannot be found out,
 * is left out. */
static void
write_nodes(char *text, size_t size, poolkind *kind)
{
	size_t bytes[NODES_MAX] = { 0 }, at = 0;
	char number[AMOUNT_MAX];

	text[0] = '\0';
	if (poolkind_get_node_bytes(kind, bytes, NODES_MAX) != 0)
		return;
	for (unsigned i = 0; i < NODES_MAX && at < size; i++)
		if (bytes[i] != 0)
			at += (size_t)snprintf(text + at, size - at,
			    "%snode %u: %s", at == 0 ? "" : ", ", i,
			    amount(number, bytes[i]));
}

/* A line of the table; a text that is too long for its column has one of its
 * own, and one that is too long for a line is cut. */
static void
write_line(const char *indent, const char *name, const char *numbers)
{
	struct cut_text shown = cut(name, LINE_NAME_MAX);
	int width = NAME_WIDTH - (int)strlen(indent);

	if (strlen(shown.text) <= (size_t)width)
		say_plain("  %s%-*s %s", indent, width, shown.text, numbers);
	else {
		say_plain("  %s%s", indent, shown.text);
		say_plain("  %-*s %s", NAME_WIDTH, "", numbers);
	}
}

/* What one kind had, without those that it falls back to. */
static void
write_numbers(const char *indent, const char *name, poolkind *kind)
{
	struct poolkind_stats stats = { 0 };
	char live[AMOUNT_MAX], peak[AMOUNT_MAX], nodes[512], numbers[640];

	poolkind_get_stats(kind, &stats, sizeof(stats));
	write_nodes(nodes, sizeof(nodes), kind);
	snprintf(numbers, sizeof(numbers), COLUMNS("10llu") "%s%s",
	    (unsigned long long)stats.allocations, amount(live, stats.live),
	    amount(peak, stats.peak), nodes[0] == '\0' ? "" : "  ", nodes);
	write_line(indent, name, numbers);
}

/* A kind that is a chain has a line for each of its links below its own. */
static void
write_kind(const char *name, poolkind *kind)
{
	char text[CUT_MAX];

	if (kind == NULL) {
		write_line("", name, "  not used");
		return;
	}
	if (poolkind_fallback(kind) == NULL) {
		write_numbers("", name, kind);
		return;
	}
	say_plain("  %s", cut(name, LINE_NAME_MAX).text);
	for (; kind != NULL; kind = poolkind_fallback(kind)) {
		snprintf(
		    text, sizeof(text), "%.*s", WORD(kinds_link_text(kind)));
		write_numbers("  ", text, kind);
	}
}

void
stats_write(const struct rules_table *table)
{
	char program[512], heads[64];

	say("%s, process %d: memory by kind, at the end",
	    log_program(program, sizeof(program), NULL), os_process());
	snprintf(heads, sizeof(heads), COLUMNS("10s") "  where", "blocks",
	    "in use", "most");
	write_line("", "kind", heads);
	for (uint32_t i = 0; i < table->kinds.count; i++)
		write_kind(rules_text(table, rules_kinds(table)[i].name),
		    kinds_known(i));
	write_kind("(ordinary)", kinds_ordinary());
}
