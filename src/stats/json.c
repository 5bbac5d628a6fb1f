/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.c - kinds of processes as JSON: poolkind(1) has the schema.
 *
 * One kind stands on a line, for people and for diff(1). Members may be added,
 * those that are there stay.
 */
#include "stats/text.h"

static void
member(const struct stats_writer *to, const char *name, uint64_t value)
{
	text_put(to, ",\"");
	text_put(to, name);
	text_put(to, "\":");
	if (value == STATS_NONE)
		text_put(to, "null");
	else
		text_number(to, value);
}

static void
string(const struct stats_writer *to, const char *before, const char *text)
{
	text_put(to, before);
	if (text == NULL)
		text_put(to, "null");
	else
		text_string(to, text, true);
}

/* By the number of the node; those that have nothing are left out. */
static void
on_nodes(const struct stats_writer *to, const struct stats_kind *kind)
{
	const char *comma = "";

	text_put(to, ",\"nodes\":");
	if (kind->on_node == NULL) {
		text_put(to, "null");
		return;
	}
	text_put(to, "{");
	for (unsigned i = 0; i < kind->nodes; i++) {
		if (kind->on_node[i] == 0)
			continue;
		text_put(to, comma);
		text_put(to, "\"");
		text_number(to, i);
		text_put(to, "\":");
		text_number(to, kind->on_node[i]);
		comma = ",";
	}
	text_put(to, "}");
}

static void
write_kind(const struct stats_writer *to, const struct stats_kind *kind)
{
	string(to, "{\"name\":", kind->name);
	member(to, "number", kind->number);
	string(to, ",\"text\":", kind->text);
	for (unsigned i = 0; i < STATS_VALUES; i++)
		member(to, stats_columns[i].name, kind->value[i]);
	on_nodes(to, kind);
	text_put(to, "}");
}

static void
write_process(
    const struct stats_writer *to, const struct stats_process *process)
{
	text_put(to, "{\"pid\":");
	text_number(to, (uint64_t)process->process);
	string(to, ",\"program\":", process->program);
	string(to, ",\"engine\":", process->engine);
	string(to, ",\"job\":", process->job);
	string(to, ",\"rank\":", process->rank);
	member(to, "untold", process->untold);
	text_put(to, ",\"kinds\":[");
	for (const struct stats_kind *kind = process->kinds; kind != NULL;
	     kind = kind->next) {
		text_put(to, kind == process->kinds ? "\n" : ",\n");
		write_kind(to, kind);
	}
	text_put(to, "]}");
}

void
stats_write_json(
    const struct stats_process *first, const struct stats_writer *to)
{
	text_put(to, "{\"version\":1,\"processes\":[");
	for (const struct stats_process *p = first; p != NULL; p = p->next) {
		text_put(to, p == first ? "\n" : ",\n");
		write_process(to, p);
	}
	text_put(to, "\n]}\n");
}
