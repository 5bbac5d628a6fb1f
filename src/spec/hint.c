/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hint.c - see hint.h.
 *
 * Owns nothing: the table is constant. Takes no lock, allocates nothing, cannot
 * fail: what cannot be guessed, or does not fit, is an empty hint.
 */
#include "spec/hint.h"

#include <string.h>

#include "base/base.h"
#include "spec/table.h"

/* Names that sources have elsewhere. */
static const struct {
	const char *word;
	enum spec_source source;
} elsewhere[] = {
	{ "mem", SPEC_DRAM },
	{ "memory", SPEC_DRAM },
	{ "anon", SPEC_DRAM },
	{ "anonymous", SPEC_DRAM },
	{ "default", SPEC_DRAM },
	{ "malloc", SPEC_DRAM },
	{ "heap", SPEC_DRAM },
	{ "node", SPEC_NODES },
	{ "numa", SPEC_NODES },
	{ "numanode", SPEC_NODES },
	{ "hbm", SPEC_HBW },
	{ "mcdram", SPEC_HBW },
	{ "fast", SPEC_BANDWIDTH },
	{ "low-latency", SPEC_LATENCY },
	{ "large", SPEC_CAPACITY },
	{ "kmem", SPEC_DAX_KMEM },
	{ "pmem", SPEC_FILE },
	{ "fsdax", SPEC_FILE },
	{ "path", SPEC_FILE },
	{ "dir", SPEC_FILE },
	{ "directory", SPEC_FILE },
	{ "tmpfs", SPEC_FILE },
	{ "devdax", SPEC_DAX },
};

static void
write_word(struct writer *to, struct word word)
{
	for (size_t i = 0; i < word.length; i++)
		write_char(to, word.text[i]);
}

/* All three; empty if that is too long to be quoted. */
static struct hint
join(struct word word, const char *between, struct word after)
{
	struct hint hint = { "" };
	struct writer to = { hint.text, HINT_MAX, 0 };

	write_word(&to, word);
	write_text(&to, between);
	write_word(&to, after);
	if (to.length >= HINT_MAX)
		hint.text[0] = '\0';
	return hint;
}

/* What follows WORD and one character more, up to the next comma. */
static struct word
word_behind(struct word word)
{
	const char *after = word.text + word.length;

	return word_until(after + (*after == ':' || *after == '='), ",");
}

static enum spec_source
source_of(struct word word)
{
	for (unsigned i = 0; i < SPEC_SOURCE_COUNT; i++)
		if (word_is(word, spec_sources[i].word))
			return (enum spec_source)i;
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (word_is(word, elsewhere[i].word))
			return elsewhere[i].source;
	return SPEC_SOURCE_COUNT;
}

/* Whether SOURCE has an option WORD. */
static bool
is_option(enum spec_source source, struct word word)
{
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		if (word_is(word, spec_options[i].word))
			return option_fits(&spec_options[i], source);
	return false;
}

static bool
is_path(struct word word)
{
	return word.length > 0 && strchr("/.", word.text[0]) != NULL;
}

/* Numbers of nodes, not of bytes. */
static bool
is_list(struct word word)
{
	size_t digits = strspn(word.text, "0123456789");

	return digits > 0 && digits < 4 &&
	    strspn(word.text, "0123456789-") >= word.length;
}

/*
 * In this order: a path; numbers of nodes; a size; the name of a source with
 * "=" for ":", or one that it has elsewhere; an option without a source before
 * it.
 */
struct hint
hint_source(const char *at)
{
	struct word first = word_until(at, ":=,"), all = word_until(at, ",");
	struct word where = word_behind(first);
	enum spec_source source = source_of(first);
	struct hint size = hint_size(all);

	if (is_path(all))
		return join(
		    word_of(strncmp(at, "/dev/dax", 8) == 0 ? "dax" : "file"),
		    ":", all);
	if (is_list(all))
		return join(word_of("nodes"), ":", all);
	if (size.text[0] != '\0')
		return join(word_of("dram"), ",size=", word_of(size.text));
	if (source != SPEC_SOURCE_COUNT) {
		const struct spec_source_row *row = &spec_sources[source];

		return where.length > 0 && row->where->parse != NULL ?
		    join(word_of(row->word), ":", where) :
		    join(word_of(row->word), "", word_of(""));
	}
	if (is_option(SPEC_DRAM, first))
		return join(word_of("dram"), ",",
		    word_of(join(first, "=", where).text));
	return (struct hint){ "" };
}

/* A name with ":" for "="; a size alone; what follows a comma in a path. */
struct hint
hint_option(enum spec_source source, const struct known *known, const char *at)
{
	const struct spec_where *where = spec_sources[source].where;
	struct word all = word_until(at, ","), name = word_until(at, ":=,");
	struct hint size = hint_size(all);

	if (name.length < all.length && name.text[name.length] == ':' &&
	    is_option(source, name))
		return join(name, "=", word_behind(name));
	if (size.text[0] != '\0' && is_option(source, word_of("size")))
		return join(word_of("size"), "=", word_of(size.text));
	if ((where == &spec_where_directory || where == &spec_where_device) &&
	    name.length == all.length && known_nearest(known, name) == NULL)
		return join(word_of("\\,"), "", all);
	return (struct hint){ "" };
}
