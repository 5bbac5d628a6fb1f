/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * debug_info.c - see debug_info.h.
 *
 * libdw finds debug information that lies apart, by the build-id or by the name
 * in .gnu_debuglink. It would also ask servers that DEBUGINFOD_URLS names,
 * which a command that starts a program must not wait for: so the variable is
 * taken away while a file is open, as any question may be the first that debug
 * information is sought for. The program gets it back.
 */
#include "rules/debug_info.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define SERVERS "DEBUGINFOD_URLS"

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static void
find_code(struct debug_info *info)
{
	Elf *elf = dwfl_module_getelf(info->module, &info->bias);
	size_t count = 0;
	GElf_Phdr header;
	GElf_Ehdr head;

	if (elf == NULL || elf_getphdrnum(elf, &count) != 0)
		return;
	if (gelf_getehdr(elf, &head) != NULL)
		info->machine = head.e_machine;
	for (size_t i = 0; i < count && info->code_count < CODE_MAX; i++) {
		Elf_Data *data;

		if (gelf_getphdr(elf, (int)i, &header) == NULL ||
		    header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0)
			continue;
		info->code[info->code_count].begin = header.p_vaddr;
		info->code[info->code_count].end = header.p_vaddr +
		    header.p_memsz;
		data = elf_getdata_rawchunk(
		    elf, (int64_t)header.p_offset, header.p_filesz, ELF_T_BYTE);
		if (data != NULL) {
			info->code[info->code_count].bytes = data->d_buf;
			info->code[info->code_count].size = data->d_size;
		}
		info->code_count++;
	}
}

static bool
open_quietly(struct debug_info *info, const char *path)
{
	Dwarf_Addr bias = 0;

	info->dwfl = dwfl_begin(&callbacks);
	if (info->dwfl == NULL)
		return false;
	info->module = dwfl_report_offline(info->dwfl, "", path, -1);
	dwfl_report_end(info->dwfl, NULL, NULL);
	if (info->module == NULL)
		return false;
	find_code(info);
	info->dwarf = dwfl_module_getdwarf(info->module, &bias);
	info->offset = bias - info->bias;
	return true;
}

bool
debug_info_open(struct debug_info *info, const char *path)
{
	const char *servers = getenv(SERVERS);

	*info = (struct debug_info){ .dwfl = NULL };
	info->servers = servers != NULL ? strdup(servers) : NULL;
	unsetenv(SERVERS);
	if (open_quietly(info, path))
		return true;
	debug_info_close(info);
	return false;
}

void
debug_info_close(struct debug_info *info)
{
	if (info->dwfl != NULL)
		dwfl_end(info->dwfl);
	if (info->servers != NULL)
		setenv(SERVERS, info->servers, 1);
	free(info->servers);
	*info = (struct debug_info){ .dwfl = NULL };
}

bool
debug_info_is_code(
    const struct debug_info *info, GElf_Addr begin, GElf_Addr end)
{
	for (size_t i = 0; i < info->code_count; i++)
		if (begin >= info->code[i].begin && end <= info->code[i].end)
			return begin < end;
	return false;
}

enum debug_info_sort
debug_info_sort(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return DEBUG_INFO_GROUP;
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_entry_point:
		return DEBUG_INFO_CODE;
	default:
		return DEBUG_INFO_OTHER;
	}
}

int
debug_info_each_unit(struct debug_info *info,
    int (*visit)(void *to, Dwarf_Die *lines, Dwarf_Die *unit), void *to)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die lines, content;
	uint8_t type;
	int result = 0;

	while (info->dwarf != NULL && result == 0 &&
	    dwarf_get_units(
		info->dwarf, cu, &cu, NULL, &type, &lines, &content) == 0) {
		if (type == DW_UT_skeleton && dwarf_tag(&content) != 0)
			result = visit(to, &lines, &content);
		else if (type == DW_UT_compile || type == DW_UT_partial)
			result = visit(to, &lines, &lines);
	}
	return result;
}

int
debug_info_each_function(struct debug_info *info,
    int (*visit)(void *to, const char *name, GElf_Addr begin, GElf_Addr end),
    void *to)
{
	int count = dwfl_module_getsymtab(info->module), result = 0;

	for (int i = 1; i < count && result == 0; i++) {
		GElf_Sym symbol;
		GElf_Addr begin;
		const char *name = dwfl_module_getsym_info(
		    info->module, i, &symbol, &begin, NULL, NULL, NULL);

		if (name == NULL || *name == '\0' ||
		    symbol.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		begin -= info->bias;
		if (debug_info_is_code(info, begin, begin + symbol.st_size))
			result = visit(to, name, begin, begin + symbol.st_size);
	}
	return result;
}
