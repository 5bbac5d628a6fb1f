/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_sites.c - see record_sites.h.
 *
 * A site is looked for by the return addresses as they are, as that is what a
 * stack gives. Which module an address is in is found out once, when the site
 * is made. As another library may come to lie at the addresses of one that was
 * closed, a site that was right before a dlclose(3) is held against the modules
 * once more before it is used again; a stack of other modules is another site.
 *
 * Two threads that make the same site at once each fill a record; the first to
 * enter its number in the index has it found, and the other's stays empty.
 */
#include "preload/record_sites.h"

#include <string.h>

#include "preload/module.h"
#include "preload/place.h"
#include "preload/record_memo.h"
#include "preload/record_part.h"
#include "preload/sites.h"

#define PROBES 64

struct stack {
	void *frame[RECORDING_STACK];
	unsigned count;
	uint16_t kind;
	uint32_t closings;
	uint64_t hash;
};

/* ---- Modules ------------------------------------------------------------- */

static bool
is_module(const struct recording_module *known, const struct module *module)
{
	const uint8_t *id;
	size_t bytes;

	if (known->base != module->base)
		return false;
	bytes = min_size(module_build_id(module, &id), RULES_BUILD_ID_MAX);
	if (bytes != known->build_id_bytes)
		return false;
	if (bytes != 0)
		return memcmp(id, known->build_id, bytes) == 0;
	return strncmp(known->path, module->name, RECORDING_PATH - 1) == 0;
}

/* The program itself has no name. */
static void
fill_module(struct recording_part *part, struct recording_module *to,
    const struct module *module)
{
	const char *name = *module->name != '\0' ? module->name : part->program;
	size_t length = strnlen(name, RECORDING_PATH - 1);
	const uint8_t *id;

	to->base = module->base;
	to->build_id_bytes = (uint32_t)min_size(
	    module_build_id(module, &id), RULES_BUILD_ID_MAX);
	if (to->build_id_bytes != 0)
		memcpy(to->build_id, id, to->build_id_bytes);
	memcpy(to->path, name, length);
	atomic_store_explicit(&to->ready, 1, memory_order_release);
}

static uint16_t
module_number(struct recording_part *part, uintptr_t address)
{
	uint32_t count = atomic_load(&part->modules), i;
	struct module module;

	if (!module_find(address - 1, &module))
		return RECORDING_NO_MODULE;
	for (i = 0; i < count && i < RECORDING_MODULES; i++)
		if (atomic_load_explicit(
			&part->module[i].ready, memory_order_acquire) != 0 &&
		    is_module(&part->module[i], &module))
			return (uint16_t)i;
	i = atomic_fetch_add(&part->modules, 1);
	if (i >= RECORDING_MODULES) {
		atomic_store(&part->modules, RECORDING_MODULES);
		atomic_fetch_add(&part->lost_modules, 1);
		return RECORDING_NO_MODULE;
	}
	fill_module(part, &part->module[i], &module);
	return (uint16_t)i;
}

/* ---- Finding a site ------------------------------------------------------ */

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* From FRAME on. */
static void
read_stack(struct stack *stack, const void *caller, uint16_t kind, void *frame,
    struct walk_trail *trail)
{
	stack->count = trail == NULL ?
	    sites_stack(stack->frame, RECORDING_STACK, caller) :
	    sites_stack_noted(
		stack->frame, RECORDING_STACK, caller, frame, trail);
	stack->kind = kind;
	stack->closings = place_closings();
	stack->hash = mix(kind, stack->count);
	for (unsigned i = 0; i < stack->count; i++)
		stack->hash = mix(stack->hash, (uintptr_t)stack->frame[i]);
}

/* Whether the modules of a site are still where they were. */
static bool
is_still_right(struct recording_part *part, struct recording_site *site,
    const struct stack *stack)
{
	if (atomic_load(&site->closings) == stack->closings)
		return true;
	for (unsigned i = 0; i < stack->count; i++)
		if (module_number(part, (uintptr_t)stack->frame[i]) !=
		    part->frame_module[site->first_frame + i])
			return false;
	atomic_store(&site->closings, stack->closings);
	return true;
}

static bool
is_site(struct recording_part *part, uint32_t number, const struct stack *stack)
{
	struct recording_site *site = &part->site[number];

	return site->hash == stack->hash && site->kind == stack->kind &&
	    site->frame_count == stack->count &&
	    memcmp(&part->frame[site->first_frame], stack->frame,
		stack->count * sizeof(uint64_t)) == 0 &&
	    is_still_right(part, site, stack);
}

/* ---- Making one ---------------------------------------------------------- */

/* A number that is given back where it was too many, so that it never wraps. */
static bool
claim(_Atomic uint32_t *used, uint32_t count, size_t most, uint32_t *first)
{
	*first = atomic_load(used);
	do
		if (*first + count > most)
			return false;
	while (!atomic_compare_exchange_weak(used, first, *first + count));
	return true;
}

/* 0: there is no room. */
static uint32_t
make_site(struct recording_part *part, const struct stack *stack)
{
	struct recording_site *site;
	uint32_t number, first;

	if (!claim(
		&part->site_frames, stack->count, RECORDING_FRAMES, &first) ||
	    !claim(&part->sites, 1, RECORDING_SITES, &number))
		return 0;
	for (unsigned i = 0; i < stack->count; i++) {
		part->frame[first + i] = (uintptr_t)stack->frame[i];
		part->frame_module[first + i] = module_number(
		    part, (uintptr_t)stack->frame[i]);
	}
	site = &part->site[number];
	site->hash = stack->hash;
	site->first_frame = first;
	site->frame_count = (uint16_t)stack->count;
	site->kind = stack->kind;
	atomic_store(&site->closings, stack->closings);
	return number;
}

static uint32_t
find_or_make(struct recording_part *part, const struct stack *stack)
{
	uint32_t own = 0, found;

	for (unsigned i = 0; i < PROBES; i++) {
		_Atomic uint32_t *at =
		    &part->site_index[(stack->hash + i) % RECORDING_SITE_INDEX];

		found = atomic_load_explicit(at, memory_order_acquire);
		if (found == 0 && own == 0 &&
		    (own = make_site(part, stack)) == 0)
			break;
		if (found == 0 &&
		    atomic_compare_exchange_strong(at, &found, own))
			return own;
		if (is_site(part, found, stack))
			return found;
	}
	atomic_fetch_add(&part->lost_sites, 1);
	return 0;
}

/* The closings come before the walk, so that none goes unnoticed. */
static uint32_t
walk_to_site(struct recording_part *part, const void *caller, uint16_t kind,
    void *frame, struct record_memo *memo)
{
	struct stack stack;

	if (memo == NULL) {
		read_stack(&stack, caller, kind, frame, NULL);
		return find_or_make(part, &stack);
	}
	memo->closings = place_closings();
	read_stack(&stack, caller, kind, frame, &memo->trail);
	memo->caller = caller;
	memo->kind = kind;
	memo->part = record_own->number;
	memo->site = find_or_make(part, &stack);
	if (memo->site == 0) /* each block counts as one without a site */
		memo->trail.is_whole = false;
	return memo->site;
}

uint32_t
record_site(struct recording_part *part, const void *caller, uint16_t kind)
{
	void *frame = __builtin_frame_address(0);
	struct record_memo *memo = record_memo_of(frame, caller);

	if (memo != NULL &&
	    record_memo_holds(memo, frame, caller, record_own->number, kind))
		return memo->site;
	return walk_to_site(part, caller, kind, frame, memo);
}
