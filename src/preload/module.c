/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.c - see module.h.
 *
 * Owns the list of modules where libc has no _dl_find_object(), written by
 * module_start() alone. What a module's headers say is held against its
 * segments before it is read, since files may be broken; only what the dynamic
 * linker itself has to believe is believed.
 */
#include <dlfcn.h>
#include <string.h>

#include "base/page.h"
#include "os/os.h"
#include "preload/module.h"

/* Reads the program headers behind the ELF header, which begins the module. */
static bool
read_headers(uintptr_t start, struct module *module)
{
	const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)start;
	size_t end, page = system_page();

	if (!is_aligned(start, page) || !os_is_readable(header) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_phentsize != sizeof(ElfW(Phdr)))
		return false;
	end = header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr));
	if (header->e_phoff >= page || end > page)
		return false;
	module->segments = (const ElfW(Phdr) *)(start + header->e_phoff);
	module->segment_count = header->e_phnum;
	return true;
}

#ifdef HAVE__DL_FIND_OBJECT

void
module_start(void)
{
}

bool
module_find(uintptr_t address, struct module *module)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)address, &found) != 0)
		return false;
	module->base = found.dlfo_link_map->l_addr;
	module->name = found.dlfo_link_map->l_name;
	return read_headers((uintptr_t)found.dlfo_map_start, module);
}

#else

#define MODULES_MAX 1024

static struct listed {
	struct module module;
	uintptr_t start, end;
} * listed;
static size_t listed_count;

/* The dynamic linker's lock is held, by a thread that has no other. */
static int
list(struct dl_phdr_info *info, size_t size, void *unused)
{
	struct listed *to = &listed[listed_count];
	const ElfW(Phdr) * segment;
	uintptr_t end;
	unsigned i;

	(void)size;
	(void)unused;
	if (listed_count == MODULES_MAX)
		return 1;
	to->module.base = info->dlpi_addr;
	to->module.name = info->dlpi_name;
	to->start = UINTPTR_MAX;
	for (i = 0; i < info->dlpi_phnum; i++) {
		segment = &info->dlpi_phdr[i];
		end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
		if (segment->p_type != PT_LOAD)
			continue;
		to->start = min_size(to->start,
		    align_down(
			info->dlpi_addr + segment->p_vaddr, system_page()));
		to->end = max_size(to->end, end);
	}
	if (read_headers(to->start, &to->module))
		listed_count++;
	return 0;
}

void
module_start(void)
{
	void *memory;

	if (os_map(MODULES_MAX * sizeof(struct listed), &memory) != 0)
		return;
	listed = memory;
	dl_iterate_phdr(list, NULL);
}

bool
module_find(uintptr_t address, struct module *module)
{
	size_t i;

	for (i = 0; i < listed_count; i++)
		if (address >= listed[i].start && address < listed[i].end) {
			*module = listed[i].module;
			return true;
		}
	return false;
}

#endif

bool
module_has(const struct module *module, uintptr_t address, size_t bytes)
{
	const ElfW(Phdr) * segment;
	uintptr_t offset;
	unsigned i;

	for (i = 0; i < module->segment_count; i++) {
		segment = &module->segments[i];
		offset = address - module->base - segment->p_vaddr;
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) &&
		    offset < segment->p_memsz &&
		    bytes <= segment->p_memsz - offset)
			return true;
	}
	return false;
}

const ElfW(Phdr) * module_segment(const struct module *module, uint32_t type)
{
	unsigned i;

	for (i = 0; i < module->segment_count; i++)
		if (module->segments[i].p_type == type)
			return &module->segments[i];
	return NULL;
}

/* Looks for the build-id among the notes of one segment. */
static size_t
find_build_id(
    const struct module *module, const ElfW(Phdr) * segment, const uint8_t **id)
{
	uintptr_t at = module->base + segment->p_vaddr;
	size_t alignment = segment->p_align == 8 ? 8 : 4, left, length;
	const ElfW(Nhdr) * note;

	if (!module_has(module, at, segment->p_memsz))
		return 0;
	for (left = segment->p_memsz; left >= sizeof(*note); left -= length) {
		note = (const ElfW(Nhdr) *)at;
		length = align_up(sizeof(*note) + note->n_namesz, alignment);
		*id = (const uint8_t *)at + length;
		if (length + note->n_descsz > left)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(note + 1, "GNU", 4) == 0)
			return note->n_descsz;
		/* Nothing fills up what is behind the last one. */
		length = min_size(
		    left, length + align_up(note->n_descsz, alignment));
		at += length;
	}
	return 0;
}

