/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - lists of records that carry their links, of any type.
 *
 * Owns nothing: whoever has the head has the list, and its lock. Nothing is
 * allocated, nothing fails.
 *
 * A list: the record has `next`, and `link`, the pointer that points to it (the
 * head, or its predecessor's next), so that it is taken out without a search.
 * A stack: `next` alone, for free records.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

/* For each ITEM of the list or stack that begins at FIRST. The item may not be
 * taken out meanwhile. */
#define LIST_EACH(item, first) \
	for ((item) = (first); (item) != NULL; (item) = (item)->next)

/* Puts ITEM in front of the list with the head at HEAD. */
#define LIST_PUSH(head, item) \
	do { \
		(item)->next = *(head); \
		(item)->link = (head); \
		if ((item)->next != NULL) \
			(item)->next->link = &(item)->next; \
		*(head) = (item); \
	} while (0)

#define LIST_REMOVE(item) \
	do { \
		*(item)->link = (item)->next; \
		if ((item)->next != NULL) \
			(item)->next->link = (item)->link; \
	} while (0)

#define STACK_PUSH(head, item) \
	do { \
		(item)->next = *(head); \
		*(head) = (item); \
	} while (0)

/* Takes the top off, which must be there, into ITEM. */
#define STACK_POP(head, item) \
	do { \
		(item) = *(head); \
		*(head) = (item)->next; \
	} while (0)

#endif /* BASE_LIST_H */
