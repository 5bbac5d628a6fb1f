/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_file.h - what a program or library says of itself: by which dynamic
 * linker it is started, what it needs, its build-id.
 *
 * A record owns its texts, allocated by malloc, until elf_file_end(). Files are
 * read, never run, and believed nothing: a size or an offset that cannot be is
 * as if it were not there. Called by the command; no locks.
 */
#ifndef RULES_ELF_FILE_H
#define RULES_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/table.h"

#define ELF_CODE_MAX 16 /* segments of one file with code */

struct elf_file {
	bool
	    is_foreign; /* of 32 bits, or for other processors: no more known */
	bool is_program;   /* an ET_EXEC, or an ET_DYN with an interpreter */
	char *interpreter; /* NULL: none */
	char *soname, *rpath, *runpath;
	char **needed;
	size_t needed_count;
	uint8_t build_id[RULES_BUILD_ID_MAX]; /* of a longer one what fits */
	uint32_t build_id_bytes;
	struct {
		uint64_t begin, end; /* as the file's symbols count */
	} code[ELF_CODE_MAX];
	size_t code_count;
};

/* 0, or an error number: ENOEXEC where it is no ELF file. */
int elf_file_read(const char *path, struct elf_file *elf);

void elf_file_end(struct elf_file *elf);

#endif /* RULES_ELF_FILE_H */
