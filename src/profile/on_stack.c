/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * on_stack.c - see on_stack.h.
 */
#include "profile/on_stack.h"

#include <stdlib.h>
#include <string.h>

#include "profile/index.h"

struct count {
	struct on_stack what;
	const struct profile_site *last; /* that was counted */
	size_t stacks;
};

struct on_stack_counts {
	struct profile_index *index; /* of struct count */
};

struct on_stack
on_stack_of(const struct profile_frame *frame, enum on_stack_by by)
{
	return by == ON_STACK_BY_NAME ?
	    (struct on_stack){ frame->function, PROFILE_NO_MODULE, 0 } :
	    (struct on_stack){ NULL, frame->module, frame->offset };
}

bool
on_stack_is_same(const struct on_stack *one, const struct on_stack *other)
{
	if (one->function == NULL || other->function == NULL)
		return one->function == other->function &&
		    one->module == other->module &&
		    one->offset == other->offset;
	return one->function == other->function ||
	    strcmp(one->function, other->function) == 0;
}

bool
on_stack_is_on(const struct on_stack *one, const struct profile_site *site)
{
	enum on_stack_by by = one->function != NULL ? ON_STACK_BY_NAME :
						      ON_STACK_BY_OFFSET;

	for (size_t i = 0; i < site->frame_count; i++) {
		struct on_stack frame = on_stack_of(&site->frames[i], by);

		if (on_stack_is_same(one, &frame))
			return true;
	}
	return false;
}

/* ---- Counts -------------------------------------------------------------- */

static uint64_t
hash_of(const struct on_stack *one)
{
	if (one->function != NULL)
		return profile_hash(
		    PROFILE_HASH, one->function, strlen(one->function));
	return profile_hash(
	    profile_hash(PROFILE_HASH, &one->offset, sizeof(one->offset)),
	    &one->module, sizeof(one->module));
}

static bool
is_of(const void *entry, const void *wanted)
{
	return on_stack_is_same(&((const struct count *)entry)->what, wanted);
}

struct on_stack_counts *
on_stack_counts_new(void)
{
	struct on_stack_counts *counts = calloc(1, sizeof(*counts));

	if (counts == NULL)
		return NULL;
	counts->index = profile_index_new();
	if (counts->index != NULL)
		return counts;
	free(counts);
	return NULL;
}

void
on_stack_counts_free(struct on_stack_counts *counts)
{
	if (counts != NULL)
		profile_index_free(counts->index, true);
	free(counts);
}

static struct count *
count_of(struct on_stack_counts *counts, const struct on_stack *what)
{
	uint64_t hash = hash_of(what);
	struct count *count = profile_index_find(
	    counts->index, hash, is_of, what);

	if (count != NULL)
		return count;
	count = calloc(1, sizeof(*count));
	if (count == NULL)
		return NULL;
	count->what = *what;
	if (profile_index_add(counts->index, hash, count) == 0)
		return count;
	free(count);
	return NULL;
}

static int
count_one(struct on_stack_counts *counts, const struct profile_site *site,
    const struct on_stack *what)
{
	struct count *count;

	if (!on_stack_is_known(what))
		return 0;
	count = count_of(counts, what);
	if (count == NULL)
		return -1;
	count->stacks += count->last != site;
	count->last = site;
	return 0;
}

int
on_stack_count(struct on_stack_counts *counts, const struct profile_site *site)
{
	for (size_t i = 0; i < site->frame_count; i++) {
		const struct profile_frame *frame = &site->frames[i];
		struct on_stack name = on_stack_of(frame, ON_STACK_BY_NAME);
		struct on_stack offset = on_stack_of(frame, ON_STACK_BY_OFFSET);

		if (count_one(counts, site, &name) != 0 ||
		    count_one(counts, site, &offset) != 0)
			return -1;
	}
	return 0;
}

size_t
on_stack_stacks(
    const struct on_stack_counts *counts, const struct on_stack *one)
{
	const struct count *count = profile_index_find(
	    counts->index, hash_of(one), is_of, one);

	return count == NULL ? 0 : count->stacks;
}
