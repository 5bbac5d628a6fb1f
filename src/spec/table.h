/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - the tables of sources and of options, for all who parse, print,
 * list or check them.
 *
 * Owns nothing: both are constant. Called by the parser, the printer, the
 * program poolkind and the tests. Takes no lock, allocates nothing.
 */
#ifndef SPEC_TABLE_H
#define SPEC_TABLE_H

#include "base/word.h"
#include "spec/known.h"
#include "spec/spec.h"
#include "spec/where.h"
#include "spec/writer.h"

struct spec_source_row {
	const char *word;
	const struct spec_where *where;
	unsigned traits;
	const char *meaning;
};

extern const struct spec_source_row spec_sources[SPEC_SOURCE_COUNT];

/* The words of the sources with one of TRAITS. */
struct known spec_words(unsigned traits);

struct spec_option;

/* How the values of some options are read and written. */
struct option_type {
	/* Stores VALUE, which is not empty; -1 and the sentence if it cannot
	 * be. The source of SPEC is known by then. */
	int (*parse)(const struct spec_option *option, struct word value,
	    struct spec *spec);
	/* Writes ",option=value", or nothing if that is the default. */
	void (*print)(const struct spec_option *option, const struct spec *spec,
	    struct writer *to);
};

struct spec_option {
	const char *word;
	unsigned takers;     /* the traits of sources that take it */
	const char *form;    /* how a value is written */
	const char *initial; /* the default, as poolkind(7) calls it */
	const char *section; /* of poolkind(7), where it is explained */
	const struct option_type *type;
	size_t field; /* offset of what it sets */
	size_t given; /* offset of a bool for "it was given"; 0: none */
	/* The words of a choice, in the order of its enum. */
	const char *const *words;
	size_t word_count;
};

/* Where the option's value is in a spec, by the offset in its row. The type of
 * the field is not checked by the compiler: it is the one that the functions of
 * the row's type store. */
#define OPTION_FIELD(option, spec, type) \
	((type *)(void *)((char *)(spec) + (option)->field))
#define CONST_OPTION_FIELD(option, spec, type) \
	((const type *)(const void *)((const char *)(spec) + (option)->field))

/* Writes ",option=". */
static inline void
option_begin(const struct spec_option *option, struct writer *to)
{
	write_char(to, ',');
	write_text(to, option->word);
	write_char(to, '=');
}

/* Sizes, parts, and the limit, which may be either: option_size.c. */
extern const struct option_type option_size, option_percent, option_limit;

/* The size of pages: option_page.c. */
extern const struct option_type option_page;

/* In the order in which a spec is printed. */
#define SPEC_OPTION_COUNT 19
extern const struct spec_option spec_options[SPEC_OPTION_COUNT];

/* Whether the source takes the option. */
static inline bool
option_fits(const struct spec_option *option, enum spec_source source)
{
	return (option->takers & spec_sources[source].traits) != 0;
}

/* 0, or -1 and the sentence where options contradict each other. */
int check_together(const struct spec *spec);

#endif /* SPEC_TABLE_H */
