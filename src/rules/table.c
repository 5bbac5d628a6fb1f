/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - finding a table, and holding it against its format. See table.h.
 *
 * A process that has a sealed file under the descriptor of the variable may
 * believe what it was once told of it, as nobody can change it. But the
 * variable is the environment's, so that the file is anybody's: every offset,
 * count and number in it is looked at, once, and nothing is followed before
 * that.
 *
 * Owns nothing but what stays mapped. Calls nothing that allocates, takes no
 * lock.
 */
#include "rules/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

/* ---- Checking ------------------------------------------------------------ */

static bool
part_fits(const struct rules_table *table, struct rules_part part, size_t size,
    size_t alignment)
{
	return part.offset % alignment == 0 && part.offset <= table->bytes &&
	    part.count <= (table->bytes - part.offset) / size;
}

static bool
parts_fit(const struct rules_table *table)
{
	return part_fits(table, table->kinds, sizeof(struct rules_kind), 4) &&
	    part_fits(table, table->rules, sizeof(struct rules_rule), 8) &&
	    part_fits(table, table->steps, sizeof(uint16_t), 2) &&
	    part_fits(table, table->modules, sizeof(struct rules_module), 4) &&
	    part_fits(table, table->ranges, sizeof(struct rules_range), 8) &&
	    part_fits(table, table->texts, 1, 1);
}

static bool
counts_are_good(const struct rules_table *table)
{
	return table->kinds.count >= 1 &&
	    table->kinds.count <= RULES_KINDS_MAX && table->rules.count >= 1 &&
	    table->rules.count <= RULES_MAX && table->steps.count <= RULES_MAX;
}

/* Any offset leads to a text that ends, as the last character ends one. */
static bool
texts_end(const struct rules_table *table)
{
	const char *texts = rules_text(table, 0);
	uint32_t count = table->texts.count;

	return count >= 1 && texts[0] == '\0' && texts[count - 1] == '\0';
}

static bool
is_text(const struct rules_table *table, uint32_t offset)
{
	return offset < table->texts.count;
}

/* Whether FIRST and COUNT are records of a part. */
static bool
is_run(struct rules_part part, uint32_t first, uint32_t count)
{
	return first <= part.count && count <= part.count - first;
}

static bool
kinds_are_good(const struct rules_table *table)
{
	const struct rules_kind *kind = rules_kinds(table);
	const uint16_t *step = rules_steps(table);

	for (uint32_t i = 0; i < table->kinds.count; i++)
		if (!is_text(table, kind[i].name) ||
		    !is_text(table, kind[i].spec))
			return false;
	for (uint32_t i = 0; i < table->steps.count; i++)
		if (step[i] >= table->kinds.count)
			return false;
	return true;
}

static bool
rule_is_good(const struct rules_table *table, const struct rules_rule *rule)
{
	return rule->low <= rule->high && is_text(table, rule->thread) &&
	    is_text(table, rule->text) && rule->from <= RULES_FROM_FUNCTION &&
	    rule->step_count >= 1 &&
	    is_run(table->steps, rule->first_step, rule->step_count);
}

static bool
has_no_condition(const struct rules_table *table, const struct rules_rule *rule)
{
	return rule->low == 0 && rule->high == UINT64_MAX &&
	    rule->from == RULES_FROM_ANYWHERE &&
	    *rules_text(table, rule->thread) == '\0';
}

static bool
rules_are_good(const struct rules_table *table)
{
	const struct rules_rule *rule = rules_rules(table);

	for (uint32_t i = 0; i < table->rules.count; i++)
		if (!rule_is_good(table, &rule[i]))
			return false;
	return has_no_condition(table, &rule[table->rules.count - 1]);
}

static bool
module_is_good(
    const struct rules_table *table, const struct rules_module *module)
{
	const struct rules_range *range = rules_ranges(table);
	uint64_t low = 0;

	if (module->build_id_bytes > RULES_BUILD_ID_MAX ||
	    !is_text(table, module->name) ||
	    !is_run(table->ranges, module->first_range, module->range_count))
		return false;
	range += module->first_range;
	for (uint32_t i = 0; i < module->range_count; low = range[i++].low)
		if (range[i].low > range[i].high || range[i].low < low ||
		    range[i].rule >= table->rules.count)
			return false;
	return true;
}

static bool
modules_are_good(const struct rules_table *table)
{
	const struct rules_module *module = rules_modules(table);

	for (uint32_t i = 0; i < table->modules.count; i++)
		if (!module_is_good(table, &module[i]))
			return false;
	return true;
}

const char *
rules_table_problem(const void *memory, size_t bytes)
{
	const struct rules_table *table = memory;

	if (bytes < sizeof(*table) || table->magic != RULES_MAGIC)
		return "it is not a table of rules of this release";
	if (table->bytes < sizeof(*table) || table->bytes > bytes)
		return "the table is not complete";
	if (!parts_fit(table) || !counts_are_good(table) || !texts_end(table) ||
	    !kinds_are_good(table) || !rules_are_good(table) ||
	    !modules_are_good(table))
		return "the table is damaged";
	return NULL;
}

/* ---- Finding ------------------------------------------------------------- */

/* The table in the file of a descriptor; what is no table is unmapped. */
static const struct rules_table *
map_table(int fd, const char **problem)
{
	void *memory;
	size_t bytes;
	int error = os_map_sealed(fd, &memory, &bytes);

	if (error == EBADF) {
		*problem = "the descriptor was closed";
		return NULL;
	}
	if (error != 0) {
		*problem = "the descriptor is not a sealed memfd";
		return NULL;
	}
	*problem = rules_table_problem(memory, bytes);
	if (*problem == NULL)
		return memory;
	os_unmap(memory, bytes);
	return NULL;
}

/* That of another process. No problem where it cannot be opened, unless the
 * process is this one: it is gone, or is not ours to look into. */
static const struct rules_table *
map_others_table(int process, int fd, const char **problem)
{
	char path[64];
	int opened;
	const struct rules_table *table;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", process, fd);
	if (os_open_to_read(path, &opened) != 0) {
		if (process != os_process())
			*problem = NULL;
		return NULL;
	}
	table = map_table(opened, problem);
	os_close(opened);
	return table;
}

/* A number that STOP ends, and what comes behind; false if there is none. */
static bool
read_number(const char **text, char stop, int *number)
{
	char *end;
	unsigned long value = strtoul(*text, &end, 10);

	if (**text < '0' || **text > '9' || *end != stop || value > INT32_MAX)
		return false;
	*number = (int)value;
	*text = end + (stop != '\0');
	return true;
}

bool
rules_place_read(const char *value, struct rules_place *place)
{
	place->process = 0;
	return read_number(&value, '\0', &place->fd) ||
	    (read_number(&value, ',', &place->fd) &&
		read_number(&value, '\0', &place->process));
}

const struct rules_table *
rules_table_find(
    const char *value, struct rules_place *place, const char **problem)
{
	const struct rules_table *table;

	if (!rules_place_read(value, place)) {
		*problem = "it is not \"DESCRIPTOR,PROCESS\"";
		return NULL;
	}
	table = map_table(place->fd, problem);
	return table != NULL || place->process == 0 ?
	    table :
	    map_others_table(place->process, place->fd, problem);
}
