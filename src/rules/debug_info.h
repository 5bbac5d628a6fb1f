/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * debug_info.h - a file opened by elfutils' libdw: its code, its units, its
 * symbols.
 *
 * A record owns what libdw keeps for it until debug_info_close(). Addresses are
 * those of the file's own symbol table. Called by the command; no locks.
 */
#ifndef RULES_DEBUG_INFO_H
#define RULES_DEBUG_INFO_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

#define CODE_MAX 16 /* segments of one file with code */

struct debug_info {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;      /* NULL: no debug information */
	Dwarf_Addr offset; /* what is added to an address of that */
	GElf_Addr bias;    /* of the addresses that dwfl has */
	struct {
		GElf_Addr begin, end;
		const uint8_t *bytes; /* NULL: cannot be read */
		size_t size;
	} code[CODE_MAX];
	size_t code_count;
	unsigned machine; /* EM_ of elf(5) */
	char *servers; /* taken out of the environment meanwhile; NULL: none */
};

/* False where libdw cannot read it. Up to debug_info_close() no variable names
 * servers for debug information. */
bool debug_info_open(struct debug_info *info, const char *path);
void debug_info_close(struct debug_info *info);

/* Whether from BEGIN to END is code. What the linker left out of a program has
 * debug information with addresses that are nowhere in it. */
bool debug_info_is_code(
    const struct debug_info *info, GElf_Addr begin, GElf_Addr end);

/* Whether a call may end from BEGIN, which is code, to END: false only if none
 * does (calls.c). */
bool debug_info_may_call(
    const struct debug_info *info, GElf_Addr begin, GElf_Addr end);

/* What a die may hold: code of its own (a function, a block of one), or, of a
 * namespace and of a class, functions. Some compilers put the body of a
 * function there, others to the end of the unit. */
enum debug_info_sort { DEBUG_INFO_OTHER, DEBUG_INFO_GROUP, DEBUG_INFO_CODE };
enum debug_info_sort debug_info_sort(Dwarf_Die *die);

/* Calls VISIT for each unit, until it returns other than 0, and returns that.
 * LINES is the die whose lines those of the unit are, UNIT the one with its
 * content: they differ where that is in a file of its own (-gsplit-dwarf). */
int debug_info_each_unit(struct debug_info *info,
    int (*visit)(void *to, Dwarf_Die *lines, Dwarf_Die *unit), void *to);

/* Calls VISIT for each symbol of a function, the same. */
int debug_info_each_function(struct debug_info *info,
    int (*visit)(void *to, const char *name, GElf_Addr begin, GElf_Addr end),
    void *to);

#endif /* RULES_DEBUG_INFO_H */
