/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_glue.c - see sites_glue.h.
 */
#include "preload/place.h"
#include "preload/site_heap.h"
#include "preload/sites.h"
#include "preload/walk.h"
#include "sites_glue.h"

const unsigned glue_rules_max = PLACE_RULES_MAX;
const unsigned glue_words = PLACE_WORDS;
const unsigned glue_walk_max = WALK_MAX;

void
glue_closing(void)
{
	place_closing();
}

void
glue_closed(void)
{
	place_closed();
}

__attribute__((noinline)) unsigned
glue_stack_noted(void **frames, unsigned max, const void *caller, int *held)
{
	static struct walk_trail trail;
	void *frame = __builtin_frame_address(0);

	*held = walk_trail_holds(&trail, frame);
	return sites_stack_noted(frames, max, caller, frame, &trail);
}

/* No answers are kept here. */
void
site_heap_clear(void)
{
}
