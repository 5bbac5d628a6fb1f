/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.h - a heap's statistics as text, in the form of jemalloc's.
 */
#ifndef ARENA_PRINT_H
#define ARENA_PRINT_H

struct heap;

/* Parts to leave out. */
enum heap_print_omit {
	HEAP_PRINT_GENERAL = 1,
	HEAP_PRINT_MERGED = 2,
	HEAP_PRINT_ARENAS = 4,
	HEAP_PRINT_BINS = 8,
	HEAP_PRINT_LARGE = 16,
	HEAP_PRINT_FRAME = 32, /* first and last line */
};

/* Writes what the heap's arenas know of themselves, piece by piece. Called
 * without a lock, as WRITE may be the program's. Cannot fail. */
void heap_print(struct heap *heap, unsigned omit,
    void (*write)(void *to, const char *text), void *to);

#endif /* ARENA_PRINT_H */
