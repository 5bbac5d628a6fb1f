/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_file.c - see elf_file.h.
 *
 * Only what the dynamic linker itself goes by is read, the program headers: a
 * stripped file may have no sections.
 */
#include "rules/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

#define HEADERS_MAX 1024
#define PART_MAX ((size_t)4 << 20) /* of a segment that is read whole */
#define TEXT_MAX 4096
#define NEEDED_MAX 4096

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#else
#define MACHINE EM_NONE
#endif

struct reader {
	FILE *file;
	Elf64_Phdr headers[HEADERS_MAX];
	size_t count;
	uint64_t strings; /* where DT_STRTAB is in the file */
};

static bool
read_at(struct reader *from, uint64_t offset, void *to, size_t bytes)
{
	return offset <= INT64_MAX &&
	    fseeko(from->file, (off_t)offset, SEEK_SET) == 0 &&
	    fread(to, 1, bytes, from->file) == bytes;
}

/* The bytes of a segment in the file, allocated; NULL if that cannot be. */
static char *
read_segment(struct reader *from, const Elf64_Phdr *header)
{
	size_t bytes = header->p_filesz;
	char *part = bytes == 0 || bytes > PART_MAX ? NULL : malloc(bytes);

	if (part == NULL || read_at(from, header->p_offset, part, bytes))
		return part;
	free(part);
	return NULL;
}

/* A text in the file, up to its NUL; NULL if it has no end. */
static char *
read_text(struct reader *from, uint64_t offset)
{
	char text[TEXT_MAX];
	size_t got;

	if (offset > INT64_MAX ||
	    fseeko(from->file, (off_t)offset, SEEK_SET) != 0)
		return NULL;
	got = fread(text, 1, sizeof(text), from->file);
	return memchr(text, '\0', got) != NULL ? strdup(text) : NULL;
}

/* Where the byte that will lie at ADDRESS is in the file; 0 if nowhere. */
static uint64_t
offset_of(const struct reader *from, uint64_t address)
{
	for (size_t i = 0; i < from->count; i++) {
		const Elf64_Phdr *header = &from->headers[i];

		if (header->p_type == PT_LOAD && address >= header->p_vaddr &&
		    address - header->p_vaddr < header->p_filesz)
			return header->p_offset + (address - header->p_vaddr);
	}
	return 0;
}

/* ---- Parts --------------------------------------------------------------- */

/* Notes follow each other: a head, a name, a content, the latter two aligned
 * to 4 bytes. */
static void
find_build_id(struct elf_file *elf, const char *notes, size_t bytes)
{
	Elf64_Nhdr note;

	for (size_t at = 0; bytes - at >= sizeof(note);) {
		size_t name, content, end;

		memcpy(&note, notes + at, sizeof(note));
		name = at + sizeof(note);
		content = name + align_up(note.n_namesz, 4);
		end = content + align_up(note.n_descsz, 4);
		if (end > bytes)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0) {
			elf->build_id_bytes = (uint32_t)min_size(
			    note.n_descsz, sizeof(elf->build_id));
			memcpy(elf->build_id, notes + content,
			    elf->build_id_bytes);
			return;
		}
		at = end;
	}
}

static void
add_needed(struct elf_file *elf, char *name)
{
	char **longer = NULL;

	if (name != NULL && elf->needed_count < NEEDED_MAX)
		longer = reallocarray(
		    elf->needed, elf->needed_count + 1, sizeof(*longer));
	if (longer == NULL) {
		free(name);
		return;
	}
	elf->needed = longer;
	elf->needed[elf->needed_count++] = name;
}

static void
set(char **field, char *text)
{
	free(*field);
	*field = text;
}

static void
take_entry(struct reader *from, struct elf_file *elf, const Elf64_Dyn *entry)
{
	uint64_t text = from->strings + entry->d_un.d_val;

	switch (entry->d_tag) {
	case DT_NEEDED:
		add_needed(elf, read_text(from, text));
		break;
	case DT_SONAME:
		set(&elf->soname, read_text(from, text));
		break;
	case DT_RPATH:
		set(&elf->rpath, read_text(from, text));
		break;
	case DT_RUNPATH:
		set(&elf->runpath, read_text(from, text));
		break;
	default:
		break;
	}
}

