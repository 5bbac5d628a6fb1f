/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * columns.c - see columns.h.
 */
#include "tool/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/grow.h"
#include "stats/numbers.h"

void
columns_add(struct columns *columns, const char *text)
{
	char **cell = list_grow(
	    columns->cell, columns->cells, &columns->room, sizeof(*cell));

	if (cell == NULL)
		return;
	columns->cell = cell;
	columns->cell[columns->cells++] = strdup(text);
}

/* One digit behind the point below ten, none above. */
void
size_text(char text[SIZE_TEXT_MAX], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	unsigned unit = 0;

	if (bytes == STATS_NONE) {
		strcpy(text, "-");
		return;
	}
	if (bytes < KIB) {
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64, bytes);
		return;
	}
	while ((value /= 1024) >= 999.5)
		unit++;
	snprintf(text, SIZE_TEXT_MAX, "%.*f%c", value < 9.95 ? 1 : 0, value,
	    units[unit]);
}

void
columns_add_size(struct columns *columns, uint64_t bytes)
{
	char text[SIZE_TEXT_MAX];

	size_text(text, bytes);
	columns_add(columns, text);
}

void
columns_add_number(struct columns *columns, uint64_t number)
{
	char text[SIZE_TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	columns_add(columns, text);
}

static const char *
cell_of(const struct columns *columns, size_t cell)
{
	return columns->cell[cell] == NULL ? "" : columns->cell[cell];
}

/* Those above 0x7f, too, as UTF-8 has them: a terminal may obey either. */
static void
hide_controls(char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];
		bool is_high = c == 0xc2 && i + 1 < length &&
		    (unsigned char)line[i + 1] < 0xa0;

		if (c < ' ' || c == 0x7f || is_high)
			line[i] = '?';
		if (is_high)
			line[++i] = '?';
	}
}

static void
print_row(
    const struct columns *columns, size_t row, const int *width, unsigned most)
{
	char line[4096];
	size_t length = 0;

	for (unsigned i = 0; i < columns->count; i++) {
		size_t cell = row * columns->count + i;
		const char *text = cell_of(columns, cell);
		bool last = i + 1 == columns->count;

		if (length >= sizeof(line) - 1)
			break;
		length += (size_t)snprintf(line + length, sizeof(line) - length,
		    "%s%*s", i == 0 ? "" : "  ",
		    last                 ? 0 :
			columns->left[i] ? -width[i] :
					   width[i],
		    text);
	}
	length = min_size(length, sizeof(line) - 1);
	if (most != 0)
		length = min_size(length, most);
	while (length > 0 && line[length - 1] == ' ')
		length--;
	hide_controls(line, length);
	printf("%.*s\n", (int)length, line);
}

void
columns_print(const struct columns *columns, unsigned rows, unsigned width)
{
	int widest[COLUMNS_MAX] = { 0 };
	size_t all = columns->cells / columns->count;

	for (size_t i = 0; i < columns->cells; i++) {
		int length = (int)strlen(cell_of(columns, i));

		if (length > widest[i % columns->count])
			widest[i % columns->count] = length;
	}
	for (size_t row = 0; row < all && (rows == 0 || row < rows); row++)
		print_row(columns, row, widest, width);
}

void
columns_free(struct columns *columns)
{
	for (size_t i = 0; i < columns->cells; i++)
		free(columns->cell[i]);
	free(columns->cell);
}
