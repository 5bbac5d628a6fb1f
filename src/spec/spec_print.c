/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec_print.c - a kind back into text, over the tables of sources and options.
 *
 * Owns nothing. Called by kind/, source/, libvmmalloc and the tests. Takes no
 * lock, allocates nothing, cannot fail: a text that does not fit is cut. What
 * is printed is parsed back into the same spec, but for the fields that have no
 * text.
 */
#include "spec/table.h"

size_t
spec_print(const struct spec *spec, char *text, size_t size)
{
	const struct spec_source_row *source = &spec_sources[spec->source];
	struct writer to = { .text = text, .size = size };

	write_text(&to, source->word);
	if (source->where->print != NULL) {
		write_char(&to, ':');
		source->where->print(&to, spec);
	}
	/* libvmmalloc says for any source what a fork does to it. A region has
	 * no text, and one that vmem_create(3) made has a size. */
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		if (option_fits(&spec_options[i], spec->source) ||
		    !(source->traits & SPEC_HAS_TEXT))
			spec_options[i].type->print(
			    &spec_options[i], spec, &to);
	if (size != 0)
		text[min_size(to.length, size - 1)] = '\0';
	return to.length;
}
