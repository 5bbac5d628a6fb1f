/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.c - see threads.h.
 */
#include "trace/threads.h"

#include <stdlib.h>
#include <string.h>

uint32_t *
threads_number(struct threads *threads, uint32_t thread)
{
	size_t room = 2 * (size_t)thread + 16;
	uint32_t *number;

	if (thread < threads->room)
		return &threads->number[thread];
	number = reallocarray(threads->number, room, sizeof(*number));
	if (number == NULL)
		return NULL;
	memset(number + threads->room, 0,
	    (room - threads->room) * sizeof(*number));
	threads->number = number;
	threads->room = room;
	return &number[thread];
}

void
threads_clear(struct threads *threads)
{
	if (threads->number != NULL)
		memset(threads->number, 0,
		    threads->room * sizeof(*threads->number));
}

void
threads_end(struct threads *threads)
{
	free(threads->number);
}
