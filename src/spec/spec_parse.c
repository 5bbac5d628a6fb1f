/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec_parse.c - a kind from text: the grammar, over the tables of sources and
 * options.
 *
 *     SPEC    = SOURCE [":" WHERE] ["," OPTION ["," OPTION]...]
 *     OPTION  = WORD "=" VALUE
 *
 * One pass from left to right, without copying: AT is where the parser stands,
 * and each function takes its part from there. The source is known before any
 * option is read, so an option that does not fit is told with those that do.
 * Options may come in any order, since what they mean together is checked at
 * the end (check.c). Where WHERE ends is for the source to say: a list of nodes
 * has commas of its own, and a path may have some that are escaped.
 *
 * Owns nothing. Called by kind/, libvmmalloc and the tests. Takes no lock,
 * allocates nothing. Fails with EINVAL, or ENAMETOOLONG for a path that no
 * system call would take, and a sentence that names the word at fault. What a
 * failed parse leaves in the spec means nothing.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/hint.h"
#include "spec/known.h"
#include "spec/table.h"

#define BEGINS \
	"it begins with a source, like dram, nodes:LIST, hbw or " \
	"file:DIRECTORY"

/* ---- The source ---------------------------------------------------------- */

/* The source that WORD names, SPEC_SOURCE_COUNT if none. */
static enum spec_source
find_source(struct word word)
{
	unsigned i = 0;

	while (i < SPEC_SOURCE_COUNT && !word_is(word, spec_sources[i].word))
		i++;
	return (enum spec_source)i;
}

/* No source and no option has a ";", so who writes one means a chain, as in
 * VMMALLOC_KIND. 0, or -1 and the sentence. */
static int
check_semicolon(struct word word)
{
	if (memchr(word.text, ';', word.length) == NULL)
		return 0;
	return error_set(EINVAL, "\"%s\" has a \";\": a chain is written A > B",
	    quote(word).text);
}

/* A word that is a source without a text, the region, is told so: "unknown"
 * would be wrong, as poolkind_text() of such a kind begins with it. */
static int
parse_source(const char **at, struct spec *spec)
{
	struct word word = word_until(*at, ":,");
	struct known known = spec_words(SPEC_HAS_TEXT);

	if (**at == '\0')
		return error_set(EINVAL, "the spec is empty: " BEGINS);
	if (word.length == 0)
		return error_set(EINVAL, "no source before \"%s\": " BEGINS,
		    quote(word_of(*at)).text);
	spec->source = find_source(word);
	if (spec->source == SPEC_SOURCE_COUNT)
		return check_semicolon(word) != 0 ?
		    -1 :
		    known_fail(&known, "source", word, hint_source(*at).text);
	if (!(spec_sources[spec->source].traits & SPEC_HAS_TEXT))
		return error_set(EINVAL,
		    "the source \"%s\" has no text: open it with "
		    "poolkind_open_region() (known: %s)",
		    spec_sources[spec->source].word, known_list(&known).text);
	*at += word.length;
	return 0;
}

/* Takes ":WHERE", or nothing, from *AT. Whether a source has one is in its row:
 * of those that have one it is required. */
static int
parse_where(const char **at, struct spec *spec)
{
	const char *source = spec_sources[spec->source].word;
	const struct spec_where *where = spec_sources[spec->source].where;
	bool given = **at == ':';

	*at += given;
	if (where->parse == NULL && given)
		return error_set(EINVAL,
		    "%s takes no location: write \"%s\" without \":%s\"",
		    source, source, quote(word_until(*at, ",")).text);
	if (where->parse == NULL)
		return 0;
	if (**at == '\0' || **at == ',')
		return error_set(EINVAL, "%s without a location: write %s",
		    source, where->form);
	return where->parse(at, spec);
}

/* ---- Options ------------------------------------------------------------- */

/* Only those that the source takes: a suggestion of another would lead to the
 * next error. */
static struct known
known_options(enum spec_source source)
{
	struct known known = { .count = 0 };

	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		if (option_fits(&spec_options[i], source))
			known_add(&known, spec_options[i].word);
	return known;
}

/* The option that begins at AT; NULL and the sentence when there is none, or
 * one that the source does not take. */
static const struct spec_option *
find_option(enum spec_source source, const char *at)
{
	struct word word = word_until(at, "=,");
	struct known known = known_options(source);

	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++) {
		const struct spec_option *option = &spec_options[i];

		if (!word_is(word, option->word))
			continue;
		if (option_fits(option, source))
			return option;
		error_set(EINVAL,
		    "option \"%s\" does not fit the source %s, which takes %s",
		    option->word, spec_sources[source].word,
		    known_list(&known).text);
		return NULL;
	}
	known_fail(
	    &known, "option", word, hint_option(source, &known, at).text);
	return NULL;
}

/* The words on both sides of the "=" in "name=value"; the value is empty where
 * there is none. */
static struct word
take_value(const char **at, struct word name)
{
	const char *after = *at + name.length;
	struct word value = word_until(after + (*after == '='), ",");

	*at = value.text + value.length;
	return value;
}

/* GIVEN is set before the value is parsed: an offset of 0 means that the option
 * has no such field, as the first field of a spec is its source. */
static int
store(const struct spec_option *option, struct word value, struct spec *spec)
{
	if (option->given != 0)
		*(bool *)((char *)spec + option->given) = true;
	return option->type->parse(option, value, spec);
}

/* Takes one option from *AT; GIVEN has a bit for each that came before. The
 * same option twice is an error even if the values agree: else one of them
 * would win unseen. */
static int
parse_option(const char **at, struct spec *spec, unsigned *given)
{
	struct word name = word_until(*at, "=,"), value;
	const struct spec_option *option;
	unsigned bit;

	if (**at == '\0')
		return error_set(EINVAL,
		    "the spec ends with a comma: an option should follow it");
	if (name.length == 0)
		return error_set(EINVAL,
		    "an option is missing before \"%s\": options are written "
		    "name=value, with one comma between them",
		    quote(word_of(*at)).text);
	if (check_semicolon(word_until(*at, ",")) != 0)
		return -1;
	option = find_option(spec->source, *at);
	if (option == NULL)
		return -1;
	value = take_value(at, name);
	if (value.length == 0)
		return error_set(EINVAL,
		    "option \"%s\" has no value: write %s=VALUE", option->word,
		    option->word);
	bit = 1u << (option - spec_options);
	if (*given & bit)
		return error_set(EINVAL,
		    "option \"%s\" is given twice: the second is %s=%s",
		    option->word, option->word, quote(value).text);
	*given |= bit;
	return store(option, value, spec);
}

/* Options with one comma between them. An empty one is an error wherever it
 * stands, also at the end. */
static int
parse_options(const char *at, struct spec *spec)
{
	unsigned given = 0;

	if (parse_option(&at, spec, &given) != 0)
		return -1;
	while (*at != '\0') {
		at++;
		if (parse_option(&at, spec, &given) != 0)
			return -1;
	}
	return check_together(spec);
}

/* ---- The whole ----------------------------------------------------------- */

/* Without options nothing can contradict another, so check_together() is not
 * called. */
int
spec_parse(const char *text, struct spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	if (text == NULL)
		return error_set(EINVAL, "the spec is NULL: " BEGINS);
	if (parse_source(&text, spec) != 0 || parse_where(&text, spec) != 0)
		return -1;
	return *text == '\0' ? 0 : parse_options(text + 1, spec);
}

int
spec_parse_options(const char *text, struct spec *spec)
{
	if (text == NULL || *text == '\0')
		return 0;
	return parse_options(text, spec);
}
