/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.c - see input.h.
 */
#include "trace/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/compressed.h"

/* ---- What can be wrong --------------------------------------------------- */

int
input_damaged(const struct input *input, const char *what)
{
	return error_set(EINVAL, "%s is damaged: %s", input->path, what);
}

static int
cut_short(const struct input *input)
{
	return error_set(EINVAL, "%s is cut short", input->path);
}

/* ---- Bytes and numbers --------------------------------------------------- */

/* 1, 0 at the end, -1. */
int
input_has_byte(struct input *input)
{
	int got;

	if (input->at < input->count)
		return 1;
	got = gzread(input->from, input->bytes, sizeof(input->bytes));
	if (got < 0)
		return compressed_failed(input->path, input->from);
	input->at = 0;
	input->count = (size_t)got;
	if (got == 0) {
		int error;

		gzerror(input->from, &error);
		return error == Z_OK || error == Z_STREAM_END ?
		    0 :
		    compressed_failed(input->path, input->from);
	}
	return 1;
}

int
input_byte(struct input *input)
{
	int has = input_has_byte(input);

	if (has <= 0)
		return has < 0 ? -1 : cut_short(input);
	return input->bytes[input->at++];
}

/* A number whose first BITS are known, if MORE follow. */
int
input_rest(struct input *input, unsigned bits, uint64_t *number)
{
	int byte;

	do {
		byte = input_byte(input);
		if (byte < 0)
			return -1;
		if (bits >= 60)
			return input_damaged(input, "a number has no end");
		*number |= (uint64_t)(byte & 127) << bits;
		bits += 7;
	} while ((byte & 128) != 0);
	return 0;
}

int
input_number(struct input *input, uint64_t *number)
{
	*number = 0;
	return input_rest(input, 0, number);
}

int
input_text(struct input *input, char text[TRACE_TEXT_MAX])
{
	uint64_t length;
	int byte;

	if (input_number(input, &length) != 0)
		return -1;
	if (length >= TRACE_TEXT_MAX)
		return input_damaged(input, "a name has no end");
	for (uint64_t i = 0; i < length; i++) {
		byte = input_byte(input);
		if (byte < 0)
			return -1;
		text[i] = (char)byte;
	}
	text[length] = '\0';
	return 0;
}

/* ---- The file ------------------------------------------------------------ */

/* It is read twice, so a pipe will not do. */
int
input_open(struct input *input, const char *path)
{
	input->from = compressed_open(path, true);
	if (input->from == NULL)
		return -1;
	input->path = strdup(path);
	if (input->path != NULL)
		return 0;
	input_close(input);
	return error_set(ENOMEM, "no memory to read %s", path);
}

void
input_close(struct input *input)
{
	if (input->from != NULL)
		gzclose(input->from);
	free(input->path);
	*input = (struct input){ .from = NULL };
}
