/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols_libdw.c - functions and lines at offsets of a file, by elfutils'
 * libdw. See symbols.h.
 *
 * A return address is behind its call, so what is looked up is the byte before
 * it. The code there may be a function's that was put in place of a call, whose
 * line is then the caller's, and so on up to the function that has the code.
 * Where there is no debug information a symbol gives the function alone.
 */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "profile/symbols.h"
#include "rules/debug_info.h"
#include "rules/function_name.h"

/* A function that has no other is not inlined deeper than this. */
#define DEPTH_MAX 64

/* Blocks, classes and namespaces, too, one in the other. */
#define NESTED_MAX 256

struct chain {
	struct profile *profile;
	Dwarf_Die *unit; /* that the address before was in */
	struct profile_frame frames[DEPTH_MAX];
	size_t count;
	bool is_whole; /* up to the function that has the code */
};

static const char *
symbol_name(struct profile *profile, const char *symbol)
{
	char *name = function_name_of_symbol(symbol);
	const char *text = profile_text(profile, name);

	free(name);
	return text;
}

/* As a rule would have it: with the names of classes and namespaces, which the
 * name of its symbol has. */
static const char *
function_name(struct profile *profile, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *symbol = dwarf_formstring(
	    dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));

	return symbol != NULL ? symbol_name(profile, symbol) :
				profile_text(profile, dwarf_diename(die));
}

static bool
number_of(Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) != NULL &&
	    dwarf_formudata(&attribute, number) == 0;
}

/* The line on which the function DIE would have been called. */
static void
set_call(struct profile *profile, Dwarf_Die *unit, Dwarf_Die *die,
    struct profile_frame *frame)
{
	Dwarf_Word line, file;
	Dwarf_Files *files;
	size_t count;

	if (!number_of(die, DW_AT_call_line, &line) ||
	    !number_of(die, DW_AT_call_file, &file) ||
	    dwarf_getsrcfiles(unit, &files, &count) != 0)
		return;
	frame->file = profile_text(
	    profile, dwarf_filesrc(files, file, NULL, NULL));
	frame->line = (unsigned)line;
}

/* Adds the function of DIE, if it is one, behind those that were put in place
 * of a call in it. The frame that is last has its line, and not yet its
 * function. */
static void
add_function(struct chain *chain, Dwarf_Die *unit, Dwarf_Die *die)
{
	struct profile_frame *frame = &chain->frames[chain->count];
	int tag = dwarf_tag(die);

	if ((tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine) ||
	    chain->is_whole)
		return;
	frame->function = function_name(chain->profile, die);
	chain->count++;
	chain->is_whole = tag == DW_TAG_subprogram || chain->count == DEPTH_MAX;
	if (chain->is_whole)
		return;
	frame[1].module = frame->module;
	frame[1].offset = frame->offset;
	set_call(chain->profile, unit, die, &frame[1]);
}

/* Adds the functions within PARENT that have the code at ADDRESS, which is the
 * debug information's own, from the innermost on; whether there are any.
 * libdw's dwarf_getscopes(3) does not look into namespaces. */
static bool
find_functions(struct chain *chain, Dwarf_Die *unit, Dwarf_Die *parent,
    Dwarf_Addr address, unsigned depth)
{
	Dwarf_Die die;

	if (depth == NESTED_MAX || dwarf_child(parent, &die) != 0)
		return false;
	do {
		enum debug_info_sort sort = debug_info_sort(&die);
		bool is_code = sort == DEBUG_INFO_CODE &&
		    dwarf_haspc(&die, address) > 0;
		bool found = (is_code || sort == DEBUG_INFO_GROUP) &&
		    find_functions(chain, unit, &die, address, depth + 1);

		if (is_code)
			add_function(chain, unit, &die);
		if (is_code || found)
			return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

/* The unit that has code at ADDRESS, one of libdwfl's, and what its debug
 * information adds to its own. Not every compiler writes a table of that
 * (.debug_aranges; clang does not): then each unit is asked, the one of the
 * last address first, as the next is often in the same. */
static Dwarf_Die *
unit_of(struct chain *chain, const struct debug_info *info, Dwarf_Addr address,
    Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(info->module, address, bias);

	if (unit == NULL && dwfl_module_getdwarf(info->module, bias) != NULL) {
		unit = chain->unit;
		if (unit == NULL || dwarf_haspc(unit, address - *bias) <= 0)
			unit = dwfl_module_nextcu(info->module, NULL, bias);
		while (unit != NULL && dwarf_haspc(unit, address - *bias) <= 0)
			unit = dwfl_module_nextcu(info->module, unit, bias);
	}
	chain->unit = unit;
	return unit;
}

static void
find_line(struct chain *chain, Dwarf_Die *unit, Dwarf_Addr address)
{
	struct profile_frame *frame = &chain->frames[0];
	Dwarf_Line *row = dwarf_getsrc_die(unit, address);
	int line = 0;

	if (row == NULL)
		return;
	frame->file = profile_text(
	    chain->profile, dwarf_linesrc(row, NULL, NULL));
	if (dwarf_lineno(row, &line) == 0 && line > 0)
		frame->line = (unsigned)line;
}

static void
find_symbol(
    struct chain *chain, const struct debug_info *info, GElf_Addr address)
{
	struct profile_frame *frame = &chain->frames[0];
	const char *symbol = dwfl_module_addrname(
	    info->module, address + info->bias);

	if (symbol != NULL)
		frame->function = symbol_name(chain->profile, symbol);
	chain->count = symbol != NULL || frame->file != NULL;
}

static int
look_up(struct chain *chain, const struct debug_info *info,
    struct profile_place *place)
{
	GElf_Addr address = place->offset > 0 ? place->offset - 1 : 0;
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = unit_of(chain, info, address + info->bias, &bias);

	memset(chain->frames, 0, sizeof(chain->frames));
	chain->count = 0;
	chain->is_whole = false;
	chain->frames[0].module = place->module;
	chain->frames[0].offset = place->offset;
	if (unit != NULL) {
		find_line(chain, unit, address + info->bias - bias);
		find_functions(
		    chain, unit, unit, address + info->bias - bias, 0);
	}
	if (chain->count == 0)
		find_symbol(chain, info, address);
	place->frames = calloc(chain->count + 1, sizeof(*place->frames));
	if (place->frames == NULL)
		return error_set(ENOMEM, "no memory for names of functions");
	memcpy(place->frames, chain->frames,
	    chain->count * sizeof(*place->frames));
	place->count = chain->count;
	return 0;
}

int
profile_look_up(struct profile *profile, const char *path,
    struct profile_place *places, size_t count)
{
	struct chain *chain = calloc(1, sizeof(*chain));
	struct debug_info info;
	int result = 0;

	if (chain == NULL)
		return error_set(ENOMEM, "no memory for names of functions");
	chain->profile = profile;
	if (debug_info_open(&info, path)) {
		for (size_t i = 0; i < count && result == 0; i++)
			result = look_up(chain, &info, &places[i]);
		debug_info_close(&info);
	}
	free(chain);
	return result;
}
