/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option_page.c - the pages of a kind: one of a few words, or the size of huge
 * pages. See table.h.
 *
 * Which sizes there are depends on the processor, on the size of its ordinary
 * pages and on the kernel; poolkind(7) has a list. So a text may have any power
 * of two that could be one, and means the same everywhere; a machine that does
 * not have it says so when the kind is opened (source/possible.c).
 *
 * Owns nothing, takes no lock, allocates nothing. Parsing fails with EINVAL and
 * a sentence that names option and value, and what to write; printing cannot
 * fail.
 */
#include <errno.h>

#include "base/error.h"
#include "spec/hint.h"
#include "spec/known.h"
#include "spec/table.h"

/* No Linux has huge pages that are smaller or larger. */
#define HUGE_PAGE_MIN (64 * KIB)
#define HUGE_PAGE_MAX (1024 * GIB)

/* The value is none of the words. It may be a size that no page has, one that
 * is written as other programs want it, or no size at all. */
static int
fail(const struct spec_option *option, struct word value, bool is_size)
{
	struct known known = known_of(option->words, option->word_count);
	struct hint hint = hint_size(value);

	known_add(&known, "a size such as 2M");
	if (is_size)
		return error_set(EINVAL,
		    "%s=%s is not the size of huge pages: write a power of two "
		    "from 64K to 1T, such as 2M, or 4K for ordinary pages",
		    option->word, quote(value).text);
	if (hint.text[0] != '\0')
		return error_set(EINVAL, "%s=%s is not a size: write %s",
		    option->word, quote(value).text, hint.text);
	return known_fail(&known, "value of page", value, "");
}

static int
parse_page(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	struct known known = known_of(option->words, option->word_count);
	int chosen = known_find(&known, value);
	const char *end;
	bool is_size;
	size_t size;

	if (chosen >= 0) {
		spec->page = (enum spec_page)chosen;
		return 0;
	}
	is_size = spec_parse_size(value.text, &end, &size) == 0 &&
	    end == value.text + value.length;
	if (!is_size || !is_power_of_two(size) || size < HUGE_PAGE_MIN ||
	    size > HUGE_PAGE_MAX)
		return fail(option, value, is_size);
	spec->page = SPEC_PAGE_HUGE;
	spec->page_bytes = size;
	return 0;
}

static void
print_page(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	if (spec->page == SPEC_PAGE_AUTO)
		return;
	option_begin(option, to);
	if (spec->page == SPEC_PAGE_HUGE)
		write_size(to, spec->page_bytes);
	else
		write_text(to, option->words[spec->page]);
}

const struct option_type option_page = { parse_page, print_page };
