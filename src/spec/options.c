/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c - the types of options, but for sizes (option_size.c) and pages
 * (option_page.c), and the table of all. See table.h.
 *
 * Owns nothing: the tables are constant. Takes no lock, allocates nothing.
 * Parsing fails with EINVAL and a sentence that names option and value;
 * printing cannot fail.
 *
 * A new option is its field in struct spec and a row here (SPEC_OPTION_COUNT
 * counts them); and a row in poolkind(7), without which a test fails. The
 * parser finds it by its word, knows by its traits which sources take it and so
 * whether to list it in a sentence, and hands its value to its type; the
 * printer and the program poolkind walk the table. What depends on other
 * options is said in check.c. A type is a pair of functions that serves every
 * option whose value looks alike: it gets the row, and by it knows where in the
 * spec to store.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"
#include "spec/table.h"

/* ---- One of a few words -------------------------------------------------- */

/* An enum of spec.h, all of which begin at 0 with their default, and have their
 * words in the same order. So the index of the word is the value. */
static int
parse_choice(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	struct known known = known_of(option->words, option->word_count);
	char what[32] = "value of ";
	int chosen;

	strcat(what, option->word);
	chosen = known_choose(&known, what, value);
	if (chosen < 0)
		return -1;
	*OPTION_FIELD(option, spec, unsigned) = (unsigned)chosen;
	return 0;
}

/* A value past the words is one that only code can set: it has no text. */
static void
print_choice(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	unsigned chosen = *CONST_OPTION_FIELD(option, spec, unsigned);

	if (chosen == 0 || chosen >= option->word_count)
		return;
	option_begin(option, to);
	write_text(to, option->words[chosen]);
}

/* policy=local is for dram, all other policies for sources with nodes: one says
 * that memory is where it is touched first, the others say which nodes. That is
 * known here and not in check.c, as the source comes before its options. */
static int
parse_policy(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	bool has_nodes = spec_has_nodes(spec);

	if (parse_choice(option, value, spec) != 0)
		return -1;
	if ((spec->policy != SPEC_POLICY_LOCAL) == has_nodes)
		return 0;
	return error_set(EINVAL, "policy=%s does not fit the source %s: %s",
	    option->words[spec->policy], spec_sources[spec->source].word,
	    has_nodes ? "local is for dram, nodes have bind, preferred..." :
			"without nodes only policy=local makes sense");
}

/* ---- yes and no ---------------------------------------------------------- */

static const char *const flag_words[] = { "no", "yes" };

/* "no" is taken too, which is the default of all of them: a script can then
 * write the option always. */
static int
parse_flag(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	static const char *const other[] = { "false", "true", "0", "1", "off",
		"on" };
	struct known known = known_of(flag_words, ARRAY_SIZE(flag_words));
	struct known others = known_of(other, ARRAY_SIZE(other));
	int chosen = known_find(&known, value), meant;
	char what[32] = "value of ";

	*OPTION_FIELD(option, spec, bool) = chosen > 0;
	if (chosen >= 0)
		return 0;
	meant = known_find(&others, value);
	return known_fail(&known, strcat(what, option->word), value,
	    meant < 0 ? "" : flag_words[meant % 2]);
}

static void
print_flag(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	if (!*CONST_OPTION_FIELD(option, spec, bool))
		return;
	option_begin(option, to);
	write_text(to, "yes");
}

/* "yes" is one thread, the caller's. */
static int
parse_threads(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	struct known known = known_of(flag_words, ARRAY_SIZE(flag_words));
	int flag = known_find(&known, value);
	size_t count = (size_t)flag;
	const char *end;

	if (flag < 0 &&
	    (spec_parse_size(value.text, &end, &count) != 0 ||
		end != value.text + value.length || end[-1] > '9' ||
		count == 0 || count > SPEC_THREADS_MAX))
		return error_set(EINVAL,
		    "%s=%s: write yes, no, or how many threads take the pages, "
		    "from 1 to %d",
		    option->word, quote(value).text, SPEC_THREADS_MAX);
	*OPTION_FIELD(option, spec, unsigned) = (unsigned)count;
	return 0;
}

