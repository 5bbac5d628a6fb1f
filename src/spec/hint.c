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
	{ "cxl-dram", SPEC_CXL },
	{ "cxlmem", SPEC_CXL },
	{ "memory_tier", SPEC_TIER },
	{ "memory-tier", SPEC_TIER },
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

/* The option of SOURCE that has a value VALUE, which needs no name before it to
 * be known: "thp", "interleave"; NULL if none has. */
static const struct spec_option *
option_with(enum spec_source source, struct word value)
{
	for (size_t i = 0; i < SPEC_OPTION_COUNT; i++)
		for (size_t j = 0; j < spec_options[i].word_count; j++)
			if (word_is(value, spec_options[i].words[j]) &&
			    option_fits(&spec_options[i], source))
				return &spec_options[i];
	return NULL;
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

/* Blanks for commas: "dram limit=1G". */
static struct hint
hint_commas(const char *at, struct word all)
{
	struct word name = word_until(at, " ");
	enum spec_source source = source_of(name);
	struct hint hint = join(all, "", word_of(""));

	if (name.length >= all.length || source == SPEC_SOURCE_COUNT ||
	    !is_option(source, word_until(at + name.length + 1, "=, ")))
		return (struct hint){ "" };
	for (char *text = hint.text; *text != '\0'; text++)
		if (*text == ' ')
			*text = ',';
	return hint;
}

/* The value of an option for a source, as numactl(8) has policies:
 * "interleave:0-3". */
static struct hint
hint_value(struct word value, struct word where)
{
	const struct spec_option *option = option_with(SPEC_NODES, value);
	struct hint source = join(
	    word_of("nodes"), ":", where.length > 0 ? where : word_of("all"));

	if (option == NULL || source.text[0] == '\0')
		return (struct hint){ "" };
	if (strcmp(option->word, "page") == 0)
		source = join(word_of("dram"), "", word_of(""));
	return join(word_of(source.text), ",",
	    word_of(join(word_of(option->word), "=", value).text));
}

/*
 * In this order: options behind a blank; a path; numbers of nodes; a size; the
 * name of a source with "=" for ":", or one that it has elsewhere; an option
 * without a source before it; the value of one.
 */
struct hint
hint_source(const char *at)
{
	struct word first = word_until(at, ":=,"), all = word_until(at, ",");
	struct word where = word_behind(first);
	enum spec_source source = source_of(first);
	struct hint size = hint_size(all);
	struct hint commas = hint_commas(at, all);

	if (commas.text[0] != '\0')
		return commas;
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
	return hint_value(first, where);
}

/* A source where an option should be, which says where it is: "tier=1". */
static struct hint
hint_source_in_option(struct word name)
{
	enum spec_source source = source_of(name);

	if (source == SPEC_SOURCE_COUNT ||
	    spec_sources[source].where->parse == NULL ||
	    word_behind(name).length == 0)
		return (struct hint){ "" };
	return join(word_of(spec_sources[source].word), ":", word_behind(name));
}

/* A name with ":" for "="; a size alone; a value alone; what follows a comma in
 * a path; a source. */
struct hint
hint_option(enum spec_source source, const struct known *known, const char *at)
{
	const struct spec_where *where = spec_sources[source].where;
	struct word all = word_until(at, ","), name = word_until(at, ":=,");
	const struct spec_option *option = option_with(source, all);
	struct hint size = hint_size(all);

	if (name.length < all.length && name.text[name.length] == ':' &&
	    is_option(source, name))
		return join(name, "=", word_behind(name));
	if (size.text[0] != '\0' && is_option(source, word_of("size")))
		return join(word_of("size"), "=", word_of(size.text));
	if (option != NULL)
		return join(word_of(option->word), "=", all);
	if ((where == &spec_where_directory || where == &spec_where_device) &&
	    name.length == all.length && known_nearest(known, name) == NULL)
		return join(word_of("\\,"), "", all);
	return hint_source_in_option(name);
}
