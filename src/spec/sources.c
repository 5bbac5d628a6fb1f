/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sources.c - the table of sources as data, and what the engine asks of it. See
 * sources.h.
 *
 * Owns nothing: the table is constant. Takes no lock, cannot fail.
 */
#include "spec/table.h"

/* The row's place is the value of its enum, which is made from the same list.
 */
#define SOURCE_ROW(name, word, where, traits, meaning) \
	[SPEC_##name] = { word, &spec_where_##where, traits, meaning },

const struct spec_source_row spec_sources[SPEC_SOURCE_COUNT] = { SPEC_SOURCES(
    SOURCE_ROW) };

struct known
spec_words(unsigned traits)
{
	struct known known = { .count = 0 };

	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++)
		if (spec_sources[i].traits & traits)
			known_add(&known, spec_sources[i].word);
	return known;
}

static bool
has_trait(const struct spec *spec, enum spec_trait trait)
{
	return (spec_sources[spec->source].traits & trait) != 0;
}

bool
spec_is_anonymous(const struct spec *spec)
{
	return has_trait(spec, SPEC_ANONYMOUS);
}

bool
spec_is_by_attribute(const struct spec *spec)
{
	return has_trait(spec, SPEC_BY_ATTRIBUTE);
}

bool
spec_has_nodes(const struct spec *spec)
{
	return has_trait(spec, SPEC_ON_NODES);
}

bool
spec_is_present(const struct spec *spec)
{
	return has_trait(spec, SPEC_PRESENT);
}

bool
spec_is_local(const struct spec *spec)
{
	return spec->scope == SPEC_LOCAL &&
	    (spec_is_by_attribute(spec) || spec->weights_auto);
}

bool
spec_reads_machine(const struct spec *spec)
{
	return spec_is_by_attribute(spec) || spec->weights_auto ||
	    (spec->source == SPEC_DAX && spec->dax != SPEC_DAX_PATH);
}
