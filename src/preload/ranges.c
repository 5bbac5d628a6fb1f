/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.c - see ranges.h.
 *
 * Owns the index: for each range the highest address of it and of those before
 * it in its module. Ranges are in order of their lowest address, so those that
 * may hold an address are before a place that is found by halving, and going
 * back from there ends at the first range whose index is below the address.
 */
#include <string.h>

#include "os/os.h"
#include "preload/ranges.h"

static const struct rules_table *rules;
static uint64_t *highest;
static char program[256]; /* what the program's file is called */

static const void *
part_of(const struct rules_table *table, struct rules_part part)
{
	return (const char *)table + part.offset;
}

static const char *
without_folders(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The dynamic linker has no name for the program itself. */
static void
read_program(void)
{
	char path[256];

	if (os_read_link("/proc/self/exe", path, sizeof(path)))
		strcpy(program, without_folders(path));
}

bool
ranges_start(const struct rules_table *table)
{
	const struct rules_module *module = part_of(table, table->modules);
	const struct rules_range *range = part_of(table, table->ranges);
	uint64_t most;
	void *memory;
	uint32_t i, j;

	if (table->ranges.count == 0 ||
	    os_map(align_up(table->ranges.count * sizeof(*highest), PAGE_BYTES),
		&memory) != 0)
		return false;
	highest = memory;
	for (i = 0; i < table->modules.count; i++, module++) {
		most = 0;
		for (j = 0; j < module->range_count; j++) {
			most = max_size(
			    most, range[module->first_range + j].high);
			highest[module->first_range + j] = most;
		}
	}
	read_program();
	rules = table;
	return true;
}

/* By build-id, or by name where the table has no build-id. */
static bool
is_of(const struct rules_module *known, const struct module *module,
    const uint8_t *id, size_t bytes)
{
	const char *name = part_of(rules, rules->texts);
	const char *own = *module->name == '\0' ? program : module->name;

	if (known->build_id_bytes != 0)
		return known->build_id_bytes == bytes &&
		    memcmp(known->build_id, id, bytes) == 0;
	return strcmp(name + known->name, without_folders(own)) == 0;
}

static const struct rules_module *
find(const struct module *module)
{
	const struct rules_module *known = part_of(rules, rules->modules);
	const uint8_t *id = NULL;
	size_t bytes = module_build_id(module, &id);
	uint32_t i;

	for (i = 0; i < rules->modules.count; i++)
		if (is_of(&known[i], module, id, bytes))
			return &known[i];
	return NULL;
}

/* How many of the ranges begin at ADDRESS or before it. */
static uint32_t
count_up_to(const struct rules_range *range, uint32_t count, uint64_t address)
{
	uint32_t low = 0, middle;

	while (low < count) {
		middle = low + (count - low) / 2;
		if (range[middle].low <= address)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

void
ranges_each(const struct module *module, uintptr_t address,
    void (*visit)(void *to, uint32_t rule), void *to)
{
	const struct rules_module *known = rules != NULL ? find(module) : NULL;
	const struct rules_range *range;
	uint64_t offset = address - module->base;
	uint32_t i;

	if (known == NULL)
		return;
	range = (const struct rules_range *)part_of(rules, rules->ranges) +
	    known->first_range;
	for (i = count_up_to(range, known->range_count, offset);
	     i > 0 && highest[known->first_range + i - 1] >= offset; i--)
		if (range[i - 1].high >= offset)
			visit(to, range[i - 1].rule);
}
