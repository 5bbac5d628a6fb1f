/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * named_file.h - the file that has kinds with names, a line each (named.h).
 *
 * Owns the memory that the file was read to, from the first question to
 * named_close(); words that are found lie in it. Calls no malloc and takes no
 * lock. Fails with errno and a sentence that names file and line.
 */
#ifndef SPEC_NAMED_FILE_H
#define SPEC_NAMED_FILE_H

#include "spec/named.h"

/* The variable that names the file, and the file where it is not set. */
#define NAMED_VARIABLE "POOLKIND_CONFIG"
#define NAMED_FILE "/etc/poolkind.conf"

#define NAMED_BYTES_MAX ((size_t)1 << 20)

/* To be set up as { .given = PATH }. */
struct named_file {
	const char *given; /* by the variable; NULL: NAMED_FILE, if there is */
	bool is_read;
	char *text;
	size_t length;
};

/* One line of it after the other; to be set up as { 0 }. */
struct named_line {
	struct word rest; /* of the file, behind this line */
	unsigned number;  /* of this line, from 1 */
};

/* The name by which sentences call the file. */
static inline const char *
named_path(const struct named_file *file)
{
	return file->given != NULL ? file->given : NAMED_FILE;
}

/* Finds the kind called NAME, and its line. ENOENT: there is none, or no file
 * where the variable says. EPERM in a program that has other rights than who
 * started it. EINVAL: a line that is not understood, or NAME twice. EFBIG and
 * what reading a file may give. */
int named_find(struct named_file *file, struct word name,
    struct named_kind *kind, unsigned *line);

/* Goes on to the next line that has a kind: 1, or 0 where there is none, or -1
 * and the sentence. */
int named_next(
    struct named_file *file, struct named_line *at, struct named_kind *kind);

void named_close(struct named_file *file);

#endif /* SPEC_NAMED_FILE_H */
