/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * whole_file.h - a file that has its name when all of it is written.
 *
 * It is written under another name beside its own, synchronised and renamed; if
 * anything fails it is removed, and what had the name stays. A device, a pipe
 * and what is below /dev and /proc are written as they are. Called by the
 * command; no locks. What fails returns -1 with a sentence that names the path.
 */
#ifndef FILE_WHOLE_FILE_H
#define FILE_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct whole_file {
	int fd;      /* to write to */
	char *given; /* its path as the caller has it */
	char *path;  /* where it will be, with links followed */
	char *other; /* its name until then; NULL: none */
	bool is_direct;
};

int whole_file_begin(struct whole_file *file, const char *path);

/* ERROR is what went wrong while it was written, 0 if nothing did. Ends FILE in
 * any case. */
int whole_file_end(struct whole_file *file, int error);

/* All at once: SIZE bytes of TEXT. */
int whole_file_write(const char *path, const char *text, size_t size);

#endif /* FILE_WHOLE_FILE_H */
