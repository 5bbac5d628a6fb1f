/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option_size.c - options whose value is a size, or a part in percent; and the
 * limit, which may be either. See table.h.
 *
 * Owns nothing, takes no lock, allocates nothing. Parsing fails with EINVAL and
 * a sentence that names option and value, and what to write; printing cannot
 * fail. What a part comes to is found when the kind is opened
 * (source/capacity.c).
 */
#include <errno.h>

#include "base/error.h"
#include "spec/hint.h"
#include "spec/known.h"
#include "spec/table.h"

/* ---- Sizes --------------------------------------------------------------- */

/* The value ends at the next comma, the text at its end: where the parser
 * stopped before, as in "1GiB" and "1.5G", it is not a size, and the sentence
 * says what to write: the size that was meant, or else FORMS. 0 stands for "not
 * given" in a spec, and so is not a size here. */
static int
not_a_size(
    const struct spec_option *option, struct word value, const char *forms)
{
	struct hint hint = hint_size(value);

	return error_set(EINVAL, "%s=%s is not a size: write %s", option->word,
	    quote(value).text, hint.text[0] != '\0' ? hint.text : forms);
}

static int
read_size(const struct spec_option *option, struct word value,
    struct spec *spec, const char *forms)
{
	size_t *size = OPTION_FIELD(option, spec, size_t);
	const char *end;
	int error = spec_parse_size(value.text, &end, size) == 0 ? 0 : errno;

	if (end != value.text + value.length || error == EINVAL)
		return not_a_size(option, value, forms);
	if (error == ERANGE)
		return error_set(EINVAL,
		    "%s=%s is more than an address can have: it must be less "
		    "than 2^64 bytes",
		    option->word, quote(value).text);
	if (*size == 0)
		return error_set(EINVAL,
		    "%s=%s is not a size: leave %s= out for a kind without one",
		    option->word, quote(value).text, option->word);
	return 0;
}

static int
parse_size(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	return read_size(
	    option, value, spec, "a number of bytes, or one with K, M, G or T");
}

static void
print_size(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	size_t size = *CONST_OPTION_FIELD(option, spec, size_t);

	if (size == 0)
		return;
	option_begin(option, to);
	write_size(to, size);
}

/* ---- Parts --------------------------------------------------------------- */

/* "50%": a whole number, of 100 at most. */
static int
read_percent(
    const struct spec_option *option, struct word value, unsigned *percent)
{
	const char *end;
	size_t number;

	if (value.text[value.length - 1] != '%' ||
	    spec_parse_size(value.text, &end, &number) != 0 ||
	    end != value.text + value.length - 1 || number == 0 ||
	    number > 100 || end[-1] > '9')
		return error_set(EINVAL,
		    "%s=%s is not a part of what there is: write a whole "
		    "number from 1%% to 100%%",
		    option->word, quote(value).text);
	*percent = (unsigned)number;
	return 0;
}

static int
parse_percent(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	return read_percent(
	    option, value, OPTION_FIELD(option, spec, unsigned));
}

static void
write_percent(
    const struct spec_option *option, unsigned percent, struct writer *to)
{
	option_begin(option, to);
	write_number(to, percent);
	write_char(to, '%');
}

static void
print_percent(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	unsigned percent = *CONST_OPTION_FIELD(option, spec, unsigned);

	if (percent != 0)
		write_percent(option, percent, to);
}

/* ---- The limit ----------------------------------------------------------- */

#define SHARE "share"

static int
parse_limit(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	static const char *const words[] = { SHARE };
	struct known known = known_of(words, ARRAY_SIZE(words));
	const char *near = known_nearest(&known, value);

	spec->limit_share = word_is(value, SHARE);
	if (spec->limit_share)
		return 0;
	if (value.text[value.length - 1] == '%')
		return read_percent(option, value, &spec->limit_percent);
	return read_size(option, value, spec,
	    near != NULL ? near :
			   "a size such as 8G, a part such as 50%, or share");
}

static void
print_limit(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	if (!spec_limit_is_part(spec)) {
		print_size(option, spec, to);
		return;
	}
	if (!spec->limit_share) {
		write_percent(option, spec->limit_percent, to);
		return;
	}
	option_begin(option, to);
	write_text(to, SHARE);
}

const struct option_type option_size = { parse_size, print_size },
			 option_percent = { parse_percent, print_percent },
			 option_limit = { parse_limit, print_limit };
