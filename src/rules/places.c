/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places.c - a file is searched, and lines of source become ranges of return
 * addresses. See places.h.
 *
 * A line has code where the table of lines says so, which has inlined copies
 * too; and where a function was put in place of a call that is written on the
 * line, all of that.
 */
#include "rules/places.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "rules/search.h"
#include "rules/source_path.h"

#define DEPTH_MAX 256

/* ---- Rows of the table of lines ------------------------------------------ */

/* Whether the unit that is looked at has a file that a rule is about. */
static bool
has_file(const struct search *search)
{
	for (size_t i = 0; i < search->file_count; i++) {
		const char *path = dwarf_filesrc(search->files, i, NULL, NULL);

		if (path != NULL &&
		    place_index_has_file(
			search->index, word_of(source_path_name(path))))
			return true;
	}
	return false;
}

/* A row has the code up to the next row. */
static int
take_row(struct search *search, Dwarf_Line *row, Dwarf_Line *next)
{
	const char *path = dwarf_linesrc(row, NULL, NULL);
	const struct place_key *keys;
	Dwarf_Addr begin, end;
	size_t count;
	bool ends;
	int line;

	if (path == NULL || dwarf_lineno(row, &line) != 0 || line <= 0 ||
	    dwarf_lineendsequence(row, &ends) != 0 || ends ||
	    dwarf_lineaddr(row, &begin) != 0 || dwarf_lineaddr(next, &end) != 0)
		return 0;
	keys = place_index_line(search->index, word_of(source_path_name(path)),
	    (uint64_t)line, &count);
	for (size_t i = 0; i < count; i++) {
		uint32_t rule = keys[i].rule;

		if (source_path_is(path, search->rules->rules[rule].place) &&
		    search_add(search, rule, begin + search->info.offset,
			end + search->info.offset, path) != 0)
			return -1;
	}
	return 0;
}

static int
take_rows(struct search *search, Dwarf_Die *unit)
{
	Dwarf_Lines *rows;
	size_t count;

	if (dwarf_getsrclines(unit, &rows, &count) != 0)
		return 0;
	for (size_t i = 0; i + 1 < count; i++)
		if (take_row(search, dwarf_onesrcline(rows, i),
			dwarf_onesrcline(rows, i + 1)) != 0)
			return -1;
	return 0;
}

/* ---- Dies ---------------------------------------------------------------- */

static bool
attribute_number(Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) != NULL &&
	    dwarf_formudata(&attribute, number) == 0;
}

/* A function that was put in place of a call: all of it is on that line. */
static int
take_inlined(struct search *search, Dwarf_Die *die)
{
	const struct place_key *keys;
	Dwarf_Word line, file;
	const char *path;
	size_t count;

	if (dwarf_tag(die) != DW_TAG_inlined_subroutine ||
	    search->files == NULL ||
	    !attribute_number(die, DW_AT_call_line, &line) || line == 0 ||
	    !attribute_number(die, DW_AT_call_file, &file))
		return 0;
	path = dwarf_filesrc(search->files, file, NULL, NULL);
	if (path == NULL)
		return 0;
	keys = place_index_line(
	    search->index, word_of(source_path_name(path)), line, &count);
	for (size_t i = 0; i < count; i++) {
		uint32_t rule = keys[i].rule;

		if (source_path_is(path, search->rules->rules[rule].place) &&
		    search_add_die(search, rule, die, path) != 0)
			return -1;
	}
	return 0;
}

static int
walk(struct search *search, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth == DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return 0;
	do {
		if (debug_info_sort(&die) == DEBUG_INFO_OTHER)
			continue;
		if (take_inlined(search, &die) != 0 ||
		    search_function(search, &die) != 0 ||
		    walk(search, &die, depth + 1) != 0)
			return -1;
	} while (dwarf_siblingof(&die, &die) == 0);
	return 0;
}

/* ---- Units --------------------------------------------------------------- */

static void
read_files(struct search *search, Dwarf_Die *unit)
{
	search->files = NULL;
	search->file_count = 0;
	if (search->index->line_count > 0 &&
	    dwarf_getsrcfiles(unit, &search->files, &search->file_count) != 0)
		search->files = NULL;
	if (search->files == NULL)
		search->file_count = 0;
}

static int
take_unit(void *to, Dwarf_Die *lines, Dwarf_Die *unit)
{
	struct search *search = to;

	read_files(search, lines);
	if (has_file(search) && take_rows(search, lines) != 0)
		return -1;
	if (unit != lines)
		read_files(search, unit);
	if (search->index->function_count == 0 && !has_file(search))
		return 0;
	return walk(search, unit, 0);
}

static int
search_file(struct search *search)
{
	search->file->has_debug = search->info.dwarf != NULL;
	if (debug_info_each_unit(&search->info, take_unit, search) != 0)
		return -1;
	return search->index->function_count > 0 ? search_symbols(search) : 0;
}

int
places_find(const struct rules *rules, const struct place_index *index,
    struct rules_file *file, struct findings *findings)
{
	struct search *search = calloc(1, sizeof(*search));
	int result = 0;

	if (search == NULL)
		return error_set(ENOMEM, "no memory for debug information");
	search->rules = rules;
	search->index = index;
	search->file = file;
	search->findings = findings;
	if (debug_info_open(&search->info, file->path)) {
		result = search_file(search);
		debug_info_close(&search->info);
	}
	free(search);
	return result;
}

const char *
places_lack(void)
{
	return NULL;
}
