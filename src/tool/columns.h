/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * columns.h - a table whose columns are as wide as what is in them.
 *
 * Owns its cells until columns_free(). Where there is no memory a cell is
 * missing.
 */
#ifndef TOOL_COLUMNS_H
#define TOOL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMNS_MAX 24

struct columns {
	unsigned count;         /* of columns */
	bool left[COLUMNS_MAX]; /* such a column is flush left */
	char **cell;            /* row by row, the head first */
	size_t cells, room;
};

/* The next cell: row by row. */
void columns_add(struct columns *columns, const char *text);

/* A size in at most five characters, as 1.5G; "-" for STATS_NONE. */
void columns_add_size(struct columns *columns, uint64_t bytes);
void columns_add_number(struct columns *columns, uint64_t number);

/* Prints the table: at most ROWS lines of at most WIDTH characters, where these
 * are not 0. */
void columns_print(
    const struct columns *columns, unsigned rows, unsigned width);

void columns_free(struct columns *columns);

/* A size as columns_add_size() has it. */
#define SIZE_TEXT_MAX 24
void size_text(char text[SIZE_TEXT_MAX], uint64_t bytes);

#endif /* TOOL_COLUMNS_H */