static void
print_threads(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	unsigned threads = *CONST_OPTION_FIELD(option, spec, unsigned);

	if (threads == 0)
		return;
	option_begin(option, to);
	if (threads == 1)
		write_text(to, "yes");
	else
		write_number(to, threads);
}

/* ---- Names --------------------------------------------------------------- */

/* Names are what fallback= refers to, and appear in sentences and in the text
 * of the kind: so they have no comma, no space and nothing that must be
 * escaped. */
static int
parse_name(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	char *name = OPTION_FIELD(option, spec, char);

	if (strspn(value.text, SPEC_NAME_CHARACTERS) < value.length)
		return error_set(EINVAL,
		    "%s=%s: a name has letters, digits, \"_\", \".\" and \"-\" "
		    "only",
		    option->word, quote(value).text);
	if (value.length >= SPEC_NAME_MAX)
		return error_set(EINVAL,
		    "%s=%s: a name has %d characters at most", option->word,
		    quote(value).text, SPEC_NAME_MAX - 1);
	memcpy(name, value.text, value.length);
	name[value.length] = '\0';
	return 0;
}

static void
print_name(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	const char *name = CONST_OPTION_FIELD(option, spec, char);

	if (name[0] == '\0')
		return;
	option_begin(option, to);
	write_text(to, name);
}

/* ---- Nodes and weights --------------------------------------------------- */

#define AUTO "auto"

static int
parse_one_node(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	char what[32];

	strcat(strcpy(what, option->word), "=");
	return parse_node(what, value, OPTION_FIELD(option, spec, unsigned));
}

/* Node 0 is a node like any other: `given` tells it from none. */
static void
print_one_node(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	if (!*(const bool *)((const char *)spec + option->given))
		return;
	option_begin(option, to);
	write_number(to, *CONST_OPTION_FIELD(option, spec, unsigned));
}

/* One number of a list of weights, from 1 to 255, as the system's own weights
 * (Linux 6.9); 0 if WORD is none. */
static uint8_t
weight_of(struct word word)
{
	size_t weight;
	const char *end;

	if (word.length == 0 ||
	    spec_parse_size(word.text, &end, &weight) != 0 ||
	    end != word.text + word.length || weight > UINT8_MAX)
		return 0;
	return (uint8_t)weight;
}

/* "auto", or "3:1", a number for each node, with colons, as a comma would begin
 * the next option. A 0 ends the list. What comes before a fault has been
 * stored: what a failed parse leaves in the spec means nothing. */
static int
parse_weights(
    const struct spec_option *option, struct word value, struct spec *spec)
{
	uint8_t *weights = OPTION_FIELD(option, spec, uint8_t);
	struct word rest = value, one;
	size_t count = 0;

	if (word_is(value, AUTO)) {
		spec->weights_auto = true;
		return 0;
	}
	while (word_next(&rest, ':', &one)) {
		uint8_t weight = weight_of(one);

		if (weight == 0)
			return error_set(EINVAL,
			    "%s=%s: \"%s\" is not a weight: write a number "
			    "from 1 to 255 for each node, with colons between "
			    "them: 3:1; or " AUTO,
			    option->word, quote(value).text, quote(one).text);
		if (count == SPEC_WEIGHTS_MAX)
			return error_set(EINVAL,
			    "%s=%s: more than %d weights; the system's own, "
			    "without %s=, serve any number of nodes",
			    option->word, quote(value).text, SPEC_WEIGHTS_MAX,
			    option->word);
		weights[count++] = weight;
	}
	return 0;
}

/* Once they were found, the numbers: they are what "auto" came to. */
static void
print_weights(const struct spec_option *option, const struct spec *spec,
    struct writer *to)
{
	const uint8_t *weights = CONST_OPTION_FIELD(option, spec, uint8_t);

	if (weights[0] == 0 && spec->weights_auto) {
		option_begin(option, to);
		write_text(to, AUTO);
	}
	for (size_t i = 0; i < SPEC_WEIGHTS_MAX && weights[i] != 0; i++) {
		if (i == 0)
			option_begin(option, to);
		else
			write_char(to, ':');
		write_number(to, weights[i]);
	}
}