/* The table of strings may be named behind those entries that need it. */
static void
read_dynamic(
    struct reader *from, struct elf_file *elf, const Elf64_Phdr *header)
{
	size_t count = header->p_filesz / sizeof(Elf64_Dyn);
	Elf64_Dyn *entries = (Elf64_Dyn *)read_segment(from, header);

	if (entries == NULL)
		return;
	for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++)
		if (entries[i].d_tag == DT_STRTAB)
			from->strings = offset_of(from, entries[i].d_un.d_ptr);
	for (size_t i = 0;
	     i < count && from->strings != 0 && entries[i].d_tag != DT_NULL;
	     i++)
		take_entry(from, elf, &entries[i]);
	free(entries);
}

static void
add_code(struct elf_file *elf, const Elf64_Phdr *header)
{
	uint64_t end;

	if (elf->code_count == ELF_CODE_MAX ||
	    __builtin_add_overflow(header->p_vaddr, header->p_memsz, &end))
		return;
	elf->code[elf->code_count].begin = header->p_vaddr;
	elf->code[elf->code_count++].end = end;
}

static void
read_headers(struct reader *from, struct elf_file *elf)
{
	for (size_t i = 0; i < from->count; i++) {
		const Elf64_Phdr *header = &from->headers[i];
		char *notes;

		if (header->p_type == PT_INTERP) {
			set(&elf->interpreter,
			    read_text(from, header->p_offset));
		} else if (header->p_type == PT_DYNAMIC) {
			read_dynamic(from, elf, header);
		} else if (header->p_type == PT_NOTE) {
			notes = read_segment(from, header);
			if (notes != NULL && elf->build_id_bytes == 0)
				find_build_id(elf, notes, header->p_filesz);
			free(notes);
		} else if (header->p_type == PT_LOAD &&
		    (header->p_flags & PF_X) != 0) {
			add_code(elf, header);
		}
	}
}

/* ---- The file ------------------------------------------------------------ */

static int
read_file(struct reader *from, struct elf_file *elf)
{
	static const Elf64_Half order = 1;
	const char little = *(const char *)&order;
	Elf64_Ehdr head;

	if (!read_at(from, 0, &head, sizeof(head)) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return ENOEXEC;
	if (head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_ident[EI_DATA] != (little ? ELFDATA2LSB : ELFDATA2MSB) ||
	    (MACHINE != EM_NONE && head.e_machine != MACHINE)) {
		elf->is_foreign = true;
		return 0;
	}
	if (head.e_phentsize != sizeof(Elf64_Phdr) ||
	    head.e_phnum > HEADERS_MAX ||
	    !read_at(from, head.e_phoff, from->headers,
		head.e_phnum * sizeof(Elf64_Phdr)))
		return ENOEXEC;
	from->count = head.e_phnum;
	read_headers(from, elf);
	elf->is_program = head.e_type == ET_EXEC ||
	    (head.e_type == ET_DYN && elf->interpreter != NULL);
	return 0;
}

/* From a pipe or a device nothing is read: what comes out of it is for others.
 */
int
elf_file_read(const char *path, struct elf_file *elf)
{
	struct reader *from;
	struct stat status;
	int error;

	*elf = (struct elf_file){ false };
	if (stat(path, &status) != 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return ENOEXEC;
	from = calloc(1, sizeof(*from));
	if (from == NULL)
		return ENOMEM;
	from->file = fopen(path, "re");
	error = from->file == NULL ? errno : read_file(from, elf);
	if (from->file != NULL)
		fclose(from->file);
	free(from);
	return error;
}

void
elf_file_end(struct elf_file *elf)
{
	for (size_t i = 0; i < elf->needed_count; i++)
		free(elf->needed[i]);
	free(elf->needed);
	free(elf->interpreter);
	free(elf->soname);
	free(elf->rpath);
	free(elf->runpath);
	*elf = (struct elf_file){ false };
}
