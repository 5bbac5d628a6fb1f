/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_glue.c - see sites_glue.h.
 */
#include "preload/place.h"
#include "preload/site_heap.h"
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

/* No answers are kept here. */
void
site_heap_clear(void)
{
}
