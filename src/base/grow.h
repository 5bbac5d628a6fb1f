/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grow.h - room in the lists that the command keeps.
 *
 * Owns nothing; no locks. For what is linked into the command alone: malloc is
 * libc's.
 */
#ifndef BASE_GROW_H
#define BASE_GROW_H

#include <stdlib.h>

/* LIST, with room for one record of BYTES more than its COUNT: where *ROOM is
 * used up it doubles. NULL without memory, and the list stays as it is. */
static inline void *
list_grow(void *list, size_t count, size_t *room, size_t bytes)
{
	size_t wanted = *room == 0 ? 16 : 2 * *room;

	if (count < *room)
		return list;
	list = reallocarray(list, wanted, bytes);
	if (list != NULL)
		*room = wanted;
	return list;
}

#endif /* BASE_GROW_H */
