/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise_part.c - what room is left gets some of the blocks of one more site.
 * See advise.h.
 *
 * A site that does not fit would have none of its blocks in fast memory, and a
 * program of a few large sites would leave that empty. So what is left of a
 * memory at all moments becomes a kind of its own, with that as its limit: the
 * blocks that come first are there, and take nothing from other sites. They are
 * taken to be as hot as the others.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "spec/parts.h"
#include "tool/advise.h"

/* Less is not worth a rule. */
#define LEAST_SHARE 0.02
#define LEAST_BLOCKS \
	8 /* that fit: with few, those that come first may differ */

/* What nobody uses of a memory at any moment, in whole pages. */
static uint64_t
room_left(const struct placement *placement, unsigned memory)
{
	uint64_t most = 0;

	for (size_t i = 0; i < placement->moments; i++) {
		uint64_t used = 0;

		for (size_t j = 0; j < placement->count; j++)
			if (placement->memory[j] == (int)memory)
				used += placement->things[j].need[i];
		most = used > most ? used : most;
	}
	most = placement->room[memory] - most;
	return most - most % PAGE_BYTES;
}

/* What BYTES for it would bring; 0 where too few of its blocks fit. */
static double
value_of(const struct advice *advice, const struct placement *placement,
    size_t number, uint64_t bytes)
{
	const struct unit *unit = &advice->units.list[number];
	const struct placement_thing *thing = &placement->things[number];

	if (placement->memory[number] >= 0 || thing->value <= 0 ||
	    unit->blocks == 0 || thing->most <= bytes ||
	    bytes / LEAST_BLOCKS < unit->bytes / unit->blocks)
		return 0;
	return thing->value * (double)bytes / (double)thing->most;
}

struct advice_part
advise_find_part(const struct advice *advice, const struct placement *placement)
{
	struct advice_part best = { .value = 0 };

	for (unsigned m = 0; m < placement->memories; m++) {
		uint64_t bytes = room_left(placement, m);

		if ((double)bytes < LEAST_SHARE * (double)placement->room[m])
			continue;
		for (size_t i = 0; i < placement->count; i++) {
			double value = value_of(advice, placement, i, bytes);

			if (value > best.value)
				best = (struct advice_part){ i, m, bytes,
					value };
		}
	}
	return best;
}

/* The spec of its memory with its own limit. A chain would go on elsewhere. */
static bool
write_spec(struct advice *advice, const struct advice_part *part)
{
	const char *text = advice->memories[part->memory].spec;
	struct named_file names = { .given = NULL };
	struct spec_parts parts;
	struct spec spec;
	bool good = strchr(text, '@') == NULL &&
	    spec_split(word_of(text), &names, &parts) == 0 &&
	    parts.count == 1 && spec_parse_part(&parts, 0, &spec) == 0 &&
	    spec.size == 0 && spec.name[0] == '\0';

	if (!good)
		return false;
	spec.limit = part->bytes;
	spec.limit_percent = 0;
	spec.limit_share = false;
	spec_print(&spec, advice->part_spec, sizeof(advice->part_spec));
	return true;
}

void
advise_use_part(struct advice *advice)
{
	struct advice_part part = advise_find_part(advice, &advice->placement);
	struct memory *memory = &advice->memories[advice->fast + 1];

	advice->has_part = part.value > advice->accesses * 0.001 &&
	    write_spec(advice, &part);
	if (!advice->has_part)
		return;
	advice->part = part;
	*memory = advice->memories[part.memory];
	memory->spec = advice->part_spec;
	memory->room = part.bytes;
	strcpy(memory->name, "part");
}
