/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec_parse.c - a kind from text.
 *
 * Owns nothing. Called by kind/, the shim and the tests. Takes no lock,
 * allocates nothing. Fails with EINVAL, or ENAMETOOLONG for a path that no
 * system call would take, and a sentence that names the word at fault. What a
 * failed parse leaves in the spec means nothing.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "spec/spec.h"
#include "spec/words.h"

/* A piece of the text; not terminated. */
struct word {
	const char *start;
	size_t length;
};

/* The longest quotation in a sentence, which has room for little more than
 * one and the known words. */
#define QUOTE_MAX 48
struct quote {
	char text[QUOTE_MAX + sizeof("...")];
};

#define KNOWN_MAX 160
struct list {
	char text[KNOWN_MAX];
};

enum option {
	OPTION_SCOPE,
	OPTION_PAGE,
	OPTION_POLICY,
	OPTION_WEIGHTS,
	OPTION_HOME,
	OPTION_POPULATE,
	OPTION_OFFSET,
	OPTION_SIZE,
	OPTION_GROW,
	OPTION_RESERVE,
	OPTION_TRUST,
	OPTION_LIMIT,
	OPTION_FORK,
	OPTION_NAME,
	OPTION_FALLBACK,
	OPTIONS
};

static const char *const option_words[OPTIONS] = { "scope", "page", "policy",
	"weights", "home", "populate", "offset", "size", "grow", "reserve",
	"trust", "limit", "fork", "name", "fallback" };

#define BIT(option) (1u << (option))
#define OPTIONS_OF_ANY \
	(BIT(OPTION_LIMIT) | BIT(OPTION_NAME) | BIT(OPTION_FALLBACK))
#define OPTIONS_OF_SIZED \
	(OPTIONS_OF_ANY | BIT(OPTION_SIZE) | BIT(OPTION_GROW) | \
	    BIT(OPTION_RESERVE))

#define OPTIONS_OF_DRAM \
	(OPTIONS_OF_SIZED | BIT(OPTION_PAGE) | BIT(OPTION_POLICY) | \
	    BIT(OPTION_POPULATE))
#define OPTIONS_OF_NODES \
	(OPTIONS_OF_DRAM | BIT(OPTION_WEIGHTS) | BIT(OPTION_HOME))
#define OPTIONS_OF_RANK (OPTIONS_OF_NODES | BIT(OPTION_SCOPE))

/* Which options a source takes. */
static const unsigned source_options[] = {
	[SPEC_DRAM] = OPTIONS_OF_DRAM,
	[SPEC_NODES] = OPTIONS_OF_NODES,
	[SPEC_HBW] = OPTIONS_OF_RANK,
	[SPEC_BANDWIDTH] = OPTIONS_OF_RANK,
	[SPEC_LATENCY] = OPTIONS_OF_RANK,
	[SPEC_CAPACITY] = OPTIONS_OF_RANK,
	[SPEC_DAX_KMEM] = OPTIONS_OF_RANK,
	[SPEC_FILE] = OPTIONS_OF_SIZED | BIT(OPTION_TRUST) | BIT(OPTION_FORK),
	[SPEC_DAX] = OPTIONS_OF_ANY | BIT(OPTION_OFFSET) | BIT(OPTION_SIZE),
	[SPEC_REGION] = OPTIONS_OF_ANY,
};

/*
 * ---- Words ------------------------------------------------------------------
 */

/* The bytes of TEXT before the first of STOPS. */
static struct word
word_until(const char *text, const char *stops)
{
	return (struct word){ text, strcspn(text, stops) };
}

static bool
word_is(struct word word, const char *known)
{
	return strlen(known) == word.length &&
	    memcmp(word.start, known, word.length) == 0;
}

static struct quote
quote(struct word word)
{
	size_t length = min_size(word.length, QUOTE_MAX);
	struct quote quoted;

	memcpy(quoted.text, word.start, length);
	strcpy(quoted.text + length, word.length > QUOTE_MAX ? "..." : "");
	return quoted;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many letters have to be changed, added or left out, case aside, to make
 * WORD into KNOWN, which is short. One row of the usual table. */
static size_t
distance(struct word word, const char *known)
{
	size_t row[24], columns = strlen(known), i, j, corner, above;

	invariant(columns < ARRAY_SIZE(row));
	for (j = 0; j <= columns; j++)
		row[j] = j;
	for (i = 1; i <= word.length; i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= columns; j++) {
			above = row[j];
			if (lower(word.start[i - 1]) == lower(known[j - 1]))
				row[j] = corner;
			else
				row[j] = 1 +
				    min_size(
					corner, min_size(above, row[j - 1]));
			corner = above;
		}
	}
	return row[columns];
}

