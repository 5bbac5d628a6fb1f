/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * defect.h - what memkind 1.14 did wrong, shown by one program with a word for
 * each: it ends with GOOD where the library does right, with a line and BAD
 * where it does not, in a crash, or with UNSHOWN where the machine has not what
 * it takes. defects.sh runs it.
 *
 * It calls nothing that memkind 1.14 has not, so that it runs with both.
 */
#ifndef DEFECT_H
#define DEFECT_H

#include <stdbool.h>
#include <stddef.h>

enum { GOOD = 0, BAD = 1, UNSHOWN = 77 };

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/* A directory on a file system that nobody else uses, and how long tests may
 * take that run for a time. */
extern const char *directory;
extern int seconds, threads;

/* Ends in BAD with the line, unless CONDITION holds. */
#define MUST(condition, ...) \
	do { \
		if (!(condition)) \
			return complain(__VA_ARGS__); \
	} while (0)
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes in use on the file system of the directory. */
size_t used_bytes(void);

/* A field of /proc/self/status in bytes: "VmSize:", "RssAnon:". */
size_t status_bytes(const char *field);

/* Leaves freed memory with ones in it in malloc's lists. */
void spoil_heap(void);

/* A region that is all ones. */
void *spoilt_region(size_t bytes);

/* The defects, by the name of the word. */
int show_calloc(void);
int show_capacity(void);
int show_config(void);
int show_descriptor(void);
int show_detect(void);
int show_exhausted(void);
int show_exit(void);
int show_fixed_calloc(void);
int show_foreign(void);
int show_fork(void);
int show_growth(void);
int show_kinds(void);
int show_leak(void);
int show_local(void);
int show_many_kinds(void);
int show_names(void);
int show_null_directory(void);
int show_null_kind(void);
int show_pages(void);
int show_policy(void);
int show_room(void);
int show_thread_leak(void);
int show_threads(void);
int show_ties(void);

#endif /* DEFECT_H */
