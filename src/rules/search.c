/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search.c - what is found becomes ranges. See search.h.
 *
 * The code of [begin, end) has the return addresses of its calls in (begin,
 * end]: behind the first instruction, and up to the end, where a call that is
 * the last instruction returns to.
 */
#include "rules/search.h"

int
search_add(struct search *search, uint32_t rule, GElf_Addr begin, GElf_Addr end,
    const char *name)
{
	struct finding *finding = &search->findings->list[rule];

	if (!debug_info_is_code(&search->info, begin, end))
		return 0;
	if (!finding->may_call)
		finding->may_call = debug_info_may_call(
		    &search->info, begin, end);
	if (modules_add_range(search->file, begin + 1, end, rule) != 0)
		return -1;
	return finding_add(search->findings, rule, name);
}

int
search_add_die(
    struct search *search, uint32_t rule, Dwarf_Die *die, const char *name)
{
	Dwarf_Addr base, begin, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &begin, &end)) > 0)
		if (search_add(search, rule, begin + search->info.offset,
			end + search->info.offset, name) != 0)
			return -1;
	return 0;
}