/* Those of the COUNT words whose bit is set in WHICH, in one line. */
static struct list
list_words(const char *const *words, size_t count, unsigned which)
{
	struct list list = { "" };
	size_t i;

	for (i = 0; i < count; i++) {
		if (!(which & BIT(i)))
			continue;
		if (list.text[0] != '\0')
			strcat(list.text, ", ");
		strcat(list.text, words[i]);
	}
	invariant(strlen(list.text) < sizeof(list.text));
	return list;
}

/* Fails for a word that is none of those known, with the nearest of them if
 * it is near: less than half of its letters are different. */
static int
unknown(const char *what, struct word word, const char *const *words,
    size_t count, unsigned which)
{
	struct list list = list_words(words, count, which);
	const char *nearest = NULL;
	size_t least = SIZE_MAX, far, i;

	for (i = 0; i < count && word.length <= QUOTE_MAX; i++) {
		far = which & BIT(i) ? distance(word, words[i]) : SIZE_MAX;
		if (far < least && far * 2 < max_size(strlen(words[i]), 3)) {
			least = far;
			nearest = words[i];
		}
	}
	return error_set(EINVAL, "unknown %s \"%s\"%s%s%s (known: %s)", what,
	    quote(word).text, nearest != NULL ? ": did you mean \"" : "",
	    nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "",
	    list.text);
}

/* The index of WORD among the COUNT words, or -1 and the sentence. */
static int
choose(
    const char *what, struct word word, const char *const *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (word_is(word, words[i]))
			return (int)i;
	return unknown(what, word, words, count, BIT(count) - 1);
}

/*
 * ---- Sizes ------------------------------------------------------------------
 */

int
spec_parse_size(const char *text, const char **end, size_t *size)
{
	static const char units[] = "kmgt";
	bool is_number = is_digit(*text), too_large = false;
	size_t value = 0, unit;

	for (; is_digit(*text); text++)
		too_large |= __builtin_mul_overflow(
				 value, (size_t)10, &value) ||
		    __builtin_add_overflow(
			value, (size_t)(*text - '0'), &value);
	for (unit = 0; units[unit] != '\0'; unit++)
		if (lower(*text) == units[unit])
			break;
	if (is_number && units[unit] != '\0') {
		text++;
		too_large |= __builtin_mul_overflow(
		    value, (size_t)1 << 10 * (unit + 1), &value);
	}
	if (end != NULL)
		*end = text;
	if (is_number && !too_large) {
		*size = value;
		return 0;
	}
	errno = is_number ? ERANGE : EINVAL;
	return -1;
}

/* A size that is an option's whole value, and not nothing. */
static int
option_size(const char *option, struct word word, size_t *size)
{
	const char *end;

	if (spec_parse_size(word.start, &end, size) != 0 ||
	    end != word.start + word.length)
		return error_set(EINVAL,
		    "%s=%s is no size: write a number of "
		    "bytes, or one with K, M, G or T, below 16777216T",
		    option, quote(word).text);
	if (*size == 0)
		return error_set(EINVAL,
		    "%s=%s is no size: leave %s= out for "
		    "a kind without one",
		    option, quote(word).text, option);
	return 0;
}

/*
 * ---- Where ------------------------------------------------------------------
 */

/* Takes one number of a node from *AT. */
static int
parse_node(const char **at, unsigned *node)
{
	struct word word = { *at, strspn(*at, "0123456789") };
	size_t i;

	if (word.length == 0)
		return error_set(EINVAL,
		    "nodes: \"%s\" where a number should "
		    "be: a list is like 0-3,5",
		    quote(word_until(*at, ",")).text);
	*node = 0;
	for (i = 0; i < word.length && *node < SPEC_NODES_MAX; i++)
		*node = *node * 10 + (unsigned)(word.start[i] - '0');
	if (*node >= SPEC_NODES_MAX)
		return error_set(EINVAL,
		    "nodes: %s is no node: they go from "
		    "0 to %d",
		    quote(word).text, SPEC_NODES_MAX - 1);
	*at += word.length;
	return 0;
}