size_t
module_build_id(const struct module *module, const uint8_t **id)
{
	size_t bytes = 0;
	unsigned i;

	for (i = 0; i < module->segment_count && bytes == 0; i++)
		if (module->segments[i].p_type == PT_NOTE)
			bytes = find_build_id(module, &module->segments[i], id);
	return bytes;
}

/* ---- Functions by name -------------------------------------------------- */

/* Addresses are relocated in place by glibc, but not in the vdso. */
static uintptr_t
address_of(const struct module *module, uintptr_t value)
{
	return value < module->base ? value + module->base : value;
}

static void
read_dynamic(const struct module *module, struct module_symbols *to)
{
	const ElfW(Phdr) *segment = module_segment(module, PT_DYNAMIC);
	const ElfW(Dyn) * entry;
	uintptr_t address;
	size_t left;

	if (segment == NULL ||
	    !module_has(
		module, module->base + segment->p_vaddr, segment->p_memsz))
		return;
	entry = (const ElfW(Dyn) *)(module->base + segment->p_vaddr);
	for (left = segment->p_memsz / sizeof(*entry);
	     left > 0 && entry->d_tag != DT_NULL; left--, entry++) {
		address = address_of(module, entry->d_un.d_ptr);
		if (entry->d_tag == DT_SYMTAB)
			to->symbols = (const ElfW(Sym) *)address;
		else if (entry->d_tag == DT_STRTAB)
			to->names = (const char *)address;
		else if (entry->d_tag == DT_STRSZ)
			to->name_bytes = entry->d_un.d_val;
		else if (entry->d_tag == DT_GNU_HASH)
			to->header = (const uint32_t *)address;
	}
}

bool
module_read_symbols(const struct module *module, struct module_symbols *to)
{
	const uint32_t *header;
	size_t bytes;

	memset(to, 0, sizeof(*to));
	to->module = module;
	read_dynamic(module, to);
	header = to->header;
	if (to->symbols == NULL || to->names == NULL || header == NULL ||
	    !module_has(module, (uintptr_t)header, 16) ||
	    !module_has(module, (uintptr_t)to->names, to->name_bytes) ||
	    header[0] == 0 || !is_power_of_two(header[2]))
		return false;
	to->bloom = (const ElfW(Addr) *)(header + 4);
	to->buckets = (const uint32_t *)(to->bloom + header[2]);
	to->chains = to->buckets + header[0];
	bytes = (size_t)((uintptr_t)to->chains - (uintptr_t)header);
	return module_has(module, (uintptr_t)header, bytes);
}

uint32_t
module_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

static bool
is_function(
    const struct module_symbols *in, const ElfW(Sym) * symbol, const char *name)
{
	size_t length = strlen(name) + 1;

	return symbol->st_shndx != SHN_UNDEF &&
	    (symbol->st_info & 15) == STT_FUNC && symbol->st_size > 0 &&
	    symbol->st_name < in->name_bytes &&
	    length <= in->name_bytes - symbol->st_name &&
	    memcmp(in->names + symbol->st_name, name, length) == 0;
}

/* Whether the table may have a symbol of that hash at all. */
static bool
may_have(const struct module_symbols *in, uint32_t hash)
{
	unsigned bits = sizeof(ElfW(Addr)) * 8, shift = in->header[3] & 31;
	ElfW(Addr) word = in->bloom[(hash / bits) & (in->header[2] - 1)];

	return (word >> (hash % bits)) & (word >> ((hash >> shift) % bits)) & 1;
}

/* The symbol NAME; NULL. A chain ends at a hash whose lowest bit is set. */
static const ElfW(Sym) *
    find_symbol(
	const struct module_symbols *in, const char *name, uint32_t hash)
{
	uint32_t i = in->buckets[hash % in->header[0]], chain;
	const ElfW(Sym) * symbol;
	const uint32_t *at;

	if (i < in->header[1])
		return NULL;
	do {
		at = &in->chains[i - in->header[1]];
		symbol = &in->symbols[i++];
		if (!module_has(in->module, (uintptr_t)at, sizeof(*at)) ||
		    !module_has(in->module, (uintptr_t)symbol, sizeof(*symbol)))
			return NULL;
		chain = *at;
		if ((chain | 1) == (hash | 1) && is_function(in, symbol, name))
			return symbol;
	} while (!(chain & 1));
	return NULL;
}

bool
module_is_in(const struct module_symbols *symbols, const char *name,
    uint32_t hash, uintptr_t address)
{
	const ElfW(Sym) * symbol;

	if (!may_have(symbols, hash))
		return false;
	symbol = find_symbol(symbols, name, hash);
	return symbol != NULL &&
	    address - symbols->module->base - symbol->st_value <
	    symbol->st_size;
}
