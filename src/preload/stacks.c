/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stacks.c - see stacks.h.
 *
 * Each stack has what the report in hand counts of it, so that a report needs
 * no memory, whatever it has. Those that it met hang in a list, the last met
 * first, until it ends.
 */
#include "preload/stacks.h"

#include <stdint.h>
#include <string.h>

#include "base/base.h"
#include "os/os.h"

#define BUCKETS 1024
#define ROOM_BYTES (64 * KIB)

struct stack {
	struct stack *chain; /* in the same bucket */
	struct stack *met;   /* before it, in the report in hand */
	struct poolkind_scope_stack found;
};

static struct stack *buckets[BUCKETS];
static struct stack *met;
static unsigned stack_count;
static struct stack *room; /* what is left of the last pages */
static size_t room_count;

static struct stack *
new_stack(void)
{
	void *pages;

	if (stack_count == STACKS_MAX)
		return NULL;
	if (room_count == 0) {
		if (os_map(ROOM_BYTES, &pages) != 0)
			return NULL;
		room = pages;
		room_count = ROOM_BYTES / sizeof(*room);
	}
	room_count--;
	stack_count++;
	return room++;
}

static struct stack **
bucket_of(void *const *frames, unsigned depth)
{
	uint64_t mixed = 0;

	for (unsigned i = 0; i < depth; i++)
		mixed = (mixed ^ (uintptr_t)frames[i]) *
		    UINT64_C(0x9e3779b97f4a7c15);
	return &buckets[(mixed >> 32) % BUCKETS];
}

struct stack *
stack_of(void *const *frames, unsigned depth)
{
	struct stack **bucket = bucket_of(frames, depth);
	size_t bytes = depth * sizeof(*frames);
	struct stack *stack;

	for (stack = *bucket; stack != NULL; stack = stack->chain)
		if (stack->found.depth == depth &&
		    memcmp(stack->found.frames, frames, bytes) == 0)
			return stack;
	stack = new_stack();
	if (stack == NULL)
		return NULL;
	stack->found.depth = depth;
	memcpy(stack->found.frames, frames, bytes);
	stack->chain = *bucket;
	*bucket = stack;
	return stack;
}

/* ---- Reports ------------------------------------------------------------- */

void
stacks_begin(void)
{
	met = NULL;
}

void
stacks_add(struct stack *stack, size_t size)
{
	struct poolkind_scope_stack *found;

	if (stack == NULL)
		return;
	found = &stack->found;
	if (found->count == 0) {
		stack->met = met;
		met = stack;
	}
	found->count++;
	found->bytes += size;
	found->largest = max_size(found->largest, size);
}

/* The largest block of all comes first, whatever else its stack has. */
static bool
comes_before(const struct poolkind_scope_stack *one,
    const struct poolkind_scope_stack *other, size_t largest)
{
	if ((one->largest == largest) != (other->largest == largest))
		return one->largest == largest;
	return one->bytes > other->bytes;
}

/* In its place among those that are there, the last of which may have to go. */
static void
enter(struct poolkind_scope_report *report,
    const struct poolkind_scope_stack *found)
{
	struct poolkind_scope_stack *stacks = report->stacks;
	size_t count = min_size(report->stack_count, POOLKIND_SCOPE_STACKS);
	size_t at = count;

	report->stack_count++;
	while (at > 0 && comes_before(found, &stacks[at - 1], report->largest))
		at--;
	if (at == POOLKIND_SCOPE_STACKS)
		return;
	count = min_size(count, POOLKIND_SCOPE_STACKS - 1);
	memmove(&stacks[at + 1], &stacks[at], (count - at) * sizeof(*stacks));
	stacks[at] = *found;
}

void
stacks_end(struct poolkind_scope_report *report)
{
	for (; met != NULL; met = met->met) {
		enter(report, &met->found);
		met->found.count = met->found.bytes = met->found.largest = 0;
	}
}
