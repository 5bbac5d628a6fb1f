/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.h - the memory of another process, and what the kernel says of it.
 *
 * Owns the descriptors of one process. That of its memory is bound to the
 * address space that the process had when it was opened: when the process calls
 * exec(2) or ends, or another one gets its number, nothing can be read any
 * more, and never the memory of a program that came later. What is read by
 * number besides is believed after remote_lives(). Reading fails with false;
 * opening with an error number.
 */
#ifndef OUTSIDE_REMOTE_H
#define OUTSIDE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define PROGRAM_MAX 64

struct remote {
	int process;   /* its number, here */
	int itself;    /* its number, in its own PID namespace */
	int directory; /* /proc/PID */
	int memory;
	char program[PROGRAM_MAX];
	char state; /* as in proc(5), when it was opened */
	uid_t user;
};

/* 0; ESRCH: there is none; EACCES, EPERM: it may not be read, then the record
 * says whose it is. Another number: why not. To be closed in any case. */
int remote_open(struct remote *remote, int process);
void remote_close(struct remote *remote);

/* Whether the process has the address space still that was opened. */
bool remote_lives(const struct remote *remote);

/* A sentence on a process that is not there, or is no more. */
const char *remote_gone(const struct remote *remote);

/* BYTES from its address FROM. */
bool remote_read(
    const struct remote *remote, uint64_t from, void *to, size_t bytes);

/* A string of at most MAX bytes with its zero; the copy is the caller's to
 * free(3). NULL: there is none, or it is longer. */
char *remote_string(const struct remote *remote, uint64_t from, size_t max);

/* One of its files in /proc, or NULL. */
FILE *remote_file(const struct remote *remote, const char *name);

/* A sentence on why it may not be read, by what remote_open() returned. */
void remote_explain(
    const struct remote *remote, int error, char *why, size_t size);

#endif /* OUTSIDE_REMOTE_H */