/* Takes one node or a range of them from *AT. */
static int
parse_node_range(const char **at, struct spec *spec)
{
	struct word word = word_until(*at, ",");
	unsigned first, last;

	if (parse_node(at, &first) != 0)
		return -1;
	last = first;
	if (**at == '-') {
		(*at)++;
		if (parse_node(at, &last) != 0)
			return -1;
	}
	if (last < first)
		return error_set(EINVAL,
		    "nodes: %s runs backwards: write "
		    "%u-%u",
		    quote(word).text, last, first);
	for (; first <= last; first++)
		spec->nodes[first / 64] |= (uint64_t)1 << first % 64;
	return 0;
}

/* A comma goes on with the list when a digit follows: no option begins so. */
static int
parse_nodes(const char **at, struct spec *spec)
{
	if (parse_node_range(at, spec) != 0)
		return -1;
	while (**at == ',' && is_digit((*at)[1])) {
		(*at)++;
		if (parse_node_range(at, spec) != 0)
			return -1;
	}
	if (**at != ',' && **at != '\0')
		return error_set(EINVAL,
		    "nodes: \"%s\" after a node: a list "
		    "is like 0-3,5",
		    quote(word_until(*at, ",")).text);
	return 0;
}

/* Takes the path from *AT, up to a comma that no backslash is before. */
static int
parse_path(const char **at, struct spec *spec)
{
	const char *from = *at;
	size_t length = 0;

	for (; *from != '\0' && *from != ','; from++) {
		if (*from == '\\') {
			from++;
			if (*from != '\\' && *from != ',')
				return error_set(EINVAL,
				    "a backslash in the "
				    "path of \"%s\": write \\\\ for a "
				    "backslash and \\, for a comma",
				    quote(word_until(*at, "")).text);
		}
		if (length == sizeof(spec->path) - 1)
			return error_set(ENAMETOOLONG,
			    "the path \"%s\" is too "
			    "long: it may have %d bytes",
			    quote(word_until(*at, "")).text, PATH_MAX - 1);
		spec->path[length++] = *from;
	}
	spec->path[length] = '\0';
	*at = from;
	return 0;
}

/* Takes "auto", "node=N" or a path from *AT. */
static int
parse_dax(const char **at, struct spec *spec)
{
	static const char node[] = "node=";

	if (word_is(word_until(*at, ","), "auto")) {
		spec->dax = SPEC_DAX_AUTO;
		*at += strlen("auto");
		return 0;
	}
	if (strncmp(*at, node, strlen(node)) == 0) {
		spec->dax = SPEC_DAX_NODE;
		*at += strlen(node);
		return parse_node(at, &spec->dax_node);
	}
	return parse_path(at, spec);
}

/* How a source says where, "" if it does not. */
static const char *
where_of(enum spec_source source)
{
	switch (source) {
	case SPEC_NODES:
		return "nodes:LIST with a list like 0-3,5";
	case SPEC_FILE:
		return "file:DIRECTORY";
	case SPEC_DAX:
		return "dax:PATH, dax:auto or dax:node=N";
	default:
		return "";
	}
}

/* Takes ":WHERE", or nothing, from *AT. */
static int
parse_where(const char **at, struct spec *spec)
{
	const char *source = spec_source_words[spec->source];
	const char *where = where_of(spec->source);
	bool given = **at == ':';

	*at += given;
	if (where[0] == '\0')
		return !given ?
		    0 :
		    error_set(EINVAL,
			"%s takes no place: "
			"write \"%s\" without \":%s\"",
			source, source, quote(word_until(*at, ",")).text);
	if (**at == '\0' || **at == ',')
		return error_set(
		    EINVAL, "%s without a place: write %s", source, where);
	switch (spec->source) {
	case SPEC_NODES:
		return parse_nodes(at, spec);
	case SPEC_DAX:
		return parse_dax(at, spec);
	default:
		return parse_path(at, spec);
	}
}

/*
 * ---- Options ----------------------------------------------------------------
 */

