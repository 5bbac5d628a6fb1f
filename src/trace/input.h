/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.h - the bytes of a trace, of a file that may be compressed or not, and
 * what they are made of (trace.h).
 *
 * Owns the file while it is open, and a name of it for sentences. One thread;
 * no locks. What fails returns -1 with a sentence.
 */
#ifndef TRACE_INPUT_H
#define TRACE_INPUT_H

#include <zlib.h>

#include "trace/trace.h"

struct input {
	gzFile from;
	char *path;
	unsigned char bytes[64 << 10];
	size_t at, count;
};

int input_open(struct input *input, const char *path);
void input_close(struct input *input);

/* Whether one more follows, at bytes[at]: 1; 0 at the end. */
int input_has_byte(struct input *input);

/* One that has to be there. */
int input_byte(struct input *input);

int input_number(struct input *input, uint64_t *number);

/* The rest of one of which BITS are known. */
int input_rest(struct input *input, unsigned bits, uint64_t *number);

int input_text(struct input *input, char text[TRACE_TEXT_MAX]);

/* Says that it is, and how that is known. */
int input_damaged(const struct input *input, const char *what);

#endif /* TRACE_INPUT_H */
