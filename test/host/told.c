/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * told.c - for programs of each language: prints on which nodes the pages of
 * what they have made lie, as the kernel has it: move_pages(2). It is linked to
 * them, or loaded, by test/host/languages.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE ((uintptr_t)4096)
#define NODES 64

void tell_nodes(const char *what, const void *from, size_t bytes);

/* A page that the kernel means to move nearer has no node until it is touched
 * once more. */
static int
node_of(uintptr_t page)
{
	void *start = (void *)page;
	int node = -1;

	for (int tries = 0; tries < 100 && node < 0; tries++) {
		*(const volatile char *)start;
		if (syscall(SYS_move_pages, 0, 1, &start, NULL, &node, 0) != 0)
			break;
	}
	if (node >= 0 && node < NODES)
		return node;
	perror("move_pages");
	exit(1);
}

/* A line: what it is, and the nodes that have a page of it. */
void
tell_nodes(const char *what, const void *from, size_t bytes)
{
	uintptr_t end = (uintptr_t)from + bytes;
	uint64_t found = 0;

	for (uintptr_t page = (uintptr_t)from & ~(PAGE - 1); page < end;
	     page += PAGE)
		found |= (uint64_t)1 << node_of(page);
	printf("%s on", what);
	for (int node = 0; node < NODES; node++)
		if ((found >> node & 1) != 0)
			printf(" %d", node);
	printf("\n");
	fflush(stdout);
}
