/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmetrics.c - kinds of processes as metrics, in the text form of
 * OpenMetrics 1.0.
 *
 * It is also what node_exporter's collector of text files takes, which reads
 * the older text form of Prometheus: to that # UNIT and # EOF are comments, so
 * no type is used that it does not know ("info", "unknown"), and no timestamp.
 * Kinds may have the same name, so the number tells them apart.
 */
#include "stats/text.h"

#define PREFIX "poolkind_"

/* # TYPE poolkind_live_bytes gauge, and so on. */
static void
head(const struct stats_writer *to, const char *word, const char *name,
    const char *unit, const char *value)
{
	text_put(to, "# ");
	text_put(to, word);
	text_put(to, " " PREFIX);
	text_put(to, name);
	text_put(to, unit);
	text_put(to, " ");
	text_put(to, value);
	text_put(to, "\n");
}

static void
label(const struct stats_writer *to, const char *before, const char *value)
{
	text_put(to, before);
	text_string(to, value, false);
}

/* One sample up to its value; more labels may follow. */
static void
sample(const struct stats_writer *to, const struct stats_process *process,
    const struct stats_kind *kind, const char *name, const char *suffix)
{
	text_put(to, PREFIX);
	text_put(to, name);
	text_put(to, suffix);
	text_put(to, "{pid=\"");
	text_number(to, (uint64_t)process->process);
	label(to, "\",program=", process->program);
	label(to, ",engine=", process->engine);
	if (process->rank != NULL)
		label(to, ",rank=", process->rank);
	label(to, ",kind=", kind->name);
	text_put(to, ",number=\"");
	text_number(to, kind->number);
	text_put(to, "\"");
}

static void
end(const struct stats_writer *to, uint64_t value)
{
	text_put(to, "} ");
	text_number(to, value);
	text_put(to, "\n");
}

/* Calls WRITE for each kind of each process. */
static void
for_kinds(const struct stats_process *first, const struct stats_writer *to,
    void (*write)(const struct stats_writer *to,
	const struct stats_process *process, const struct stats_kind *kind,
	unsigned column),
    unsigned column)
{
	for (const struct stats_process *p = first; p != NULL; p = p->next)
		for (const struct stats_kind *k = p->kinds; k != NULL;
		     k = k->next)
			write(to, p, k, column);
}

static void
value_of(const struct stats_writer *to, const struct stats_process *process,
    const struct stats_kind *kind, unsigned column)
{
	if (kind->value[column] == STATS_NONE)
		return;
	sample(to, process, kind, stats_columns[column].name,
	    stats_columns[column].counts ? "_total" : "_bytes");
	end(to, kind->value[column]);
}

static void
nodes_of(const struct stats_writer *to, const struct stats_process *process,
    const struct stats_kind *kind, unsigned column)
{
	(void)column;
	for (unsigned i = 0; kind->on_node != NULL && i < kind->nodes; i++) {
		if (kind->on_node[i] == 0)
			continue;
		sample(to, process, kind, "node", "_bytes");
		text_put(to, ",node=\"");
		text_number(to, i);
		text_put(to, "\"");
		end(to, kind->on_node[i]);
	}
}

static void
text_of(const struct stats_writer *to, const struct stats_process *process,
    const struct stats_kind *kind, unsigned column)
{
	(void)column;
	sample(to, process, kind, "text", "");
	label(to, ",text=", kind->text);
	end(to, 1);
}

void
stats_write_openmetrics(
    const struct stats_process *first, const struct stats_writer *to)
{
	for (unsigned i = 0; i < STATS_VALUES; i++) {
		const struct stats_column *column = &stats_columns[i];
		const char *unit = column->counts ? "" : "_bytes";

		head(to, "TYPE", column->name, unit,
		    column->counts ? "counter" : "gauge");
		if (!column->counts)
			head(to, "UNIT", column->name, unit, "bytes");
		head(to, "HELP", column->name, unit, column->help);
		for_kinds(first, to, value_of, i);
	}
	head(to, "TYPE", "node", "_bytes", "gauge");
	head(to, "UNIT", "node", "_bytes", "bytes");
	head(to, "HELP", "node", "_bytes", "In the memory of one node");
	for_kinds(first, to, nodes_of, 0);
	head(to, "TYPE", "text", "", "gauge");
	head(to, "HELP", "text", "", "1, with the kind's text as a label");
	for_kinds(first, to, text_of, 0);
	text_put(to, "# EOF\n");
}
