/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search_function.c - functions become ranges of return addresses. See
 * search.h.
 *
 * A function has code under its symbol, which may be all that is known of it,
 * where its own die says so, which may be in several pieces, and where a copy
 * was inlined.
 */
#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "rules/function_name.h"
#include "rules/search.h"

static const char *
place_of(const struct search *search, uint32_t rule)
{
	return search->rules->rules[rule].place;
}

/* ---- Dies ---------------------------------------------------------------- */

/* Makes DIE what it refers to as NAME. False where it does not. */
static bool
follow(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Die other;

	if (dwarf_attr(die, name, &attribute) == NULL ||
	    dwarf_formref_die(&attribute, &other) == NULL)
		return false;
	*die = other;
	return true;
}

/* What DIE is a copy or the body of, where that is declared. */
static Dwarf_Die
declaration_of(const Dwarf_Die *die)
{
	Dwarf_Die declaration = *die;

	for (int i = 0; i < 8 && follow(&declaration, DW_AT_abstract_origin);
	     i++)
		;
	follow(&declaration, DW_AT_specification);
	return declaration;
}

/* NAME behind the names of what DIE is declared in; NULL where there is no
 * memory. */
static char *
qualified(Dwarf_Die *die, const char *name)
{
	Dwarf_Die *scopes;
	int count = dwarf_getscopes_die(die, &scopes);
	char *whole = strdup(name), *longer;

	for (int i = 1; i < count && whole != NULL; i++) {
		const char *scope = dwarf_diename(&scopes[i]);
		int tag = dwarf_tag(&scopes[i]);

		if (scope == NULL || tag == DW_TAG_compile_unit ||
		    tag == DW_TAG_partial_unit || tag == DW_TAG_skeleton_unit)
			continue;
		if (asprintf(&longer, "%s::%s", scope, whole) < 0)
			longer = NULL;
		free(whole);
		whole = longer;
	}
	if (count > 0)
		free(scopes);
	return whole;
}

static bool
is_declared_as(Dwarf_Die *declaration, const char *name, const char *asked)
{
	char *whole;
	bool is;

	if (function_name_components(asked) == 1)
		return function_name_is(name, asked);
	whole = qualified(declaration, name);
	is = whole != NULL && function_name_is(whole, asked);
	free(whole);
	return is;
}

static bool
fits(struct search *search, Dwarf_Die *die, const char *name, uint32_t rule)
{
	Dwarf_Die declaration = declaration_of(die);
	Dwarf_Off offset = dwarf_dieoffset(&declaration);
	size_t slot = (offset + rule) % KNOWN_FUNCTIONS;

	if (search->known[slot].offset != offset ||
	    search->known[slot].rule != rule) {
		search->known[slot].offset = offset;
		search->known[slot].rule = rule;
		search->known[slot].fits = is_declared_as(
		    &declaration, name, place_of(search, rule));
	}
	return search->known[slot].fits;
}

/* For those rules that name it by its symbol. */
static int
take_mangled(struct search *search, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *symbol = dwarf_formstring(
	    dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	const struct place_key *keys;
	size_t count;

	if (symbol == NULL)
		return 0;
	keys = place_index_function(search->index, word_of(symbol), &count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(symbol, place_of(search, keys[i].rule)) == 0 &&
		    search_add_die(search, keys[i].rule, die, symbol) != 0)
			return -1;
	return 0;
}

int
search_function(struct search *search, Dwarf_Die *die)
{
	const struct place_key *keys;
	const char *name;
	size_t count;

	if (search->index->function_count == 0 ||
	    (dwarf_tag(die) != DW_TAG_subprogram &&
		dwarf_tag(die) != DW_TAG_inlined_subroutine))
		return 0;
	if (search->index->has_mangled && take_mangled(search, die) != 0)
		return -1;
	name = dwarf_diename(die);
	if (name == NULL)
		return 0;
	keys = place_index_function(
	    search->index, function_name_key(name), &count);
	for (size_t i = 0; i < count; i++)
		if (fits(search, die, name, keys[i].rule) &&
		    search_add_die(search, keys[i].rule, die, name) != 0)
			return -1;
	return 0;
}

/* ---- Symbols ------------------------------------------------------------- */

static bool
is_itself(const char *symbol, const char *asked)
{
	return strcmp(symbol, asked) == 0;
}

/* For those rules under KEY that mean NAME, as IS tells. */
static int
take_called(struct search *search, const char *name, struct word key,
    bool (*is)(const char *name, const char *asked), GElf_Addr begin,
    GElf_Addr end)
{
	size_t count;
	const struct place_key *keys = place_index_function(
	    search->index, key, &count);

	for (size_t i = 0; i < count; i++)
		if (is(name, place_of(search, keys[i].rule)) &&
		    search_add(search, keys[i].rule, begin, end, name) != 0)
			return -1;
	return 0;
}

static int
take_symbol(void *to, const char *symbol, GElf_Addr begin, GElf_Addr end)
{
	struct search *search = to;
	char *name = function_name_of_symbol(symbol);
	int result;

	if (name == NULL)
		return error_set(ENOMEM, "no memory for names of functions");
	result = take_called(
	    search, symbol, word_of(symbol), is_itself, begin, end);
	if (result == 0 && strcmp(symbol, name) != 0)
		result = take_called(search, name, function_name_key(name),
		    function_name_is, begin, end);
	free(name);
	return result;
}

int
search_symbols(struct search *search)
{
	return debug_info_each_function(&search->info, take_symbol, search);
}