static int
set_name(const char *option, char *name, struct word word)
{
	static const char valid[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (strspn(word.start, valid) < word.length)
		return error_set(EINVAL,
		    "%s=%s: a name has letters, digits, "
		    "\"_\", \".\" and \"-\" only",
		    option, quote(word).text);
	if (word.length >= SPEC_NAME_MAX)
		return error_set(EINVAL,
		    "%s=%s: a name has %d characters "
		    "at most",
		    option, quote(word).text, SPEC_NAME_MAX - 1);
	memcpy(name, word.start, word.length);
	name[word.length] = '\0';
	return 0;
}

static int
set_flag(const char *what, struct word word, bool *flag)
{
	static const char *const words[] = { "no", "yes" };
	int chosen = choose(what, word, words, ARRAY_SIZE(words));

	*flag = chosen > 0;
	return chosen < 0 ? -1 : 0;
}

/* "3:1", a number for each node. */
static int
set_weights(struct spec *spec, struct word word)
{
	const char *at = word.start, *end = at + word.length;
	size_t count = 0, weight;

	for (;;) {
		if (count == SPEC_WEIGHTS_MAX ||
		    spec_parse_size(at, &at, &weight) != 0 || weight == 0 ||
		    weight > UINT8_MAX || at > end || (at < end && *at != ':'))
			return error_set(EINVAL,
			    "weights=%s: write a number from 1 to 255 for "
			    "each node, with colons between them: 3:1",
			    quote(word).text);
		spec->weights[count++] = (uint8_t)weight;
		if (at == end)
			return 0;
		at++;
	}
}

static int
set_home(struct spec *spec, struct word word)
{
	const char *at = word.start;

	if (parse_node(&at, &spec->home) != 0)
		return -1;
	if (at != word.start + word.length)
		return error_set(EINVAL, "home=%s is no node: write one number",
		    quote(word).text);
	spec->home_given = true;
	return 0;
}

/* An option whose value is one of a few words; -1 and the sentence for others,
 * which set something without meaning. */
static int
set_chosen(struct spec *spec, enum option option, struct word word)
{
	int chosen;

	switch (option) {
	case OPTION_PAGE:
		chosen = choose(
		    "page", word, spec_page_words, ARRAY_SIZE(spec_page_words));
		spec->page = (enum spec_page)chosen;
		break;
	case OPTION_POLICY:
		chosen = choose("policy", word, spec_policy_words,
		    ARRAY_SIZE(spec_policy_words));
		spec->policy = (enum spec_policy)chosen;
		break;
	case OPTION_SCOPE:
		chosen = choose("scope", word, spec_scope_words,
		    ARRAY_SIZE(spec_scope_words));
		spec->scope = (enum spec_scope)chosen;
		break;
	default:
		chosen = choose("value of fork", word, spec_fork_words,
		    SPEC_FORK_COPY_OR_PRIVATE);
		spec->fork = (enum spec_fork)chosen;
		spec->fork_given = true;
	}
	return chosen < 0 ? -1 : 0;
}

static int
set_option(struct spec *spec, enum option option, struct word word)
{
	switch (option) {
	case OPTION_PAGE:
	case OPTION_POLICY:
	case OPTION_SCOPE:
	case OPTION_FORK:
		return set_chosen(spec, option, word);
	case OPTION_SIZE:
		return option_size("size", word, &spec->size);
	case OPTION_GROW:
		return set_flag("value of grow", word, &spec->grow);
	case OPTION_RESERVE:
		return set_flag("value of reserve", word, &spec->reserve);
	case OPTION_TRUST:
		return set_flag("value of trust", word, &spec->trust);
	case OPTION_LIMIT:
		return option_size("limit", word, &spec->limit);
	case OPTION_WEIGHTS:
		return set_weights(spec, word);
	case OPTION_HOME:
		return set_home(spec, word);
	case OPTION_POPULATE:
		return set_flag("value of populate", word, &spec->populate);
	case OPTION_OFFSET:
		return option_size("offset", word, &spec->offset);
	case OPTION_FALLBACK:
		return set_name("fallback", spec->fallback, word);
	default:
		return set_name("name", spec->name, word);
	}
}

/* Which option WORD is, of those that the source takes; -1 and the sentence
 * when it is none, or one of another source. */
static int
find_option(const struct spec *spec, struct word word)
{
	unsigned which = source_options[spec->source];
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (word_is(word, option_words[i]))
			break;
	if (i == OPTIONS)
		return unknown("option", word, option_words, OPTIONS, which);
	if (which & BIT(i))
		return (int)i;
	return error_set(EINVAL,
	    "option \"%s\" does not fit the source %s, "
	    "which takes %s",
	    option_words[i], spec_source_words[spec->source],
	    list_words(option_words, OPTIONS, which).text);
}

/* Takes one option from *AT and marks it in *GIVEN. */
static int
parse_option(const char **at, struct spec *spec, unsigned *given)
{
	struct word name = word_until(*at, "=,"), value;
	int option;

	if (name.length == 0)
		return error_set(EINVAL,
		    "an option is missing before \"%s\": "
		    "options are written name=value, with one comma between "
		    "them",
		    quote(word_until(*at, "")).text);
	option = find_option(spec, name);
	if (option < 0)
		return -1;
	value = word_until(*at + name.length, ",");
	value.start += value.length != 0;
	value.length -= value.length != 0;
	if (value.length == 0)
		return error_set(EINVAL,
		    "option \"%s\" has no value: write "
		    "%s=VALUE",
		    option_words[option], option_words[option]);
	if (*given & BIT(option))
		return error_set(EINVAL,
		    "option \"%s\" is given twice: the "
		    "second is %s=%s",
		    option_words[option], option_words[option],
		    quote(value).text);
	*given |= BIT(option);
	*at = value.start + value.length;
	return set_option(spec, (enum option)option, value);
}

/* What a policy wants and forbids. */
static int
check_policy(const struct spec *spec, unsigned given)
{
	enum spec_policy policy = spec->policy;
	const char *word = spec_policy_words[policy];
	unsigned nodes = spec_count_nodes(spec), weights = 0;

	while (weights < SPEC_WEIGHTS_MAX && spec->weights[weights] != 0)
		weights++;
	if ((policy == SPEC_POLICY_LOCAL) != (spec->source == SPEC_DRAM) &&
	    given & BIT(OPTION_POLICY))
		return error_set(EINVAL,
		    "policy=%s does not fit the source %s: %s", word,
		    spec_source_words[spec->source],
		    spec->source == SPEC_DRAM ?
			"without nodes only policy=local makes sense" :
			"local is for dram, nodes have bind, preferred...");
	if (weights != 0 && policy != SPEC_WEIGHTED)
		return error_set(EINVAL,
		    "weights= without policy=weighted-interleave: no other "
		    "policy has weights");
	if (weights != 0 && spec_is_rank(spec))
		return error_set(EINVAL,
		    "weights= with %s, whose nodes are found when it is "
		    "opened: name them with nodes:LIST",
		    spec_source_words[spec->source]);
	if (weights != 0 && weights != nodes)
		return error_set(EINVAL,
		    "weights= has %u numbers for %u nodes: write one for each",
		    weights, nodes);
	if (given & BIT(OPTION_HOME) && policy != SPEC_BIND &&
	    policy != SPEC_PREFERRED_MANY)
		return error_set(EINVAL,
		    "home= with policy=%s: a home node goes with bind and "
		    "preferred-many (set_mempolicy_home_node(2))",
		    word);
	return 0;
}

/* What options mean together. */
static int
check_together(const struct spec *spec, unsigned given)
{
	if (check_policy(spec, given) != 0)
		return -1;
	if (spec_is_rank(spec) && spec->scope == SPEC_LOCAL && spec->reserve)
		return error_set(EINVAL,
		    "reserve=yes with scope=local: there is no one place to "
		    "take all of size= from; write scope=all or populate=yes");
	if (given & BIT(OPTION_GROW) && spec->size == 0)
		return error_set(EINVAL,
		    "grow= without size=: a kind without "
		    "a size grows as needed, write size= to begin with one");
	if (spec->reserve && spec->size == 0)
		return error_set(EINVAL,
		    "reserve=yes without size=: it takes "
		    "all of a size when the kind is opened");
	if (spec->reserve && spec->limit != 0 && spec->limit < spec->size)
		return error_set(EINVAL,
		    "reserve=yes takes all of size=, "
		    "which is more than limit= permits: raise limit= to "
		    "size=");
	return 0;
}

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
	return check_together(spec, given);
}

/*
 * ---- The whole --------------------------------------------------------------
 */

static int
parse_source(const char **at, struct spec *spec)
{
	struct word word = word_until(*at, ":,");
	int source;

	if (word.length == 0)
		return error_set(EINVAL,
		    "no source before \"%s\": a spec "
		    "begins with one, like dram, nodes:LIST, hbw or "
		    "file:DIRECTORY",
		    quote(word_until(*at, "")).text);
	if (word_is(word, spec_source_words[SPEC_REGION]))
		return error_set(EINVAL,
		    "the source \"region\" has no text: "
		    "open it with poolkind_open_region() (known: %s)",
		    list_words(
			spec_source_words, SPEC_REGION, BIT(SPEC_REGION) - 1)
			.text);
	source = choose("source", word, spec_source_words, SPEC_REGION);
	if (source < 0)
		return -1;
	spec->source = (enum spec_source)source;
	*at += word.length;
	return 0;
}

int
spec_parse(const char *text, struct spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	if (text == NULL)
		return error_set(EINVAL,
		    "the spec is NULL: a spec begins with a "
		    "source, like dram, nodes:LIST, hbw or file:DIRECTORY");
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