/* ---- The table ----------------------------------------------------------- */

static const struct option_type choice = { parse_choice, print_choice },
				policy = { parse_policy, print_choice },
				flag = { parse_flag, print_flag },
				threads = { parse_threads, print_threads },
				name = { parse_name, print_name },
				node = { parse_one_node, print_one_node },
				weights = { parse_weights, print_weights };

/* In the order of the enums of spec.h. SPEC_FORK_COPY_OR_PRIVATE, the last of
 * its enum, is for libvmmalloc alone and has no word. */
static const char *const scope_words[] = { "local", "all" };
static const char *const page_words[] = { "auto", "4K", "thp" };
static const char *const policy_words[] = { "bind", "preferred",
	"preferred-many", "interleave", "weighted-interleave", "local" };
static const char *const fork_words[] = { "refuse", "shared", "copy",
	"private" };

#define SETS(name) .field = offsetof(struct spec, name)
#define GIVEN(name) .given = offsetof(struct spec, name)
#define WORDS(list) .words = (list), .word_count = ARRAY_SIZE(list)

#define HAS_PAGES (SPEC_ANONYMOUS | SPEC_IN_FILE)

/* Every choice is read and written through a pointer to unsigned. */
_Static_assert(sizeof(enum spec_fork) == sizeof(unsigned),
    "a choice is stored as an unsigned");

/* clang-format off */
const struct spec_option spec_options[SPEC_OPTION_COUNT] = {
	{ "scope", SPEC_ON_NODES, "local|all", "local",
	    "Nodes by memory attribute", &choice, SETS(scope),
	    WORDS(scope_words) },
	{ "page", SPEC_ANONYMOUS, "auto|4K|thp|SIZE", "auto",
	    "Page sizes", &option_page, SETS(page), WORDS(page_words) },
	{ "policy", SPEC_ANONYMOUS, "WORD", "bind",
	    "Policies", &policy, SETS(policy), WORDS(policy_words) },
	{ "weights", SPEC_ON_NODES, "NUMBERS|auto", "the system's",
	    "Policies", &weights, SETS(weights) },
	{ "home", SPEC_ON_NODES, "N", "none",
	    "Options", &node, SETS(home), GIVEN(home_given) },
	{ "populate", SPEC_ANONYMOUS, "yes|no|N", "no",
	    "Options", &threads, SETS(populate) },
	{ "offset", SPEC_ON_DEVICE, "SIZE", "0",
	    "Options", &option_size, SETS(offset) },
	{ "size", HAS_PAGES | SPEC_ON_DEVICE, "SIZE", "none",
	    "Options", &option_size, SETS(size) },
	{ "grow", HAS_PAGES, "yes|no", "no",
	    "Options", &flag, SETS(grow) },
	{ "reserve", HAS_PAGES, "yes|no", "no",
	    "Options", &flag, SETS(reserve) },
	{ "trust", SPEC_IN_FILE, "yes|no", "no",
	    "File systems", &flag, SETS(trust) },
	{ "limit", SPEC_ANY, "SIZE|N%|share", "none",
	    "Limits that are a part", &option_limit, SETS(limit) },
	{ "fork", SPEC_IN_FILE, "refuse|shared|copy|private", "refuse",
	    "Fork", &choice, SETS(fork), GIVEN(fork_given),
	    WORDS(fork_words) },
	{ "name", SPEC_ANY, "NAME", "kindN",
	    "Options", &name, SETS(name) },
	{ "fallback", SPEC_ANY, "NAME", "none",
	    "Options", &name, SETS(fallback) },
	{ "high", SPEC_ANY, "N%", "none",
	    "Marks", &option_percent, SETS(high) },
	{ "low", SPEC_ANY, "N%", "high less 10",
	    "Marks", &option_percent, SETS(low) },
	{ "spill-from", SPEC_ANY, "SIZE", "64K",
	    "Marks", &option_size, SETS(spill_from) },
	{ "background", HAS_PAGES, "yes|no", "no",
	    "Options", &flag, SETS(background) },
};
/* clang-format on */
