/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search.h - a file while it is searched for the places that rules name. For
 * the files of places.h.
 */
#ifndef RULES_SEARCH_H
#define RULES_SEARCH_H

#include "rules/debug_info.h"
#include "rules/place_index.h"
#include "rules/places.h"

#define KNOWN_FUNCTIONS 4096

struct search {
	const struct rules *rules;
	const struct place_index *index;
	struct rules_file *file;
	struct findings *findings;
	struct debug_info info;
	Dwarf_Files *files; /* of the unit that is looked at; NULL: none */
	size_t file_count;
	/* Whether a declaration is the function that a rule names: there are
	 * thousands of copies of some. An offset of 0 is none. */
	struct {
		Dwarf_Off offset;
		uint32_t rule;
		bool fits;
	} known[KNOWN_FUNCTIONS];
};

/* The code from BEGIN to END is RULE's; NAME is what fitted. Addresses are
 * those of the file. */
int search_add(struct search *search, uint32_t rule, GElf_Addr begin,
    GElf_Addr end, const char *name);

/* The same for all code of DIE. */
int search_add_die(
    struct search *search, uint32_t rule, Dwarf_Die *die, const char *name);

/* Takes DIE for the functions that rules name. */
int search_function(struct search *search, Dwarf_Die *die);

/* Takes the symbols of the file for them. */
int search_symbols(struct search *search);

#endif /* RULES_SEARCH_H */
