/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places_near.c - what is near to a line or a function that is nowhere. See
 * places.h.
 *
 * For a line whose file is known, the lines before and behind it that have
 * code; for one whose file is not, and for a function, the nearest name.
 */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "rules/debug_info.h"
#include "rules/function_name.h"
#include "rules/places.h"
#include "rules/source_path.h"
#include "spec/nearest.h"

struct near_search {
	const struct rule *rule;
	struct finding *finding;
	struct nearest nearest;
	bool has_failed;
	struct debug_info info;
};

/* A name lives as long as the file is open, so what is nearest is copied. */
static int
offer(struct near_search *search, const char *name)
{
	const char *before = search->nearest.found.text;
	char *copy;

	nearest_offer(&search->nearest, word_of(name));
	if (search->nearest.found.text == before)
		return 0;
	copy = strdup(name);
	if (copy == NULL)
		return error_set(ENOMEM, "no memory for a name");
	free(search->finding->near);
	search->finding->near = copy;
	search->nearest.found.text = copy;
	return 0;
}

/* ---- Lines --------------------------------------------------------------- */

static void
note_line(struct near_search *search, uint64_t line)
{
	struct finding *finding = search->finding;
	uint64_t wanted = search->rule->number;

	finding->has_file = true;
	if (line < wanted && line > finding->line_before)
		finding->line_before = line;
	if (line > wanted &&
	    (finding->line_behind == 0 || line < finding->line_behind))
		finding->line_behind = line;
}

/* Whether the code up to the next row may be what is missing: any where the
 * rule's line has none, a call where that has. */
static bool
is_wanted(const struct near_search *search, Dwarf_Line *row, Dwarf_Line *next)
{
	Dwarf_Addr offset = search->info.offset, begin, end;
	bool ends;

	if (search->finding->name_count == 0)
		return true;
	return dwarf_lineendsequence(row, &ends) == 0 && !ends &&
	    dwarf_lineaddr(row, &begin) == 0 &&
	    dwarf_lineaddr(next, &end) == 0 &&
	    debug_info_is_code(&search->info, begin + offset, end + offset) &&
	    debug_info_may_call(&search->info, begin + offset, end + offset);
}

static void
note_rows(struct near_search *search, Dwarf_Die *unit)
{
	Dwarf_Lines *rows;
	size_t count;

	if (dwarf_getsrclines(unit, &rows, &count) != 0)
		return;
	for (size_t i = 0; i + 1 < count; i++) {
		Dwarf_Line *row = dwarf_onesrcline(rows, i);
		const char *path = dwarf_linesrc(row, NULL, NULL);
		int line;

		if (path != NULL && dwarf_lineno(row, &line) == 0 && line > 0 &&
		    source_path_is(path, search->rule->place) &&
		    is_wanted(search, row, dwarf_onesrcline(rows, i + 1)))
			note_line(search, (uint64_t)line);
	}
}

static int
visit_unit(void *to, Dwarf_Die *lines, Dwarf_Die *unit)
{
	struct near_search *search = to;
	Dwarf_Files *files;
	bool has_file = false;
	size_t count;

	(void)unit;
	if (dwarf_getsrcfiles(lines, &files, &count) != 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const char *path = dwarf_filesrc(files, i, NULL, NULL);

		if (path == NULL)
			continue;
		has_file |= source_path_is(path, search->rule->place);
		if (offer(search, source_path_name(path)) != 0)
			return -1;
	}
	if (has_file)
		note_rows(search, lines);
	return 0;
}

/* ---- Functions ----------------------------------------------------------- */

/* Of a name with more components than the rule has its last are compared. */
static const char *
as_many_components(const char *name, const char *asked)
{
	size_t mine = function_name_components(name);
	size_t theirs = function_name_components(asked);

	for (; mine > theirs; mine--)
		name = function_name_behind_first(name);
	return name;
}

static int
visit_symbol(void *to, const char *symbol, GElf_Addr begin, GElf_Addr end)
{
	struct near_search *search = to;
	char *name = function_name_of_symbol(symbol);
	int result;

	(void)begin;
	(void)end;
	if (name == NULL)
		return error_set(ENOMEM, "no memory for a name");
	result = offer(search, as_many_components(name, search->rule->place));
	free(name);
	return result;
}

/* A function whose copies are all inlined has no symbol. A declaration is of
 * another file's. */
static int
visit_die(Dwarf_Die *die, void *to)
{
	struct near_search *search = to;
	const char *name = dwarf_diename(die);

	if (name == NULL || dwarf_hasattr(die, DW_AT_declaration))
		return DWARF_CB_OK;
	search->has_failed = offer(search, name) != 0;
	return search->has_failed ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static int
visit_inlined(void *to, Dwarf_Die *lines, Dwarf_Die *unit)
{
	struct near_search *search = to;

	(void)lines;
	dwarf_getfuncs(unit, visit_die, search, 0);
	return search->has_failed ? -1 : 0;
}

static int
find_function(struct near_search *search, struct debug_info *info)
{
	int result = debug_info_each_function(info, visit_symbol, search);

	return result != 0 ? result :
			     debug_info_each_unit(info, visit_inlined, search);
}

int
places_near(const struct rule *rule, size_t number,
    const struct rules_file *file, struct findings *findings)
{
	struct finding *finding = &findings->list[number];
	struct near_search search = { .rule = rule, .finding = finding };
	bool is_line = rule->where == RULES_AT_LINE;
	int result;

	search.nearest = nearest_to(
	    word_of(is_line ? source_path_name(rule->place) : rule->place));
	if (finding->near != NULL)
		nearest_offer(&search.nearest, word_of(finding->near));
	if (!debug_info_open(&search.info, file->path))
		return 0;
	result = is_line ?
	    debug_info_each_unit(&search.info, visit_unit, &search) :
	    find_function(&search, &search.info);
	debug_info_close(&search.info);
	return result;
}
